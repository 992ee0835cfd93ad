//! Text from files, made harmless: names and paths come from people and trackers, and a terminal
//! takes some characters for commands.

use std::borrow::Cow;
use std::io;

use serde::Serialize;
use serde::ser::Error as _;
use serde_json::ser::Formatter;
use unicode_general_category::{GeneralCategory, get_general_category};

/// Whether a character moves the cursor, changes colours or the direction of the text, or is not
/// seen at all. A tab is harmless.
fn is_hostile(character: char) -> bool {
    character != '\t'
        && matches!(
            get_general_category(character),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

/// The text with escapes, as in `\u{1b}`, in the place of characters that would do something.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hostile(character) {
            escaped.extend(character.escape_debug());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// JSON text without characters that would do something.
///
/// # Errors
///
/// When the value cannot be written as JSON.
pub(crate) fn json(value: &impl Serialize, is_pretty: bool) -> serde_json::Result<String> {
    let text = match is_pretty {
        true => serde_json::to_string_pretty(value)?,
        false => serde_json::to_string(value)?,
    };
    if !text.contains(|it| it != '\n' && is_hostile(it)) {
        return Ok(text);
    }
    let mut escaped = Vec::with_capacity(text.len());
    // Line ends stand between values alone.
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        escape(&mut escaped, line).map_err(serde_json::Error::io)?;
        escaped.extend(end.as_bytes());
    }
    String::from_utf8(escaped).map_err(serde_json::Error::custom)
}

/// Writes JSON on one line, with escapes in the place of characters that would do something. Who
/// reads it gets the characters back.
pub(crate) struct PrintableJson;

impl Formatter for PrintableJson {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        escape(out, fragment)
    }
}

/// Writes text of a JSON string with escapes in the place of characters that would do something.
fn escape<W: io::Write + ?Sized>(out: &mut W, text: &str) -> io::Result<()> {
    let mut rest = text;
    while let Some(at) = rest.find(is_hostile) {
        let (harmless, behind) = rest.split_at(at);
        out.write_all(harmless.as_bytes())?;
        let mut characters = behind.chars();
        if let Some(hostile) = characters.next() {
            for unit in hostile.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        rest = characters.as_str();
    }
    out.write_all(rest.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[test]
    fn what_would_do_something_is_escaped() {
        assert_eq!(
            printable("Café\t日本 🎬 e\u{301}"),
            "Café\t日本 🎬 e\u{301}"
        );
        assert_eq!(
            printable("\u{1b}[31m\u{9b}2J\u{202e}\u{feff}\r\n\u{2028}"),
            r"\u{1b}[31m\u{9b}2J\u{202e}\u{feff}\r\n\u{2028}"
        );
    }

    #[test]
    fn json_says_the_same_with_escapes() {
        let text = "é\u{9b}\u{202e}\u{e0001}\u{1b}\"";
        let mut out = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, PrintableJson);
        text.serialize(&mut serializer).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert_eq!(written, r#""é\u009b\u202e\udb40\udc01\u001b\"""#);
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        for is_pretty in [true, false] {
            let written = json(&[text, "a\nb"], is_pretty).unwrap();
            assert!(!written.contains(|it| it != '\n' && is_hostile(it)));
            let read: [String; 2] = serde_json::from_str(&written).unwrap();
            assert_eq!(read, [text, "a\nb"]);
        }
    }
}
