//! From a path to tables.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::columns::{self, Subject, Table};
use super::film::{Films, Source};
use super::mapping::{self, Mapping};
use super::sheet::Sheet;
use super::{MAPPING_NAME, SpreadsheetSettings, delimited, workbook};
use crate::{Error, ErrorKind, Result};

const OPERATION: &str = "read the sheets";

const KINDS: &str = "give a folder of CSV files, a CSV file (.csv, .tsv, .txt), or a workbook (.xlsx, .xlsm, \
                     .xlsb, .xls, .ods)";

/// Looks whether there is something at a path: a folder or a file.
pub(super) fn look(path: &Path) -> Result<fs::Metadata> {
    fs::metadata(path).map_err(|error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        Error::new(ErrorKind::Config, OPERATION, message).with_help(KINDS)
    })
}

/// Reads the projects.
pub(super) fn films(settings: &SpreadsheetSettings) -> Result<Films> {
    let mut notes = Vec::new();
    let (mapping, folder) = mapping(settings)?;
    let mut tables: Vec<Table> = Vec::new();
    let sheets = sheets(&settings.path)?;
    mapping
        .check_sheets(&sheets)
        .map_err(|message| invalid(message, HELP_MAPPING))?;
    for mut sheet in sheets {
        notes.append(&mut sheet.notes);
        if sheet.rows.is_empty() {
            continue;
        }
        let subject = mapping.subject_of(&sheet);
        let Some(subject) = subject.or_else(|| columns::subject(&sheet)) else {
            notes.push(format!(
                "{} is not used: neither its name nor its headers say whether it is of shots, assets, \
                 casting, tasks or edits",
                sheet.label
            ));
            continue;
        };
        let table = mapping.table(subject, sheet);
        let table = table.map_err(|message| invalid(message, HELP_MAPPING))?;
        if let Some(field) = table.missing() {
            let message = mapping::missing_column(&table, field);
            // Somebody's own list of something may have the name of what a film can do without.
            if subject != Subject::Shots && mapping.sheet(subject).is_none() {
                notes.push(format!("{} is not used: {message}", table.sheet.label));
                continue;
            }
            return Err(invalid(message, HELP_MAPPING));
        }
        tables.push(table);
    }
    if !tables.iter().any(|it| it.subject == Subject::Shots) {
        let message = format!(
            "there is no sheet of shots in `{}`",
            settings.path.display()
        );
        return Err(invalid(
            message,
            "name a file or sheet `shots`, or say in the mapping which it is; `--init` writes one to start from",
        ));
    }
    let source = Source {
        tables,
        mapping,
        folder,
        name: name(&settings.path),
        pictures: settings.pictures.clone(),
        movie: settings.movie.clone(),
        fps: settings.fps,
        notes,
    };
    let films = source.read();
    films.map_err(|it| Error::new(ErrorKind::Config, OPERATION, it.message).with_help(it.help))
}

const HELP_MAPPING: &str =
    "say in the mapping which column is which; `--init` writes one to start from";

fn invalid(message: String, help: &str) -> Error {
    Error::new(ErrorKind::Invalid, OPERATION, message).with_help(help)
}

/// The mapping, and the folder from which its paths start.
fn mapping(settings: &SpreadsheetSettings) -> Result<(Mapping, PathBuf)> {
    let folder = folder(&settings.path);
    let path = match &settings.mapping {
        Some(path) => path.clone(),
        None => folder.join(MAPPING_NAME),
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && settings.mapping.is_none() => {
            return Ok((Mapping::default(), folder));
        }
        Err(error) => {
            let message = format!("the mapping `{}` cannot be read: {error}", path.display());
            let help = "give a file that `--init` has written, or none";
            return Err(Error::new(ErrorKind::Config, OPERATION, message).with_help(help));
        }
    };
    let mapping = Mapping::parse(&text).map_err(|error| {
        let message = format!("the mapping `{}`: {}", path.display(), error.trim_end());
        let help = "docs/spreadsheet.md says what a mapping may hold";
        Error::new(ErrorKind::Config, OPERATION, message).with_help(help)
    })?;
    let folder = path.parent().map_or(folder, Path::to_owned);
    Ok((mapping, folder))
}

/// The folder of a path to sheets: itself, or that of the file.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.to_owned(),
        false => path.parent().unwrap_or(Path::new("")).to_owned(),
    }
}

/// What a project is called that nobody has named.
fn name(path: &Path) -> String {
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = match whole.is_dir() {
        true => whole.file_name(),
        false => whole.file_stem(),
    };
    let name = name.map(|it| it.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "Film".to_owned())
}

/// Every sheet at a path, in the order of names.
pub(super) fn sheets(path: &Path) -> Result<Vec<Sheet>> {
    if !look(path)?.is_dir() {
        return sheets_of(path)?.ok_or_else(|| {
            let message = format!("`{}` is neither CSV nor a workbook", path.display());
            Error::new(ErrorKind::Config, OPERATION, message).with_help(KINDS)
        });
    }
    let failed = |error: io::Error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        Error::new(ErrorKind::Config, OPERATION, message)
    };
    let entries = fs::read_dir(path).map_err(failed)?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Hidden files, and those that Excel and LibreOffice have while one is open.
        if path.is_file() && !name.starts_with(['.', '~']) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut sheets = Vec::new();
    for path in paths {
        sheets.extend(sheets_of(&path)?.unwrap_or_default());
    }
    Ok(sheets)
}

/// The sheets of a file. None for a file that is something else, by its ending.
fn sheets_of(path: &Path) -> Result<Option<Vec<Sheet>>> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let is_csv = match &*extension.to_lowercase() {
        "csv" | "tsv" | "txt" => true,
        "xlsx" | "xlsm" | "xlsb" | "xls" | "ods" => false,
        _ => return Ok(None),
    };
    let label = path.file_name().unwrap_or_default().to_string_lossy();
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let bytes = fs::read(path).map_err(|error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        Error::new(ErrorKind::Config, OPERATION, message)
    })?;
    let sheets = match is_csv {
        true => delimited::read(&bytes, &name, &label).map(|it| vec![it]),
        false => workbook::read(bytes, &label),
    };
    sheets.map(Some).map_err(|message| {
        let kind = if is_csv { "CSV file" } else { "workbook" };
        let message = format!("`{}` is no {kind}: {message}", path.display());
        invalid(message, "save it anew from the program that made it")
    })
}
