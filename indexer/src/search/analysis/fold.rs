//! Folding: one spelling for every way to write a character, with the place in the source it came from.
//!
//! NFKC per character, lower case, traditional → simplified, accents off. It works character by character, so that
//! stored text is never rewritten: what is found in the folded text points back into the source. Two marks of Unicode
//! are treated more simply than NFKC would: combining marks are dropped and not composed with their letter (é, e + ◌́
//! and e are one), and what is invisible (zero-width, soft hyphen, variation selectors) does not break a word.

use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Traditional/simplified pairs of OpenCC.
static PAIRS: &str = include_str!("simplified.txt");

/// What the table says of a character that ends a word.
const BREAK: u16 = 0;
/// … that several characters stand for; [`expand`] says which. A surrogate, so never a character.
const MANY: u16 = 0xd800;
/// … that is passed over. A surrogate too.
const NOTHING: u16 = 0xd801;

/// Folds every character of the basic plane; 128 KiB, made at first use in a few milliseconds.
static TABLE: LazyLock<Box<[u16]>> = LazyLock::new(|| {
    let pairs: Vec<char> = PAIRS.lines().filter(|line| !line.starts_with('#')).flat_map(str::chars).collect();
    let mut simplified = vec![BREAK; 0x1_0000];
    for pair in pairs.chunks_exact(2) {
        if let (Ok(from), Ok(to)) = (u16::try_from(u32::from(pair[0])), u16::try_from(u32::from(pair[1]))) {
            simplified[usize::from(from)] = to;
        }
    }
    let fold = |code: u16| {
        let Some(character) = char::from_u32(u32::from(code)) else { return BREAK };
        if is_invisible(character) {
            return NOTHING;
        }
        let folded: Vec<char> = expand(character).collect();
        match folded[..] {
            [] => NOTHING,
            [one] if !one.is_alphanumeric() => BREAK,
            [one] => match u16::try_from(u32::from(one)) {
                Ok(code) if simplified[usize::from(code)] != BREAK => simplified[usize::from(code)],
                Ok(code) => code,
                Err(_) => MANY,
            },
            _ if folded.iter().any(|one| one.is_alphanumeric()) => MANY,
            _ => BREAK,
        }
    };
    (0..=u16::MAX).map(fold).collect()
});

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// The slow way: NFKC, accents off, lower case.
fn expand(character: char) -> impl Iterator<Item = char> {
    character.nfkc().map(without_accents).flat_map(char::to_lowercase).filter(|one| !is_combining_mark(*one))
}

/// é → e; kana and hangul stay as they are, their marks are not accents.
fn without_accents(character: char) -> char {
    let mut parts = character.nfd();
    match parts.next() {
        Some(letter) if parts.all(|mark| matches!(mark, '\u{300}'..='\u{36f}')) => letter,
        _ => character,
    }
}

/// What kind of word a folded character is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Chinese, kana, hangul: written without spaces.
    Ideograph,
    /// A letter of any other script.
    Letter,
    /// A digit.
    Digit,
    /// Between words: space, punctuation, symbols.
    Break,
}

/// A folded character and the bytes of the source that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The character; NUL where the class is [`Class::Break`].
    pub character: char,
    /// Its class.
    pub class: Class,
    /// First byte in the source.
    pub start: usize,
    /// One past the last byte in the source.
    pub end: usize,
}

fn class_of(folded: char) -> Class {
    match folded {
        'a'..='z' => Class::Letter,
        '0'..='9' => Class::Digit,
        '\0' => Class::Break,
        '\u{3400}'..='\u{9fff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{3105}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Class::Ideograph,
        other if other.is_numeric() => Class::Digit,
        other if other.is_alphabetic() => Class::Letter,
        _ => Class::Break,
    }
}

/// Folds a text character by character.
#[derive(Clone, Debug)]
pub struct Fold<'a> {
    source: std::str::CharIndices<'a>,
    table: &'static [u16],
    /// The rest of a character that became several.
    rest: Vec<Folded>,
}

/// Folds `text`; what is invisible is left out, what is between words comes as [`Class::Break`].
#[must_use]
pub fn fold(text: &str) -> Fold<'_> {
    Fold { source: text.char_indices(), table: &TABLE, rest: Vec::new() }
}

/// Folds `text` into plain text, runs of what is between words made one space. For keys and comparisons.
#[must_use]
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in fold(text) {
        match one.class {
            Class::Break if out.is_empty() || out.ends_with(' ') => {}
            Class::Break => out.push(' '),
            Class::Ideograph | Class::Letter | Class::Digit => out.push(one.character),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

impl Fold<'_> {
    fn slow(&mut self, character: char, start: usize, end: usize) -> Option<Folded> {
        let simple = |one: char| match u16::try_from(u32::from(one)).map(|code| self.table[usize::from(code)])
        {
            Ok(code) if code != BREAK && code != MANY && code != NOTHING => char::from_u32(u32::from(code)),
            _ => None,
        };
        let mut all: Vec<Folded> = expand(character)
            .map(|one| simple(one).unwrap_or(one))
            .map(|one| if one.is_alphanumeric() { one } else { '\0' })
            .map(|character| Folded { character, class: class_of(character), start, end })
            .collect();
        all.reverse();
        let first = all.pop();
        self.rest = all;
        first
    }
}

impl Iterator for Fold<'_> {
    type Item = Folded;

    fn next(&mut self) -> Option<Folded> {
        if let Some(more) = self.rest.pop() {
            return Some(more);
        }
        loop {
            let (start, character) = self.source.next()?;
            let end = start + character.len_utf8();
            let Ok(code) = u16::try_from(u32::from(character)) else {
                match self.slow(character, start, end) {
                    Some(first) => return Some(first),
                    None => continue,
                }
            };
            let folded = match self.table[usize::from(code)] {
                NOTHING => continue,
                MANY => match self.slow(character, start, end) {
                    Some(first) => return Some(first),
                    None => continue,
                },
                code => char::from_u32(u32::from(code)).unwrap_or('\0'),
            };
            return Some(Folded { character: folded, class: class_of(folded), start, end });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(folded(text), expected, "{text}");
    }

    #[test]
    fn every_spelling_folds_to_one() {
        check("GB30871-2022", "gb30871 2022");
        check("ＧＢ　３０８７１—２０２２", "gb 30871 2022");
        check("有限空間、受限空間", "有限空间 受限空间");
        check("動火作業 危險預知訓練", "动火作业 危险预知训练");
        check("㎡ ① Ⅱ級 ½", "m2 1 ii级 1 2");
        check("Café e\u{301}te\u{301}", "cafe ete");
        check("zero\u{200b}width so\u{ad}ft", "zerowidth soft");
        check("ﾊﾟﾈﾙ", "ハネル");
        check("  --  ", "");
        check("", "");
        check("乾燥 後台 著火點", "干燥 后台 著火点");
        check("𠀀𝐀", "𠀀a");
        check("👷‍♂️安全", "安全");
    }

    proptest! {
        #[test]
        fn offsets_are_in_order_and_on_character_borders(text in "\\PC{0,40}") {
            let mut last = 0;
            for one in fold(&text) {
                prop_assert!(one.start >= last || one.start < one.end);
                prop_assert!(text.get(one.start..one.end).is_some_and(|part| !part.is_empty()));
                last = one.start;
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
