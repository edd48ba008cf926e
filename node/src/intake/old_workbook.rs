//! Workbooks of Excel 97 to 2003. The library lays a sheet out as it announces itself, so the records are measured first, and it
//! is given exactly the bytes that were measured.

use std::io::{Cursor, Read as _, Write as _};

use calamine::{Reader as _, Xls};
use shouwang_proto::refusal::Refusal;

use super::{
    Limits, Note,
    table::Sheet,
    too_large, unreadable,
    workbook::{Grid, cell_of, sheet_names},
};

/// Most cells that the sheets may span together, written or not.
const SPAN: u64 = 4_000_000;

// Types of records, MS-XLS §2.3.2.
const DIMENSIONS: u16 = 0x0200;
const BOUND_SHEET: u16 = 0x0085;
const BOF: u16 = 0x0809;
/// Records of cells; each begins with row and column.
const CELLS: [u16; 10] = [0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E];

/// Reads all sheets.
///
/// # Errors
/// DOCUMENT_UNREADABLE, DOCUMENT_TOO_LARGE.
pub(super) fn read(bytes: &[u8], limits: &Limits, notes: &mut Vec<Note>) -> Result<Vec<Sheet>, Refusal> {
    let measured = contained(measure(stream(bytes, limits)?, limits)?).map_err(|_| damaged())?;
    let mut workbook: Xls<_> = Xls::new(Cursor::new(measured)).map_err(|_| damaged())?;
    let names = sheet_names(workbook.sheets_metadata(), limits)?;
    let mut grid = Grid::new(limits);
    let mut sheets = Vec::with_capacity(names.len());
    for name in names {
        let range = workbook.worksheet_range(&name).map_err(|_| damaged())?;
        let (top, left) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            let at = |from: u32, index: usize| from.saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
            grid.put((at(top, row), at(left, column)), cell_of(value))?;
        }
        let merges = workbook.merge_cells_by_sheet_name(&name).unwrap_or_default();
        sheets.push(grid.finish(name, &merges, notes));
    }
    Ok(sheets)
}

fn damaged() -> Refusal {
    unreadable(
        "the workbook is damaged or protected: save it as .xlsx （工作簿已损坏或受保护，请另存为 .xlsx）",
    )
}

/// The stream of records.
fn stream(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|_| damaged())?;
    let name = if file.is_stream("/Workbook") { "/Workbook" } else { "/Book" };
    let stream = file.open_stream(name).map_err(|_| damaged())?;
    let mut records = Vec::new();
    let most = u64::try_from(limits.file_bytes).unwrap_or(u64::MAX);
    stream.take(most).read_to_end(&mut records).map_err(|_| damaged())?;
    Ok(records)
}

/// Walks over the records: what a sheet announces about its size is wiped out, and what its cells span is counted.
fn measure(mut records: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let (mut rows, mut columns) = (0_u64, 0_u64);
    let (mut begins, mut sheets) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(head) = records.get(at..at + 4) {
        let kind = u16::from_le_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
        // Streams end in zeros that are no records.
        if kind == 0 && length == 0 {
            break;
        }
        let data = records.get_mut(at + 4..at + 4 + length).ok_or_else(damaged)?;
        match kind {
            DIMENSIONS => data.fill(0),
            BOF => begins.push(at),
            BOUND_SHEET => {
                let place = data.first_chunk::<4>().ok_or_else(damaged)?;
                sheets.push(usize::try_from(u32::from_le_bytes(*place)).unwrap_or(usize::MAX));
            }
            _ if CELLS.contains(&kind) => {
                let place = data.first_chunk::<4>().ok_or_else(damaged)?;
                rows = rows.max(u64::from(u16::from_le_bytes([place[0], place[1]])) + 1);
                // A record of several cells ends with the last column.
                let last = data.last_chunk::<2>().filter(|_| matches!(kind, 0x00BD | 0x00BE)).copied();
                let last = last.unwrap_or([place[2], place[3]]);
                columns = columns
                    .max(u64::from(u16::from_le_bytes(last)) + 1)
                    .max(u64::from(u16::from_le_bytes([place[2], place[3]])) + 1);
            }
            _ => {}
        }
        at += 4 + length;
    }
    // A sheet that began elsewhere would have been walked over as something else.
    if sheets.iter().any(|place| !begins.contains(place)) {
        return Err(damaged());
    }
    let count = u64::try_from(sheets.len()).unwrap_or(u64::MAX);
    if sheets.len() > limits.sheets || rows.saturating_mul(columns).saturating_mul(count) > SPAN {
        return Err(too_large("spans too many cells: save it as .xlsx （工作表范围过大，请另存为 .xlsx）"));
    }
    Ok(records)
}

/// A container with nothing but these records.
fn contained(records: Vec<u8>) -> std::io::Result<Vec<u8>> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new()))?;
    file.create_stream("/Workbook")?.write_all(&records)?;
    file.flush()?;
    Ok(file.into_inner().into_inner())
}
