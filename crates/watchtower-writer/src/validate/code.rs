//! The codes of findings: one table, which is also the text behind `watchtower explain`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::Severity;

macro_rules! codes {
    ($($number:literal $name:ident $slug:literal $severity:ident {
        $what:literal
        why: $why:literal
        mend: $mend:literal
        example: $bad:literal => $good:literal
    })*) => {
        /// What a finding is about. Codes are stable: one that is given up is not used again.
        ///
        /// The first digit is the kind of check: 1 syntax, 2 schema, 3 the site's files,
        /// 4 references, 5 meaning, 6 media.
        ///
        /// ```
        /// use watchtower_writer::validate::Code;
        ///
        /// let code: Code = "WT203".parse()?;
        /// assert_eq!(code, Code::Null);
        /// assert_eq!(code.to_string(), "WT203");
        /// assert_eq!(code.name(), "null");
        /// # Ok::<(), watchtower_writer::validate::UnknownCode>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $what] $name = $number,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code's explanation.
            pub fn explanation(self) -> &'static Explanation {
                match self {
                    $(Self::$name => &Explanation {
                        name: $slug,
                        severity: Severity::$severity,
                        what: $what,
                        why: $why,
                        mend: $mend,
                        bad: $bad,
                        good: $good,
                    },)*
                }
            }
        }
    };
}

/// What there is to know about a [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// A short name, as in `null`.
    pub name: &'static str,
    /// The severity where nothing else is known of the place.
    pub severity: Severity,
    /// What it is, in a sentence.
    pub what: &'static str,
    /// What the web client makes of it.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
    /// An example that gets the finding.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
}

impl Code {
    /// A short name, as in `null`.
    pub fn name(self) -> &'static str {
        self.explanation().name
    }

    /// The number, as in 203.
    pub fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WT{}", self.number())
    }
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A code that `watchtower explain` explains, as in `WT203`.",
            "type": "string",
            "pattern": "^WT[1-9][0-9]{2}$",
        })
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that names no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no code `{}`: expected one such as `WT203` or its name, `null`", .0.escape_debug())]
pub struct UnknownCode(String);

impl FromStr for Code {
    type Err = UnknownCode;

