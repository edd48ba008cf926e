//! Workbooks of Excel since 2007, cell by cell: nothing is laid out that was not written.

use std::{collections::BTreeMap, io::Cursor};

use calamine::{Data, DataRef, Dimensions, ExcelDateTime, Reader as _, SheetType, Xlsx};
use shouwang_proto::refusal::Refusal;

use super::{
    Limits, Note,
    package::Package,
    table::{Cell, Sheet, SheetRow},
    too_large, too_many_rows, too_much_text, unreadable,
};

/// Characters of a cell at most, as Excel itself has it.
pub(super) const CELL_CHARACTERS: usize = 32_767;
/// Regions of merged cells that are looked at on one sheet.
const MERGES: usize = 10_000;
/// Cells that are filled from merged ones on one sheet, and bytes of a text that is repeated so: headings and categories are few
/// and short.
const SPREAD_CELLS: usize = 500_000;
const SPREAD_BYTES: usize = 256;

/// Reads all sheets.
///
/// # Errors
/// DOCUMENT_UNREADABLE, DOCUMENT_TOO_LARGE.
pub(super) fn read(bytes: &[u8], limits: &Limits, notes: &mut Vec<Note>) -> Result<Vec<Sheet>, Refusal> {
    Package::open(bytes, limits)?.measure()?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let names = sheet_names(workbook.sheets_metadata(), limits)?;
    let mut grid = Grid::new(limits);
    let mut sheets = Vec::with_capacity(names.len());
    for name in names {
        let mut cells = workbook.worksheet_cells_reader(&name).map_err(|error| damaged(&error))?;
        while let Some(cell) = cells.next_cell().map_err(|error| damaged(&error))? {
            grid.put(cell.get_position(), cell_of_ref(cell.get_value()))?;
        }
        drop(cells);
        let merges = workbook.merge_cells_by_sheet_name(&name).map_err(|error| damaged(&error))?;
        sheets.push(grid.finish(name, &merges, notes));
    }
    Ok(sheets)
}

/// Names of the sheets with cells, hidden ones as well: their rows are told like all others.
pub(super) fn sheet_names(sheets: &[calamine::Sheet], limits: &Limits) -> Result<Vec<String>, Refusal> {
    if sheets.len() > limits.sheets {
        let most = limits.sheets;
        return Err(too_large(format!("has more than {most} sheets （工作表超过 {most} 个）")));
    }
    Ok(sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect())
}

fn damaged(error: &dyn std::fmt::Display) -> Refusal {
    let words: String = error.to_string().chars().filter(|shown| !shown.is_control()).take(200).collect();
    unreadable(format!("the workbook cannot be read: {words} （工作簿无法读取）"))
}

/// Cells of one sheet after another, counted over all.
pub(super) struct Grid {
    limits: Limits,
    rows: BTreeMap<u32, Vec<Cell>>,
    count: usize,
    text: u64,
}

