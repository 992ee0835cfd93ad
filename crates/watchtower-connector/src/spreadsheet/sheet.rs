//! A sheet as a grid of cells, each of which knows where a person finds it.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// A CSV file, or one sheet of a workbook.
#[derive(Debug)]
pub(super) struct Sheet {
    /// The file's name without its ending, or the sheet's name.
    pub name: String,
    pub kind: SheetKind,
    /// Where a person finds it: `shots.csv`, or `film.xlsx, sheet Shots`.
    pub label: String,
    /// The rows that hold something.
    pub rows: Vec<Row>,
    /// What a person should know about how it was read.
    pub notes: Vec<String>,
}

/// How places in a sheet are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SheetKind {
    /// By line and header.
    Csv,
    /// By the names of cells, as in `H12`.
    Workbook,
}

/// A row, with its number as a person counts.
#[derive(Debug)]
pub(super) struct Row {
    /// From 1. In a CSV file, the line on which it starts.
    pub number: u64,
    pub cells: Vec<Cell>,
}

/// What a cell holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Cell {
    /// Nothing, or nothing but spaces.
    #[default]
    Empty,
    Text(String),
    /// A number, as workbooks have them, percentages too.
    Number(f64),
    /// A date or a length of time, as text.
    Date(String),
    /// An error of a formula, as in `#REF!`, or a formula whose value is not known.
    Broken(String),
}

impl Cell {
    /// A text, without the spaces around it, and without the addresses of links. A no-break space is a
    /// space.
    pub(super) fn text(text: &str) -> Self {
        let text = without_addresses(text);
        match text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}') {
            "" => Self::Empty,
            text => Self::Text(text.to_owned()),
        }
    }

    /// As a name: a whole number without the `.0` that it has in a workbook. None for an empty cell, and
    /// for an error.
    pub(super) fn name(&self) -> Option<String> {
        let has_one = !matches!(self, Self::Empty | Self::Broken(_));
        has_one.then(|| self.to_string())
    }

    /// As a number of frames: whole, and small enough for the web client to count exactly.
    ///
    /// Text may group the digits by threes (`1 001`, `1,001`, `1'001`) and have zeros after a point.
    pub(super) fn frame(&self) -> Result<Option<i64>, NotANumber> {
        const LIMIT: f64 = 9_007_199_254_740_992.0; // 2^53
        match self.number()? {
            #[allow(clippy::cast_possible_truncation)] // Whole, and within the limit.
            Some(number) if number.fract() == 0.0 && number.abs() <= LIMIT => {
                Ok(Some(number as i64))
            }
            Some(_) => Err(NotANumber),
            None => Ok(None),
        }
    }

    /// As a number.
    pub(super) fn number(&self) -> Result<Option<f64>, NotANumber> {
        match self {
            Self::Empty => Ok(None),
            Self::Number(number) => Ok(Some(*number)),
            Self::Text(text) => parse_number(text).map(Some).ok_or(NotANumber),
            Self::Date(_) | Self::Broken(_) => Err(NotANumber),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            // A float that is whole is shown without a point.
            Self::Number(number) => number.fmt(f),
            Self::Text(text) | Self::Date(text) | Self::Broken(text) => f.write_str(text),
        }
    }
}

/// A text without what Notion and Airtable write behind the name of a link: `010 (https://…)`, or
/// `010 (Sequences/010%20….md)`.
fn without_addresses(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(open) = text[from..].find(" (").map(|it| from + it)
        && let Some(close) = text[open..].find(')').map(|it| open + it)
    {
        let inside = &text[open + 2..close];
        let is_address = ["http://", "https://"]
            .iter()
            .any(|it| inside.starts_with(it));
        let is_page = inside.ends_with(".md") && !inside.contains(char::is_whitespace);
        if open > 0 && (is_address || is_page) {
            text.to_mut().replace_range(open..=close, "");
            from = open;
        } else {
            from = open + 2;
        }
    }
    text
}

/// A cell that holds something else where a number is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotANumber;

fn parse_number(text: &str) -> Option<f64> {
    let plain = |text: &str| {
        let digits = |c: char| c.is_ascii_digit() || "+-.".contains(c);
        // `parse` takes `inf` and `1e3` too.
        (text.chars().all(digits)).then(|| text.parse().ok())?
    };
    plain(text).or_else(|| {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest.trim_start()),
            None => ("", text),
        };
        let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        let separator = whole.chars().find(|c| !c.is_ascii_digit())?;
        if !(separator.is_whitespace() || ",'\u{2019}".contains(separator)) {
            return None;
        }
        let mut groups = whole.split(separator);
        let is_group = |it: &str| it.bytes().all(|b| b.is_ascii_digit());
        let first = groups.next()?;
        let mut digits = format!("{sign}{first}");
        if !(1..=3).contains(&first.len()) || !is_group(first) {
            return None;
        }
        for group in groups {
            if group.len() != 3 || !is_group(group) {
                return None;
            }
            digits.push_str(group);
        }
        plain(&format!("{digits}.{fraction}0"))
    })
}

