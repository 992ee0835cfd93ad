//! Which column of a sheet is what: found out from the headers, or as a mapping says.

use std::collections::BTreeSet;

use super::conventions;
use super::sheet::{Cell, Row, Sheet};

/// What the rows of a sheet are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    Shots,
    Assets,
    Casting,
    Tasks,
    Edits,
}

impl Subject {
    pub(super) const ALL: [Self; 5] = [
        Self::Shots,
        Self::Assets,
        Self::Casting,
        Self::Tasks,
        Self::Edits,
    ];

    /// The name of its sheet, and of its table in a mapping.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shots => "shots",
            Self::Assets => "assets",
            Self::Casting => "casting",
            Self::Tasks => "tasks",
            Self::Edits => "edits",
        }
    }

    /// The fields that the rows have, the needed ones first.
    pub(super) fn fields(self) -> &'static [Field] {
        use Field as F;
        match self {
            Self::Shots => &[
                F::Name,
                F::Project,
                F::Episode,
                F::Sequence,
                F::Frames,
                F::FrameIn,
                F::FrameOut,
                F::FrameRange,
                F::Fps,
                F::Canceled,
                F::Picture,
            ],
            Self::Assets => &[F::Name, F::Type, F::Project, F::Canceled, F::Picture],
            Self::Casting => &[
                F::Shot,
                F::Asset,
                F::Project,
                F::Episode,
                F::Sequence,
                F::Type,
            ],
            Self::Tasks => &[
                F::TaskType,
                F::Status,
                F::Entity,
                F::EntityType,
                F::Project,
                F::Episode,
                F::Sequence,
                F::Shot,
                F::Asset,
                F::Type,
                F::Assignees,
            ],
            Self::Edits => &[F::Name, F::Project, F::Episode, F::Movie],
        }
    }

    /// How many of the fields a sheet must have.
    pub(super) fn needed(self) -> &'static [Field] {
        let count = match self {
            Self::Shots | Self::Edits | Self::Assets => 1,
            Self::Casting => 2,
            Self::Tasks => 2,
        };
        &self.fields()[..count]
    }
}

/// Something that a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Field {
    Asset,
    Assignees,
    Canceled,
    Entity,
    EntityType,
    Episode,
    Fps,
    FrameIn,
    FrameOut,
    FrameRange,
    Frames,
    Movie,
    Name,
    Picture,
    Project,
    Sequence,
    Shot,
    Status,
    TaskType,
    Type,
}

