//! What of a text is shown, and which parts of it matched. Pure; text and ranges, never markup.

use std::collections::BTreeSet;

use super::analysis::{
    Cut, Word, cut,
    fold::{Class, fold},
};

/// Between facts that are shown side by side.
const BETWEEN_FACTS: &str = " · ";
/// Length of a snippet in characters, without the marks where it was cut.
const LENGTH: usize = 120;
/// Characters shown before the first match when the text is cut.
const LEAD: usize = 16;
/// How far into a text matches are looked for, in bytes; whole characters.
const LOOK: usize = 60_000;
/// Where text was cut.
const CUT_MARK: char = '…';

/// A text and its parts that matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Highlighted {
    /// Plain text.
    pub text: String,
    /// In Unicode scalar values, ascending, not overlapping: first, one past the last.
    pub ranges: Vec<(u32, u32)>,
}

/// The words of a query, as they can be found in a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matcher {
    /// Bigrams and words.
    words: BTreeSet<String>,
    /// Ideographs that stood alone in the query.
    singles: BTreeSet<char>,
    /// A bit for each first character of `words`: nearly every word of a text is dismissed by it.
    firsts: u64,
}

/// The bit of a word by its first character.
fn first_bit(word: &str) -> u64 {
    word.chars().next().map_or(0, |first| 1 << (u32::from(first) % 64))
}

/// A text, what it is worth, where it matches and where its best passage begins.
type Passage<'a> = (usize, &'a str, Vec<(usize, usize)>, usize);

impl Matcher {
    /// For these texts: the query's words and phrases and what the thesaurus added.
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut matcher = Self::default();
        for text in texts {
            let mut cutter = cut(text, Cut::Bigrams);
            let mut word = Word::default();
            while cutter.next_into(&mut word) {
                let mut characters = word.text.chars();
                match (characters.next(), characters.next()) {
                    (Some(one), None) if fold(&word.text).any(|folded| folded.class == Class::Ideograph) => {
                        matcher.singles.insert(one);
                    }
                    _ => {
                        matcher.firsts |= first_bit(&word.text);
                        matcher.words.insert(word.text.clone());
                    }
                }
            }
        }
        matcher
    }

    /// Byte ranges of `text` that match, ascending, merged where they touch.
    fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let text = &text[..text.floor_char_boundary(LOOK)];
        let mut found: Vec<(usize, usize)> = Vec::new();
        let mut add = |start: usize, end: usize| match found.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => found.push((start, end)),
        };
        if self.singles.is_empty() {
            let mut cutter = cut(text, Cut::Bigrams);
            let mut word = Word::default();
            while cutter.next_into(&mut word) {
                if first_bit(&word.text) & self.firsts != 0 && self.words.contains(&word.text) {
                    add(word.start, word.end);
                }
            }
            return found;
        }
        let mut cutter = cut(text, Cut::Singles);
        let (mut word, mut before) = (Word::default(), Word::default());
        while cutter.next_into(&mut word) {
            let pair = format!("{}{}", before.text, word.text);
            if before.end == word.start && self.words.contains(&pair) && pair.chars().count() == 2 {
                add(before.start, word.end);
            }
            if self.words.contains(&word.text) || word.text.chars().all(|one| self.singles.contains(&one)) {
                add(word.start, word.end);
            }
            std::mem::swap(&mut before, &mut word);
        }
        found
    }

    /// The whole text with its matches.
    pub(crate) fn whole(&self, text: &str) -> Highlighted {
        show(text, &self.find(text), 0, text.len())
    }

    /// The snippet of running text; of facts, side by side, when only they match or there is no other text.
    pub(crate) fn passage(&self, prose: [&str; 2], facts: &[String]) -> Highlighted {
        let found = self.snippet(prose);
        if !found.ranges.is_empty() || facts.is_empty() {
            return found;
        }
        let of_facts = self.snippet([facts.join(BETWEEN_FACTS).as_str()]);
        if of_facts.ranges.is_empty() && !found.text.is_empty() { found } else { of_facts }
    }

    /// The passage of the first text with a match that has the most of them; without any match the beginning of the
    /// first text that is not empty.
    pub(crate) fn snippet<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Highlighted {
        let texts: Vec<&str> = texts.into_iter().filter(|text| !text.trim().is_empty()).collect();
        let mut best: Option<Passage<'_>> = None;
        for text in &texts {
            let found = self.find(text);
            let (worth, start) = best_window(text, &found);
            if worth > best.as_ref().map_or(0, |best| best.0) {
                best = Some((worth, text, found, start));
            }
        }
        let (text, found, start) = match best {
            Some((_, text, found, start)) => (text, found, start),
            None => (texts.first().copied().unwrap_or_default(), Vec::new(), 0),
        };
        let start = lead(text, start);
        let end = text[start..].char_indices().nth(LENGTH).map_or(text.len(), |(at, _)| start + at);
        show(text, &found, start, end)
    }
}

