//! A likelier spelling of a query. Pure: what is known and which texts there are is handed in, both in the caller's scope.
//!
//! Ideographs are corrected by sound first (动伙作业 → 动火作业), then by one wrong character (受限空问 → 受限空间);
//! words of letters by edit distance (confned → confined). Only what stands in a title, a tag or the thesaurus is
//! proposed, because that is what people can be sent to.

use std::collections::BTreeMap;

use super::{
    analysis::{Run, pinyin::sound, runs},
    lexicon::SoundPair,
};

/// Share of a run's pairs that must be unknown before it is taken for misspelt: in a sentence some pairs always are.
const UNKNOWN_SHARE: usize = 3;
/// Longest run that is corrected.
const RUN: usize = 12;
/// Longest and shortest part of a run of ideographs that is corrected as a whole.
const PART: std::ops::RangeInclusive<usize> = 2..=6;
/// Shortest part that is corrected by one wrong character and not by sound.
const PART_BY_CHARACTER: usize = 3;
/// Shortest word of letters that is corrected.
const WORD: usize = 4;

/// What spelling may look at.
pub(crate) trait Vocabulary {
    /// True when this bigram or word occurs anywhere.
    fn is_known(&self, word: &str) -> bool;
    /// Texts, folded and without spaces, that have one of these pairs of sounds. Some of them are enough where there are
    /// thousands: what is frequent is found all the same.
    fn texts(&self, pairs: &[SoundPair]) -> Vec<String>;
    /// The words of letters in the texts that `fits` lets pass.
    fn words(&self, fits: &dyn Fn(&str) -> bool) -> Vec<String>;
}

/// `text` with its first misspelt part corrected; none when everything is known or nothing better is.
pub(crate) fn corrected(text: &str, words: &str, vocabulary: &dyn Vocabulary) -> Option<String> {
    for run in runs(words) {
        let better = if run.ideographs { ideographs(&run, vocabulary) } else { letters(&run, vocabulary) };
        if let Some(better) = better {
            let typed = &words[run.start..run.end];
            return text.contains(typed).then(|| text.replacen(typed, &better, 1));
        }
    }
    None
}

fn ideographs(run: &Run, vocabulary: &dyn Vocabulary) -> Option<String> {
    let characters: Vec<char> = run.text.chars().collect();
    let is_known = |pair: &[char]| vocabulary.is_known(&pair.iter().collect::<String>());
    let unknown: Vec<usize> = characters
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| !is_known(pair))
        .map(|(place, _)| place)
        .collect();
    let first = *unknown.first()?;
    if characters.len() > RUN || unknown.len() * UNKNOWN_SHARE < characters.len() - 1 {
        return None;
    }
    // The wrong character is in the pair, most often in two unknown pairs.
    let wrong = if unknown.contains(&(first + 1)) { first + 1 } else { first };
    let mut parts: Vec<(usize, usize)> = PART
        .flat_map(|length| (0..characters.len()).map(move |start| (start, start + length)))
        .filter(|(start, end)| *end <= characters.len() && *start <= wrong && wrong < *end)
        .filter(|(start, end)| (*start..end - 1).any(|pair| unknown.contains(&pair)))
        .collect();
    // Long parts first: the more of the neighbourhood agrees, the surer it is.
    parts.sort_by_key(|(start, end)| (std::cmp::Reverse(end - start), *start));
    // Every part has the wrong character and a neighbour of it, and the right text sounds the same there.
    let pair = |one: Option<usize>, other: usize, is_apart: bool| {
        SoundPair::of(*characters.get(one?)?, *characters.get(other)?, is_apart)
    };
    let around = [pair(wrong.checked_sub(1), wrong, false), pair(Some(wrong), wrong + 1, false)];
    let heard = |pairs: Vec<SoundPair>| -> Vec<Heard> {
        vocabulary.texts(&pairs).iter().map(|text| Heard::of(text.chars())).collect()
    };
    let by_sound = heard(around.into_iter().flatten().collect());
    let better = |texts: &[Heard], is_sound: bool| {
        parts.iter().find_map(|(start, end)| {
            let better = likeliest(&characters[*start..*end], texts, is_sound)?;
            Some(characters[..*start].iter().chain(&better).chain(&characters[*end..]).collect())
        })
    };
    if let Some(whole) = better(&by_sound, true) {
        return Some(whole);
    }
    // With one other character in its place, its neighbours are the same: both of them, or the two on one side.
    let beside = [
        pair(wrong.checked_sub(1), wrong + 1, true),
        pair(wrong.checked_sub(2), wrong.wrapping_sub(1), false),
        pair(Some(wrong + 1), wrong + 2, false),
    ];
    better(&heard(beside.into_iter().flatten().collect()), false)
}

/// A text with the sound of each character: both are looked at in every part, so they are taken apart once.
struct Heard {
    characters: Vec<char>,
    sounds: Vec<Option<u16>>,
}