impl Field {
    /// Its name in a mapping.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Assignees => "assignees",
            Self::Canceled => "canceled",
            Self::Entity => "entity",
            Self::EntityType => "entity_type",
            Self::Episode => "episode",
            Self::Fps => "fps",
            Self::FrameIn => "frame_in",
            Self::FrameOut => "frame_out",
            Self::FrameRange => "frame_range",
            Self::Frames => "frames",
            Self::Movie => "movie",
            Self::Name => "name",
            Self::Picture => "picture",
            Self::Project => "project",
            Self::Sequence => "sequence",
            Self::Shot => "shot",
            Self::Status => "status",
            Self::TaskType => "task_type",
            Self::Type => "type",
        }
    }

    /// The headers by which it is known, as [`plain`] has them; Kitsu's own first.
    fn headers(self, subject: Subject) -> &'static [&'static str] {
        match (self, subject) {
            (Self::Asset, _) => &["asset", "assetname"],
            (Self::Assignees, _) => ASSIGNEES,
            (Self::Canceled, _) => &["canceled", "cancelled", "omitted", "omit"],
            (Self::Entity, _) => &["entity", "entityname", "link"],
            (Self::EntityType, _) => &["entitytype"],
            (Self::Episode, _) => &["episode", "ep", "episodename"],
            (Self::Fps, _) => &["fps", "framerate"],
            (Self::FrameIn, _) => FRAME_IN,
            (Self::FrameOut, _) => FRAME_OUT,
            (Self::FrameRange, _) => &["framerange", "cutrange", "range"],
            (Self::Frames, _) => &[
                "frames",
                "nbframes",
                "numberofframes",
                "framecount",
                "duration",
                "length",
                "cutduration",
                "durationframes",
                "cutlength",
                "recordduration",
                "durationtc",
                "tcduration",
                "dur",
                "len",
                "durée",
                "dauer",
                "länge",
                "duración",
                "尺",
            ],
            (Self::Movie, _) => &["movie", "video", "file"],
            (Self::Name, Subject::Shots) => &[
                "shot",
                "shotcode",
                "shotname",
                "name",
                "code",
                "shotnumber",
                "shotno",
                "shotid",
                "vfxshot",
                "vfxid",
                "plan",
                "einstellung",
                "plano",
                "カット",
                "カットno",
            ],
            (Self::Name, Subject::Assets) => &["name", "asset", "assetname", "code"],
            (Self::Name, _) => &["name", "edit", "editname"],
            (Self::Picture, _) => &["picture", "thumbnail", "image", "preview", "previewfile"],
            (Self::Project, _) => &[
                "project",
                "production",
                "film",
                "show",
                "projectname",
                "projectid",
            ],
            (Self::Sequence, Subject::Casting) => &["parent", "sequence", "seq", "sequencename"],
            (Self::Sequence, _) => &[
                "sequence",
                "seq",
                "sequencename",
                "scene",
                "sequencecode",
                "sequenceid",
                "sequenz",
                "szene",
                "séquence",
                "secuencia",
                "シーン",
            ],
            (Self::Shot, Subject::Tasks) => &["shot", "shotname", "shotcode"],
            (Self::Shot, _) => &["name", "shot", "shotname"],
            (Self::Status, _) => STATUS,
            (Self::TaskType, _) => &["tasktype", "pipelinestep", "step", "task", "taskname"],
            (Self::Type, Subject::Casting) => &["assettype", "type"],
            (Self::Type, Subject::Tasks) => &["assettype"],
            (Self::Type, _) => &["type", "assettype", "category"],
        }
    }
}

/// What the first frame of a shot is called. Places on the timeline come first: a sheet may have the
/// frames of the shot's pictures as well. Each has its last frame at the same place in [`FRAME_OUT`].
const FRAME_IN: &[&str] = &[
    "recordin",
    "recordtcin",
    "recin",
    "rectcin",
    "timelinein",
    "editin",
    "framein",
    "in",
    "cutin",
    "startframe",
    "framestart",
    "firstframe",
    "start",
    "tcin",
    "timecodein",
    "intc",
    "intimecode",
    "starttc",
    "starttimecode",
];

/// What the last frame of a shot is called, or the one behind it.
const FRAME_OUT: &[&str] = &[
    "recordout",
    "recordtcout",
    "recout",
    "rectcout",
    "timelineout",
    "editout",
    "frameout",
    "out",
    "cutout",
    "endframe",
    "frameend",
    "lastframe",
    "end",
    "tcout",
    "timecodeout",
    "outtc",
    "outtimecode",
    "endtc",
    "endtimecode",
];

/// What the status of a task is called.
const STATUS: &[&str] = &["taskstatus", "status", "state"];

/// What the column beside a task's status is called, in Kitsu and elsewhere.
const ASSIGNEES: &[&str] = &[
    "assignations",
    "assignees",
    "assignee",
    "assignedto",
    "assigned",
    "artist",
    "artists",
    "who",
];

/// The columns that Kitsu has and a site has no place for.
const NOT_SHOWN: &[&str] = &[
    "description",
    "timespent",
    "estimation",
    "occurences",
    "occurrences",
    "label",
    "assigner",
    "duration",
    "startdate",
    "duedate",
    "wipdate",
    "validationdate",
    "fps",
    "maxretakes",
];

/// How many different texts a column of statuses may hold.
const MOST_STATUSES: usize = 15;

/// How many characters a status has at most.
const LONGEST_STATUS: usize = 40;

/// A header without case, spaces and signs.
pub(super) fn plain(header: &str) -> String {
    let letters = header.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// A column of tasks: each cell is the status of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TaskColumn {
    /// The task type's name.
    pub task_type: String,
    pub status: usize,
    /// The column of the names of those who do it, separated by commas.
    pub assignees: Option<usize>,
}