impl Grid {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limits: *limits, rows: BTreeMap::new(), count: 0, text: 0 }
    }

    /// Puts a cell at row and column, from 0.
    ///
    /// # Errors
    /// DOCUMENT_TOO_LARGE.
    pub(super) fn put(&mut self, (row, column): (u32, u32), cell: Cell) -> Result<(), Refusal> {
        if cell.is_empty() {
            return Ok(());
        }
        let at = usize::try_from(column).unwrap_or(usize::MAX);
        if at >= self.limits.columns {
            let most = self.limits.columns;
            return Err(too_large(format!("has more than {most} columns （超过 {most} 列）")));
        }
        if let Cell::Text(text) = &cell {
            self.text += u64::try_from(text.len()).unwrap_or(u64::MAX);
            if self.text > self.limits.unpacked_bytes {
                return Err(too_much_text(&self.limits));
            }
            if text.chars().count() > CELL_CHARACTERS {
                return Err(too_large(format!(
                    "row {line} has a cell of more than {CELL_CHARACTERS} characters （第 {line} 行有单元格超过 {CELL_CHARACTERS} 字）",
                    line = u64::from(row) + 1
                )));
            }
        }
        if !self.rows.contains_key(&row) {
            self.count += 1;
            if self.count > self.limits.rows {
                return Err(too_many_rows(&self.limits));
            }
        }
        let cells = self.rows.entry(row).or_default();
        if cells.len() <= at {
            cells.resize(at + 1, Cell::Empty);
        }
        if let Some(place) = cells.get_mut(at) {
            *place = cell;
        }
        Ok(())
    }

    /// The sheet, with what stands in merged cells in each of them: a heading over two columns, a category over ten rows.
    pub(super) fn finish(&mut self, name: String, merges: &[Dimensions], notes: &mut Vec<Note>) -> Sheet {
        if merges.len() > MERGES {
            notes.push(Note::new(
                &name,
                format!("only the first {MERGES} merged regions were looked at （合并单元格过多，仅处理前 {MERGES} 个）"),
            ));
        }
        let mut room = SPREAD_CELLS;
        for Dimensions { start, end } in merges.iter().take(MERGES) {
            self.spread(*start, *end, &mut room);
        }
        let rows = std::mem::take(&mut self.rows);
        let rows = rows.into_iter().map(|(row, cells)| SheetRow { line: u64::from(row) + 1, cells });
        Sheet { name, rows: rows.collect() }
    }

    /// Only over rows that are there, and only short texts: a merged region may claim the whole sheet.
    /// `room` counts down the cells that may still be looked at.
    fn spread(&mut self, start: (u32, u32), end: (u32, u32), room: &mut usize) {
        let (from, to) =
            (usize::try_from(start.1).unwrap_or(usize::MAX), usize::try_from(end.1).unwrap_or(usize::MAX));
        let to = to.min(self.limits.columns.saturating_sub(1));
        let first = self.rows.get(&start.0).and_then(|cells| cells.get(from)).cloned().unwrap_or_default();
        let short = |cell: &Cell| !matches!(cell, Cell::Text(text) if text.len() > SPREAD_BYTES);
        if first.is_empty() || end.0 < start.0 || to < from || !short(&first) {
            return;
        }
        for cells in self.rows.range_mut(start.0..=end.0).map(|(_, cells)| cells) {
            let Some(left) = room.checked_sub(to - from + 1) else { return };
            *room = left;
            if cells.len() <= to {
                cells.resize(to + 1, Cell::Empty);
            }
            cells
                .iter_mut()
                .take(to + 1)
                .skip(from)
                .filter(|cell| cell.is_empty())
                .for_each(|cell| cell.clone_from(&first));
        }
    }
}

fn cell_of_ref(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Cell::Text(text.clone())
        }
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no larger whole numbers itself")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(flag) => Cell::Flag(*flag),
        DataRef::DateTime(moment) => cell_of_moment(moment),
        DataRef::Error(error) => Cell::Broken(error.to_string()),
        DataRef::Empty => Cell::Empty,
    }
}

/// The same of a cell that is owned.
pub(super) fn cell_of(value: &Data) -> Cell {
    match value {
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Text(text.clone()),
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no larger whole numbers itself")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::Bool(flag) => Cell::Flag(*flag),
        Data::DateTime(moment) => cell_of_moment(moment),
        Data::Error(error) => Cell::Broken(error.to_string()),
        Data::Empty => Cell::Empty,
    }
}

fn cell_of_moment(moment: &ExcelDateTime) -> Cell {
    let number = moment.as_f64();
    // Outside the calendar of a spreadsheet a date format says nothing.
    if moment.is_duration() || !(0.0..3_000_000.0).contains(&number) {
        return Cell::Number(number);
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let narrow = |part: u8| i8::try_from(part).unwrap_or_default();
    let day = jiff::civil::Date::new(i16::try_from(year).unwrap_or_default(), narrow(month), narrow(day));
    let time = jiff::civil::Time::new(narrow(hour), narrow(minute), narrow(second), 0);
    match (day, time) {
        (Ok(day), Ok(time)) => Cell::Moment(day.to_datetime(time)),
        _ => Cell::Number(number),
    }
}