impl Row {
    /// A cell of the row; rows may be shorter than the header.
    pub(super) fn cell(&self, column: usize) -> &Cell {
        const EMPTY: &Cell = &Cell::Empty;
        self.cells.get(column).unwrap_or(EMPTY)
    }

    /// Whether every cell is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.iter().all(|it| *it == Cell::Empty)
    }
}

impl Sheet {
    /// Where a person finds a row.
    pub(super) fn row_place(&self, row: &Row) -> String {
        match self.kind {
            SheetKind::Csv => format!("{}, line {}", self.label, row.number),
            SheetKind::Workbook => format!("{}, row {}", self.label, row.number),
        }
    }

    /// Where a person finds a cell, by its row, its column and the column's header.
    pub(super) fn cell_place(&self, row: &Row, column: usize, header: &str) -> String {
        let mut place = match self.kind {
            SheetKind::Csv => self.row_place(row),
            SheetKind::Workbook => {
                format!("{}, cell {}{}", self.label, letters(column), row.number)
            }
        };
        // Writing to a text does not fail.
        let _ = write!(place, ", column `{}`", header.escape_debug());
        place
    }
}

/// A column's name in a workbook, as in `AB`.
fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        // A remainder of 26 fits.
        letters.push(b'A' + u8::try_from(column % 26).unwrap_or_default());
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    letters.iter().rev().map(|&it| char::from(it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_people_write_them() {
        for (text, frame) in [
            ("24", 24),
            ("24.0", 24),
            ("-8", -8),
            ("- 8 000", -8000),
            ("1 001", 1001),
            ("1\u{a0}001", 1001),
            ("1\u{202f}001.0", 1001),
            ("1,001", 1001),
            ("12'345'678", 12_345_678),
            (" 7 ", 7),
        ] {
            assert_eq!(Cell::text(text).frame(), Ok(Some(frame)), "{text}");
        }
        assert_eq!(Cell::Number(1001.0).frame(), Ok(Some(1001)));
        assert_eq!(Cell::text(" \u{a0} ").frame(), Ok(None));
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for text in [
            "24.5",
            "abc",
            "12 34",
            "1,2,3",
            "10%",
            "1e3",
            "inf",
            "NaN",
            "01:00:00:00",
            "1 001,5",
            "99999999999999999999",
        ] {
            assert_eq!(Cell::text(text).frame(), Err(NotANumber), "{text}");
        }
        assert_eq!(Cell::Number(0.5).frame(), Err(NotANumber));
        assert_eq!(Cell::Date("2026-01-01".into()).frame(), Err(NotANumber));
        assert_eq!(Cell::Broken("#REF!".into()).frame(), Err(NotANumber));
    }

    #[test]
    fn links_are_what_they_are_called() {
        for (text, name) in [
            ("010 (https://www.notion.so/010-1f2e?pvs=21)", "010"),
            ("Rex (https://a.b/1), Cup (https://a.b/2)", "Rex, Cup"),
            (
                "still.png (https://v5.airtableusercontent.com/v3/u/29/29/x)",
                "still.png",
            ),
            ("Harbour (Sequences/Harbour%2012ab.md)", "Harbour"),
            ("0010 (new) (https://a.b)", "0010 (new)"),
            ("https://a.b/1.png", "https://a.b/1.png"),
            (
                "0010 (see notes.md for more)",
                "0010 (see notes.md for more)",
            ),
            ("0010 (https://a.b", "0010 (https://a.b"),
        ] {
            assert_eq!(Cell::text(text), Cell::Text(name.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_number_as_a_name_has_no_point() {
        assert_eq!(Cell::Number(10.0).name().as_deref(), Some("10"));
        assert_eq!(Cell::Number(1.5).name().as_deref(), Some("1.5"));
        assert_eq!(Cell::text("0010").name().as_deref(), Some("0010"));
        assert_eq!(Cell::Broken("#REF!".into()).name(), None);
    }

    #[test]
    fn columns_have_letters() {
        let named = [0, 25, 26, 51, 52, 701, 702].map(letters);
        assert_eq!(named, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
