//! The workbook to fill in.

use rust_xlsxwriter::{DataValidation, Format as Look, FormatAlign, Formula, Workbook, XlsxError};
use shouwang_proto::{publication::Kind, vocabulary};

use super::{
    column::{Column, Field},
    columns::COLUMNS,
    export::{head, new_workbook},
    table::{CODES_SHEET, NOTES_SHEET, column_name},
    written::columns,
};

/// Rows that have a list of codes to choose from.
const ROWS: u32 = 10_000;

/// A workbook with a sheet for each kind (or for one), notes about every column, and the lists of codes.
///
/// # Errors
/// What the library says; it should have nothing to say.
pub fn template(only: Option<Kind>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = new_workbook()?;
    let kinds: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| only.is_none_or(|only| only == *kind)).collect();
    for kind in &kinds {
        let columns = columns(Some(*kind), &[]);
        let sheet = workbook.add_worksheet().set_name(kind.labels().0)?;
        head(sheet, &columns)?;
        for (at, (column, _)) in (0_u16..).zip(&columns) {
            if let Some(list) = column.list.filter(|_| takes_one(column)) {
                let choice = DataValidation::new().allow_list_formula(Formula::new(range_of(list)));
                sheet.add_data_validation(1, at, ROWS, at, &choice)?;
            }
        }
    }
    notes(&mut workbook, &kinds)?;
    codes(&mut workbook)?;
    workbook.save_to_buffer()
}

/// Only a cell with a single value can be chosen from a list.
fn takes_one(column: &Column) -> bool {
    matches!(column.field, Field::Format | Field::ResourceKind)
}

/// The lists that columns use, each once, in the order of the columns.
fn lists() -> Vec<&'static str> {
    let mut lists: Vec<&'static str> = Vec::new();
    for list in COLUMNS.iter().filter_map(|column| column.list) {
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    lists
}

/// Where the names of a list stand on the sheet of codes; each list takes two columns.
fn range_of(list: &str) -> String {
    let at = lists().iter().position(|known| *known == list).unwrap_or_default() * 2;
    let count = vocabulary::list(list).map_or(0, |list| list.terms.len());
    let name = column_name(at);
    format!("='{CODES_SHEET}'!${name}$2:${name}${}", count + 1)
}

fn notes(workbook: &mut Workbook, kinds: &[Kind]) -> Result<(), XlsxError> {
    let bold = Look::new().set_bold();
    let wrapped = Look::new().set_text_wrap().set_align(FormatAlign::Top);
    let sheet = workbook.add_worksheet().set_name(NOTES_SHEET)?;
    let headings = ["列 Column", "必填 Required", "怎样填写 How to fill it in"];
    for (at, (heading, width)) in (0_u16..).zip(headings.into_iter().zip([32, 14, 90])) {
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(0, at, heading, &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let used = COLUMNS
        .iter()
        .filter(|column| column.field != Field::Kind && kinds.iter().any(|kind| column.is_of(*kind)));
    for (row, column) in (1_u32..).zip(used) {
        sheet.write_string_with_format(row, 0, column.heading(0), &wrapped)?;
        sheet.write_string_with_format(row, 1, if column.required { "是 yes" } else { "" }, &wrapped)?;
        sheet.write_string_with_format(row, 2, explained(column), &wrapped)?;
    }
    Ok(())
}

/// How a column is filled in; the allowed values of lists stand on the next sheet.
fn explained(column: &Column) -> String {
    let mut words = match column.field {
        Field::ExternalId => "本单位自己的编号；再次导入同一编号即修订，没有编号每次导入都会新建。 Your own number; importing it again revises.",
        Field::Body => "最佳实践必填，最多 60,000 字。 Required for practices.",
        Field::Tags | Field::Capabilities | Field::Standards => "多项用顿号、分号或换行分隔。 Several, between 、 ; or line breaks.",
        Field::Language => "zh-CN（默认）或 en。 zh-CN (default) or en.",
        Field::Audience => "分组代码，空表示全联盟。 Groups; empty: the whole alliance.",
        Field::DurationHours => "小时。 Hours.",
        Field::SessionStarts | Field::SessionEnds => {
            "如 2027-03-11 09:00（北京时间）；更多场次在列名后加 2、3…… More dates: number the headings 2, 3 …"
        }
        Field::ContactName | Field::ContactPhone => "更多联系人在列名后加 2、3…… More contacts: number the headings 2, 3 …",
        Field::MusterMinutes => "从接到通知到可以出发的分钟数。 Minutes from the call until it is ready to leave.",
        Field::InspectionDue => "如 2027-03-31；不需检验则留空。 A day; empty when nothing has to be inspected.",
        Field::Unit => "UCUM 单位，如 1（台、辆、套、人）、kg、L、m3。 UCUM; 1 for counted things.",
        Field::Latitude | Field::Longitude => "WGS-84 度。 Degrees.",
        Field::PreAuthorised => "是 或 否；是：理事会可不再询问直接调用。 yes or no.",
        Field::Floor => "始终自留的数量。 How much you always keep.",
        Field::Kind
        | Field::Title
        | Field::Summary
        | Field::Sectors
        | Field::Hazards
        | Field::Operations
        | Field::Evidence
        | Field::Provider
        | Field::Attendees
        | Field::Format
        | Field::Seats
        | Field::SessionPlace
        | Field::SessionSeats
        | Field::ResourceKind
        | Field::ResourceType
        | Field::Quantity
        | Field::ContactDuty
        | Field::Address => "",
    }
    .to_owned();
    if let Some(list) = column.list.and_then(vocabulary::list) {
        let names: Vec<&str> = list.terms.iter().map(|term| term.zh.as_str()).collect();
        words.push_str(&format!("取自词表“{}”（{}）：{}", list.zh, list.en, names.join("、")));
    }
    words
}

fn codes(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let bold = Look::new().set_bold();
    let sheet = workbook.add_worksheet().set_name(CODES_SHEET)?;
    for (at, list) in (0_u16..).step_by(2).zip(lists()) {
        let Some(list) = vocabulary::list(list) else { continue };
        sheet.set_column_width(at, 24)?;
        sheet.set_column_width(at + 1, 32)?;
        sheet.write_string_with_format(0, at, &list.zh, &bold)?;
        sheet.write_string_with_format(0, at + 1, &list.en, &bold)?;
        for (row, term) in (1_u32..).zip(&list.terms) {
            sheet.write_string(row, at, &term.zh)?;
            sheet.write_string(row, at + 1, format!("{} ({})", term.en, term.code))?;
        }
    }
    Ok(())
}
