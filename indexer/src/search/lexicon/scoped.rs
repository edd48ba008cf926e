//! The lexicon as one caller sees it.

use std::collections::{BTreeSet, HashMap};

use shouwang_proto::id::GroupId;

use super::{
    Blocks, Source, Spelling,
    block::{Block, Owner, TextRow},
    grams::SoundPair,
};
use crate::search::document::Caller;

/// A text that the caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known<'a> {
    /// As it was written.
    pub(crate) display: &'a str,
    /// Folded, without spaces.
    pub(crate) characters: &'a str,
    pub(crate) source: Source,
}

/// The lexicon as a caller sees it.
pub(crate) struct ScopedLexicon<'a> {
    pub(super) blocks: &'a Blocks,
    pub(super) versions: &'a HashMap<u64, u32>,
    pub(super) caller: &'a Caller,
}

impl<'a> ScopedLexicon<'a> {
    fn sees(&self, owner: &Owner) -> bool {
        if self.versions.get(&owner.key) != Some(&owner.version) {
            return false;
        }
        let member = self.blocks.members.text(owner.member);
        if self.caller.hidden_members.iter().any(|hidden| hidden.as_str() == member) {
            return false;
        }
        let in_audience = match self.blocks.audiences.get(owner.audience as usize) {
            Some(None) => self.caller.groups.contains(&GroupId::alliance()),
            Some(Some(groups)) => !groups.is_disjoint(&self.caller.groups),
            None => false,
        };
        in_audience || self.caller.member.as_ref().is_some_and(|own| own.as_str() == member)
    }

    fn known(&self, block: &'a Block, text: &TextRow) -> Option<Known<'a>> {
        block.owners_of(text).iter().any(|owner| self.sees(owner)).then(|| Known {
            display: block.part(text.display),
            characters: block.part(text.characters),
            source: text.source,
        })
    }

    /// The first texts, in the order of their keys, that the caller may see and of which a word begins so. What the
    /// caller may not see takes no place, so it cannot be told from an answer.
    pub(crate) fn with_prefix(&self, spelling: Spelling, prefix: &'a str, most: usize) -> Vec<Known<'a>> {
        let mut found: Vec<(&str, Known<'a>)> = Vec::new();
        for block in &self.blocks.blocks {
            let visible = block
                .with_prefix(spelling, prefix)
                .filter_map(|(key, text)| self.known(block, text).map(|known| (key, known)));
            found.extend(visible.take(most));
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(most);
        found.into_iter().map(|(_, known)| known).collect()
    }

    /// Texts that the caller may see and that have one of these pairs of sounds, at most `most` of a block.
    pub(crate) fn with_sounds(&self, pairs: &[SoundPair], most: usize) -> Vec<Known<'a>> {
        let mut all = BTreeSet::new();
        for block in &self.blocks.blocks {
            let numbers: BTreeSet<u32> = pairs.iter().flat_map(|pair| block.grams().texts(*pair)).collect();
            let texts = numbers.into_iter().filter_map(|number| block.texts.get(number as usize));
            all.extend(texts.filter_map(|text| self.known(block, text)).take(most));
        }
        // In an order that does not tell how the blocks were made.
        all.into_iter().collect()
    }

    /// Words of letters that `fits` lets pass and that stand in a text that the caller may see.
    pub(crate) fn words(&self, fits: &dyn Fn(&str) -> bool) -> BTreeSet<&'a str> {
        let mut all = BTreeSet::new();
        for block in &self.blocks.blocks {
            for (word, mut texts) in block.grams().words().filter(|(word, _)| fits(word)) {
                let mut rows = texts.by_ref().filter_map(|number| block.texts.get(number as usize));
                if rows.any(|text| self.known(block, text).is_some()) {
                    all.insert(word);
                }
            }
        }
        all
    }
}
