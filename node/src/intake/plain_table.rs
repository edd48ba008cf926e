//! Tables as text, in the encodings of Chinese offices.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use csv::{ReaderBuilder, StringRecord};
use encoding_rs::{Encoding, GB18030};
use shouwang_proto::refusal::Refusal;

use super::{
    Limits, Note,
    table::{Cell, Sheet},
    too_much_text, unreadable,
    workbook::Grid,
};

/// Reads the table.
///
/// # Errors
/// DOCUMENT_UNREADABLE, DOCUMENT_TOO_LARGE.
pub(super) fn read(bytes: &[u8], limits: &Limits, notes: &mut Vec<Note>) -> Result<Sheet, Refusal> {
    let text = decode(bytes, notes)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limits.unpacked_bytes {
        return Err(too_much_text(limits));
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut grid = Grid::new(limits);
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                return Err(unreadable(format!("the table cannot be read: {error} （表格无法读取）")));
            }
        }
        let line = record.position().map_or(1, |start| line_of(text.as_bytes(), start));
        let row = u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX);
        for (at, cell) in (0..).zip(record.iter()) {
            grid.put((row, at), Cell::Text(without_guard(cell).to_owned()))?;
        }
    }
    Ok(grid.finish(String::new(), &[], notes))
}

/// The line that a record begins in: the reader counts from the end of the one before, in front of line feeds and empty lines.
fn line_of(text: &[u8], start: &csv::Position) -> u64 {
    let rest = usize::try_from(start.byte()).ok().and_then(|at| text.get(at..)).unwrap_or_default();
    let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
    start.line() + u64::try_from(breaks.count()).unwrap_or_default()
}

/// The apostrophe that keeps a spreadsheet from taking a text for a formula.
fn without_guard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        _ => cell,
    }
}

/// UTF-8 and UTF-16 by their marks, UTF-8 when it is valid, else GB 18030 (which is GBK and more), else what it looks like.
fn decode<'a>(bytes: &'a [u8], notes: &mut Vec<Note>) -> Result<Cow<'a, str>, Refusal> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return whole(encoding, &bytes[mark..]);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Deny);
    // A few characters may look like many an alphabet; here they are Chinese, unless they are another script of East Asia.
    let other = !guess.is_single_byte() && guess.name() != "GBK";
    let encoding = if other && whole(guess, bytes).is_ok() { guess } else { GB18030 };
    let text = whole(encoding, bytes)?;
    let name = encoding.name();
    notes.push(Note::new("", format!("was read as {name} （按 {name} 编码读取）")));
    Ok(text)
}

fn whole<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Result<Cow<'a, str>, Refusal> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(|| {
        let name = encoding.name();
        unreadable(format!(
            "is not text in {name}: save the table as UTF-8 （文本编码有误（{name}），请另存为 UTF-8 编码的 CSV）"
        ))
    })
}

/// The sign that stands most often outside of quotes in the first line that has any.
fn delimiter(text: &str) -> u8 {
    let count = |line: &str, wanted: u8| {
        let mut quoted = false;
        line.bytes()
            .filter(|byte| {
                quoted ^= *byte == b'"';
                !quoted && *byte == wanted
            })
            .count()
    };
    let signs = [b',', b'\t', b';'];
    for line in text.lines().take(20) {
        let counts = signs.map(|sign| (count(line, sign), sign));
        if let Some((_, sign)) =
            counts.into_iter().rev().max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 0)
        {
            return sign;
        }
    }
    b','
}