/// A sheet, and which of its columns is what.
#[derive(Debug)]
pub(super) struct Table {
    pub subject: Subject,
    pub sheet: Sheet,
    /// Where the headers are, in the sheet's rows.
    pub header_row: usize,
    pub headers: Vec<String>,
    pub fields: Vec<(Field, usize)>,
    pub tasks: Vec<TaskColumn>,
    /// Columns that are none of these, and hold something.
    pub others: Vec<usize>,
    /// Whether it is from Kitsu, where the order of rows means nothing.
    pub is_from_kitsu: bool,
}

impl Table {
    /// The column of a field.
    pub(super) fn column(&self, field: Field) -> Option<usize> {
        let found = self.fields.iter().find(|(it, _)| *it == field);
        found.map(|(_, column)| *column)
    }

    /// What a row holds of a field.
    pub(super) fn cell<'a>(&self, row: &'a Row, field: Field) -> &'a Cell {
        const EMPTY: &Cell = &Cell::Empty;
        self.column(field).map_or(EMPTY, |column| row.cell(column))
    }

    /// A field of a row as a name. None where the cell is empty, or holds an error.
    pub(super) fn name(&self, row: &Row, field: Field) -> Option<String> {
        self.cell(row, field).name()
    }

    /// The status that says that a row is left out, of the columns of its own state. `omt` is Flow's.
    pub(super) fn omitted(&self, row: &Row) -> Option<String> {
        const OMITTED: [&str; 5] = ["omt", "omit", "omitted", "canceled", "cancelled"];
        let own = self
            .others
            .iter()
            .filter(|&&at| is_of_shot(&self.headers[at]));
        let mut statuses = own.map(|&at| row.cell(at).to_string());
        statuses.find(|it| OMITTED.contains(&&*it.to_lowercase()))
    }

    /// The column of the assets that are in a shot, as Flow's sheets have it.
    pub(super) fn assets_of_shot(&self) -> Option<usize> {
        let mut others = self.others.iter().copied();
        others.find(|&at| {
            matches!(
                &*plain(&self.headers[at]),
                "assets" | "casting" | "cast" | "breakdown"
            )
        })
    }

    /// Why a field of a row is no name.
    pub(super) fn no_name(&self, row: &Row, field: Field) -> String {
        match self.cell(row, field) {
            Cell::Broken(error) => format!("the {} is `{}`", field.name(), error.escape_debug()),
            _ => format!("the {} is empty", field.name()),
        }
    }

    /// The rows below the headers.
    pub(super) fn rows(&self) -> &[Row] {
        &self.sheet.rows[self.header_row + 1..]
    }

    /// Where a person finds a field of a row.
    pub(super) fn place(&self, row: &Row, field: Field) -> String {
        match self.column(field) {
            Some(column) => self.sheet.cell_place(row, column, &self.headers[column]),
            None => self.sheet.row_place(row),
        }
    }

    /// Finds out which column is what, by the headers.
    pub(super) fn guess(subject: Subject, sheet: Sheet) -> Self {
        let row = header_row(subject, &sheet);
        Self::below(subject, sheet, row)
    }

    /// The same, with the headers in a row.
    pub(super) fn below(subject: Subject, sheet: Sheet, header_row: usize) -> Self {
        let headers = headers(&sheet, header_row);
        let plain: Vec<String> = headers.iter().map(|it| plain(it)).collect();
        let at = |header: &str| plain.iter().position(|it| it == header);
        let mut fields = Vec::new();
        // Both ends of a shot are of one kind.
        let mut ends = FRAME_IN.iter().zip(FRAME_OUT);
        if subject == Subject::Shots
            && let Some((first, last)) =
                ends.find_map(|(first, last)| Some((at(first)?, at(last)?)))
        {
            fields.extend([(Field::FrameIn, first), (Field::FrameOut, last)]);
        }
        for &field in subject.fields() {
            if fields.iter().any(|(it, _)| *it == field) {
                continue;
            }
            let found = field.headers(subject).iter().find_map(|header| {
                let free = |at: &usize| fields.iter().all(|(_, taken)| taken != at);
                (0..plain.len())
                    .filter(free)
                    .find(|&at| plain[at] == *header)
            });
            fields.extend(found.map(|column| (field, column)));
        }
        let mut table = Self {
            subject,
            sheet,
            header_row,
            tasks: Vec::new(),
            others: Vec::new(),
            is_from_kitsu: plain
                .iter()
                .any(|it| it == "timespent" || it == "occurences"),
            headers,
            fields,
        };
        if matches!(subject, Subject::Shots | Subject::Assets) {
            table.guess_tasks(&plain);
        }
        table.collect_others();
        table
    }

    /// Finds the columns of tasks. In Kitsu's sheets each has those who do them beside it; without any such
    /// pair, they come after the time that was spent. In other sheets, columns of statuses count as well.
    fn guess_tasks(&mut self, plain: &[String]) {
        let is_assignees = |at: usize| plain.get(at).is_some_and(|it| ASSIGNEES.contains(&&**it));
        let taken = |at: usize| self.fields.iter().any(|(_, column)| *column == at);
        let is_free = |at: usize| {
            let plain = &*plain[at];
            !(plain.is_empty() || taken(at) || is_assignees(at) || NOT_SHOWN.contains(&plain))
        };
        let has_pairs = (0..plain.len()).any(&is_assignees);
        let spent = plain.iter().position(|it| it == "timespent");
        let free: Vec<_> = (0..plain.len()).filter(|&at| is_free(at)).collect();
        let beside = |at: usize| (is_assignees(at + 1)).then_some(at + 1);
        let of_statuses = match self.is_from_kitsu {
            true => BTreeSet::new(),
            false => self.columns_of_statuses(&free),
        };
        let mut tasks: Vec<TaskColumn> = Vec::new();
        for &at in &free {
            let name = task_type(&self.headers[at]);
            // `Animation assignations`, wherever.
            let named = free.iter().copied().find(|&other| {
                let rest = plain[other].strip_prefix(&*self::plain(name));
                rest.is_some_and(|rest| ASSIGNEES.contains(&rest))
            });
            let counts = match (self.is_from_kitsu, has_pairs) {
                (true, true) => beside(at).is_some(),
                (true, false) => spent.is_some_and(|spent| at > spent),
                _ => {
                    let may_be = named.or(beside(at)).is_some() && self.holds_words(at);
                    may_be || of_statuses.contains(&at)
                }
            };
            if counts {
                tasks.push(TaskColumn {
                    task_type: name.to_owned(),
                    status: at,
                    assignees: named.or(beside(at)),
                });
            }
        }
        // The column of those who do something is none of what they do.
        let people: Vec<_> = tasks.iter().filter_map(|it| it.assignees).collect();
        tasks.retain(|it| !people.contains(&it.status));
        self.tasks = tasks;
    }

    /// Those of some columns that hold statuses: as they are known, or the same as in another such column.
    fn columns_of_statuses(&self, columns: &[usize]) -> BTreeSet<usize> {
        let few: Vec<(usize, BTreeSet<String>)> = columns
            .iter()
            .filter(|&&at| !is_of_shot(&self.headers[at]) && self.holds_words(at))
            .map(|&at| (at, self.words(at)))
            .filter(|(_, words)| (1..=MOST_STATUSES).contains(&words.len()))
            .collect();
        let known = |words: &BTreeSet<String>| {
            let known = words.iter().filter(|it| conventions::is_status(it));
            known.count() * 2 >= words.len()
        };
        let mut found: BTreeSet<usize> = few
            .iter()
            .filter(|(_, words)| known(words))
            .map(|(at, _)| *at)
            .collect();
        // Half of the words that say something are in the other column, too.
        let is_alike = |words: &BTreeSet<String>, other: &BTreeSet<String>| {
            let telling = words.iter().filter(|it| !conventions::says_nothing(it));
            let (shared, own): (Vec<_>, Vec<_>) = telling.partition(|it| other.contains(*it));
            !shared.is_empty() && shared.len() >= own.len()
        };
        let is_typed = |at: usize| conventions::is_task_type(&self.headers[at]);
        for (at, words) in &few {
            let mut others = few.iter().filter(|(other, _)| other != at);
            let joins = others.any(|(other, of_other)| {
                found.contains(other) && is_alike(words, of_other)
                    || is_typed(*at) && is_typed(*other) && !words.is_disjoint(of_other)
            });
            if joins {
                found.insert(*at);
            }
        }
        found
    }

    /// The different texts of a column, in lower case.
    pub(super) fn words(&self, column: usize) -> BTreeSet<String> {
        let cells = self.rows().iter().map(|row| row.cell(column));
        let filled = cells.filter(|it| **it != Cell::Empty);
        filled.map(|it| it.to_string().to_lowercase()).collect()
    }

    /// Whether a column holds short texts and nothing else.
    fn holds_words(&self, column: usize) -> bool {
        let is_word = |cell: &Cell| match cell {
            Cell::Empty => true,
            Cell::Text(text) => text.chars().count() <= LONGEST_STATUS && cell.number().is_err(),
            _ => false,
        };
        self.rows().iter().all(|row| is_word(row.cell(column)))
    }

    /// Finds the columns that hold something and are nothing.
    pub(super) fn collect_others(&mut self) {
        let tasks = self.tasks.iter();
        let mut known: Vec<usize> = tasks
            .flat_map(|it| [Some(it.status), it.assignees])
            .flatten()
            .collect();
        known.extend(self.fields.iter().map(|(_, column)| *column));
        let others = (0..self.headers.len()).filter(|at| {
            let plain = plain(&self.headers[*at]);
            let holds = |row: &Row| *row.cell(*at) != Cell::Empty;
            !known.contains(at)
                && !plain.is_empty()
                && !NOT_SHOWN.contains(&&*plain)
                && self.rows().iter().any(holds)
        });
        self.others = others.collect();
    }

    /// The first needed field that no column holds.
    pub(super) fn missing(&self) -> Option<Field> {
        let needed = self.subject.needed().iter();
        let missing = needed.copied().find(|&field| self.column(field).is_none());
        // A task is of a shot or an asset, in one column or two.
        let of = [Field::Entity, Field::Shot, Field::Asset];
        let is_of_none = of.iter().all(|&field| self.column(field).is_none());
        missing.or((self.subject == Subject::Tasks && is_of_none).then_some(Field::Entity))
    }
}

