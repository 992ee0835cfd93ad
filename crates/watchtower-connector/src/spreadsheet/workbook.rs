//! Workbooks: XLSX, XLSM, XLSB, XLS and ODS.

use std::io::Cursor;

use calamine::{Data, Dimensions, Range, Reader, Sheets};

use super::sheet::{Cell, Row, Sheet, SheetKind};

/// How many cells of a sheet merged regions may fill. A region over whole columns is there for looks.
const LARGEST_REGION: u64 = 100_000;

/// Reads every sheet of a workbook that can be seen. `label` is what people call the file.
///
/// # Errors
///
/// In words, for bytes that are no workbook, and one that is protected by a password.
pub(super) fn read(bytes: Vec<u8>, label: &str) -> Result<Vec<Sheet>, String> {
    let mut workbook = calamine::open_workbook_auto_from_rs(Cursor::new(bytes))
        .map_err(|error| error.to_string())?;
    let mut sheets = Vec::new();
    for about in workbook.sheets_metadata().to_vec() {
        let name = about.name;
        let label = format!("{label}, sheet {name}");
        let hidden = about.visible != calamine::SheetVisible::Visible;
        if about.typ != calamine::SheetType::WorkSheet || hidden {
            continue;
        }
        let range = workbook
            .worksheet_range(&name)
            .map_err(|error| format!("the sheet {name}: {error}"))?;
        let mut rows = rows(&range);
        if let Ok(formulas) = workbook.worksheet_formula(&name) {
            mark_formulas(&mut rows, &range, &formulas);
        }
        for region in merged(&mut workbook, &name) {
            fill(&mut rows, region);
        }
        rows.retain(|row| !row.is_empty());
        sheets.push(Sheet {
            name,
            kind: SheetKind::Workbook,
            label,
            rows,
            notes: Vec::new(),
        });
    }
    Ok(sheets)
}

fn rows(range: &Range<Data>) -> Vec<Row> {
    let Some((top, left)) = range.start() else {
        return Vec::new();
    };
    // Columns are counted from A, wherever the sheet begins.
    let left = usize::try_from(left).unwrap_or_default();
    let numbers = u64::from(top) + 1..;
    let row = |(number, cells): (u64, &[Data])| {
        let mut row = vec![Cell::Empty; left];
        row.extend(cells.iter().map(cell));
        Row { number, cells: row }
    };
    numbers.zip(range.rows()).map(row).collect()
}

/// Marks formulas without a value. Programs that write workbooks and do not compute leave them like that,
/// until somebody opens and saves the file.
fn mark_formulas(rows: &mut [Row], range: &Range<Data>, formulas: &Range<String>) {
    let Some((top, left)) = formulas.start() else {
        return;
    };
    let place = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    for (row, column, formula) in formulas.used_cells() {
        let (row, column) = (
            top.saturating_add(place(row)),
            left.saturating_add(place(column)),
        );
        // A formula may well give an empty text.
        let has_value = !matches!(range.get_value((row, column)), None | Some(Data::Empty));
        if formula.is_empty() || has_value {
            continue;
        }
        let number = u64::from(row) + 1;
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if let Ok(at) = rows.binary_search_by_key(&number, |it| it.number) {
            let row = &mut rows[at];
            if row.cells.len() <= column {
                row.cells.resize(column + 1, Cell::Empty);
            }
            row.cells[column] = Cell::Broken(format!("={formula}, without a value"));
        }
    }
}

fn cell(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        #[allow(clippy::cast_precision_loss)] // Workbooks have floats; these come from XLS.
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::String(text) => Cell::text(text),
        Data::Bool(value) => Cell::Text(value.to_string()),
        Data::DateTime(date) if date.is_duration() => Cell::Date(format!("{} days", date.as_f64())),
        Data::DateTime(date) => {
            let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
            let mut text = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) != (0, 0, 0) {
                text.push_str(&format!(" {hour:02}:{minute:02}:{second:02}"));
            }
            Cell::Date(text)
        }
        Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Date(text.clone()),
        Data::Error(error) => Cell::Broken(error.to_string()),
    }
}

/// The regions of merged cells. ODS does not tell them.
fn merged(workbook: &mut Sheets<Cursor<Vec<u8>>>, name: &str) -> Vec<Dimensions> {
    match workbook {
        Sheets::Xlsx(it) => it.merge_cells_by_sheet_name(name).unwrap_or_default(),
        Sheets::Xls(it) => it.merge_cells_by_sheet_name(name).unwrap_or_default(),
        Sheets::Xlsb(_) | Sheets::Ods(_) => Vec::new(),
    }
}

/// Gives every cell of a merged region what its first cell holds.
fn fill(rows: &mut [Row], region: Dimensions) {
    let ((top, left), (bottom, right)) = (region.start, region.end);
    let cells =
        u64::from(bottom.saturating_sub(top) + 1) * u64::from(right.saturating_sub(left) + 1);
    let place = |it: u32| usize::try_from(it).unwrap_or(usize::MAX);
    let (left, right) = (place(left), place(right));
    let is_in = |row: &Row| (u64::from(top) + 1..=u64::from(bottom) + 1).contains(&row.number);
    let Some(first) = rows.iter().find(|row| is_in(row)) else {
        return;
    };
    let value = first.cell(left).clone();
    if value == Cell::Empty || cells > LARGEST_REGION {
        return;
    }
    for row in rows.iter_mut().filter(|row| is_in(row)) {
        if row.cells.len() <= right {
            row.cells.resize(right + 1, Cell::Empty);
        }
        row.cells[left..=right].fill(value.clone());
    }
}
