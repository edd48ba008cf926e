//! What spelling looks up in a block: texts by two sounds that stand together, and words of letters.
//!
//! Pure. It is made once for a block, when somebody first misspells: 8 bytes for each pair of ideographs of its texts, twice.

use crate::search::analysis::{pinyin::sound, runs};

/// Two sounds of a text: next to each other, or with one character between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SoundPair(u32);

impl SoundPair {
    /// None when one of them has no sound, as letters and digits have none.
    pub(crate) fn of(one: char, other: char, is_apart: bool) -> Option<Self> {
        let (one, other) = (sound(one)?, sound(other)?);
        Some(Self(u32::from(is_apart) << 31 | u32::from(one) << 16 | u32::from(other)))
    }

    /// All of a text, folded and without spaces, repeated ones too.
    fn all_of(characters: &str) -> impl Iterator<Item = Self> {
        let characters: Vec<char> = characters.chars().collect();
        (0..characters.len()).flat_map(move |first| {
            let pair =
                |second: usize, is_apart| Self::of(characters[first], *characters.get(second)?, is_apart);
            [pair(first + 1, false), pair(first + 2, true)].into_iter().flatten()
        })
    }

    /// True when the text, folded and without spaces, has one of these.
    pub(crate) fn any_in(pairs: &[Self], characters: &str) -> bool {
        Self::all_of(characters).any(|pair| pairs.contains(&pair))
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Grams {
    pairs: Vec<(SoundPair, u32)>,
    words: Vec<(String, u32)>,
}

impl Grams {
    /// `texts` gives the characters, folded and without spaces, and the text as it was written.
    pub(super) fn of<'a>(texts: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut grams = Self::default();
        for (number, (characters, display)) in (0_u32..).zip(texts) {
            grams.pairs.extend(SoundPair::all_of(characters).map(|pair| (pair, number)));
            if display.bytes().any(|byte| byte.is_ascii_alphabetic()) {
                let words = runs(display).into_iter().filter(|run| !run.ideographs).map(|run| run.text);
                let words = words.filter(|word| word.chars().all(char::is_alphabetic));
                grams.words.extend(words.map(|word| (word, number)));
            }
        }
        grams.pairs.sort_unstable();
        grams.pairs.dedup();
        grams.words.sort_unstable();
        grams.words.dedup();
        grams
    }

    /// Numbers of the texts that have these sounds, in their order.
    pub(super) fn texts(&self, pair: SoundPair) -> impl Iterator<Item = u32> {
        let first = self.pairs.partition_point(|(other, _)| *other < pair);
        self.pairs[first..].iter().take_while(move |(other, _)| *other == pair).map(|(_, text)| *text)
    }

    /// Each word once, with the numbers of its texts.
    pub(super) fn words(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = u32>)> {
        self.words
            .chunk_by(|one, other| one.0 == other.0)
            .map(|same| (same[0].0.as_str(), same.iter().map(|(_, text)| *text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_two_sounds_and_words_once() {
        let texts = ["动火作业", "冻货", "confinedspace受限空间", "作业confined"];
        let displays = ["动火作业", "冻货", "Confined space 受限空间", "作业 confined"];
        let grams = Grams::of(texts.into_iter().zip(displays));
        let found = |one, other, is_apart| -> Vec<u32> {
            SoundPair::of(one, other, is_apart).map(|pair| grams.texts(pair).collect()).unwrap_or_default()
        };
        assert_eq!(found('动', '伙', false), [0, 1], "the same sounds, without tones");
        assert_eq!(found('作', '业', false), [0, 3]);
        assert_eq!(found('动', '作', true), [0]);
        assert_eq!(found('动', '作', false), [0; 0]);
        assert_eq!(found('a', '作', false), [0; 0]);
        let words: Vec<(&str, Vec<u32>)> =
            grams.words().map(|(word, texts)| (word, texts.collect())).collect();
        assert_eq!(words, [("confined", vec![2, 3]), ("space", vec![2])]);
    }
}
