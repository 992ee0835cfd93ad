//! The lines that findings point at. Only the bytes around each place are read: files may be huge,
//! and may have one line.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use watchtower_writer::validate::Position;

use super::{STDIN, printable};

/// How many characters of a line are shown in front of a place, and from it on.
const BEFORE: usize = 60;
const BEHIND: usize = 80;

/// How many bytes are read on each side; characters have up to four.
const BLOCK: u64 = 1024;

/// How many lines of an object or list are shown below its first: they have its id and its name.
const LINES_BELOW: usize = 2;

/// Where the text of files can be had again.
#[derive(Default)]
pub(super) struct Sources {
    stdin: Option<File>,
}

/// Some lines of a file, fit to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) text: String,
    /// The bytes of the text that the finding is about.
    pub(super) span: Range<usize>,
}

impl Sources {
    pub(super) fn with_stdin(file: File) -> Self {
        Self { stdin: Some(file) }
    }

    /// The text at a place, if it can still be read.
    pub(super) fn excerpt(&self, path: &Path, position: Position) -> Option<Excerpt> {
        match &self.stdin {
            Some(file) if path == Path::new(STDIN) => excerpt(file, position).ok(),
            // Something else may stand in its place by now, and reading a pipe may never end.
            _ if fs::metadata(path).ok()?.is_file() => {
                excerpt(File::open(path).ok()?, position).ok()
            }
            _ => None,
        }
    }
}

fn excerpt(mut file: impl Read + Seek, position: Position) -> io::Result<Excerpt> {
    let from = position.start.saturating_sub(BLOCK);
    file.seek(SeekFrom::Start(from))?;
    let mut before = Vec::new();
    (&mut file)
        .take(position.start - from)
        .read_to_end(&mut before)?;
    let mut behind = Vec::new();
    file.take(BLOCK).read_to_end(&mut behind)?;

    let line_start = before.iter().rposition(|it| *it == b'\n').map(|it| it + 1);
    let is_cut = line_start.is_none() && from > 0;
    let mut text = end_of(&shown(&before[line_start.unwrap_or(0)..]), BEFORE, is_cut);
    let start = text.len();

    let length = position.end.saturating_sub(position.start);
    let length = usize::try_from(length).map_or(behind.len(), |it| it.min(behind.len()));
    let (marked, rest) = behind.split_at(length);
    let mut lines = marked.split(|it| *it == b'\n');
    let first = start_of(&shown(lines.next().unwrap_or_default()), BEHIND);
    text.push_str(&first);
    let span = start..text.len();
    let mut below = lines.peekable();
    if below.peek().is_none() && !first.ends_with('…') {
        let room = BEHIND - first.chars().count();
        let rest = rest.split(|it| *it == b'\n').next().unwrap_or_default();
        text.push_str(&start_of(&shown(rest), room));
    }
    for line in below.take(LINES_BELOW) {
        text.push('\n');
        text.push_str(&start_of(&shown(line), BEFORE + BEHIND));
    }
    Ok(Excerpt { text, span })
}

fn shown(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    printable(&String::from_utf8_lossy(bytes)).into_owned()
}

/// So many characters from the start of a text.
fn start_of(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// So many characters from the end of a text.
fn end_of(text: &str, most: usize, is_cut: bool) -> String {
    let start = most
        .checked_sub(1)
        .and_then(|it| text.char_indices().nth_back(it));
    match start {
        Some((start, _)) if start > 0 => format!("…{}", &text[start..]),
        _ if is_cut => format!("…{text}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// The excerpt for the first occurrence of some text, with brackets around what is marked.
    fn around(file: &str, marked: &str) -> String {
        let start = file.find(marked).unwrap() as u64;
        let position = Position {
            line: 1,
            column: 1,
            start,
            end: start + marked.len() as u64,
        };
        let Excerpt { text, span } = excerpt(Cursor::new(file), position).unwrap();
        format!(
            "{}[{}]{}",
            &text[..span.start],
            &text[span.clone()],
            &text[span.end..]
        )
    }

    #[test]
    fn a_line_is_shown_whole() {
        assert_eq!(
            around("[\r\n  {\"a\": 1,\r\n  \"b\": 2}\r\n]", "1"),
            "  {\"a\": [1],"
        );
        assert_eq!(around("[1]", "1"), "[[1]]");
        assert_eq!(around("", ""), "[]");
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let long = "é".repeat(5000);
        let shown = around(&format!("[\"{long}\", null, \"{long}\"]"), "null");
        assert_eq!(
            shown.chars().count(),
            1 + BEFORE + "[null]".len() + BEHIND - 4 + 1
        );
        assert!(
            shown.starts_with("…éé") && shown.ends_with("éé…"),
            "{shown}"
        );
        assert!(shown.contains("é\", [null], \"é"), "{shown}");

        let shown = around(&format!("[\"{long}\"]"), &format!("\"{long}\""));
        assert!(
            shown.starts_with("[[\"é") && shown.ends_with("é…]"),
            "{shown}"
        );
    }

    #[test]
    fn of_an_object_the_first_lines_are_shown() {
        let object = "{\n  \"id\": 1,\n  \"name\": 2,\n  \"x\": 3\n}";
        let shown = around(&format!("[\n{object}\n]"), object);
        assert_eq!(shown, "[{]\n  \"id\": 1,\n  \"name\": 2,");
    }

    #[test]
    fn what_would_do_something_is_escaped() {
        assert_eq!(
            around("[\"\u{202e}\", \"\u{9b}\"]", "\"\u{9b}\""),
            r#"["\u{202e}", ["\u{9b}"]]"#
        );
    }
}
