//! What the web client makes of a value that does not match the schema: one row for each fact.
//!
//! The facts were observed by breaking one thing at a time in a real export and opening it in a
//! browser with the client. They decide between an error and a warning.

use watchtower_model::format::{Document, Format};

use super::Code;
use super::finding::Severity::{self, Error, Warning};

/// A fact: at this place, this kind of violation has this effect.
struct Row {
    /// The formats it holds for.
    formats: &'static [Format],
    /// The document; empty for any.
    document: &'static str,
    /// The end of the place: keys separated by `/`, `*` for any element of a list. Empty for any.
    place: &'static str,
    /// The kinds of violation.
    codes: &'static [Code],
    severity: Severity,
    effect: &'static str,
}

const ABSENT: &[Code] = &[Code::MissingKey, Code::Null];
const ABSENT_OR_WRONG: &[Code] = &[Code::MissingKey, Code::Null, Code::WrongType];
const WRONG: &[Code] = &[Code::WrongType];
const OUT_OF_RANGE: &[Code] = &[Code::OutOfRange];

/// The place of a document's entry itself.
const ENTRY: &str = "/";

const UNREAD: &str = "The client reads it in the project's own folder; what the list says goes unnoticed, until somebody else reads it.";

const UNREAD_CONTEXT: &str =
    "The client does not read it. Who converts the site to format v0 cannot use it.";

const UNUSED_RANGE: &str =
    "The client goes by `startFrame` and `durationSeconds`; who reads the range cannot use it.";

const NO_COLORS: &str =
    "The client throws while the project loads: no name, no team, and a frame rate of 24.";

const NO_TASKS: &str =
    "The client throws as soon as a task type is chosen or the timeline's task rows are shown.";

const NO_DASHBOARD: &str = "The dashboard throws, and shows no chart.";

const NOT_SHOWN: &str = "The client finds nothing by it: it is not shown.";

macro_rules! rows {
    ($($formats:ident $document:literal $place:expr, $codes:expr => $severity:ident $effect:expr;)*) => {
        &[$(Row {
            formats: rows!(@$formats),
            document: $document,
            place: $place,
            codes: $codes,
            severity: $severity,
            effect: $effect,
        }),*]
    };
    (@all) => { Format::ALL };
    (@v0) => { &[Format::V0] };
    (@v1) => { &[Format::V1] };
}

