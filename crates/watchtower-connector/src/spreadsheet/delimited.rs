//! CSV files: their encoding, what separates their cells, and the cells.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};

use super::sheet::{Cell, Row, Sheet, SheetKind};

/// What may separate cells. Where two would do as well, the first.
const DELIMITERS: [u8; 3] = [b';', b',', b'\t'];

/// How many records are looked at to find the delimiter.
const SAMPLE: usize = 50;

/// Reads a CSV file. `name` is its name without the ending, `label` what people call it.
///
/// # Errors
///
/// In words, for text that is no UTF-8 or UTF-16 and no single-byte text either.
pub(super) fn read(bytes: &[u8], name: &str, label: &str) -> Result<Sheet, String> {
    let mut notes = Vec::new();
    let text = decode(bytes, label, &mut notes)?;
    let delimiter = delimiter(&text);
    let mut rows = Vec::new();
    let mut lines = Lines::new(&text);
    for record in reader(&text, delimiter).into_records() {
        let record = record.map_err(|error| error.to_string())?;
        let start = record.position().map_or(0, csv::Position::byte);
        let line = lines.line_at(start);
        let row = Row {
            number: line,
            cells: record.iter().map(Cell::text).collect(),
        };
        if !row.is_empty() {
            rows.push(row);
        }
    }
    Ok(Sheet {
        name: name.to_owned(),
        kind: SheetKind::Csv,
        label: label.to_owned(),
        rows,
        notes,
    })
}

/// The text. Excel writes UTF-16 as "Unicode text" and a single-byte encoding as plain "CSV".
fn decode<'a>(
    bytes: &'a [u8],
    label: &str,
    notes: &mut Vec<String>,
) -> Result<Cow<'a, str>, String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling_and_without_replacement(&bytes[mark..])
            .ok_or_else(|| format!("it says that it is {}, and is not", encoding.name()));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        // No text of a sheet holds it, and UTF-16 without a mark is full of it.
        if text.contains('\0') {
            return Err("it is not text; save it as CSV in UTF-8".into());
        }
        return Ok(Cow::Borrowed(text));
    }
    let text = WINDOWS_1252.decode_without_bom_handling_and_without_replacement(bytes);
    match text {
        Some(text) if !text.contains('\0') => {
            notes.push(format!(
                "{label} is not in UTF-8 and was read as Windows-1252: look at letters with accents"
            ));
            Ok(text)
        }
        _ => Err("it is not text; save it as CSV in UTF-8".into()),
    }
}

/// Counts lines as an editor does. The crate's own count leaves out that empty lines come before a
/// record.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line of the first thing from a place on, which is behind that of the last time.
    fn line_at(&mut self, start: u64) -> u64 {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        while let Some(&byte) = self.text.get(self.at) {
            if self.at >= start && byte != b'\n' && byte != b'\r' {
                break;
            }
            let ends_line =
                byte == b'\n' || byte == b'\r' && self.text.get(self.at + 1) != Some(&b'\n');
            self.line += u64::from(ends_line);
            self.at += 1;
        }
        self.line
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// The delimiter that makes the most of the first rows: the one which splits most of them into as
/// many cells as each other, and that into the most.
fn delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let widths: Vec<usize> = reader(text, delimiter)
            .into_records()
            .take(SAMPLE)
            .filter_map(|it| Some(it.ok()?.len()))
            .collect();
        let mut best = (0, 0);
        for width in widths.iter().copied().filter(|&width| width > 1) {
            let same = widths.iter().filter(|&&it| it == width).count();
            best = best.max((same, width));
        }
        best
    };
    let mut chosen = (DELIMITERS[0], score(DELIMITERS[0]));
    for delimiter in &DELIMITERS[1..] {
        let score = score(*delimiter);
        if score > chosen.1 {
            chosen = (*delimiter, score);
        }
    }
    chosen.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
        let sheet = read(bytes, "shots", "shots.csv").unwrap();
        let row = |row: &Row| row.cells.iter().map(ToString::to_string).collect();
        sheet.rows.iter().map(row).collect()
    }

    #[test]
    fn the_delimiter_is_found_out() {
        let want = [["Sequence", "Name"], ["010", "0010, the first"]];
        for text in [
            "Sequence;Name\n010;0010, the first\n",
            "Sequence\tName\r\n010\t0010, the first\r\n",
            "Sequence,Name\n010,\"0010, the first\"\n",
        ] {
            assert_eq!(cells(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn commas_in_text_are_not_taken_for_delimiters() {
        let text = "Name;Description\n0010;a, b, c\n0020;d, e, f\n0030;g, h, i\n";
        assert_eq!(cells(text.as_bytes())[1], ["0010", "a, b, c"]);
    }

    #[test]
    fn every_encoding_of_excel_is_read() {
        let text = "Séquence;Név\n010;Ő\n";
        let utf16 = |swap: bool, mark: u16| -> Vec<u8> {
            let units = std::iter::once(mark).chain(text.encode_utf16());
            let bytes = |it: u16| {
                if swap {
                    it.to_be_bytes()
                } else {
                    it.to_le_bytes()
                }
            };
            units.flat_map(bytes).collect()
        };
        let with_mark = ["\u{feff}".as_bytes(), text.as_bytes()].concat();
        for bytes in [
            text.as_bytes(),
            &with_mark,
            &utf16(false, 0xfeff),
            &utf16(true, 0xfeff),
        ] {
            assert_eq!(cells(bytes), [["Séquence", "Név"], ["010", "Ő"]]);
        }
        let single = read(b"S\xe9quence;Name\n010;0010\n", "shots", "shots.csv").unwrap();
        assert_eq!(single.rows[0].cells[0], Cell::text("Séquence"));
        assert_eq!(single.notes.len(), 1, "{:?}", single.notes);
    }

    #[test]
    fn what_is_no_text_is_told() {
        for bytes in [&b"\x89PNG\r\n\x1a\n\0\0"[..], b"a\0;\0b\0", b"\xff\xfea\0b"] {
            assert!(read(bytes, "shots", "shots.csv").is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn rows_keep_their_lines_however_they_are_broken() {
        let text = "Name;Description\n\n0010;\"two\nlines\"\n;\n0020;one\n";
        let sheet = read(text.as_bytes(), "shots", "shots.csv").unwrap();
        let lines: Vec<u64> = sheet.rows.iter().map(|it| it.number).collect();
        assert_eq!(lines, [1, 3, 6]);
    }
}
