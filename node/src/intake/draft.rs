//! A text becomes a practice: title, body, and what its reader should know.

use shouwang_proto::wire::{self, publication::Detail};

use super::{
    Format, Note, Reading, Row, file_name, fold,
    row::{self, Notes},
};

/// A first line that is longer is no title.
const TITLE_CHARACTERS: usize = 60;
/// A line of a PDF that is longer and breaks off inside a sentence goes on in the next.
const WRAPPED_CHARACTERS: usize = 15;

/// A paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) is_heading: bool,
}

/// What a plain text, such as that of a PDF, would become; `notes` say why there is none, if somebody knows.
#[must_use]
pub fn from_text(format: Format, name: &str, text: &str, mut notes: Vec<Note>) -> Reading {
    let text = fold::prose(text);
    let lines = unwrapped(&text).into_iter().map(|text| Line { text, is_heading: false }).collect();
    if text.is_empty() && notes.is_empty() {
        notes.push(Note::new(
            "",
            "there is no text in it, perhaps only scanned pictures: paste the text （文件中没有文字，可能是扫描件，请粘贴正文）",
        ));
    }
    of_document(format, name, lines, notes)
}

/// What the paragraphs of a document would become.
pub(super) fn of_document(format: Format, name: &str, mut lines: Vec<Line>, notes: Vec<Note>) -> Reading {
    let mut found = Notes::default();
    let filled = |line: &Line| !line.text.is_empty();
    let heading = lines.iter().position(|line| line.is_heading && filled(line));
    let first = lines.iter().position(filled).filter(|at| {
        let text = &lines[*at].text;
        text.chars().count() <= TITLE_CHARACTERS
            && !text.contains('\n')
            && !text.ends_with(['。', '；', '，', '：'])
    });
    let title = match heading.or(first) {
        Some(at) => lines.remove(at).text.split_whitespace().collect::<Vec<_>>().join(" "),
        None => {
            let name = file_name(name);
            let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
            found.remarks.add("title", "was taken from the file's name （取自文件名）");
            fold::prose(&stem)
        }
    };
    let mut body = String::new();
    for Line { text, is_heading } in lines {
        if is_heading {
            body.push('\n');
        }
        body.push_str(&text);
        body.push('\n');
    }
    let publication = wire::Publication {
        title,
        body: without_gaps(&body),
        detail: Some(Detail::Practice(wire::Practice::default())),
        ..wire::Publication::default()
    };
    let row = Row { line: 1, ..row::finish(publication, found) };
    Reading { format, rows: vec![row], notes }
}

/// At most one empty line between two others.
fn without_gaps(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for line in text.trim().lines() {
        if line.is_empty() {
            gap = true;
            continue;
        }
        if gap {
            out.push('\n');
        }
        gap = false;
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

/// Lines as they were written, not as they were set: a Chinese line that breaks off inside a sentence goes on in the next.
fn unwrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim) {
        let goes_on = |last: &&mut String| {
            last.chars().count() >= WRAPPED_CHARACTERS
                && last.chars().next_back().is_some_and(is_ideograph)
                && line.chars().next().is_some_and(is_ideograph)
        };
        match lines.last_mut().filter(goes_on) {
            Some(last) => last.push_str(line),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

fn is_ideograph(shown: char) -> bool {
    matches!(shown, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
}
