//! The lexicon as one caller sees it.

use std::collections::HashMap;

use shouwang_proto::id::GroupId;

use super::{Block, Blocks, Owner, Source, Spelling, TextRow};
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

    /// All texts that the caller may see and that `fits` lets pass; it is given folded characters and full pinyin.
    pub(crate) fn all(&self, fits: &dyn Fn(&str, &str) -> bool) -> Vec<Known<'a>> {
        let mut all = Vec::new();
        for block in &self.blocks.blocks {
            let fitting =
                block.texts.iter().filter(|text| fits(block.part(text.characters), block.part(text.full)));
            all.extend(fitting.filter_map(|text| self.known(block, text)));
        }
        // In an order that does not tell how the blocks were made.
        all.sort_unstable();
        all
    }
}