/// The headers of a row, as people wrote them. Where the row above it has names for groups of columns,
/// those make headers out of what repeats: `Layout Status`, `Animation Status`.
pub(super) fn headers(sheet: &Sheet, row: usize) -> Vec<String> {
    let texts = |row: usize| -> Vec<String> {
        let cells = sheet.rows.get(row).map_or(&[][..], |row| &row.cells);
        cells.iter().map(ToString::to_string).collect()
    };
    let mut headers = texts(row);
    let Some(above) = row.checked_sub(1).filter(|&above| adjoin(sheet, above)) else {
        return headers;
    };
    let groups = texts(above);
    let first = groups.iter().position(|it| !it.is_empty());
    let names: BTreeSet<_> = groups.iter().filter(|it| !it.is_empty()).collect();
    // One name at the left is a title.
    if names.len() < 2 && first == Some(0) {
        return headers;
    }
    let below = headers.clone();
    let mut group = "";
    for (at, header) in headers.iter_mut().enumerate() {
        let own = groups.get(at).map_or("", String::as_str);
        if !own.is_empty() {
            group = own;
        }
        let is_repeated = below.iter().filter(|it| *it == header).count() > 1;
        if header.is_empty() {
            own.clone_into(header);
        } else if is_repeated && !group.is_empty() {
            *header = format!("{group} {header}");
        }
    }
    let more = groups.get(headers.len()..).unwrap_or_default();
    headers.extend_from_slice(more);
    headers
}