/// The match with which the best window begins: distinct matched texts count three times their length, repeats once.
fn best_window(text: &str, found: &[(usize, usize)]) -> (usize, usize) {
    let mut best = (0, 0);
    // A window holds few matches, so looking through those seen costs less than keeping them in order.
    let mut seen: Vec<&str> = Vec::new();
    for (place, (start, _)) in found.iter().enumerate().take(400) {
        seen.clear();
        let mut worth = 0;
        // Four bytes a character at most; three for ideographs.
        for (from, to) in found[place..].iter().take_while(|(_, to)| to - start <= (LENGTH - LEAD) * 3) {
            let part = &text[*from..*to];
            let is_new = !seen.contains(&part);
            worth += part.len() * if is_new { 3 } else { 1 };
            if is_new {
                seen.push(part);
            }
        }
        if worth > best.0 {
            best = (worth, *start);
        }
    }
    best
}

/// Where the passage begins: a little before the match, after the end of a sentence when there is one near.
fn lead(text: &str, start: usize) -> usize {
    let before: Vec<(usize, char)> = text[..start].char_indices().rev().take(LEAD).collect();
    let ends_sentence = |one: char| matches!(one, '。' | '！' | '？' | '；' | '\n' | '.' | '!' | '?' | ';');
    if let Some((at, mark)) = before.iter().find(|(_, one)| ends_sentence(*one)) {
        return at + mark.len_utf8();
    }
    match before.last() {
        Some((at, _)) if before.len() == LEAD => *at,
        _ => 0,
    }
}

fn show(text: &str, found: &[(usize, usize)], start: usize, end: usize) -> Highlighted {
    let mut out = Highlighted::default();
    let shown = text[start..end].trim_start();
    let start = end - shown.len();
    let shown = shown.trim_end();
    let end = start + shown.len();
    let mut count = 0_u32;
    if start > 0 && !text[..start].trim().is_empty() {
        out.text.push(CUT_MARK);
        count = 1;
    }
    let mut matches = found.iter().filter(|(from, to)| *from >= start && *to <= end).peekable();
    for (at, character) in shown.char_indices() {
        let at = start + at;
        if let Some((from, to)) = matches.peek() {
            if at == *from {
                out.ranges.push((count, count));
            }
            if at < *to
                && at >= *from
                && let Some(last) = out.ranges.last_mut()
            {
                last.1 = count + 1;
            }
            if at + character.len_utf8() >= *to {
                matches.next();
            }
        }
        out.text.push(if character.is_whitespace() { ' ' } else { character });
        count += 1;
    }
    if !text[end..].trim().is_empty() {
        out.text.push(CUT_MARK);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(found: &Highlighted) -> String {
        let characters: Vec<char> = found.text.chars().collect();
        let mut out = String::new();
        for (place, character) in (0..).zip(&characters) {
            if found.ranges.iter().any(|range| range.0 == place) {
                out.push('[');
            }
            out.push(*character);
            if found.ranges.iter().any(|range| range.1 == place + 1) {
                out.push(']');
            }
        }
        out
    }

    #[track_caller]
    fn check(query: &str, texts: &[&str], expected: &str) {
        assert_eq!(marked(&Matcher::new([query]).snippet(texts.iter().copied())), expected, "{query}");
    }

    #[test]
    fn facts_are_shown_when_nothing_else_says_it() {
        let facts = ["动火作业 Hot work".to_owned(), "澄湖路 3 号".to_owned()];
        let passage = |query: &str, prose| marked(&Matcher::new([query]).passage(prose, &facts));
        assert_eq!(passage("动火", ["", "动火前先检测"]), "[动火]前先检测");
        assert_eq!(passage("澄湖", ["", "动火前先检测"]), "动火作业 Hot work · [澄湖]路 3 号");
        assert_eq!(passage("没有", ["", "动火前先检测"]), "动火前先检测");
        assert_eq!(passage("没有", ["", ""]), "动火作业 Hot work · 澄湖路 3 号");
    }

    #[test]
    fn snippets_show_what_matched() {
        check("动火", &["特级动火连续监测"], "特级[动火]连续监测");
        check("動火作業", &["特级动火作业，动火 作业"], "特级[动火作业]，[动火] [作业]");
        check("gb 30871", &["依据ＧＢ３０８７１—２０２２执行"], "依据[ＧＢ３０８７１]—２０２２执行");
        check("氨", &["液氨泄漏"], "液[氨]泄漏");
        check("氨 泄漏", &["液氨泄漏"], "液[氨泄漏]");
        check("nothing", &["", " ", "第一行\n第二行"], "第一行 第二行");
        check("培训", &["没有的", "安全培训"], "安全[培训]");
        check("<b>", &["a <b> & <script>"], "a <[b]> & <script>");
        let long = format!("{}。这里讲有限空间。{}", "甲".repeat(300), "乙".repeat(300));
        check("有限空间", &[&long], &format!("…这里讲[有限空间]。{}…", "乙".repeat(112)));
    }

    proptest! {
        #[test]
        fn snippets_of_any_text_have_sound_ranges(query in "\\PC{0,20}", text in "\\PC{0,400}") {
            let matcher = Matcher::new([query.as_str()]);
            for found in [matcher.snippet([text.as_str()]), matcher.whole(&text)] {
                let length = u32::try_from(found.text.chars().count()).unwrap();
                let mut last = 0;
                for (start, end) in found.ranges {
                    prop_assert!(start >= last && start < end && end <= length);
                    last = end;
                }
            }
        }

        #[test]
        fn the_query_itself_is_found(text in "[一-龥]{2,12}") {
            let found = Matcher::new([text.as_str()]).whole(&text);
            prop_assert_eq!(found.ranges, vec![(0, u32::try_from(text.chars().count()).unwrap())]);
        }
    }
}
