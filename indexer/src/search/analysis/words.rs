//! Words: what of a text goes into the index and what of a query is looked up.
//!
//! A run of ideographs becomes overlapping bigrams, a lone ideograph stands for itself; a run of letters and a run of
//! digits are a word each, so that GB30871-2022, "gb 30871" and the full-width form meet.

use super::fold::{Class, Fold, Folded, fold};

/// Longest word in characters; a longer run is cut into several.
const WORD_LIMIT: usize = 64;

/// A word or bigram and the bytes of the source that it covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Folded text.
    pub text: String,
    /// First byte in the source.
    pub start: usize,
    /// One past the last byte in the source.
    pub end: usize,
}

/// How a run of ideographs is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Overlapping pairs; a lone ideograph stands for itself.
    Bigrams,
    /// One by one.
    Singles,
}

/// Cuts a text into words, one after the other and without a heap allocation per word.
#[derive(Clone, Debug)]
pub struct Cutter<'a> {
    folded: Fold<'a>,
    cut: Cut,
    /// Read but not used yet.
    ahead: Option<Folded>,
    /// The ideograph before, and whether a bigram has it already.
    before: Option<(Folded, bool)>,
}

/// Cuts `text`.
#[must_use]
pub fn cut(text: &str, cut: Cut) -> Cutter<'_> {
    Cutter { folded: fold(text), cut, ahead: None, before: None }
}

/// All words of `text` as text.
#[must_use]
pub fn words(text: &str, how: Cut) -> Vec<String> {
    let mut cutter = cut(text, how);
    let mut word = Word::default();
    let mut all = Vec::new();
    while cutter.next_into(&mut word) {
        all.push(word.text.clone());
    }
    all
}

impl Cutter<'_> {
    /// Writes the next word into `word`; false at the end.
    pub fn next_into(&mut self, word: &mut Word) -> bool {
        loop {
            let Some(one) = self.ahead.take().or_else(|| self.folded.next()) else {
                return self.lone(word);
            };
            match one.class {
                Class::Ideograph if self.cut == Cut::Singles => return set(word, &[one]),
                Class::Ideograph => match self.before.replace((one, false)) {
                    Some((first, _)) => {
                        self.before = Some((one, true));
                        return set(word, &[first, one]);
                    }
                    None => {}
                },
                Class::Letter | Class::Digit | Class::Break => {
                    if self.lone(word) {
                        self.ahead = Some(one);
                        return true;
                    }
                    if one.class != Class::Break {
                        self.run(one, word);
                        return true;
                    }
                }
            }
        }
    }

    /// The ideograph before, if it stood alone.
    fn lone(&mut self, word: &mut Word) -> bool {
        match self.before.take() {
            Some((one, false)) => set(word, &[one]),
            Some((_, true)) | None => false,
        }
    }

    fn run(&mut self, first: Folded, word: &mut Word) {
        set(word, &[first]);
        for _ in 1..WORD_LIMIT {
            match self.folded.next() {
                Some(next) if next.class == first.class => {
                    word.text.push(next.character);
                    word.end = next.end;
                }
                other => {
                    self.ahead = other;
                    return;
                }
            }
        }
    }
}

fn set(word: &mut Word, parts: &[Folded]) -> bool {
    word.text.clear();
    word.text.extend(parts.iter().map(|part| part.character));
    word.start = parts.first().map_or(0, |part| part.start);
    word.end = parts.last().map_or(0, |part| part.end);
    true
}

/// A stretch of a text that is written together: ideographs, or one word of letters or digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Folded text.
    pub text: String,
    /// True for ideographs.
    pub ideographs: bool,
    /// First byte in the source.
    pub start: usize,
    /// One past the last byte in the source.
    pub end: usize,
}

/// The runs of `text`.
#[must_use]
pub fn runs(text: &str) -> Vec<Run> {
    let mut all: Vec<Run> = Vec::new();
    let mut last = Class::Break;
    for one in fold(text) {
        if one.class != Class::Break {
            match all.last_mut() {
                Some(run) if last == one.class => {
                    run.text.push(one.character);
                    run.end = one.end;
                }
                _ => all.push(Run {
                    text: one.character.to_string(),
                    ideographs: one.class == Class::Ideograph,
                    start: one.start,
                    end: one.end,
                }),
            }
        }
        last = one.class;
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, bigrams: &str, singles: &str) {
        assert_eq!(words(text, Cut::Bigrams).join(" "), bigrams, "bigrams of {text}");
        assert_eq!(words(text, Cut::Singles).join(" "), singles, "singles of {text}");
    }

    #[test]
    fn texts_become_words() {
        check("有限空间作业", "有限 限空 空间 间作 作业", "有 限 空 间 作 业");
        check("GB30871-2022", "gb 30871 2022", "gb 30871 2022");
        check("ＧＢ　３０８７１—２０２２", "gb 30871 2022", "gb 30871 2022");
        check("gb 30871", "gb 30871", "gb 30871");
        check("A级动火，氨", "a 级动 动火 氨", "a 级 动 火 氨");
        check("氨 泄漏KYT", "氨 泄漏 kyt", "氨 泄 漏 kyt");
        check("CAS 7664-41-7；UN1005", "cas 7664 41 7 un 1005", "cas 7664 41 7 un 1005");
        check("動火", "动火", "动 火");
        check("危\u{200b}险", "危险", "危 险");
        check("…… ", "", "");
        check(
            &"a".repeat(70),
            &format!("{} {}", "a".repeat(64), "a".repeat(6)),
            &format!("{} {}", "a".repeat(64), "a".repeat(6)),
        );
    }

    #[test]
    fn runs_know_where_they_are() {
        let found: Vec<(String, bool, &str)> = runs("按GB30871，有限 空间")
            .into_iter()
            .map(|run| (run.text, run.ideographs, &"按GB30871，有限 空间"[run.start..run.end]))
            .collect();
        let expected = [("按", true), ("gb", false), ("30871", false), ("有限", true), ("空间", true)];
        assert_eq!(found.len(), expected.len());
        for ((text, ideographs, source), (wanted, kind)) in found.iter().zip(expected) {
            assert_eq!((text.as_str(), *ideographs), (wanted, kind));
            assert_eq!(source.to_lowercase(), wanted);
        }
    }

    proptest! {
        #[test]
        fn words_lie_in_order_inside_the_text(text in "\\PC{0,60}") {
            for how in [Cut::Bigrams, Cut::Singles] {
                let mut cutter = cut(&text, how);
                let mut word = Word::default();
                let mut last = 0;
                while cutter.next_into(&mut word) {
                    prop_assert!(word.start >= last);
                    prop_assert!(text.get(word.start..word.end).is_some_and(|part| !part.is_empty()));
                    prop_assert!(!word.text.is_empty());
                    last = word.start;
                }
            }
        }
    }
}
