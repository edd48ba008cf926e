//! Rules for text that people write: which characters, how long, each wrong field named.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use crate::{refusal::Violations, vocabulary};

/// How a text field may be.
#[derive(Clone, Copy, Debug)]
pub struct TextRule {
    /// Fewest characters after trimming.
    pub least: usize,
    /// Most characters.
    pub most: usize,
    /// May it have several lines?
    pub lines: bool,
}

impl TextRule {
    /// One line of `least` to `most` characters.
    #[must_use]
    pub const fn line(least: usize, most: usize) -> Self {
        Self { least, most, lines: false }
    }

    /// Several lines, at most `most` characters.
    #[must_use]
    pub const fn lines(most: usize) -> Self {
        Self { least: 0, most, lines: true }
    }

    /// The text trimmed and composed (NFC; not NFKC, which would turn full-width Chinese punctuation into ASCII), or a
    /// noted violation.
    #[must_use]
    pub fn read(self, field: &str, text: &str, violations: &mut Violations) -> String {
        // A bound on work before any is done: composing never makes a text longer than its bytes.
        if text.len() > self.most.saturating_mul(16).saturating_add(1_024) {
            violations.add(
                field,
                format!("is longer than {most} characters （超过 {most} 个字符）", most = self.most),
            );
            return String::new();
        }
        let clean = composed(text);
        if let Some(bad) = clean.chars().find(|&character| !self.allows(character)) {
            violations.add(
                field,
                format!(
                    "contains the character U+{:04X}, which is not allowed here （含有不允许的字符）",
                    u32::from(bad)
                ),
            );
        }
        let length = clean.chars().count();
        if length > self.most {
            violations.add(
                field,
                format!(
                    "has {length} characters, more than {most} （{length} 个字符，超过 {most} 个）",
                    most = self.most
                ),
            );
        } else if length < self.least {
            let words = if length == 0 {
                "is required （必填）".to_owned()
            } else {
                format!("has fewer than {least} characters （少于 {least} 个字符）", least = self.least)
            };
            violations.add(field, words);
        }
        clean
    }

    fn allows(self, character: char) -> bool {
        match character {
            '\n' | '\t' => self.lines,
            _ => !character.is_control() && !is_deceptive(character),
        }
    }
}

/// Trimmed, with plain line ends, composed. Most text is all that already, and then it is only copied.
fn composed(text: &str) -> String {
    let lines =
        if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
    let trimmed = lines.trim();
    if is_nfc_quick(trimmed.chars()) == IsNormalized::Yes {
        trimmed.to_owned()
    } else {
        trimmed.nfc().collect()
    }
}

/// Characters that change how other text is shown or that are no characters: bidirectional overrides and isolates
/// (CVE-2021-42574), line separators, tags, noncharacters.
fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{FDD0}'..='\u{FDEF}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
        || u32::from(character) & 0xFFFE == 0xFFFE
}

/// Reads a list of one-line texts: at most `most` of them, each at most `longest` characters; empty ones and repeats
/// are dropped.
#[must_use]
pub fn read_lines(
    field: &str,
    written: &[String],
    most: usize,
    longest: usize,
    violations: &mut Violations,
) -> Vec<String> {
    if written.len() > most {
        violations.add(field, format!("has more than {most} values （超过 {most} 项）"));
        return Vec::new();
    }
    let mut out: Vec<String> = Vec::new();
    for (index, text) in written.iter().enumerate() {
        let clean = TextRule::line(0, longest).read(&format!("{field}[{index}]"), text, violations);
        if !clean.is_empty() && !out.contains(&clean) {
            out.push(clean);
        }
    }
    out
}

/// Reads a list of vocabulary terms, written as codes or names; gives codes, each once.
#[must_use]
pub fn read_codes(
    field: &str,
    list: &str,
    written: &[String],
    most: usize,
    violations: &mut Violations,
) -> Vec<String> {
    if written.len() > most {
        violations.add(field, format!("has more than {most} values （超过 {most} 项）"));
        return Vec::new();
    }
    let mut out: Vec<String> = Vec::new();
    for (index, text) in written.iter().enumerate() {
        if let Some(code) = read_code(&format!("{field}[{index}]"), list, text, violations)
            && !out.contains(&code)
        {
            out.push(code);
        }
    }
    out
}

/// Reads one vocabulary term, written as code or name.
pub fn read_code(field: &str, list: &str, written: &str, violations: &mut Violations) -> Option<String> {
    let code = vocabulary::code_of(list, written);
    if code.is_none() {
        let shown: String = written.chars().filter(|shown| !shown.is_control()).take(40).collect();
        violations.add(
            field,
            if shown.is_empty() {
                format!("is required: a term of the list `{list}` （必填，取自词表 {list}）")
            } else {
                format!("“{shown}” is not in the list `{list}` （不在词表 {list} 中）")
            },
        );
    }
    code.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: TextRule, text: &str, expected: Result<&str, &str>) {
        let mut violations = Violations::new();
        let clean = rule.read("field", text, &mut violations);
        let found: Vec<_> = violations.into_inner().into_iter().map(|wrong| wrong.description).collect();
        match expected {
            Ok(wanted) => assert_eq!((clean.as_str(), found), (wanted, vec![])),
            Err(words) => assert!(found.iter().any(|description| description.contains(words)), "{found:?}"),
        }
    }

    #[test]
    fn texts_follow_their_rules() {
        let line = TextRule::line(1, 5);
        check(line, "  动火作业 ", Ok("动火作业"));
        check(line, "", Err("required"));
        check(line, "\u{3000}\t", Err("required"));
        check(line, "一二三四五六", Err("more than 5"));
        check(line, "a\nb", Err("U+000A"));
        check(line, "a\u{202E}b", Err("U+202E"));
        check(line, "a\u{0}b", Err("U+0000"));
        check(line, "a\u{FFFF}", Err("U+FFFF"));
        check(line, &"长".repeat(100_000), Err("longer than 5"));
        check(line, "e\u{301}", Ok("é"));
        check(TextRule::lines(20), "第一行\r\n第二行，", Ok("第一行\n第二行，"));
    }
}
