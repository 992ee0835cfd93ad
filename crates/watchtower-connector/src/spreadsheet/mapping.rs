//! The mapping: a TOML file that says which column is what, where the headers do not.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use watchtower_model::{FrameRate, HexColor};

use super::columns::{self, Field, Subject, Table, TaskColumn};
use super::sheet::Sheet;

/// What the file holds. Everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// What holds for every project.
    #[serde(default)]
    pub project: ProjectMapping,
    /// What holds for one, by its name.
    #[serde(default)]
    pub projects: BTreeMap<String, ProjectMapping>,
    /// Statuses, by what the cells hold.
    #[serde(default)]
    pub statuses: BTreeMap<String, Labelled>,
    /// Task types, by what the headers or cells hold.
    #[serde(default)]
    pub task_types: BTreeMap<String, Labelled>,
    #[serde(default)]
    shots: Option<SheetMapping>,
    #[serde(default)]
    assets: Option<SheetMapping>,
    #[serde(default)]
    casting: Option<SheetMapping>,
    #[serde(default)]
    tasks: Option<SheetMapping>,
    #[serde(default)]
    edits: Option<SheetMapping>,
}

/// A project's settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectMapping {
    /// Its name, where no column has it.
    pub name: Option<String>,
    /// Frames per second.
    pub fps: Option<FrameRate>,
    /// As in `2.35:1`.
    pub ratio: Option<String>,
    /// As in `2048x858`.
    pub resolution: Option<String>,
    /// The folder of the pictures, from where the mapping is.
    pub pictures: Option<PathBuf>,
    /// The movie of the edit, from where the mapping is.
    pub movie: Option<PathBuf>,
}

/// How a status or task type is shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Labelled {
    /// Its name; what the cells hold, if it is not given.
    pub name: Option<String>,
    /// Its colour.
    pub color: Option<HexColor>,
}

/// Where the shots, assets and so on are.
#[derive(Debug, Deserialize)]
pub(super) struct SheetMapping {
    /// The name of the sheet, or of the file without its ending.
    pub sheet: Option<String>,
    /// The row of the headers, from 1.
    pub header_row: Option<u64>,
    /// Whether `frame_out` is the last frame of the shot, rather than the one at which it has ended.
    pub frame_out_is_last: Option<bool>,
    /// Whether the shots follow each other in the order of the rows, whatever their ranges start at.
    pub end_to_end: Option<bool>,
    /// The columns of tasks.
    #[serde(rename = "task_columns")]
    pub tasks: Option<Vec<TaskMapping>>,
    /// The headers of the other columns, by field.
    #[serde(flatten)]
    pub columns: BTreeMap<String, toml::Value>,
}

