//! What a document would become, row by row.

use shouwang_proto::wire::{
    DocumentFormat, DocumentNote, DocumentRow, FieldViolation, ReadDocumentResponse, publication::Detail,
};

use super::aid::Look;
use crate::words::{Lang, Words, harmless};

/// The row-by-row report.
pub(crate) fn preview(reading: &ReadDocumentResponse, look: Look) -> String {
    let mut out: Vec<String> = reading.rows.iter().map(|row| self::row(row, look)).collect();
    out.extend(reading.notes.iter().map(|one| note(one, look.lang)));
    let wrong = reading.rows.iter().filter(|row| !row.violations.is_empty()).count();
    let good = reading.rows.len() - wrong;
    let format = match reading.format() {
        DocumentFormat::Xlsx => "xlsx",
        DocumentFormat::Xls => "xls",
        DocumentFormat::Csv => "csv",
        DocumentFormat::Docx => "docx",
        DocumentFormat::Pdf => "pdf",
        DocumentFormat::Unspecified => "?",
    };
    out.push(match look.lang {
        Lang::Zh => format!("{format}：可导入 {good}，有误 {wrong}；未作任何改动"),
        Lang::En => format!("{format}: {good} can be imported, {wrong} wrong; nothing was changed"),
    });
    out.join("\n")
}

/// Something about the whole document.
pub(crate) fn note(note: &DocumentNote, lang: Lang) -> String {
    let words = said(&note.description, lang);
    let mark = lang.pick("注意", "note");
    if note.place.is_empty() {
        format!("{mark}: {words}")
    } else {
        format!("{mark}: {}: {words}", harmless(&note.place))
    }
}

fn row(row: &DocumentRow, look: Look) -> String {
    let publication = row.publication.as_ref();
    let kind = match publication.and_then(|one| one.detail.as_ref()) {
        Some(Detail::Practice(_)) => "practice",
        Some(Detail::Course(_)) => "course",
        Some(Detail::Resource(_)) => "resource",
        None => "?",
    };
    let title = publication.map(|one| one.title.as_str()).unwrap_or_default();
    let number = publication.map(|one| one.external_id.as_str()).unwrap_or_default();
    let verdict =
        if row.violations.is_empty() { look.say("可导入", "ok") } else { look.say("有误", "wrong") };
    let sheet = if row.sheet.is_empty() { String::new() } else { format!("{} ", harmless(&row.sheet)) };
    let head = [
        format!("{sheet}line {}", row.line),
        kind.to_owned(),
        harmless(number),
        harmless(title),
        verdict.to_owned(),
    ];
    let head: Vec<String> = head.into_iter().filter(|part| !part.is_empty()).collect();
    let mut out = vec![head.join("  ")];
    let line = |mark: &str, FieldViolation { field, description }: &FieldViolation| {
        format!("  {mark} {}: {}", harmless(field), said(description, look.lang))
    };
    out.extend(row.violations.iter().map(|one| line("✗", one)));
    out.extend(row.remarks.iter().map(|one| line("·", one)));
    out.join("\n")
}

fn said(description: &str, lang: Lang) -> String {
    harmless(&Words::from_server(description).show(lang))
}
