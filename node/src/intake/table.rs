//! Sheets of cells: where the headings are, and which cell is which field.

use jiff::civil;
use shouwang_proto::publication::Kind;

use super::{
    Note, Row,
    column::{Column, Field, Known, known},
    fold,
    row::{self, Filled},
};

/// Headings are looked for in so many rows from the top that are not empty.
const HEADINGS_WITHIN: usize = 20;

/// What a cell holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Cell {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    /// A day, a time of day (in the year 1899), or both.
    Moment(civil::DateTime),
    Flag(bool),
    /// An error of a formula, such as `#REF!`.
    Broken(String),
}

impl Cell {
    /// As a person reads it; empty when nothing is there.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => fold::prose(text),
            Self::Number(number) => number_text(*number),
            Self::Moment(moment) if moment.time() == civil::Time::midnight() => moment.date().to_string(),
            Self::Moment(moment) => moment.strftime("%Y-%m-%d %H:%M").to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Broken(error) => error.clone(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => {
                text.chars().all(|shown| shown.is_whitespace() || shown == '\u{FEFF}' || shown == '\u{200B}')
            }
            Self::Number(_) | Self::Moment(_) | Self::Flag(_) | Self::Broken(_) => false,
        }
    }
}

/// A whole number without a point: telephone numbers and codes are stored as numbers, too.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number:.0}") } else { number.to_string() }
}

/// A row with at least one cell that is not empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SheetRow {
    /// Its number, from 1.
    pub(super) line: u64,
    /// Its cells from the first column; those behind the last are empty.
    pub(super) cells: Vec<Cell>,
}

/// A sheet, without its empty rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) rows: Vec<SheetRow>,
}

/// A column of a table that is understood.
struct Heading {
    /// Where.
    at: usize,
    known: Known,
    /// As it is written.
    written: String,
}

/// Names of the sheets of our own template that hold no rows.
pub(super) const NOTES_SHEET: &str = "说明 Notes";
pub(super) const CODES_SHEET: &str = "词表 Codes";

/// Reads the rows of a sheet. `asked` is what they are when neither a column nor the sheet's name nor the headings say it.
pub(super) fn read(sheet: Sheet, asked: Option<Kind>, rows: &mut Vec<Row>, notes: &mut Vec<Note>) {
    if sheet.rows.is_empty() || [NOTES_SHEET, CODES_SHEET].contains(&sheet.name.as_str()) {
        return;
    }
    let Some((first, headings, unknown)) = headings(&sheet.rows) else {
        notes.push(Note::new(
            &sheet.name,
            "no row of headings was found, so nothing was read; the template shows which are known （未找到表头行，该表未读取；请参照模板）",
        ));
        return;
    };
    for (at, written) in unknown {
        let column = column_name(at);
        let shown: String = written.chars().take(60).collect();
        notes.push(Note::new(
            place(&sheet.name, &column),
            format!("the column “{shown}” is not known and was not read （不认识的列“{shown}”，未读取）"),
        ));
    }
    let headings = without_repeats(headings, &sheet.name, notes);
    let kind = kind_of_name(&sheet.name).or(asked).or_else(|| kind_of_headings(&headings));
    for SheetRow { line, cells } in &sheet.rows[first..] {
        let filled = headings.iter().filter_map(|heading| {
            let cell = cells.get(heading.at).filter(|cell| !cell.is_empty())?;
            Some(Filled { known: &heading.known, cell, at: heading.at })
        });
        let filled: Vec<_> = filled.collect();
        if filled.is_empty() {
            continue;
        }
        rows.push(Row { sheet: sheet.name.clone(), line: *line, ..row::read(&filled, kind) });
    }
}

fn place(sheet: &str, column: &str) -> String {
    if sheet.is_empty() { column.to_owned() } else { format!("{sheet} {column}") }
}

