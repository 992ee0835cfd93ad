//! Findings as JSON, one object per line.

use std::io::{self, Write};

use serde::Serialize;
use watchtower_model::format::Format;
use watchtower_writer::validate::{Finding, LeftOut, Report, Severity};

use crate::printable::PrintableJson;

/// A line. Readers skip message types they do not know.
#[derive(Serialize)]
#[serde(tag = "message_type", rename_all = "snake_case")]
enum Message<'a> {
    Finding(&'a Finding),
    LeftOut(&'a LeftOut),
    Summary(Summary),
}

/// The last line.
#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    /// How many more there are of codes that are allowed.
    allowed: usize,
    /// In how many files something was found.
    files: usize,
    format: Option<Format>,
    projects: usize,
    documents: usize,
    entries: usize,
    bytes: u64,
}

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let findings = report.findings.iter().map(Message::Finding);
    let left_out = report.left_out.iter().map(Message::LeftOut);
    let summary = Message::Summary(Summary {
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        allowed: report.allowed.iter().map(|it| it.count).sum(),
        files: super::files(report),
        format: report.format,
        projects: report.projects,
        documents: report.documents,
        entries: report.entries,
        bytes: report.bytes,
    });
    for message in findings.chain(left_out).chain([summary]) {
        line(out, &message)?;
    }
    Ok(())
}

/// Writes a value as one line.
pub(super) fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut *out,
        PrintableJson,
    ))?;
    writeln!(out)
}
