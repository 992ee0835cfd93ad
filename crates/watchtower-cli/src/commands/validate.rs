//! `watchtower validate`.

mod github;
mod human;
mod json;
mod sarif;
mod source;

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use indicatif::HumanCount;
use watchtower_writer::validate::{self, Error, Options, Report, Severity};

use self::source::Sources;
use crate::Exit;
use crate::cli::{Deny, OutputArgs, OutputFormat, ValidateArgs};
use crate::printable::printable;
use crate::printer::Printer;

/// What findings call the standard input.
const STDIN: &str = "<stdin>";

pub(super) fn run(args: &ValidateArgs, output: &OutputArgs, printer: &Printer) -> io::Result<Exit> {
    if args.document.is_some() && !is_stdin(&args.path) && args.path.is_dir() {
        printer.error(
            &DocumentOfFolder,
            Some("leave `--document` out, or give one file"),
        );
        return Ok(Exit::Usage);
    }
    let (report, sources) = match check(args) {
        Ok(checked) => checked,
        Err(error) => {
            let help = match error {
                Error::UnknownDocument(..) => Some("`--document NAME` says which one it is"),
                _ => None,
            };
            printer.error(&error, help);
            return Ok(Exit::Usage);
        }
    };

    let denies_warnings = args.deny == Some(Deny::Warnings);
    let fails = |severity| severity == Severity::Error || denies_warnings;
    let closing = closing(&report, &args.path);
    let mut out: Box<dyn Write> = match args.output_format {
        OutputFormat::Human => Box::new(anstream::stdout().lock()),
        _ => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::new(&mut out);
    match args.output_format {
        OutputFormat::Human => {
            let detail = match (output.quiet, output.verbose) {
                (true, _) => human::Detail::Failures { denies_warnings },
                (_, true) => human::Detail::Everything,
                _ => human::Detail::Folded,
            };
            human::write(&mut out, &report, &sources, detail)?;
            if !output.quiet {
                writeln!(out, "{closing}")?;
            }
        }
        OutputFormat::Json => json::write(&mut out, &report)?,
        OutputFormat::Sarif => sarif::write(&mut out, &report)?,
        OutputFormat::Github => {
            github::write(&mut out, &report)?;
            writeln!(out, "{closing}")?;
        }
    }
    out.flush()?;

    let failed = [Severity::Error, Severity::Warning]
        .into_iter()
        .any(|it| fails(it) && report.count(it) > 0);
    Ok(if failed { Exit::Findings } else { Exit::Done })
}

#[derive(Debug, thiserror::Error)]
#[error("`--document` says which document one file is, and this is a folder")]
struct DocumentOfFolder;

fn check(args: &ValidateArgs) -> Result<(Report, Sources), Error> {
    let options = Options {
        strict: args.strict,
        references: true,
        media: !args.no_media,
        format: args.format,
        document: args.document.clone(),
        allow: args.allow.clone(),
        limit: args.max_findings,
        total: args.max_findings,
    };
    if !is_stdin(&args.path) {
        return Ok((validate::site(&args.path, &options)?, Sources::default()));
    }
    let name = Path::new(STDIN);
    let unreadable = |source| Error::Unreadable {
        path: name.to_owned(),
        source,
    };
    if args.output_format != OutputFormat::Human {
        return Ok((
            validate::read(name, io::stdin().lock(), &options)?,
            Sources::default(),
        ));
    }
    // Kept, since what findings point at is shown.
    let mut kept = spool(io::stdin().lock()).map_err(unreadable)?;
    let report = validate::read(name, &mut kept, &options)?;
    Ok((report, Sources::with_stdin(kept)))
}

/// Whether a path on the command line stands for the standard input; `./-` is a file.
fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Copies what comes from a pipe to a file that is gone when it is closed.
fn spool(mut input: impl io::Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut input, &mut file)?;
    file.rewind()?;
    Ok(file)
}

/// The answer in a line.
fn closing(report: &Report, path: &Path) -> String {
    let list = |counts: &[(usize, &str)]| {
        let counts = counts.iter().filter(|(number, _)| *number > 0);
        let counts: Vec<_> = counts.map(|(number, noun)| count(*number, noun)).collect();
        counts.join(", ")
    };
    let found = |count: &dyn Fn(Severity) -> usize| {
        let errors = (count(Severity::Error), "error");
        list(&[errors, (count(Severity::Warning), "warning")])
    };
    let format = report.format.map(|it| format!(" of format {it}"));
    let format = format.unwrap_or_default();
    let findings = found(&|it| report.count(it));
    let mut closing = if !findings.is_empty() {
        format!("{findings} in {}{format}", count(report.files(), "file"))
    } else {
        let name = if is_stdin(path) {
            Path::new(STDIN)
        } else {
            path
        };
        let answer = if report.count_allowed(Severity::Error) > 0 {
            "nothing is wrong but what is allowed"
        } else {
            "Watchtower will take it"
        };
        let checked = list(&[
            (report.projects, "project"),
            (report.documents, "document"),
            (report.entries, "entry"),
        ]);
        format!(
            "{}: {answer}: {checked}{format}",
            printable(&name.to_string_lossy())
        )
    };
    let allowed = found(&|it| report.count_allowed(it));
    if !allowed.is_empty() {
        closing.push_str(&format!("; allowed: {allowed}"));
    }
    closing
}

/// A number with its noun.
fn count(number: usize, noun: &str) -> String {
    let number = HumanCount(number as u64);
    match (number.0, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}
