//! A mapping to start from, with what the headers seem to say.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::columns::{self, Subject, Table};
use super::film::timing::{End, Timing};
use super::mapping::unique_header;
use super::sheet::{Cell, Row};
use super::{MAPPING_NAME, read};
use crate::{Error, ErrorKind, Result};
use watchtower_model::FrameRate;

/// How many different texts a column of statuses may hold, to be taken for one.
const MOST_STATUSES: usize = 15;

/// Writes a mapping for the sheets at a path, beside them, and gives back where it is. A mapping that
/// is there is left as it is.
///
/// # Errors
///
/// `Config` when there is one already, when it cannot be written, or when there are no sheets;
/// `Invalid` when they cannot be read.
pub fn init(path: &Path) -> Result<PathBuf> {
    let text = mapping(path)?;
    let target = read::folder(path).join(MAPPING_NAME);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&target);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let message = format!("`{}`: {error}", target.display());
        let error = Error::new(ErrorKind::Config, "write a mapping", message);
        error.with_help("move the file that is there away, or edit it")
    })?;
    Ok(target)
}

/// The text of a mapping for the sheets at a path.
fn mapping(path: &Path) -> Result<String> {
    let mut text = String::from(HEAD);
    for sheet in read::sheets(path)? {
        if sheet.rows.is_empty() {
            continue;
        }
        match columns::subject(&sheet) {
            Some(subject) => table(&mut text, &Table::guess(subject, sheet)),
            None => line(
                &mut text,
                format_args!(
                    "\n# {} is not used. To use it, name it as the sheet of [shots], [assets], [casting],\n\
                     # [tasks] or [edits].",
                    sheet.label
                ),
            ),
        }
    }
    Ok(text)
}

const HEAD: &str = "\
# Which column of the sheets is what, for `watchtower export spreadsheet`. Lines that start with # say
# nothing: take the sign away to use one. Whatever is not said is found out from the headers.
# Of headers that repeat, `Header#2` is the second.

[project]
# name = \"Film\"          # where no column has it
# fps = 24
# ratio = \"2.35:1\"
# resolution = \"2048x858\"
# pictures = \"pictures\"  # a folder of pictures named after shots and assets
# movie = \"edit.mp4\"

# What cells hold, and how it is shown:
# [statuses]
# wip = { name = \"Work in progress\", color = \"#3273dc\" }
# [task_types]
# Layout = { color = \"#7cb342\" }
";

fn table(text: &mut String, table: &Table) {
    line(text, format_args!("\n[{}]", table.subject.name()));
    line(text, format_args!("sheet = {}", quoted(&table.sheet.name)));
    if let Some(row) = table.sheet.rows.get(table.header_row) {
        line(text, format_args!("header_row = {}", row.number));
    }
    for &field in table.subject.fields() {
        match table.column(field) {
            Some(column) => {
                let header = unique_header(&table.headers, column);
                line(text, format_args!("{} = {}", field.name(), quoted(&header)));
            }
            None => line(text, format_args!("# {} = \"\"", field.name())),
        }
    }
    if table.subject == Subject::Shots {
        shots(text, table);
    }
    if !matches!(table.subject, Subject::Shots | Subject::Assets) {
        return;
    }
    let name = table.subject.name();
    for task in &table.tasks {
        line(text, format_args!("\n[[{name}.task_columns]]"));
        let status = unique_header(&table.headers, task.status);
        line(text, format_args!("status = {}", quoted(&status)));
        if task.task_type != status {
            let name = quoted(&task.task_type);
            line(text, format_args!("task_type = {name}"));
        }
        if let Some(assignees) = task.assignees {
            let header = unique_header(&table.headers, assignees);
            line(text, format_args!("assignees = {}", quoted(&header)));
        }
    }
    for &column in &table.others {
        let header = quoted(&unique_header(&table.headers, column));
        match may_be_statuses(table, column) {
            true => line(
                text,
                format_args!("\n# Perhaps tasks:\n# [[{name}.task_columns]]\n# status = {header}"),
            ),
            false => line(text, format_args!("\n# Nothing known: {header}")),
        }
    }
}

/// What the frames of shots mean.
fn shots(text: &mut String, table: &Table) {
    let fps = FrameRate::default();
    let rows = table.rows().iter();
    let timings: Vec<_> = rows
        .map(|row| Timing::read(table, row, fps, |_, _| {}))
        .collect();
    if timings.iter().any(Timing::has_timecode) {
        line(
            text,
            format_args!("# Timecodes count at the fps of [project]."),
        );
    }
    let is_last = End::of(&timings);
    let (sign, value) = match is_last {
        Some(End::Last(_) | End::Behind(_)) => ("", is_last.is_some_and(End::is_last)),
        _ => ("# ", true),
    };
    let about = "a shot from 1 to 24 has 24 frames";
    line(
        text,
        format_args!("{sign}frame_out_is_last = {value}  # if true, {about}"),
    );
    line(
        text,
        format_args!("# end_to_end = true         # ranges are no places: shots follow each other"),
    );
}

/// Whether a column holds few different texts.
fn may_be_statuses(table: &Table, column: usize) -> bool {
    let cells = table.rows().iter().map(|row: &Row| row.cell(column));
    let filled: Vec<&Cell> = cells.filter(|it| **it != Cell::Empty).collect();
    let different: HashSet<String> = filled.iter().map(|it| it.to_string()).collect();
    let is_word = |it: &&Cell| matches!(it, Cell::Text(_)) && it.number().is_err();
    let are_words = filled.iter().all(is_word);
    are_words && different.len() <= MOST_STATUSES && different.len() * 2 <= filled.len().max(2)
}

/// A text in TOML: a basic string escapes as Rust's debug format does, but for what that names `\u{…}`.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a text does not fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _ = writeln!(text, "{line}");
}
