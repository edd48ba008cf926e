//! Answers as people and programs read them. Pure.

pub(crate) mod account;
pub(crate) mod aid;
pub(crate) mod council;
pub(crate) mod doctor;
pub(crate) mod document;
pub(crate) mod download;
pub(crate) mod fork;
pub(crate) mod publication;
pub(crate) mod search;
pub(crate) mod status;
pub(crate) mod time;

use comfy_table::{ContentArrangement, Table, presets::NOTHING};

use crate::words::harmless;

/// Rows under their headings; wide Chinese characters are counted as two columns.
pub(crate) fn table(headings: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings.to_vec());
    for row in rows {
        table.add_row(row.into_iter().map(|cell| harmless(&cell)).collect::<Vec<_>>());
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    table.trim_fmt()
}

/// Named values, one a line; empty values are left out.
pub(crate) fn facts(rows: &[(&str, String)]) -> String {
    let shown: Vec<_> = rows.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    let row = |(name, value): &&(&str, String)| {
        let space = " ".repeat(width - columns(name));
        format!("{name}{space}  {}", harmless(value))
    };
    shown.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// Columns that a heading takes: Chinese characters take two.
fn columns(text: &str) -> usize {
    text.chars().map(|shown| if shown.is_ascii() { 1 } else { 2 }).sum()
}