    /// Reads `WT203`, in any case, or the short name.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let mut all = Self::ALL.iter().copied();
        all.find(|code| text.eq_ignore_ascii_case(&code.to_string()) || text == code.name())
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

codes! {
    101 NotUtf8 "not-utf8" Warning {
        "The text is not UTF-8."
        why: "The browser puts a replacement character in the place of each byte it cannot read, so names look wrong; a file in UTF-16 does not load at all."
        mend: "Write the file as UTF-8."
        example: r#""name": "Caf\xe9" (Latin-1)"# => r#""name": "Café""#
    }
    102 ByteOrderMark "byte-order-mark" Warning {
        "The file starts with a byte order mark."
        why: "Browsers skip it, but many JSON readers refuse the file."
        mend: "Write the file as UTF-8 without a byte order mark; in Python, encoding `utf-8` instead of `utf-8-sig`."
        example: r#"\ufeff[]"# => "[]"
    }
    103 NotANumber "not-a-number" Error {
        "`NaN` or `Infinity` stands where a number is due."
        why: "They are not JSON. The client cannot read the file, and its part of the page stays empty. Python writes them unless told otherwise."
        mend: "Find the value that could not be computed and write a number, or `null` where that is allowed; in Python, `json.dump(…, allow_nan=False)` refuses them."
        example: r#""durationSeconds": NaN"# => r#""durationSeconds": 5.5"#
    }
    104 DuplicateKey "duplicate-key" Warning {
        "A key occurs twice in an object."
        why: "Browsers take the last one, other readers the first, so people see different things."
        mend: "Keep one of them."
        example: r#"{"name": "A", "name": "B"}"# => r#"{"name": "B"}"#
    }
    105 TrailingText "trailing-text" Error {
        "Text follows behind the end of the document."
        why: "The client cannot read the file. Two writers may have written to it at once, or a longer file was overwritten in part."
        mend: "Write the file anew, beside the old one, and rename it when it is complete."
        example: "[] ]" => "[]"
    }
    106 Truncated "truncated" Error {
        "The file ends before its document does."
        why: "The client cannot read the file. An export was interrupted, or the disk is full."
        mend: "Export again; write files beside the old ones and rename them when they are complete."
        example: r#"[{"id": "s1", "na"# => r#"[{"id": "s1", "name": "0010"}]"#
    }
    107 NumberOutOfRange "number-out-of-range" Warning {
        "A number is too large for any computer's numbers."
        why: "The client reads it as infinity."
        mend: "Write the number that is meant."
        example: r#""durationSeconds": 1e999"# => r#""durationSeconds": 5.5"#
    }
    108 NestedTooDeep "nested-too-deep" Warning {
        "Lists and objects are nested more than 127 levels deep."
        why: "Many JSON readers refuse it, or crash; this one looks no further into what is that deep."
        mend: "Leave the data out that the client does not read."
        example: r#"{"data": {"x": [[[[…]]]]}}"# => r#"{"data": {}}"#
    }
    109 NotJson "not-json" Error {
        "The text is not JSON."
        why: "The client cannot read the file, and its part of the page stays empty."
        mend: "Write it with a JSON library. A file that starts with `<` is a web page, often a server's error, saved in its place."
        example: "[{'id': 's1'},]" => r#"[{"id": "s1"}]"#
    }
    110 TooLarge "too-large" Error {
        "One entry is larger than 64 MiB."
        why: "It is not read further, so nothing can be said of it. No production has such an entry; a picture or another file may be inside."
        mend: "Leave the data out that the client does not read."
        example: r#"{"data": {"movie": "data:video/mp4;base64,…"}}"# => r#"{"data": {}}"#
    }
    111 LoneSurrogate "lone-surrogate" Warning {
        "An escape stands for half a character."
        why: "The browser shows a replacement character, and other JSON readers refuse the file."
        mend: "Write the character itself, or both halves of it."
        example: r#""name": "\ud83d""# => r#""name": "\ud83d\ude00""#
    }
    201 WrongDocument "wrong-document" Error {
        "The document is an object where a list is due, or the reverse."
        why: "The client throws, and this part of the page stays empty."
        mend: "Write the document that belongs into this file."
        example: r#"{"shots": []}"# => "[]"
    }
    202 MissingKey "missing-key" Error {
        "A key is missing."
        why: "Lists that are missing stop the client, or a part of it; a missing name is shown as `undefined`."
        mend: "Write the key."
        example: r#"{"name": "010"}"# => r#"{"id": "sq1", "name": "010"}"#
    }
    203 Null "null" Error {
        "`null` stands where a value is due."
        why: "A list or a colour that is `null` stops the client, or a part of it; a name is shown as `null`."
        mend: "Write a value of the kind that is expected; for lists, `[]`."
        example: r#""assignees": null"# => r#""assignees": []"#
    }
    204 WrongType "wrong-type" Error {
        "The value is of another kind than expected, as in text in the place of a number."
        why: "Numbers written as text are mostly coerced, but sorting and sums go wrong; what is no list or object where one is due stops the client, or a part of it."
        mend: "Write a value of the kind that is expected."
        example: r#""fps": "24""# => r#""fps": 24"#
    }
    205 OutOfRange "out-of-range" Error {
        "The number is too small."
        why: "At no frames per second, shots have no width on the timeline."
        mend: "Write the number that is meant."
        example: r#""fps": 0"# => r#""fps": 24"#
    }
    206 WrongColor "wrong-color" Warning {
        "The text is not a colour of the form `#rrggbb`."
        why: "The client shows a wrong colour."
        mend: "Write the colour as `#` and six hexadecimal digits."
        example: r##""color": "#F00""## => r##""color": "#ff0000""##
    }
    207 EmptyId "empty-id" Warning {
        "An id is empty."
        why: "Nothing can refer to it, or it refers to nothing."
        mend: "Write the id that the tracker uses, or any text that is the same in every export."
        example: r#""id": """# => r#""id": "s1""#
    }
    208 NoAvatar "no-avatar" Warning {
        "A person has an avatar, but no address of it."
        why: "The client asks for `/undefined` or `/null`, and shows no picture."
        mend: "Write the picture's path as `thumbnailUrl`, or set `has_avatar` to `false`."
        example: r#"{"has_avatar": true}"# => r#"{"has_avatar": true, "thumbnailUrl": "data/previews/1.png"}"#
    }
    209 UnknownKey "unknown-key" Warning {
        "The key belongs to no document. Reported under `--strict` only."
        why: "The client does not read it; it may be a misspelt one."
        mend: "Mend its name, or leave it out."
        example: r#""thumbnail_url": null"# => r#""thumbnailUrl": null"#
    }
    210 SchemaViolation "schema-violation" Error {
        "The value does not match the document's schema."
        why: "The client may not work with it."
        mend: "Write what the schema asks for: `watchtower schema show`."
        example: "…" => "…"
    }
    211 NotAMoment "not-a-moment" Error {
        "The text is no moment in ISO 8601."
        why: "The dashboard throws, and shows no chart."
        mend: "Write the date and the time, with a `T` between them; in Python, `datetime.now(timezone.utc).isoformat()`."
        example: r#""timestamp": "22/11/2026""# => r#""timestamp": "2026-11-22T04:36:12Z""#
    }
    301 MissingDocument "missing-document" Error {
        "A document is missing."
        why: "Without the list of projects the client shows none; without another document its part of the page stays empty."
        mend: "Export it. A document that has nothing to say is an empty list, not a missing file."
        example: "data/projects/film/ without casting.json" => "data/projects/film/casting.json: []"
    }
    302 UnlistedProject "unlisted-project" Warning {
        "A project's folder is there, and the list of projects does not name it."
        why: "The menu does not have it; only who knows its address may see it. Its documents are not checked."
        mend: "List the project, or remove the folder."
        example: "a folder `old-film` beside `film`" => r#""projects": [{"id": "film"}, {"id": "old-film"}]"#
    }
    303 MissingProject "missing-project" Error {
        "The list names a project that has no folder."
        why: "The project is in the menu, and nothing of it loads."
        mend: "Export the project, or take it off the list. The folder's name is the project's id."
        example: r#""projects": [{"id": "film"}] without a folder `film`"# => "data/projects/film/"
    }
    304 OtherFolder "other-folder" Warning {
        "A project's id differs from the name of its folder."
        why: "The client goes by the folder; who goes by the id looks in the wrong place."
        mend: "Name the folder as the project's id, here and in the list of projects."
        example: r#"data/projects/film/project.json: {"id": "film2"}"# => r#"data/projects/film/project.json: {"id": "film"}"#
    }
    305 Unreadable "unreadable" Error {
        "A file or folder cannot be read."
        why: "A web server may not be able to read it either; and nothing can be said of what is in it."
        mend: "Give the right to read it, and check the disk."
        example: "a file with mode 000" => "a file with mode 644"
    }
    306 NotAFile "not-a-file" Error {
        "Something else stands in the place of a file: a folder, a pipe, a device."
        why: "A web server cannot serve it."
        mend: "Put the document in its place."
        example: "a folder named shots.json" => "a file named shots.json"
    }
    307 NoFolderName "no-folder-name" Error {
        "A project's id cannot be the name of a folder."
        why: "The client puts the id into the addresses of the project's documents, and those lead somewhere else."
        mend: "Use an id of letters, digits, `-` and `_`."
        example: r#""id": "../film""# => r#""id": "film""#
    }
    308 OtherFormat "other-format" Error {
        "The documents are of another format than the one that was asked for."
        why: "The client of one format does not read another: it shows no project."
        mend: "Export in the format that your client reads, or leave `--format` out to have the documents checked as what they are."
        example: "`--format v0`, and a folder with data/projects-list/index.json" => "data/projects/context.json"
    }
    401 UnknownSequence "unknown-sequence" Warning {
        "A shot's sequence does not exist."
        why: "The shot belongs to no group."
        mend: "Write the sequence into sequences.json, or the right id into the shot."
        example: r#""sequence_id": "sq9""# => r#""sequence_id": "sq1""#
    }
    402 UnknownTaskType "unknown-task-type" Warning {
        "A task type does not exist."
        why: "Its tasks are not shown."
        mend: "Write the task type into the list of task types, also if it is archived in the tracker."
        example: r#""task_type_id": "gone""# => r#""task_type_id": "animation""#
    }
    403 UnknownTaskStatus "unknown-task-status" Warning {
        "A task status does not exist."
        why: "The tasks in this status are not shown."
        mend: "Write the status into the list of statuses, also if it is archived in the tracker."
        example: r#""task_status_id": "gone""# => r#""task_status_id": "todo""#
    }
    404 UnknownPerson "unknown-person" Warning {
        "A person does not exist."
        why: "The person is not shown as assignee or in the team."
        mend: "Write the person into the list of people, also if they have left."
        example: r#""assignees": ["gone"]"# => r#""assignees": ["jade"]"#
    }
    405 UnknownAssetType "unknown-asset-type" Warning {
        "An asset type does not exist."
        why: "Its assets stand in the group `No Type`."
        mend: "Write the asset type into the list of asset types."
        example: r#""asset_type_id": "gone""# => r#""asset_type_id": "character""#
    }
    406 UnknownShot "unknown-shot" Warning {
        "The casting names a shot that does not exist."
        why: "The entry has no effect. The shot may have been left out, and its casting not."
        mend: "Leave the entry out, or write the shot."
        example: r#"{"shot_id": "gone", "asset_ids": []}"# => r#"{"shot_id": "s1", "asset_ids": []}"#
    }
    407 UnknownAsset "unknown-asset" Warning {
        "The casting names an asset that does not exist."
        why: "The asset is not shown with the shot. It may have been left out, and its casting not."
        mend: "Leave the id out, or write the asset."
        example: r#""asset_ids": ["gone"]"# => r#""asset_ids": ["rex"]"#
    }
    408 NotInProject "not-in-project" Warning {
        "A task type, status, asset type or person is in use that the project does not list."
        why: "The client shows only what the project lists, or everything if the list is empty; the team it shows as listed."
        mend: "Add it to the project's list, or leave the list empty."
        example: r#""task_types": ["layout"], and a task of type `animation`"# => r#""task_types": ["layout", "animation"]"#
    }
    409 DuplicateId "duplicate-id" Warning {
        "Two things of the same kind have the same id."
        why: "What refers to the id finds only one of them."
        mend: "Give each its own id; if they are the same thing, write it once."
        example: r#"[{"id": "s1"}, {"id": "s1"}]"# => r#"[{"id": "s1"}, {"id": "s2"}]"#
    }
    410 CastTwice "cast-twice" Warning {
        "A shot has more than one entry in the casting."
        why: "Only the first counts: the assets of the others are not shown with the shot."
        mend: "Write one entry with all of the shot's assets."
        example: r#"[{"shot_id": "s1", …}, {"shot_id": "s1", …}]"# => r#"[{"shot_id": "s1", …}]"#
    }
    411 UnknownEpisode "unknown-episode" Warning {
        "An edit, the counts of a task type or the list of projects name an episode that the project does not have."
        why: "The client does not show the edit or the counts; an episode in the menu has no shots."
        mend: "Leave it out, or write the episode into `project.json`; in a film, edits and counts belong to the episode `null`. Counts of an episode that is no more are a history, and do no harm."
        example: r#""episodeId": "gone""# => r#""episodeId": "e1""#
    }
    412 SequenceWithoutEpisode "sequence-without-episode" Warning {
        "In a series, a sequence has shots, and no episode lists it."
        why: "The client shows one episode at a time, and these shots in none."
        mend: "List the sequence in the `episodes` of project.json; for a film, leave that list empty."
        example: r#""episodes": [{"id": "e1", "name": "E01", "sequences": []}]"# => r#""episodes": [{"id": "e1", "name": "E01", "sequences": [{"id": "sq1", "name": "010"}]}]"#
    }
    413 UnlistedEpisode "unlisted-episode" Warning {
        "A project has an episode, and the list of projects does not name it."
        why: "The client takes the menu of episodes from the list: nobody sees the episode."
        mend: "Name the project's episodes in the list of projects as well."
        example: r#"index.json: "episodes": []"# => r#"index.json: "episodes": [{"id": "e1", "name": "E01"}]"#
    }
    501 NegativeRange "negative-range" Warning {
        "A shot ends before it starts."
        why: "The client draws it backwards, or not at all, and sums go wrong."
        mend: "Mend the frame range in the tracker."
        example: r#""frame_in": 120, "frame_out": 48"# => r#""frame_in": 48, "frame_out": 120"#
    }
    502 EmptyRange "empty-range" Warning {
        "A shot has no frames."
        why: "It has no width on the timeline."
        mend: "Give the shot its frame range; `frame_out` is the frame at which the next one starts."
        example: r#""frame_in": 48, "frame_out": 48"# => r#""frame_in": 48, "frame_out": 120"#
    }
    503 StartContradictsRange "start-contradicts-range" Warning {
        "A shot's `startFrame` is not its `frame_in`."
        why: "The client draws it at `startFrame`; people who read the range see another."
        mend: "Write `frame_in` as `startFrame`."
        example: r#""frame_in": 48, "startFrame": 0"# => r#""frame_in": 48, "startFrame": 48"#
    }
    504 DurationContradictsRange "duration-contradicts-range" Warning {
        "A shot's `durationSeconds` is not its range divided by the frames per second."
        why: "The shot is too long or too short on the timeline, and sums go wrong."
        mend: "Write (`frame_out` - `frame_in`) / `fps`."
        example: r#""frame_in": 0, "frame_out": 48, "durationSeconds": 48"# => r#""frame_in": 0, "frame_out": 48, "durationSeconds": 2"#
    }
    505 OffTheTimeline "off-the-timeline" Warning {
        "A shot lies outside the timeline."
        why: "It is drawn off its end: the timeline runs from 0 to `totalFrames`, whatever `frameOffset` is. \
              A shot with `\"onTimeline\": false` is off the timeline on purpose, and is no finding."
        mend: "Lay the shots out as they are in the movie, counted from 0, or mend `totalFrames`. Give a shot whose \
               place nobody knows `\"onTimeline\": false`, and let it start behind the end."
        example: r#""totalFrames": 100, and a shot that starts at 1001"# => r#""startFrame": 1"#
    }
    506 Overlap "overlap" Warning {
        "A shot starts before the one in front of it has ended."
        why: "They are drawn over each other."
        mend: "Lay the shots out as they are in the movie, one behind the other."
        example: "shots from 0 to 50 and from 40 to 90" => "shots from 0 to 50 and from 50 to 100"
    }
    507 NoFrames "no-frames" Error {
        "`totalFrames` is 0."
        why: "The client divides by it: the timeline stays blank."
        mend: "Write the number of frames in the movie; without a movie, the frame at which the last shot ends."
        example: r#""totalFrames": 0"# => r#""totalFrames": 1440"#
    }
    508 TooManySequences "too-many-sequences" Error {
        "A sequence has shots, and stands behind the 21st in the list."
        why: "The client has 21 colours, and throws as soon as the timeline shows a sequence beyond."
        mend: "Split the project, say by episode; or use format v1, which draws them all."
        example: "22 sequences with shots" => "21 sequences with shots"
    }
    509 TaskTypeNotForShots "task-type-not-for-shots" Warning {
        "A shot has a task whose type is not for shots."
        why: "The client offers the type for assets only: the task is not shown."
        mend: "Set the task type's `for_shots` to `true`."
        example: r#""for_shots": false"# => r#""for_shots": true"#
    }
    510 EmptyName "empty-name" Warning {
        "A name is empty."
        why: "People see nothing where the name should be."
        mend: "Give it a name."
        example: r#""name": """# => r#""name": "0010""#
    }
    511 NoEdit "no-edit" Error {
        "A film or an episode has no edit."
        why: "In a film the client throws: there is no player and no timeline. The timeline of an episode stays blank."
        mend: "Write an edit; without a movie, one whose `sourceName` and `sourceType` are empty and whose `totalFrames` is the frame at which the last shot ends."
        example: "[]" => r#"[{"id": "e1", "totalFrames": 1440, "frameOffset": 0, "sourceName": "", "sourceType": "", "episodeId": null}]"#
    }
    512 EmptyList "empty-list" Warning {
        "The project lists no types, statuses or people, and uses some."
        why: "In format v1 an empty list means none, not all: the client shows no task types, its dashboard reports each as missing, and assets stand in the group `No Type`."
        mend: "List all that are in use, as objects. Trackers that mean all by an empty list must be asked for them."
        example: r#""task_types": []"# => r##""task_types": [{"id": "animation", "name": "Animation", "color": "#ff0000", "for_shots": true}]"##
    }
    513 CountsWithoutEpisode "counts-without-episode" Warning {
        "In a series, the counts of a task type belong to no episode."
        why: "The dashboard shows one episode at a time, and these counts in none."
        mend: "Count the tasks of each episode, and write its id. Counts from the time before a film became a series are a history, and do no harm."
        example: r#""episode_id": null"# => r#""episode_id": "e1""#
    }
    514 NoMovie "no-movie" Warning {
        "An edit names the type of a movie, and no movie."
        why: "The client asks for `/`, and its player reports an error."
        mend: "Write the movie's path as `sourceName`; without a movie, an empty `sourceType`."
        example: r#""sourceName": "", "sourceType": "video/mp4""# => r#""sourceName": "", "sourceType": """#
    }
    515 TaskTypeForShots "task-type-for-shots" Warning {
        "An asset has a task whose type is for shots."
        why: "The client offers the type for shots only: the task is seen nowhere."
        mend: "Write two types of one name, one with `for_shots` and one without, and give each its tasks."
        example: r#""for_shots": true, and a task of the type on an asset"# => r#""for_shots": false"#
    }
    516 TooManyPictures "too-many-pictures" Warning {
        "More than 2048 shots, assets or people are on one page, or more than 1200 shots on one timeline."
        why: "The client's texture has 2048 layers on most graphics cards, 256 on some: with more pictures, tiles are black. On a crowded timeline bars of shots and tasks are missing."
        mend: "Use format v1 with episodes, which shows one at a time; have fewer people in the team."
        example: "2,600 shots in a film" => "2,600 shots in four episodes"
    }
    517 EditWithoutEpisode "edit-without-episode" Warning {
        "In a series, an edit belongs to no episode."
        why: "The client shows one episode at a time, and this edit in none."
        mend: "Write the episode's id as `episodeId`."
        example: r#""episodeId": null"# => r#""episodeId": "e1""#
    }
    601 MissingPicture "missing-picture" Warning {
        "A picture is not there."
        why: "The client shows no picture, and those that load later only once something redraws the page. `null` is what gives a placeholder."
        mend: "Put the file in its place, or write `null`. Paths start at the site root."
        example: r#""thumbnailUrl": "data/previews/gone.png""# => r#""thumbnailUrl": null"#
    }
    602 MissingMovie "missing-movie" Error {
        "The movie is not there."
        why: "The player reports an error."
        mend: "Put the file in its place. Paths start at the site root."
        example: r#""sourceName": "edit.mp4""# => r#""sourceName": "data/projects/film/edit.mp4""#
    }
    603 AbsolutePath "absolute-path" Warning {
        "The path of a picture or movie starts with a slash."
        why: "The client adds a slash in front; then the browser takes the first folder for the name of a server."
        mend: "Write the path from the site root, without a leading slash."
        example: r#""thumbnailUrl": "/data/previews/1.png""# => r#""thumbnailUrl": "data/previews/1.png""#
    }
    604 LeavesSite "leaves-site" Warning {
        "A path goes up with `..`, and may leave the site."
        why: "A web server does not serve what is outside."
        mend: "Put the file into the site, and write its path from the site root."
        example: r#""thumbnailUrl": "../shots/1.png""# => r#""thumbnailUrl": "data/previews/1.png""#
    }
    605 NotAPicture "not-a-picture" Warning {
        "The file of a picture is none, or is cut short."
        why: "The client shows no picture, or a part of it. Exporters save a server's error under the picture's name."
        mend: "Fetch the picture again, or write `null`."
        example: r#"1.png: {"error": "not found"}"# => r#""thumbnailUrl": null"#
    }
    606 NotAMovie "not-a-movie" Error {
        "The file of the movie is none, or is cut short."
        why: "The player reports an error."
        mend: "Fetch the movie again; browsers play MP4 and WebM."
        example: r#"edit.mp4: {"error": "not found"}"# => "edit.mp4: a movie"
    }
    607 FullAddress "full-address" Warning {
        "A picture or movie is named by a full address."
        why: "The client adds a slash in front, and asks its own server for `/http://…`: not found."
        mend: "Write `/host/path`, which becomes an address without scheme, or a path on the site's own server that leads to the tracker."
        example: r#""thumbnailUrl": "https://tracker.example/1.png""# => r#""thumbnailUrl": "/tracker.example/1.png""#
    }
    608 FramesContradictMovie "frames-contradict-movie" Warning {
        "`totalFrames` is not the number of frames in the movie."
        why: "The timeline is longer or shorter than the movie, so the shots are not below what the player shows."
        mend: "Count the frames of the movie; `ffprobe -count_frames -select_streams v:0` does. Do not trust the number in the tracker."
        example: r#""totalFrames": 1440, and a movie of 144 frames"# => r#""totalFrames": 144"#
    }
    609 PictureSize "picture-size" Warning {
        "The picture of a shot or an asset does not have 150 × 100 pixels, or an avatar not 400 × 400."
        why: "The client draws the top left corner of a larger picture, and nothing of a smaller one."
        mend: "Write pictures of 150 × 100 pixels, and avatars of 400 × 400; or write `null`. `watchtower export`, `watchtower convert` and `watchtower bundle --pictures` make them."
        example: "a thumbnail of 1920 × 1080 pixels" => "a thumbnail of 150 × 100 pixels"
    }
    610 UnplayableMovie "unplayable-movie" Warning {
        "The movie is in a codec that not every browser plays."
        why: "The player stays black or reports an error. Editors export ProRes, DNxHR or Motion JPEG, which no browser plays; HEVC plays only on machines that have a decoder for it; 10-bit and 4:2:2 H.264 play in some browsers."
        mend: "Export H.264 in 8-bit 4:2:0, or convert the movie: `ffmpeg -i INPUT -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUTPUT.mp4`."
        example: "edit.mp4 in Apple ProRes 422" => "edit.mp4 in H.264, profile High"
    }
    611 OtherFrameRate "other-frame-rate" Warning {
        "The movie has another frame rate than the project."
        why: "The client divides frames by the project's rate to find the time in the movie, so the player shows other shots than the timeline, further off with each second."
        mend: "Give the project the rate of its edit in the tracker, or export the movie at the project's rate."
        example: r#""fps": 24, and a movie of 25 frames a second"# => r#""fps": 25"#
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_found_by_code_and_name() {
        for code in Code::ALL {
            assert_eq!(code.to_string().parse(), Ok(*code));
            assert_eq!(code.to_string().to_lowercase().parse(), Ok(*code));
            assert_eq!(code.name().parse(), Ok(*code));
        }
        assert!("WT999".parse::<Code>().is_err());
    }

    #[test]
    fn names_and_numbers_are_given_once_and_in_order() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.is_sorted());
    }
}