/// The first row that fits decides.
static ROWS: &[Row] = rows! {
    // The menu of projects takes id, name and picture from the list, all else from `project.json`.
    v0 "context" "projects/*/asset_types", ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/task_types", ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/task_statuses", ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/team", ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/asset_types/*", ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/task_types/*", ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/task_statuses/*", ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/team/*", ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/fps", ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/fps", OUT_OF_RANGE => Warning UNREAD;
    all "" "projects", ABSENT_OR_WRONG => Error
        "The client shows no projects.";
    all "" "projects/*", ABSENT_OR_WRONG => Error
        "The client throws, and shows no project at all.";
    all "" "projects/*/id", ABSENT => Error
        "The client cannot find the project's folder.";
    all "" "projects/*/id", &[Code::EmptyId] => Error
        "The client cannot find the project's folder.";
    all "" "projects/*/name", ABSENT => Warning
        "The project stands in the menu without a name.";
    v1 "index" "context", WRONG => Warning UNREAD_CONTEXT;
    v1 "index" "episodes", ABSENT_OR_WRONG => Error
        "The client throws, and shows no project at all.";
    v1 "index" "episodes/*", ABSENT_OR_WRONG => Error
        "The client throws, and the project does not open.";
    v1 "index" "episodes/*/id", ABSENT => Error
        "The client cannot show the episode.";
    v1 "index" "episodes/*/name", ABSENT => Warning
        "The episode stands in the menu without a name.";

    // What a project uses.
    v0 "project" "team/*", ABSENT_OR_WRONG => Warning NOT_SHOWN;
    v0 "project" "asset_types/*", ABSENT_OR_WRONG => Warning NOT_SHOWN;
    v0 "project" "task_types/*", ABSENT_OR_WRONG => Warning NOT_SHOWN;
    v0 "project" "task_statuses/*", ABSENT_OR_WRONG => Warning NOT_SHOWN;
    v0 "project" "asset_types", ABSENT_OR_WRONG => Error
        "The client throws while the project loads, and shows no people.";
    v0 "project" "task_types", ABSENT_OR_WRONG => Error
        "The client throws while the project loads, and shows no people.";
    v0 "project" "task_statuses", ABSENT_OR_WRONG => Error
        "The client throws while the project loads, and shows no people.";
    v1 "project" "asset_types", ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no types, no statuses, no people.";
    v1 "project" "task_types", ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no task types, no statuses, no people.";
    v1 "project" "task_statuses", ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no statuses, no people.";
    v1 "project" "asset_types/*", ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no types, no statuses, no people.";
    v1 "project" "task_types/*", ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no task types, no statuses, no people.";
    v1 "project" "task_statuses/*", ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no statuses, no people.";
    v1 "project" "team/*", ABSENT => Error
        "The client throws while the project loads, and shows no people.";
    v1 "project" "team/*", WRONG => Warning
        "The person is shown without a name, and with no task.";
    v1 "project" "episodes", ABSENT_OR_WRONG => Error
        "The client throws while the project loads, and has no episodes.";
    v1 "project" "episodes/*", ABSENT_OR_WRONG => Error
        "The client throws: episodes have no shots.";
    v1 "project" "episodes/*/sequences", ABSENT_OR_WRONG => Error
        "The client throws: the episode has no shots.";
    v1 "project" "episodes/*/sequences/*", ABSENT_OR_WRONG => Error
        "The client throws: the episode has no shots.";
    v1 "project" "episodes/*/sequences/*/id", ABSENT => Error
        "The client shows the sequence's shots in no episode.";
    v1 "project" "episodes/*/id", ABSENT => Error
        "The client shows no shots of the episode.";
    v1 "project" "episodes/*/sequences/*/name", ABSENT => Warning
        "The client reads it in `sequences.json`; who reads it here finds no name.";
    v1 "project" "episodes/*/name", ABSENT => Warning
        "The client reads it in the list of projects; who reads it here finds no name.";
    all "project" "id", ABSENT => Warning
        "The client goes by the folder; who goes by the id finds nothing.";
    all "" "team", ABSENT_OR_WRONG => Error
        "The client throws while the project loads, and shows no people.";
    v0 "context" "asset_types", ABSENT_OR_WRONG => Error
        "The client throws: assets have no types.";
    v0 "context" "task_types", ABSENT_OR_WRONG => Error
        "The client throws: there are no task types.";
    v0 "context" "task_status", ABSENT_OR_WRONG => Error
        "The client throws: there are no task statuses.";
    v0 "context" "users", ABSENT_OR_WRONG => Error
        "The client throws: there are no people.";
    v0 "context" "asset_types/*", ABSENT_OR_WRONG => Error
        "The client throws: assets have no types.";
    v0 "context" "task_types/*", ABSENT_OR_WRONG => Error NO_COLORS;
    v0 "context" "task_status/*", ABSENT_OR_WRONG => Error NO_COLORS;
    v0 "context" "users/*", ABSENT_OR_WRONG => Error
        "The client throws: there are no people.";
    v0 "" "color", ABSENT_OR_WRONG => Error NO_COLORS;
    v1 "" "task_types/*/color", ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no task types, no statuses, no team, no episodes.";
    v1 "" "color", ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no statuses, no team, no episodes.";
    all "" "color", &[Code::WrongColor] => Warning
        "The client shows a wrong colour.";
    all "" "for_shots", ABSENT_OR_WRONG => Warning
        "The task type is in no menu, neither for shots nor for assets.";
    all "" "has_avatar", ABSENT_OR_WRONG => Warning
        "The person's picture may be missing.";
    all "" "asset_types/*/id", ABSENT => Error
        "Nothing can refer to the asset type: its assets stand in the group `No Type`.";
    all "" "task_types/*/id", ABSENT => Error
        "Nothing can refer to the task type: its tasks are not shown.";
    all "" "task_status/*/id", ABSENT => Error
        "Nothing can refer to the status: tasks in it are not shown.";
    all "" "task_statuses/*/id", ABSENT => Error
        "Nothing can refer to the status: tasks in it are not shown.";
    all "" "users/*/id", ABSENT => Error
        "Nothing can refer to the person, who is not shown as assignee or in a team.";
    all "" "team/*/id", ABSENT => Error
        "Nothing can refer to the person, who is not shown as assignee.";
    v1 "" "full_name", ABSENT_OR_WRONG => Warning
        "The person is shown without a name.";
    all "" "full_name", ABSENT => Warning
        "The name is shown as `undefined`.";

    // Tasks.
    all "" "tasks", ABSENT_OR_WRONG => Error NO_TASKS;
    all "" "tasks/*", ABSENT_OR_WRONG => Error NO_TASKS;
    v1 "" "assignees", ABSENT_OR_WRONG => Error
        "The client throws as soon as assignees are shown.";
    all "" "assignees", ABSENT_OR_WRONG => Error
        "The client throws as soon as the task's type is chosen.";
    all "" "assignees/*", ABSENT_OR_WRONG => Warning
        "The assignee is not shown.";
    v1 "task_counts" "task_statuses/*/task_status_id", ABSENT_OR_WRONG => Warning
        "The dashboard shows the counts as `Undefined`.";
    v1 "task_counts" "task_type_id", ABSENT_OR_WRONG => Warning
        "The dashboard does not know what the counts are of.";
    v1 "task_counts" "episode_id", WRONG => Warning
        "The dashboard does not show the counts.";
    v1 "task_counts" "", ABSENT_OR_WRONG => Error NO_DASHBOARD;
    v1 "task_counts" "timestamp", &[Code::NotAMoment] => Error NO_DASHBOARD;
    all "" "task_type_id", ABSENT_OR_WRONG => Warning
        "The task is not shown.";
    all "" "task_status_id", ABSENT_OR_WRONG => Warning
        "The task is not shown.";

    // Shots, assets, sequences and casting.
    all "shots" ENTRY, ABSENT_OR_WRONG => Error
        "The client throws, and shows no shots.";
    all "assets" ENTRY, ABSENT_OR_WRONG => Error
        "The client throws, and shows no assets.";
    all "sequences" ENTRY, ABSENT_OR_WRONG => Error
        "The client throws: shots belong to no group.";
    all "casting" ENTRY, ABSENT_OR_WRONG => Error
        "The client throws: no shot shows its assets.";
    all "shots" "id", ABSENT => Error
        "Nothing can refer to the shot: it shows no assets.";
    all "assets" "id", ABSENT => Error
        "Nothing can refer to the asset: no shot shows it.";
    all "sequences" "id", ABSENT => Error
        "Nothing can refer to the sequence: its shots belong to no group.";
    all "" "sequence_id", ABSENT_OR_WRONG => Warning
        "The shot belongs to no group.";
    all "" "asset_type_id", ABSENT_OR_WRONG => Warning
        "The asset stands in the group `No Type`.";
    v0 "casting" "asset_ids", ABSENT_OR_WRONG => Error
        "The client throws: no asset knows its shots.";
    v1 "casting" "asset_ids", ABSENT_OR_WRONG => Warning
        "The page loads, but a shot without its list of assets cannot be chosen: the client throws.";
    all "casting" "shot_id", ABSENT_OR_WRONG => Warning
        "The entry belongs to no shot.";
    all "casting" "asset_ids/*", ABSENT_OR_WRONG => Warning
        "The asset is not shown with the shot.";
    all "sequences" "name", ABSENT_OR_WRONG => Error
        "The label is shown as `null`, and the client throws when it must be cut.";
    all "" "name", ABSENT => Warning
        "The label is shown as `null`.";
    all "" "thumbnailUrl", &[Code::MissingKey] => Warning
        "The client requests `/undefined` and shows no picture; `null` is what gives a placeholder.";
    all "" "thumbnailUrl", &[Code::NoAvatar] => Warning
        "The client requests `/undefined` or `/null`, and shows no picture.";
    all "" "thumbnailUrl", WRONG => Warning
        "The client requests what is no picture.";

    // The timeline and the player.
    all "shots" "data", WRONG => Warning UNUSED_RANGE;
    all "shots" "data/frame_in", WRONG => Warning UNUSED_RANGE;
    all "shots" "data/frame_out", WRONG => Warning UNUSED_RANGE;
    all "shots" "startFrame", ABSENT => Error
        "The shot has no place on the timeline.";
    all "shots" "startFrame", WRONG => Warning
        "The client puts digits behind digits where it should add: the shot is drawn at the wrong place.";
    all "shots" "durationSeconds", ABSENT => Error
        "The client throws while it draws the timeline.";
    all "shots" "durationSeconds", WRONG => Error
        "The client throws as soon as the shot is chosen.";
    all "shots" "onTimeline", WRONG => Warning
        "Who reads it cannot tell whether the shot is off the timeline on purpose.";
    all "shots" "fps", WRONG => Warning
        "The client coerces it mostly, but sorting and sums go wrong.";
    all "shots" "fps", OUT_OF_RANGE => Warning
        "The shot's range cannot be told in seconds.";
    all "" "fps", ABSENT => Error
        "Shots have no width on the timeline, and cannot be chosen.";
    all "" "fps", OUT_OF_RANGE => Error
        "Shots have no width on the timeline, and cannot be chosen.";
    v1 "edits" ENTRY, ABSENT_OR_WRONG => Error
        "The client throws: no player, no timeline.";
    v1 "edits" "id", ABSENT => Warning
        "The client does not read it; who does cannot tell edits apart.";
    all "" "totalFrames", ABSENT => Error
        "The timeline stays blank.";
    all "" "totalFrames", OUT_OF_RANGE => Error
        "The timeline stays blank.";
    all "" "frameOffset", ABSENT => Error
        "The client throws on every click on the timeline: there is no seeking.";
    all "" "sourceName", ABSENT => Error
        "The client requests `/null` or `/undefined`, and the player reports an error.";
    all "" "sourceType", ABSENT => Warning
        "The player has to guess what the movie is.";
    all "" "", &[Code::UnknownKey] => Warning
        "The client does not read it.";
};

