//! Findings as JSON, one object per line.

use std::io::{self, Write};

use serde::Serialize;
use watchtower_writer::validate::Report;

use crate::messages::{Message, Totals};
use crate::printable::PrintableJson;

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for finding in &report.findings {
        line(out, &Message::new(finding))?;
    }
    for left_out in &report.left_out {
        line(out, &Message::new(left_out))?;
    }
    line(out, &Message::new(&Totals::from(report)))
}

/// Writes a value as one line.
pub(super) fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut *out,
        PrintableJson,
    ))?;
    writeln!(out)
}
