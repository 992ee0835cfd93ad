//! Turns the domain model into documents, as pure functions, and documents into bytes.

pub mod v0;

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::PrettyFormatter;

/// Writes a document as one object: two-space indented, UTF-8 unescaped, a newline at the end.
///
/// # Errors
///
/// What the writer says.
pub fn write_object(writer: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let mut serializer = serializer(writer);
    document.serialize(&mut serializer)?;
    serializer.into_inner().write_all(b"\n")
}

/// Writes a list document, one element after the other, in the same form.
///
/// # Errors
///
/// What the writer says.
pub fn write_list(
    writer: &mut dyn Write,
    elements: impl Iterator<Item = impl Serialize>,
) -> io::Result<()> {
    let mut serializer = serializer(writer);
    (&mut serializer).collect_seq(elements)?;
    serializer.into_inner().write_all(b"\n")
}

fn serializer(
    writer: &mut dyn Write,
) -> serde_json::Serializer<&mut dyn Write, PrettyFormatter<'static>> {
    serde_json::Serializer::with_formatter(writer, PrettyFormatter::with_indent(b"  "))
}
