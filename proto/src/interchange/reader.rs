//! From text to a tree, within limits. No DTD, no entities but the five of XML itself, no processing instructions.

use quick_xml::{
    NsReader,
    events::{BytesRef, BytesStart, Event},
    name::ResolveResult,
};

use super::element::Element;
use crate::refusal::Refusal;

/// Largest document in bytes.
pub const SIZE_LIMIT: usize = 1024 * 1024;
/// Deepest nesting.
pub const DEPTH_LIMIT: usize = 32;
/// Most elements.
pub const ELEMENT_LIMIT: usize = 20_000;

/// Reads a document.
///
/// # Errors
/// What is wrong: not well-formed, too large, too deep, too many elements, a DTD or an entity.
pub(super) fn read(text: &str) -> Result<Element, Refusal> {
    if text.len() > SIZE_LIMIT {
        return Err(refuse("", "is larger than 1 MiB （超过 1 MiB）"));
    }
    let mut reader = NsReader::from_str(text);
    let mut tree = Tree::default();
    loop {
        let event = reader.read_resolved_event();
        let (namespace, event) = event.map_err(|error| malformed(&error))?;
        match event {
            Event::Start(start) => tree.open(named(&namespace, &start)?)?,
            Event::Empty(start) => {
                tree.open(named(&namespace, &start)?)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.say(&text.xml10_content().map_err(|error| malformed(&error))?)?,
            Event::CData(text) => tree.say(&text.xml10_content().map_err(|error| malformed(&error))?)?,
            Event::GeneralRef(reference) => {
                let meant = character(&reference)?;
                tree.say(meant.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => {
                return Err(refuse("", "has a document type, which is not allowed （不允许 DTD）"));
            }
            Event::PI(_) => {
                return Err(refuse(
                    "",
                    "has a processing instruction, which is not allowed （不允许处理指令）",
                ));
            }
            Event::Decl(_) | Event::Comment(_) => {}
            Event::Eof => return tree.finish(),
        }
    }
}

fn refuse(path: &str, words: impl Into<String>) -> Refusal {
    Refusal::field(if path.is_empty() { "document" } else { path }, words)
}

fn malformed(error: &dyn std::fmt::Display) -> Refusal {
    refuse("", format!("is not well-formed XML: {error} （不是格式良好的 XML）"))
}

fn named(namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<Element, Refusal> {
    let utf8 =
        |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| malformed(&error));
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => utf8(namespace.as_ref())?,
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => {
            let prefix = utf8(prefix)?;
            return Err(refuse("", format!("uses the undeclared prefix `{prefix}` （未声明的前缀）")));
        }
    };
    Ok(Element::new(&namespace, &utf8(start.local_name().as_ref())?))
}

/// The character that a reference stands for.
fn character(reference: &BytesRef<'_>) -> Result<char, Refusal> {
    if let Some(meant) = reference.resolve_char_ref().map_err(|error| malformed(&error))? {
        let allowed =
            matches!(meant, '\t' | '\n' | '\r') || meant >= ' ' && !matches!(meant, '\u{FFFE}' | '\u{FFFF}');
        return if allowed { Ok(meant) } else { Err(malformed(&"a character that XML does not allow")) };
    }
    let name = reference.decode().map_err(|error| malformed(&error))?;
    match name.as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(refuse("", format!("uses the entity `{other}`, which is not allowed （不允许实体）"))),
    }
}

/// The tree as it grows: elements that are open, and the root when it is closed.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    count: usize,
}

impl Tree {
    fn open(&mut self, element: Element) -> Result<(), Refusal> {
        self.count += 1;
        if self.count > ELEMENT_LIMIT {
            return Err(refuse("", format!("has more than {ELEMENT_LIMIT} elements （元素过多）")));
        }
        if self.open.len() >= DEPTH_LIMIT {
            return Err(refuse("", format!("is nested deeper than {DEPTH_LIMIT} （嵌套过深）")));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(malformed(&"a second root element"));
        }
        self.open.push(element);
        Ok(())
    }

    fn say(&mut self, text: &str) -> Result<(), Refusal> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']).is_empty() => {}
            None => return Err(malformed(&"text outside the root element")),
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let mut element = self.open.pop().ok_or_else(|| malformed(&"an end without a start"))?;
        let trimmed = element.text.trim();
        if trimmed.len() != element.text.len() {
            element.text = trimmed.to_owned();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, Refusal> {
        if let Some(open) = self.open.last() {
            return Err(malformed(&format!("`{}` is not closed", open.name)));
        }
        self.root.ok_or_else(|| malformed(&"there is no element"))
    }
}
