//! Suggestions while typing: Chinese, pinyin, initials, or a mixture. From titles, tags and the thesaurus, never from the
//! index's own terms, which belong to everybody.

use std::collections::BTreeSet;

use super::{
    analysis::fold::{Class, fold},
    analysis::pinyin::spelled,
    lexicon::{Known, ScopedLexicon, Source, Spelling},
};

/// How many texts of each kind are looked at.
const LOOKED_AT: usize = 64;

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The text to search for.
    pub text: String,
    /// Where it comes from.
    pub source: Source,
}

/// How typing met the text, the better ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Met {
    /// As it is written.
    Written,
    /// By its sound.
    Sound,
    /// By the first letters of its sounds.
    Initials,
}

/// What can follow what was typed, best first: written before spelled, thesaurus before tags before titles, short before
/// long.
pub(crate) fn suggest(
    lexicon: &ScopedLexicon<'_>,
    terms: &[String],
    typed: &str,
    limit: usize,
) -> Vec<Suggestion> {
    let written: String =
        fold(typed).filter(|one| one.class != Class::Break).map(|one| one.character).collect();
    if written.is_empty() {
        return Vec::new();
    }
    let sound = spelled(typed).full;
    let are_letters = written.chars().all(|one| one.is_ascii_alphanumeric());
    let mut found: Vec<(Met, Source, usize, String)> = Vec::new();
    let mut add = |met: Met, known: &[Known<'_>]| {
        found.extend(
            known.iter().map(|one| (met, one.source, one.characters.chars().count(), one.display.to_owned())),
        );
    };
    add(Met::Written, &lexicon.with_prefix(Spelling::Characters, &written, LOOKED_AT));
    add(Met::Sound, &lexicon.with_prefix(Spelling::Full, &sound, LOOKED_AT));
    if are_letters {
        add(Met::Initials, &lexicon.with_prefix(Spelling::Initials, &written, LOOKED_AT));
    }
    for term in terms {
        let other = spelled(term);
        let characters: String =
            fold(term).filter(|one| one.class != Class::Break).map(|one| one.character).collect();
        let met = if characters.starts_with(&written) {
            Met::Written
        } else if other.full.starts_with(&sound) {
            Met::Sound
        } else if are_letters && other.initials.starts_with(&written) {
            Met::Initials
        } else {
            continue;
        };
        found.push((met, Source::Thesaurus, characters.chars().count(), term.clone()));
    }
    found.sort();
    let mut seen = BTreeSet::new();
    found.retain(|(_, _, _, text)| seen.insert(super::analysis::folded(text)));
    found.into_iter().take(limit).map(|(_, source, _, text)| Suggestion { text, source }).collect()
}