/// Whether nothing is between a row and the next one.
fn adjoin(sheet: &Sheet, row: usize) -> bool {
    let number = |row: usize| sheet.rows.get(row).map(|it| it.number);
    number(row).map(|it| it + 1) == number(row + 1)
}

/// The task type of a column: its header, without a word for status.
pub(super) fn task_type(header: &str) -> &str {
    let trimmed = header.trim_end();
    let split = trimmed.rsplit_once(|c: char| c.is_whitespace() || "-_:/".contains(c));
    match split {
        Some((name, last)) if STATUS.contains(&&*plain(last)) => {
            name.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')')
        }
        _ => trimmed,
    }
}

/// Whether a header is one of a shot's own state, which is no task.
fn is_of_shot(header: &str) -> bool {
    let header = plain(header);
    let of = [
        "",
        "shot",
        "overall",
        "asset",
        "client",
        "delivery",
        "editorial",
    ];
    let own = of
        .iter()
        .flat_map(|of| STATUS.iter().map(move |it| format!("{of}{it}")));
    own.into_iter().any(|it| it == header)
        || ["priority", "type", "complexity", "difficulty"].contains(&&*header)
}

/// The row of the headers: of the first ones, that in which most fields are known by their headers. Of two
/// rows of headers, the lower one.
fn header_row(subject: Subject, sheet: &Sheet) -> usize {
    const DEPTH: usize = 20;
    let known = |row: usize| {
        let cells = sheet.rows.get(row).map_or(&[][..], |row| &row.cells);
        let plain: Vec<String> = cells.iter().map(|it| plain(&it.to_string())).collect();
        let is_known = |field: &&Field| {
            let headers = field.headers(subject);
            plain.iter().any(|it| headers.contains(&&**it))
        };
        subject.fields().iter().filter(is_known).count()
    };
    let rows = 0..sheet.rows.len().min(DEPTH);
    // The first of those that know as many.
    let row = rows.rev().max_by_key(|&row| known(row)).unwrap_or(0);
    match is_second_row(sheet, row) {
        true => row + 1,
        false => row,
    }
}

