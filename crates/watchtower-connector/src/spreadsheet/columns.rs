//! Which column of a sheet is what: found out from the headers, or as a mapping says.

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
            Self::Tasks => 3,
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
    FrameIn,
    FrameOut,
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
            Self::FrameIn => "frame_in",
            Self::FrameOut => "frame_out",
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
            (Self::Entity, _) => &["entity", "entityname", "shot", "asset"],
            (Self::EntityType, _) => &["entitytype"],
            (Self::Episode, _) => &["episode", "ep"],
            (Self::FrameIn, _) => &[
                "framein",
                "in",
                "cutin",
                "startframe",
                "framestart",
                "firstframe",
                "start",
            ],
            (Self::FrameOut, _) => &[
                "frameout",
                "out",
                "cutout",
                "endframe",
                "frameend",
                "lastframe",
                "end",
            ],
            (Self::Frames, _) => &[
                "frames",
                "nbframes",
                "numberofframes",
                "framecount",
                "duration",
                "length",
                "cutduration",
                "durationframes",
            ],
            (Self::Movie, _) => &["movie", "video", "file"],
            (Self::Name, Subject::Shots) => &["name", "shot", "shotname", "shotcode", "code"],
            (Self::Name, Subject::Assets) => &["name", "asset", "assetname", "code"],
            (Self::Name, _) => &["name", "edit", "editname"],
            (Self::Picture, _) => &["picture", "thumbnail", "image", "preview", "previewfile"],
            (Self::Project, _) => &["project", "production", "film", "show"],
            (Self::Sequence, Subject::Casting) => &["parent", "sequence", "seq", "sequencename"],
            (Self::Sequence, _) => &["sequence", "seq", "sequencename", "scene"],
            (Self::Shot, _) => &["name", "shot", "shotname"],
            (Self::Status, _) => &["taskstatus", "status"],
            (Self::TaskType, _) => &["tasktype", "task", "step"],
            (Self::Type, Subject::Casting) => &["assettype", "type"],
            (Self::Type, _) => &["type", "assettype", "category"],
        }
    }
}

/// What the column beside a task's status is called, in Kitsu and elsewhere.
const ASSIGNEES: &[&str] = &[
    "assignations",
    "assignees",
    "assignedto",
    "assigned",
    "artist",
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

    /// Why a field of a row is no name: its place, and what is wrong there.
    pub(super) fn no_name(&self, row: &Row, field: Field) -> String {
        let place = self.place(row, field);
        match self.cell(row, field) {
            Cell::Broken(error) => format!("{place} holds `{}`", error.escape_debug()),
            _ => format!("{place} is empty"),
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
        let header_row = header_row(subject, &sheet);
        let headers = headers(&sheet, header_row);
        let plain: Vec<String> = headers.iter().map(|it| plain(it)).collect();
        let mut fields = Vec::new();
        for &field in subject.fields() {
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

    /// A column is one of tasks where the next one has those who do them. Without any such pair, Kitsu
    /// has them after the time that was spent.
    fn guess_tasks(&mut self, plain: &[String]) {
        let is_assignees = |at: usize| plain.get(at).is_some_and(|it| ASSIGNEES.contains(&&**it));
        let taken = |at: usize| self.fields.iter().any(|(_, column)| *column == at);
        let is_status = |at: usize| {
            let plain = &*plain[at];
            !(plain.is_empty() || taken(at) || is_assignees(at) || NOT_SHOWN.contains(&plain))
        };
        let has_pairs = (0..plain.len()).any(&is_assignees);
        let spent = plain.iter().position(|it| it == "timespent");
        let tasks = (0..plain.len()).filter(|&at| {
            let counts = match has_pairs {
                true => is_assignees(at + 1),
                false => spent.is_some_and(|spent| at > spent),
            };
            counts && is_status(at)
        });
        self.tasks = tasks
            .map(|at| TaskColumn {
                task_type: self.headers[at].clone(),
                status: at,
                assignees: has_pairs.then_some(at + 1),
            })
            .collect();
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
        needed.copied().find(|&field| self.column(field).is_none())
    }
}

/// The headers, as people wrote them.
pub(super) fn headers(sheet: &Sheet, row: usize) -> Vec<String> {
    let row = sheet.rows.get(row);
    let cells = row.map_or(&[][..], |row| &row.cells);
    cells.iter().map(ToString::to_string).collect()
}

/// The row of the headers: of the first ones, that in which most fields are known by their headers.
fn header_row(subject: Subject, sheet: &Sheet) -> usize {
    const DEPTH: usize = 20;
    let known = |row: usize| {
        let headers = headers(sheet, row);
        let plain: Vec<String> = headers.iter().map(|it| plain(it)).collect();
        let is_known = |field: &&Field| {
            let headers = field.headers(subject);
            plain.iter().any(|it| headers.contains(&&**it))
        };
        subject.fields().iter().filter(is_known).count()
    };
    let rows = 0..sheet.rows.len().min(DEPTH);
    // The first of those that know as many.
    rows.rev().max_by_key(|&row| known(row)).unwrap_or(0)
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
                Subject::Tasks => &[Field::TaskType, Field::Status, Field::Entity],
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
