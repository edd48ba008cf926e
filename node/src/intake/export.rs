//! Publications as a workbook or as a table of text, under the headings that are read.

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format as Look, FormatAlign, Workbook, Worksheet, XlsxError,
};
use shouwang_proto::{publication::Kind, wire};

use super::{
    column::{Column, Field},
    written::{cell, columns, kind_of},
};

/// A workbook with a sheet for each kind that occurs.
///
/// # Errors
/// What the library says; it should have nothing to say.
pub fn xlsx(publications: &[wire::Publication]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = new_workbook()?;
    for kind in Kind::ALL {
        let own: Vec<wire::Publication> =
            publications.iter().filter(|one| kind_of(one) == Some(kind)).cloned().collect();
        if own.is_empty() && !publications.is_empty() {
            continue;
        }
        let columns = columns(Some(kind), &own);
        let sheet = workbook.add_worksheet().set_name(kind.labels().0)?;
        head(sheet, &columns)?;
        for (row, publication) in (1_u32..).zip(&own) {
            for (at, (column, group)) in (0_u16..).zip(&columns) {
                // Always a text: nothing that a member wrote becomes a formula.
                let text = cell(publication, column, *group);
                if !text.is_empty() {
                    sheet.write_string(row, at, text)?;
                }
            }
        }
    }
    workbook.save_to_buffer()
}

/// A table of all, UTF-8 with a byte order mark, so that a spreadsheet shows Chinese.
///
/// # Errors
/// What the library says; it should have nothing to say.
pub fn csv(publications: &[wire::Publication]) -> Result<Vec<u8>, csv::Error> {
    let columns = columns(None, publications);
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(b"\xEF\xBB\xBF".to_vec());
    writer.write_record(columns.iter().map(|(column, group)| column.heading(*group)))?;
    for publication in publications {
        writer
            .write_record(columns.iter().map(|(column, group)| guarded(cell(publication, column, *group))))?;
    }
    writer.into_inner().map_err(|error| std::io::Error::from(error.error().kind()).into())
}

/// A text that a spreadsheet would take for a formula gets an apostrophe in front.
fn guarded(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// A workbook that says nothing of when and where it was made: the same content gives the same bytes.
pub(super) fn new_workbook() -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    Ok(workbook)
}

/// Headings, which stay in view, over columns of a fitting width.
pub(super) fn head(sheet: &mut Worksheet, columns: &[(&'static Column, usize)]) -> Result<(), XlsxError> {
    let plain = Look::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    let required = plain.clone().set_background_color(0xFF_E6_99);
    let text = Look::new().set_num_format("@").set_text_wrap().set_align(FormatAlign::Top);
    for (at, (column, group)) in (0_u16..).zip(columns) {
        let look = if column.required && *group == 0 { &required } else { &plain };
        sheet.set_column_width(
            at,
            if matches!(column.field, Field::Body | Field::Evidence) { 60 } else { 18 },
        )?;
        // Columns of text: a spreadsheet then leaves telephone numbers and days as they are typed.
        sheet.set_column_format(at, &text)?;
        sheet.write_string_with_format(0, at, column.heading(*group), look)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}