/// What the client makes of a document that is not there.
pub(super) fn missing(document: &Document) -> &'static str {
    match (document.format, document.name) {
        (Format::V0, "context") => {
            "The client shows no projects; who knows a project's address still sees its shots."
        }
        (_, "index") => "The client shows no projects.",
        (_, "project") => "The project has no name, no team and no task types.",
        (_, "edit" | "edits") => "The timeline stays blank, and no movie plays.",
        (_, "assets") => "The client shows no assets.",
        (_, "shots") => "The client shows no shots.",
        (_, "sequences") => "Shots belong to no group.",
        (_, "casting") => "No shot shows its assets.",
        (_, "task_counts") => "The dashboard has no charts.",
        _ => "Its part of the page stays empty.",
    }
}

/// What a violation means where no row tells: `container` when a list or an object is due.
fn otherwise(code: Code, container: bool) -> (Severity, &'static str) {
    match code {
        Code::WrongType if container => (Error, "The client may throw."),
        Code::WrongType => (
            Warning,
            "The client coerces it mostly, but sorting and sums go wrong.",
        ),
        _ => {
            let explanation = code.explanation();
            (explanation.severity, explanation.why)
        }
    }
}

/// How severe a violation is, and what the client makes of it.
///
/// `place` is the place from the document's entry on: keys, and `*` for any element of a list.
pub(super) fn judge(
    document: &Document,
    place: &str,
    code: Code,
    container: bool,
) -> (Severity, &'static str) {
    match row(document, place, code) {
        Some(row) => (row.severity, row.effect),
        None => otherwise(code, container),
    }
}