/// A column of tasks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskMapping {
    /// The header of the column of statuses.
    pub status: String,
    /// The task type, where it is not the header.
    pub task_type: Option<String>,
    /// The header of the column of those who do it.
    pub assignees: Option<String>,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    ///
    /// In words, with the place in the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mapping: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for subject in Subject::ALL {
            let Some(sheet) = mapping.sheet(subject) else {
                continue;
            };
            for (key, value) in &sheet.columns {
                let names = subject.fields().iter().map(|it| it.name());
                if !names.clone().any(|it| it == key) {
                    let names: Vec<_> = names.collect();
                    return Err(format!(
                        "[{}] has no `{}`; it may have {}",
                        subject.name(),
                        key.escape_debug(),
                        names.join(", ")
                    ));
                }
                if !value.is_str() {
                    return Err(format!(
                        "[{}] {key}: the header of a column is expected, in quotes",
                        subject.name()
                    ));
                }
            }
        }
        Ok(mapping)
    }

    pub(super) fn sheet(&self, subject: Subject) -> Option<&SheetMapping> {
        match subject {
            Subject::Shots => self.shots.as_ref(),
            Subject::Assets => self.assets.as_ref(),
            Subject::Casting => self.casting.as_ref(),
            Subject::Tasks => self.tasks.as_ref(),
            Subject::Edits => self.edits.as_ref(),
        }
    }

    /// What the rows of a sheet are, if the mapping says so.
    pub(super) fn subject_of(&self, sheet: &Sheet) -> Option<Subject> {
        let is_named = |subject: &Subject| {
            let name = self.sheet(*subject).and_then(|it| it.sheet.as_deref());
            name.is_some_and(|name| is_name_of(name, sheet))
        };
        Subject::ALL.into_iter().find(is_named)
    }

    /// Whether the sheets that it names are there.
    ///
    /// # Errors
    ///
    /// In words, for one that is not.
    pub(super) fn check_sheets(&self, sheets: &[Sheet]) -> Result<(), String> {
        for subject in Subject::ALL {
            let name = self.sheet(subject).and_then(|it| it.sheet.as_deref());
            let Some(name) = name else { continue };
            if !sheets.iter().any(|sheet| is_name_of(name, sheet)) {
                let names: Vec<_> = sheets.iter().map(|it| &*it.name).collect();
                return Err(format!(
                    "the mapping has `{}` as the sheet of [{}], and there is none of that name; there are {}",
                    name.escape_debug(),
                    subject.name(),
                    names.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// Finds out which column is what: as the mapping says, and else by the headers.
    ///
    /// # Errors
    ///
    /// In words, for a header that is not there.
    pub(super) fn table(&self, subject: Subject, sheet: Sheet) -> Result<Table, String> {
        let Some(mapping) = self.sheet(subject) else {
            return Ok(Table::guess(subject, sheet));
        };
        let is_named = mapping.sheet.as_deref();
        if is_named.is_some_and(|name| !is_name_of(name, &sheet)) {
            return Ok(Table::guess(subject, sheet));
        }
        let mut table = match mapping.header_row {
            Some(number) => {
                let mut rows = sheet.rows.iter();
                let at = rows.position(|row| row.number == number).ok_or_else(|| {
                    format!(
                        "{} has nothing in row {number}, where the mapping has its headers",
                        sheet.label
                    )
                })?;
                Table::below(subject, sheet, at)
            }
            None => Table::guess(subject, sheet),
        };
        for &field in subject.fields() {
            let Some(header) = mapping.columns.get(field.name()).and_then(|it| it.as_str()) else {
                continue;
            };
            let column = find(&table, header)?;
            table
                .fields
                .retain(|(it, taken)| *it != field && *taken != column);
            table.fields.push((field, column));
        }
        if let Some(tasks) = &mapping.tasks {
            let column = |it: &TaskMapping| {
                Ok(TaskColumn {
                    task_type: it
                        .task_type
                        .clone()
                        .unwrap_or_else(|| columns::task_type(&it.status).to_owned()),
                    status: find(&table, &it.status)?,
                    assignees: match &it.assignees {
                        Some(header) => Some(find(&table, header)?),
                        None => None,
                    },
                })
            };
            table.tasks = tasks.iter().map(column).collect::<Result<_, String>>()?;
        }
        table.collect_others();
        Ok(table)
    }
}

/// Whether a name in a mapping is that of a sheet; a file may be named with its ending.
fn is_name_of(name: &str, sheet: &Sheet) -> bool {
    name == sheet.name || name == sheet.label
}

/// The column with a header; `Header#2` is the second of those.
fn find(table: &Table, header: &str) -> Result<usize, String> {
    let nth = |header: &str, n: usize| {
        let mut found = (0..table.headers.len()).filter(|&at| table.headers[at] == header);
        found.nth(n)
    };
    let numbered = || {
        let (header, number) = header.rsplit_once('#')?;
        nth(header, number.parse::<usize>().ok()?.checked_sub(1)?)
    };
    nth(header, 0).or_else(numbered).ok_or_else(|| {
        let headers: Vec<_> = (0..table.headers.len())
            .filter(|&at| !table.headers[at].is_empty())
            .map(|at| unique_header(&table.headers, at))
            .collect();
        format!(
            "{} has no column `{}`; it has {}",
            table.sheet.label,
            header.escape_debug(),
            headers.join(", ")
        )
    })
}

/// How a mapping names a column: its header, with its place among those of the same header.
pub(super) fn unique_header(headers: &[String], at: usize) -> String {
    let header = &headers[at];
    match headers[..at].iter().filter(|it| *it == header).count() {
        0 => header.clone(),
        before => format!("{header}#{}", before + 1),
    }
}

/// The field that a mapping of this subject must name, for people.
pub(super) fn missing_column(table: &Table, field: Field) -> String {
    let headers: Vec<_> = table.headers.iter().filter(|it| !it.is_empty()).collect();
    let headers: Vec<&str> = headers.into_iter().map(|it| &**it).collect();
    format!(
        "{} has no column that is known to hold `{}` of {}; its headers are: {}",
        table.sheet.label,
        field.name(),
        table.subject.name(),
        headers.join(", ")
    )
}
