//! Texts of Word since 2007 (ECMA-376 part 1, WordprocessingML): paragraphs in reading order, headings told apart.

use std::collections::BTreeMap;

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use shouwang_proto::refusal::Refusal;

use super::{Limits, Note, draft::Line, fold, package::Package, too_much_text, unreadable};

/// Elements whose text is not part of what a reader sees: the old twin of a text box, codes of fields, what was deleted, readings
/// above characters.
const UNSEEN: [&str; 4] = ["Fallback", "instrText", "delText", "rt"];

/// Reads the text.
///
/// # Errors
/// DOCUMENT_UNREADABLE, DOCUMENT_TOO_LARGE.
pub(super) fn read(bytes: &[u8], limits: &Limits, notes: &mut Vec<Note>) -> Result<Vec<Line>, Refusal> {
    let mut package = Package::open(bytes, limits)?;
    package.measure()?;
    let ranks = match package.text("word/styles.xml")? {
        Some(styles) => ranks(&styles, limits)?,
        None => BTreeMap::new(),
    };
    let document = package.text("word/document.xml")?.ok_or_else(|| malformed(&"no text"))?;
    let mut story = Story { ranks, limits: *limits, ..Story::default() };
    walk(&document, limits, &mut story)?;
    let missing = [
        (story.pictures, "pictures were not read: attach the document （图片未读取，可将原文件作为附件）"),
        (usize::from(story.hidden > 0), "hidden text was left out （隐藏文字未读取）"),
        (
            package.count("word/footnotes") + package.count("word/endnotes"),
            "notes at the foot or end were not read （脚注、尾注未读取）",
        ),
        (package.count("word/comments"), "comments were not read （批注未读取）"),
        (
            usize::from(story.numbered > 0),
            "numbers of lists that Word counts itself were not read （自动编号未读取，以“·”代替）",
        ),
    ];
    notes.extend(missing.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| Note::new("", words)));
    Ok(story.lines)
}

fn malformed(error: &dyn std::fmt::Display) -> Refusal {
    let words: String = error.to_string().chars().filter(|shown| !shown.is_control()).take(200).collect();
    unreadable(format!("the Word text cannot be read: {words} （Word 文档无法读取）"))
}

/// Somebody who is told of elements and texts.
trait Listener {
    fn open(&mut self, name: &str, start: &BytesStart<'_>) -> Result<(), Refusal>;
    fn close(&mut self, name: &str) -> Result<(), Refusal>;
    fn say(&mut self, text: &str) -> Result<(), Refusal>;
}

/// Goes through a part of XML: no document type, no entities but the five of XML itself, not too deep.
fn walk(text: &str, limits: &Limits, listener: &mut dyn Listener) -> Result<(), Refusal> {
    let mut reader = Reader::from_str(text);
    let mut depth = 0_usize;
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(start) => {
                depth += 1;
                if depth > limits.depth {
                    return Err(malformed(&"it is nested too deeply"));
                }
                listener.open(&local(&start)?, &start)?;
            }
            Event::Empty(start) => {
                let name = local(&start)?;
                listener.open(&name, &start)?;
                listener.close(&name)?;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                let name = end.local_name();
                listener.close(std::str::from_utf8(name.as_ref()).map_err(|error| malformed(&error))?)?;
            }
            Event::Text(text) => listener.say(&text.xml10_content().map_err(|error| malformed(&error))?)?,
            Event::CData(text) => listener.say(&text.xml10_content().map_err(|error| malformed(&error))?)?,
            Event::GeneralRef(reference) => listener.say(character(&reference)?.encode_utf8(&mut [0; 4]))?,
            Event::DocType(_) => return Err(malformed(&"it has a document type")),
            Event::PI(_) | Event::Decl(_) | Event::Comment(_) => {}
            Event::Eof if depth > 0 => return Err(malformed(&"it breaks off")),
            Event::Eof => return Ok(()),
        }
    }
}

fn local(start: &BytesStart<'_>) -> Result<String, Refusal> {
    let name = start.local_name();
    std::str::from_utf8(name.as_ref()).map(str::to_owned).map_err(|error| malformed(&error))
}

/// The character that a reference stands for.
fn character(reference: &BytesRef<'_>) -> Result<char, Refusal> {
    if let Some(meant) = reference.resolve_char_ref().map_err(|error| malformed(&error))? {
        return Ok(meant);
    }
    let name = reference.decode().map_err(|error| malformed(&error))?;
    match name.as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(malformed(&"it uses an entity of its own")),
    }
}

/// An attribute by its local name.
fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().flatten().find(|one| one.key.local_name().as_ref() == name.as_bytes())?;
    String::from_utf8(found.value.into_owned()).ok()
}