fn row(document: &Document, place: &str, code: Code) -> Option<&'static Row> {
    ROWS.iter().find(|row| {
        let fits = match row.place {
            "" => true,
            ENTRY => place.is_empty(),
            end => place
                .strip_suffix(end)
                .is_some_and(|before| before.is_empty() || before.ends_with('/')),
        };
        fits && row.formats.contains(&document.format)
            && (row.document.is_empty() || row.document == document.name)
            && row.codes.contains(&code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::schema;
    use serde_json::Value;
    use watchtower_model::format::DOCUMENTS;

    /// The places of all keys that a schema requires.
    fn required(schema: &Value, root: &Value, place: &str, found: &mut Vec<String>) {
        if let Some(target) = schema["$ref"].as_str() {
            let target = root.pointer(&target[1..]).unwrap();
            return required(target, root, place, found);
        }
        let inside = |key: &str| format!("{place}/{key}").trim_start_matches('/').to_owned();
        let keys = schema["required"].as_array().into_iter().flatten();
        found.extend(keys.map(|key| inside(key.as_str().unwrap())));
        for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
            required(schema, root, &inside(key), found);
        }
        if schema["items"].is_object() {
            required(&schema["items"], root, &inside("*"), found);
        }
    }

    #[test]
    fn what_a_missing_key_does_is_known_of_every_key() {
        for document in DOCUMENTS {
            let schema = schema::entry_schema(document);
            let mut places = Vec::new();
            required(&schema, &schema, "", &mut places);
            assert!(!places.is_empty());
            for place in places {
                let name = document.qualified_name();
                let known = row(document, &place, Code::MissingKey).is_some();
                assert!(known, "{name}: {place}");
            }
        }
    }

    #[test]
    fn every_row_is_met() {
        for (number, it) in ROWS.iter().enumerate() {
            let place = if it.place == ENTRY { "" } else { it.place };
            let met = DOCUMENTS.iter().any(|document| {
                let mut codes = it.codes.iter();
                codes.any(|code| {
                    row(document, place, *code).is_some_and(|met| std::ptr::eq(met, it))
                })
            });
            assert!(met, "row {number}, {:?}, is hidden by another", it.place);
        }
    }
}
