//! Sounds: pinyin without tones, for homophones and for typing by sound.

use std::sync::LazyLock;

use pinyin::ToPinyin as _;

use super::{
    fold::{Class, fold},
    words::{Cut, Cutter, Word, cut},
};

/// Pinyin of every character of the basic plane, as place in [`Sounds::syllables`] + 1; 0 has none.
struct Sounds {
    of: Box<[u16]>,
    syllables: Vec<String>,
}

static SOUNDS: LazyLock<Sounds> = LazyLock::new(|| {
    let mut places = std::collections::BTreeMap::new();
    let mut syllables: Vec<String> = Vec::new();
    let of = (0..=u16::MAX)
        .map(|code| {
            let Some(sound) = char::from_u32(u32::from(code)).and_then(|one| one.to_pinyin()) else {
                return 0;
            };
            let plain = sound.plain().replace('ü', "v");
            *places.entry(plain.clone()).or_insert_with(|| {
                syllables.push(plain);
                u16::try_from(syllables.len()).unwrap_or(0)
            })
        })
        .collect();
    Sounds { of, syllables }
});

/// The sound of a folded character without its tone, `ü` as `v`; its most usual one where it has several.
#[must_use]
pub fn syllable(character: char) -> Option<&'static str> {
    SOUNDS.syllables.get(usize::from(sound(character)?) - 1).map(String::as_str)
}

/// The number of that sound, from 1 on and below 1,000: equal for characters that sound the same.
#[must_use]
pub fn sound(character: char) -> Option<u16> {
    let code = u16::try_from(u32::from(character)).ok()?;
    Some(SOUNDS.of[usize::from(code)]).filter(|number| *number > 0)
}

/// A text as it is typed by sound: `full` is all syllables, `initials` their first letters; letters and digits stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spelled {
    /// "dong huo zuo ye" without the spaces.
    pub full: String,
    /// "dhzy".
    pub initials: String,
}

/// Spells a text by sound. An ideograph without a known sound stands for itself.
#[must_use]
pub fn spelled(text: &str) -> Spelled {
    let mut out = Spelled::default();
    for one in fold(text).filter(|one| one.class != Class::Break) {
        match syllable(one.character) {
            Some(sound) => {
                out.full.push_str(sound);
                out.initials.extend(sound.chars().next());
            }
            None => {
                out.full.push(one.character);
                out.initials.push(one.character);
            }
        }
    }
    out
}

/// Cuts a text into pairs of sounds, one for each bigram of ideographs; everything else is left out.
#[derive(Clone, Debug)]
pub struct SoundCutter<'a>(Cutter<'a>);

/// Cuts `text` into pairs of sounds.
#[must_use]
pub fn sounds(text: &str) -> SoundCutter<'_> {
    SoundCutter(cut(text, Cut::Bigrams))
}

impl SoundCutter<'_> {
    /// Writes the next pair, such as "dong huo", into `word`; false at the end.
    pub fn next_into(&mut self, word: &mut Word) -> bool {
        while self.0.next_into(word) {
            let mut characters = word.text.chars();
            let (Some(first), Some(second), None) = (characters.next(), characters.next(), characters.next())
            else {
                continue;
            };
            if let (Some(first), Some(second)) = (syllable(first), syllable(second)) {
                word.text.clear();
                word.text.push_str(first);
                word.text.push(' ');
                word.text.push_str(second);
                return true;
            }
        }
        false
    }
}

/// All pairs of sounds of `text`.
#[must_use]
pub fn sound_pairs(text: &str) -> Vec<String> {
    let mut cutter = sounds(text);
    let mut word = Word::default();
    let mut all = Vec::new();
    while cutter.next_into(&mut word) {
        all.push(word.text.clone());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, full: &str, initials: &str, pairs: &str) {
        let found = spelled(text);
        assert_eq!((found.full.as_str(), found.initials.as_str()), (full, initials), "{text}");
        assert_eq!(sound_pairs(text).join("/"), pairs, "{text}");
    }

    #[test]
    fn texts_are_spelled_by_sound() {
        check("动火作业", "donghuozuoye", "dhzy", "dong huo/huo zuo/zuo ye");
        check("动伙作业", "donghuozuoye", "dhzy", "dong huo/huo zuo/zuo ye");
        check("動火 KYT 训练", "donghuokytxunlian", "dhkytxl", "dong huo/xun lian");
        check("绿色", "lvse", "ls", "lv se");
        check("氨", "an", "a", "");
        check("GB 30871", "gb30871", "gb30871", "");
        check("", "", "", "");
    }
}
