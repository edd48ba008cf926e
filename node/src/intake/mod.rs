//! Documents as members have them: bytes in, drafts and findings out. Pure; it changes nothing and starts nothing.
//!
//! - `format`: what the bytes are. `package`, `old_workbook`: containers, measured before a library unfolds them.
//! - `workbook`, `plain_table`: sheets of cells. `table`, [`mod@column`], [`columns`]: which cell is which field. `value`, `row`,
//!   `detail`: a row becomes a publication, or everything that is wrong with it.
//! - `word`, `draft`: a text becomes a practice.
//! - `template`, `export`, `written`: the same columns the other way round.

pub mod column;
pub mod columns;
mod detail;
mod draft;
mod export;
mod fold;
mod format;
mod old_workbook;
mod package;
mod plain_table;
mod row;
mod table;
mod template;
#[cfg(test)]
mod tests;
mod value;
mod word;
mod workbook;
mod written;

use shouwang_proto::{
    publication::Kind,
    refusal::{Refusal, Violation},
    wire,
};
use tonic::Code;

pub use self::{
    draft::from_text,
    export::{csv, xlsx},
    format::{Format, recognise},
    template::template,
};

/// How much of a document is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest file in bytes.
    pub file_bytes: usize,
    /// Most bytes that its parts have when they are unpacked, and most text that comes out of it.
    pub unpacked_bytes: u64,
    /// How many times larger the unpacked parts may be, once they are larger than 1 MiB.
    pub ratio: u64,
    /// Most parts of a package.
    pub parts: usize,
    /// Most sheets.
    pub sheets: usize,
    /// Most rows that are not empty, over all sheets.
    pub rows: usize,
    /// Most columns.
    pub columns: usize,
    /// Deepest nesting of XML.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 16 * 1024 * 1024,
            unpacked_bytes: 64 * 1024 * 1024,
            ratio: 100,
            parts: 2_000,
            sheets: 64,
            rows: 10_000,
            columns: 512,
            depth: 256,
        }
    }
}

/// What a document would become.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What the bytes are.
    pub format: Format,
    /// Rows of a table that are not empty, in their order; of a text exactly one.
    pub rows: Vec<Row>,
    /// What could not be read, or was left out, of the whole.
    pub notes: Vec<Note>,
}

/// One row of a table, or a whole text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Name of the sheet; empty where there are none.
    pub sheet: String,
    /// Number of the row or line as the member's program shows it, from 1.
    pub line: u64,
    /// What it would become, as far as it could be read; `None` when its kind is not known.
    pub publication: Option<wire::Publication>,
    /// All that is wrong; empty when it can be imported as it is.
    pub violations: Vec<Violation>,
    /// What was understood in a way that a person should look at.
    pub remarks: Vec<Violation>,
}

/// Something about a document that its reader should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where; empty for the whole document.
    pub place: String,
    /// What, as `English （中文）`.
    pub words: String,
}

impl Note {
    /// A note about a place.
    pub fn new(place: impl Into<String>, words: impl Into<String>) -> Self {
        Self { place: place.into(), words: words.into() }
    }
}

/// Reads a document that is no PDF; the text of a PDF comes from another program, and [`from_text`] takes it.
///
/// `name` is the file's name, `kind` what the rows of a table are when they do not say it themselves.
///
/// # Errors
/// DOCUMENT_FORMAT_UNKNOWN, DOCUMENT_UNREADABLE, DOCUMENT_TOO_LARGE.
pub fn read(name: &str, bytes: &[u8], kind: Option<Kind>, limits: &Limits) -> Result<Reading, Refusal> {
    let format = recognise(name, bytes, limits)?;
    let mut notes = Vec::new();
    let sheets = match format {
        Format::Docx => {
            let text = word::read(bytes, limits, &mut notes)?;
            return Ok(draft::of_document(Format::Docx, name, text, notes));
        }
        Format::Pdf => return Err(unreadable("a PDF needs a program that reads it （PDF 需要转换程序）")),
        Format::Xlsx => workbook::read(bytes, limits, &mut notes)?,
        Format::Xls => old_workbook::read(bytes, limits, &mut notes)?,
        Format::Csv => vec![plain_table::read(bytes, limits, &mut notes)?],
    };
    let mut rows = Vec::new();
    for sheet in sheets {
        table::read(sheet, kind, &mut rows, &mut notes);
    }
    if rows.is_empty() {
        notes.push(Note::new("", "no row with data was found （没有找到数据行）"));
    }
    Ok(Reading { format, rows, notes })
}

/// What is left of a name that anybody may have chosen: no path, no control characters, at most 200 characters.
#[must_use]
pub fn file_name(written: &str) -> String {
    let last = written.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = |&shown: &char| {
        !shown.is_control() && !matches!(shown, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    last.chars().filter(shown).take(200).collect::<String>().trim().to_owned()
}

pub(crate) fn unreadable(words: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidArgument, "DOCUMENT_UNREADABLE", words)
}

/// The refusal of a file with too many bytes.
#[must_use]
pub fn file_too_large(limits: &Limits) -> Refusal {
    let most = limits.file_bytes / (1024 * 1024);
    too_large(format!("a document has at most {most} MiB （文件最大 {most} MiB）"))
}

fn too_large(words: impl Into<String>) -> Refusal {
    Refusal::new(Code::ResourceExhausted, "DOCUMENT_TOO_LARGE", words)
}

fn too_many_rows(limits: &Limits) -> Refusal {
    let rows = limits.rows;
    too_large(format!("has more than {rows} rows: split it （超过 {rows} 行，请拆分后再导入）"))
}

fn too_much_text(limits: &Limits) -> Refusal {
    let most = limits.unpacked_bytes / (1024 * 1024);
    too_large(format!("has more than {most} MiB of text （文本超过 {most} MiB）"))
}