/// Whether the row below the headers has the headers of their parts, as in `Layout` over `Status` and
/// `Artist`.
fn is_second_row(sheet: &Sheet, row: usize) -> bool {
    let Some(below) = sheet.rows.get(row + 1).filter(|_| adjoin(sheet, row)) else {
        return false;
    };
    let is_part = |cell: &Cell| {
        let plain = plain(&cell.to_string());
        STATUS.contains(&&*plain) || ASSIGNEES.contains(&&*plain)
    };
    below.cells.iter().filter(|it| is_part(it)).count() > 1
}

/// What the rows of a sheet are, by its name or else by its headers.
pub(super) fn subject(sheet: &Sheet) -> Option<Subject> {
    let name = sheet.name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    let of_word = |word: &str| {
        Subject::ALL.into_iter().find(|it| {
            let name = it.name();
            name == word || name.strip_suffix('s') == Some(word)
        })
    };
    // The last word counts: Kitsu names its files after the project first.
    let named = words.rev().find_map(of_word);
    named.or_else(|| {
        let fits = |subject: &Subject| {
            let row = header_row(*subject, sheet);
            let plain: Vec<String> = headers(sheet, row).iter().map(|it| plain(it)).collect();
            let has = |field: Field| {
                let headers = field.headers(*subject);
                plain.iter().any(|it| headers.contains(&&**it))
            };
            let telling: &[Field] = match subject {
                Subject::Shots => &[Field::Name, Field::Sequence],
                Subject::Assets => &[Field::Name, Field::Type],
                Subject::Casting => &[Field::Shot, Field::Asset, Field::Sequence],
                Subject::Tasks => &[Field::TaskType, Field::Status],
                Subject::Edits => &[Field::Name, Field::Movie],
            };
            telling.iter().all(|&field| has(field))
        };
        // The most telling first.
        [
            Subject::Tasks,
            Subject::Casting,
            Subject::Shots,
            Subject::Assets,
            Subject::Edits,
        ]
        .into_iter()
        .find(fits)
    })
}