/// Which styles are headings: 0 is the title, 1 to 9 are levels. Their ids are numbers in a Chinese Word, their names are not.
fn ranks(styles: &str, limits: &Limits) -> Result<BTreeMap<String, u8>, Refusal> {
    let mut read = Styles::default();
    walk(styles, limits, &mut read)?;
    Ok(read.ranks)
}

#[derive(Default)]
struct Styles {
    id: String,
    ranks: BTreeMap<String, u8>,
}

impl Listener for Styles {
    fn open(&mut self, name: &str, start: &BytesStart<'_>) -> Result<(), Refusal> {
        match name {
            "style" => self.id = attribute(start, "styleId").unwrap_or_default(),
            "name" => {
                let rank = attribute(start, "val").as_deref().and_then(rank_of);
                self.ranks.extend(rank.map(|rank| (self.id.clone(), rank)));
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, _name: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn say(&mut self, _text: &str) -> Result<(), Refusal> {
        Ok(())
    }
}

fn rank_of(style: &str) -> Option<u8> {
    let style = style.to_lowercase();
    if ["title", "标题"].contains(&style.as_str()) {
        return Some(0);
    }
    let level = style.strip_prefix("heading").or_else(|| style.strip_prefix("标题"))?;
    level.trim().parse().ok().filter(|level| (1..=9).contains(level))
}

/// A paragraph on its way.
#[derive(Default)]
struct Paragraph {
    text: String,
    rank: Option<u8>,
    listed: bool,
    /// The run is hidden.
    hidden: bool,
}

/// The text as it is told: paragraphs, which may stand in one another (text boxes) and in cells of tables.
#[derive(Default)]
struct Story {
    ranks: BTreeMap<String, u8>,
    limits: Limits,
    lines: Vec<Line>,
    paragraphs: Vec<Paragraph>,
    cells: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Elements open inside one that is not seen, itself included.
    unseen: usize,
    in_text: bool,
    bytes: u64,
    pictures: usize,
    hidden: usize,
    numbered: usize,
}

impl Listener for Story {
    fn open(&mut self, name: &str, start: &BytesStart<'_>) -> Result<(), Refusal> {
        if self.unseen > 0 || UNSEEN.contains(&name) {
            self.unseen += 1;
            return Ok(());
        }
        match name {
            "p" => self.paragraphs.push(Paragraph::default()),
            "tr" => self.rows.push(Vec::new()),
            "tc" => self.cells.push(String::new()),
            "t" => self.in_text = true,
            "drawing" | "pict" | "object" => self.pictures += 1,
            _ => {}
        }
        let Some(paragraph) = self.paragraphs.last_mut() else { return Ok(()) };
        match name {
            "tab" => paragraph.text.push('\t'),
            "br" | "cr" => paragraph.text.push('\n'),
            "noBreakHyphen" => paragraph.text.push('-'),
            "pStyle" => paragraph.rank = attribute(start, "val").and_then(|id| self.ranks.get(&id).copied()),
            "numPr" => paragraph.listed = true,
            "r" => paragraph.hidden = false,
            "vanish" => {
                paragraph.hidden = !matches!(attribute(start, "val").as_deref(), Some("0" | "false" | "off"))
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), Refusal> {
        if self.unseen > 0 {
            self.unseen -= 1;
            return Ok(());
        }
        match name {
            "t" => self.in_text = false,
            "p" => {
                let Some(Paragraph { text, rank, listed, hidden: _ }) = self.paragraphs.pop() else {
                    return Ok(());
                };
                let text = fold::prose(&text);
                let listed = listed && rank.is_none() && !text.is_empty();
                self.numbered += usize::from(listed);
                self.tell(if listed { format!("· {text}") } else { text }, rank);
            }
            "tc" => {
                let cell = self.cells.pop().unwrap_or_default();
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            "tr" => {
                let row = self.rows.pop().unwrap_or_default();
                let filled = row.iter().any(|cell| !cell.is_empty());
                self.tell(if filled { row.join(" | ") } else { String::new() }, None);
            }
            _ => {}
        }
        Ok(())
    }

    fn say(&mut self, text: &str) -> Result<(), Refusal> {
        if self.unseen > 0 || !self.in_text {
            return Ok(());
        }
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        if self.bytes > self.limits.unpacked_bytes {
            return Err(too_much_text(&self.limits));
        }
        match self.paragraphs.last_mut() {
            Some(paragraph) if paragraph.hidden => self.hidden += 1,
            Some(paragraph) => paragraph.text.push_str(text),
            None => {}
        }
        Ok(())
    }
}

impl Story {
    /// A finished paragraph or row goes into the cell that is open, else into the text.
    fn tell(&mut self, text: String, rank: Option<u8>) {
        match self.cells.last_mut() {
            Some(cell) => {
                if !cell.is_empty() && !text.is_empty() {
                    cell.push(' ');
                }
                cell.push_str(&text.replace('\n', " "));
            }
            None => self.lines.push(Line { text, is_heading: rank.is_some() }),
        }
    }
}
