//! What a document is: by its bytes, for names lie.

use shouwang_proto::refusal::Refusal;
use tonic::Code;

use super::{Limits, file_too_large, package::Package, unreadable};

/// In which form a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Workbook of Excel since 2007.
    Xlsx,
    /// Workbook of Excel 97 to 2003.
    Xls,
    /// Table as text.
    Csv,
    /// Text of Word since 2007.
    Docx,
    /// PDF.
    Pdf,
}

/// The first bytes of a compound file, MS-CFB §2.2.
const COMPOUND: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// What the bytes are.
///
/// # Errors
/// DOCUMENT_TOO_LARGE, DOCUMENT_FORMAT_UNKNOWN, DOCUMENT_UNREADABLE.
pub fn recognise(name: &str, bytes: &[u8], limits: &Limits) -> Result<Format, Refusal> {
    if bytes.len() > limits.file_bytes {
        return Err(file_too_large(limits));
    }
    if bytes.is_empty() {
        return Err(unreadable("the file is empty （文件为空）"));
    }
    if bytes.starts_with(b"%PDF-") {
        return Ok(Format::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let package = Package::open(bytes, limits)?;
        return match (package.has("xl/workbook.xml"), package.has("word/document.xml")) {
            (true, _) => Ok(Format::Xlsx),
            (false, true) => Ok(Format::Docx),
            (false, false) => Err(unknown("a package that is neither a workbook nor a Word text")),
        };
    }
    if bytes.starts_with(COMPOUND) {
        return compound(bytes);
    }
    // Text has no zero bytes, unless it is UTF-16 and says so.
    let utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "csv" | "txt" | "tsv" if utf16 || !bytes.contains(&0) => Ok(Format::Csv),
        _ => Err(unknown("neither a workbook, a table, a Word text nor a PDF")),
    }
}

fn compound(bytes: &[u8]) -> Result<Format, Refusal> {
    let broken = |_| unreadable("the file is damaged （文件已损坏）");
    let file = cfb::CompoundFile::open(std::io::Cursor::new(bytes)).map_err(broken)?;
    let has = |name: &str| file.is_stream(name);
    if has("/EncryptedPackage") {
        return Err(unreadable(
            "the file is protected by a password: save it without one （文件有密码保护，请取消密码后另存）",
        ));
    }
    if has("/WordDocument") {
        return Err(unknown("an old Word text: save it as .docx （旧版 Word 文档，请另存为 .docx）"));
    }
    if has("/Workbook") || has("/Book") { Ok(Format::Xls) } else { Err(unknown("an unknown compound file")) }
}

fn unknown(what: &str) -> Refusal {
    let words = format!(
        "this is {what}; .xlsx, .xls, .csv, .docx and .pdf can be read （无法识别的文件；可读取 .xlsx、.xls、.csv、.docx、.pdf）"
    );
    Refusal::new(Code::InvalidArgument, "DOCUMENT_FORMAT_UNKNOWN", words)
}