impl Heard {
    fn of(text: impl Iterator<Item = char>) -> Self {
        let characters: Vec<char> = text.collect();
        let sounds = characters.iter().map(|one| sound(*one)).collect();
        Self { characters, sounds }
    }
}

/// The most frequent other way to write a part: the same sounds, or one other character.
fn likeliest(part: &[char], texts: &[Heard], is_sound: bool) -> Option<Vec<char>> {
    if !is_sound && part.len() < PART_BY_CHARACTER {
        return None;
    }
    let part = Heard::of(part.iter().copied());
    let length = part.characters.len();
    let mut votes: BTreeMap<&[char], usize> = BTreeMap::new();
    for text in texts {
        for (window, sounds) in text.characters.windows(length).zip(text.sounds.windows(length)) {
            let agrees = if is_sound {
                *sounds == *part.sounds && sounds.iter().all(Option::is_some) && *window != *part.characters
            } else {
                let different =
                    window.iter().zip(&part.characters).filter(|(one, other)| one != other).count();
                different == 1 && sounds.iter().all(Option::is_some)
            };
            if agrees {
                *votes.entry(window).or_default() += 1;
            }
        }
    }
    votes
        .into_iter()
        .max_by(|one, other| one.1.cmp(&other.1).then_with(|| other.0.cmp(one.0)))
        .map(|(window, _)| window.to_vec())
}

fn letters(run: &Run, vocabulary: &dyn Vocabulary) -> Option<String> {
    let length = run.text.chars().count();
    if length < WORD || !run.text.chars().all(char::is_alphabetic) || vocabulary.is_known(&run.text) {
        return None;
    }
    let most = if length < 2 * WORD { 1 } else { 2 };
    let near = |word: &str| distance(word, &run.text, most);
    vocabulary
        .words(&|word| near(word).is_some())
        .into_iter()
        .filter_map(|word| near(&word).map(|distance| (distance, word)))
        .min()
        .map(|(_, word)| word)
}

/// Edits from one word to another (a swap of neighbours is one), if at most `most`.
fn distance(one: &str, other: &str, most: usize) -> Option<usize> {
    // Nearly all words differ here, and nothing has to be made for them.
    if one.chars().next() != other.chars().next() {
        return None;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let mut rows = vec![vec![0; other.len() + 1]; one.len() + 1];
    for (at, row) in rows.iter_mut().enumerate() {
        row[0] = at;
    }
    for (at, cell) in rows[0].iter_mut().enumerate() {
        *cell = at;
    }
    for down in 1..=one.len() {
        for right in 1..=other.len() {
            let differs = usize::from(one[down - 1] != other[right - 1]);
            let mut least = (rows[down - 1][right] + 1)
                .min(rows[down][right - 1] + 1)
                .min(rows[down - 1][right - 1] + differs);
            if down > 1 && right > 1 && one[down - 1] == other[right - 2] && one[down - 2] == other[right - 1]
            {
                least = least.min(rows[down - 2][right - 2] + 1);
            }
            rows[down][right] = least;
        }
    }
    Some(rows[one.len()][other.len()]).filter(|distance| (1..=most).contains(distance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::analysis::{Cut, words};

    struct Titles(Vec<&'static str>);

    impl Vocabulary for Titles {
        fn is_known(&self, word: &str) -> bool {
            self.0.iter().any(|title| words(title, Cut::Bigrams).iter().any(|other| other == word))
        }

        fn texts(&self, pairs: &[SoundPair]) -> Vec<String> {
            let joined = |title: &&str| -> String { runs(title).into_iter().map(|run| run.text).collect() };
            self.0.iter().map(joined).filter(|text| SoundPair::any_in(pairs, text)).collect()
        }

        fn words(&self, fits: &dyn Fn(&str) -> bool) -> Vec<String> {
            self.0
                .iter()
                .flat_map(|title| runs(title))
                .filter(|run| !run.ideographs)
                .map(|run| run.text)
                .filter(|word| fits(word))
                .collect()
        }
    }

    #[track_caller]
    fn check(query: &str, expected: Option<&str>) {
        let titles = Titles(vec![
            "动火作业分级审批",
            "特级动火作业",
            "受限空间作业",
            "有限空间通风检测",
            "天然气泄漏应急处置",
            "Confined space entry permit",
            "LOTO for press maintenance",
        ]);
        assert_eq!(corrected(query, query, &titles).as_deref(), expected, "{query}");
    }

    #[test]
    fn misspellings_are_corrected_and_nothing_else() {
        check("动伙作业", Some("动火作业"));
        check("東火作業怎么批 kind:course", Some("动火作业怎么批 kind:course"));
        check("受限空问", Some("受限空间"));
        check("天燃气泄漏", Some("天然气泄漏"));
        check("confned space", Some("confined space"));
        check("maintenence", Some("maintenance"));
        check("动火作业", None);
        check("GB30871", None);
        check("lotto", Some("loto"));
        check("xyz", None);
        check("", None);
    }
}