/// The letters of a column, as spreadsheets name it.
pub(super) fn column_name(at: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = at + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// Columns with headings that nobody knows, from 0, and what is written there.
type Unknown = Vec<(usize, String)>;
/// The index of the first row with data, what is known, what is not.
type Found = (usize, Vec<Heading>, Unknown);

/// The row of headings, which may be two rows under one another: the index of the first row with data, what is known,
/// what is not.
fn headings(rows: &[SheetRow]) -> Option<Found> {
    let score = |row: &SheetRow| row.cells.iter().filter(|cell| known(&cell.text()).is_some()).count();
    let top = || rows.iter().take(HEADINGS_WITHIN).enumerate();
    let best = top().find(|(_, row)| score(row) >= 2);
    let only = || {
        top()
            .find(|(_, row)| score(row) == 1 && row.cells.iter().filter(|cell| !cell.is_empty()).count() <= 2)
    };
    let (index, row) = best.or_else(only)?;
    let below = rows.get(index + 1).filter(|below| below.line == row.line + 1);
    if let Some((headings, unknown)) = below.and_then(|below| two_rows(row, below)) {
        return Some((index + 2, headings, unknown));
    }
    let (mut headings, mut unknown) = (Vec::new(), Vec::new());
    for (at, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        let written = cell.text();
        match known(&written) {
            Some(known) => headings.push(Heading { at, known, written }),
            None => unknown.push((at, written)),
        }
    }
    Some((index + 1, headings, unknown))
}

/// Headings in two rows: a broad one above (`值班联系人`), finer ones below (`姓名`, `电话`). Everything that stands in the second row
/// must make sense as a heading, else it is data.
fn two_rows(above: &SheetRow, below: &SheetRow) -> Option<(Vec<Heading>, Unknown)> {
    let (mut headings, mut unknown) = (Vec::new(), Vec::new());
    let mut parent = String::new();
    let mut finer = 0;
    for at in 0..above.cells.len().max(below.cells.len()) {
        let upper = above.cells.get(at).map(Cell::text).unwrap_or_default();
        let lower = below.cells.get(at).map(Cell::text).unwrap_or_default();
        if !upper.is_empty() {
            parent.clone_from(&upper);
        }
        let (written, meant) = if lower.is_empty() || lower == upper {
            (upper.clone(), known(&upper))
        } else {
            finer += 1;
            let both = format!("{parent}{lower}");
            let meant = known(&both).or_else(|| known(&lower))?;
            (both, Some(meant))
        };
        match meant {
            Some(known) => headings.push(Heading { at, known, written }),
            None if written.is_empty() => {}
            None => unknown.push((at, written)),
        }
    }
    (finer > 0).then_some((headings, unknown))
}

/// Of two columns with the same meaning the first counts.
fn without_repeats(headings: Vec<Heading>, sheet: &str, notes: &mut Vec<Note>) -> Vec<Heading> {
    let mut kept: Vec<Heading> = Vec::with_capacity(headings.len());
    for heading in headings {
        let same = |there: &&Heading| {
            there.known.group == heading.known.group
                && there.known.columns.iter().map(|one| one.field).eq(heading
                    .known
                    .columns
                    .iter()
                    .map(|one| one.field))
        };
        match kept.iter().find(same) {
            None => kept.push(heading),
            Some(first) => {
                let (second, first) = (&heading.written, &first.written);
                notes.push(Note::new(
                    place(sheet, &column_name(heading.at)),
                    format!(
                        "the column “{second}” means the same as “{first}” and was not read （列“{second}”与“{first}”含义相同，未读取）"
                    ),
                ));
            }
        }
    }
    kept
}

/// The kind that a sheet's name says: 最佳实践, `Course`, `resource`.
fn kind_of_name(name: &str) -> Option<Kind> {
    let name = fold::value(name).to_lowercase();
    Kind::ALL.into_iter().find(|kind| {
        let (zh, en) = kind.labels();
        name.contains(zh) || name.contains(&en.to_lowercase())
    })
}

/// The one kind that has the most columns of its own here.
fn kind_of_headings(headings: &[Heading]) -> Option<Kind> {
    let own = |kind: Kind| {
        let only = |column: &&&Column| column.kinds == [kind] && column.field != Field::Kind;
        headings
            .iter()
            .filter(|heading| {
                heading.known.columns.iter().filter(only).count() == heading.known.columns.len()
            })
            .count()
    };
    let mut counts = Kind::ALL.map(|kind| (own(kind), kind));
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let [(most, kind), (second, _), _] = counts;
    (most > second).then_some(kind)
}
