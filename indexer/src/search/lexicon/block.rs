//! Immutable blocks of texts with sorted keys.

use std::{collections::HashMap, sync::OnceLock};

use super::{Source, grams::Grams};
use crate::search::analysis::{
    fold::{Class, fold},
    pinyin::syllable,
};

/// Places of a text at which typing may begin: its first words.
const STARTS: usize = 8;

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spelling {
    /// Folded characters without spaces.
    Characters,
    /// All syllables.
    Full,
    /// First letters of the syllables.
    Initials,
}

/// A text of a publication, before it is in a block.
pub(super) struct Row {
    pub(super) display: String,
    pub(super) source: Source,
    pub(super) owner: Owner,
}

/// The publication that a text is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) key: u64,
    pub(super) version: u32,
    pub(super) member: u32,
    /// Place in [`Blocks::audiences`](super::Blocks).
    pub(super) audience: u32,
}

pub(super) type Span = (u32, u32);

#[derive(Clone, Copy, Debug)]
pub(super) struct TextRow {
    pub(super) display: Span,
    pub(super) characters: Span,
    pub(super) source: Source,
    owners: Span,
}

#[derive(Default)]
pub(super) struct Block {
    arena: String,
    /// In the order of their characters; what is spelled of each follows its display in the arena, up to the next one's.
    pub(super) texts: Vec<TextRow>,
    pub(super) owners: Vec<Owner>,
    /// For each spelling: part of the arena and text, sorted by the part.
    keys: [Vec<(Span, u32)>; 3],
    /// Made when spelling first asks for it.
    grams: OnceLock<Grams>,
}

/// A text in every spelling, and where words begin in each.
#[derive(Default)]
struct Spelled {
    all: [String; 3],
    starts: Vec<[usize; 3]>,
}

fn spell(text: &str) -> Spelled {
    let mut out = Spelled::default();
    let mut last = Class::Break;
    for one in fold(text) {
        if one.class != Class::Break {
            if one.class != last && out.starts.len() < STARTS {
                out.starts.push([out.all[0].len(), out.all[1].len(), out.all[2].len()]);
            }
            out.all[0].push(one.character);
            match syllable(one.character) {
                Some(sound) => {
                    out.all[1].push_str(sound);
                    out.all[2].extend(sound.chars().next());
                }
                None => {
                    out.all[1].push(one.character);
                    out.all[2].push(one.character);
                }
            }
        }
        last = one.class;
    }
    out
}

impl Block {
    pub(super) fn build(mut rows: Vec<(String, Row)>) -> Self {
        fn text((characters, row): &(String, Row)) -> (&str, Source, &str) {
            (characters, row.source, &row.display)
        }
        rows.sort_by(|one, other| text(one).cmp(&text(other)));
        let mut block = Self::default();
        for same in rows.chunk_by(|one, other| text(one) == text(other)) {
            let owners: Vec<Owner> = same.iter().map(|(_, row)| row.owner).collect();
            block.add(&same[0].1.display, same[0].1.source, &owners);
        }
        block.sort();
        block
    }

    fn add(&mut self, display: &str, source: Source, owners: &[Owner]) {
        let spelled = spell(display);
        if spelled.all[0].is_empty() {
            return;
        }
        let number = self.texts.len() as u32;
        let put = |arena: &mut String, text: &str| {
            let start = arena.len();
            arena.push_str(text);
            (start as u32, arena.len() as u32)
        };
        let display = put(&mut self.arena, display);
        let mut characters = display;
        for (place, text) in spelled.all.iter().enumerate() {
            let span = put(&mut self.arena, text);
            if place == Spelling::Characters as usize {
                characters = span;
            }
            if place != Spelling::Characters as usize && *text == spelled.all[0] {
                // Letters and digits only: the first spelling finds it already.
                continue;
            }
            for start in &spelled.starts {
                self.keys[place].push(((span.0 + start[place] as u32, span.1), number));
            }
        }
        let first = self.owners.len() as u32;
        self.owners.extend_from_slice(owners);
        self.texts.push(TextRow { display, characters, source, owners: (first, self.owners.len() as u32) });
    }

    /// Stable, because that sort sees runs that are in order already and joins them in one pass.
    fn sort(&mut self) {
        let arena = &self.arena;
        for keys in &mut self.keys {
            keys.sort_by(|one, other| part(arena, one.0).cmp(part(arena, other.0)).then(one.1.cmp(&other.1)));
        }
    }

    /// Both blocks in one, without what is no longer valid. Both are spelled and in order, so this is copying.
    pub(super) fn merge(blocks: [&Self; 2], versions: &HashMap<u64, u32>) -> Self {
        let mut texts: Vec<(&Self, usize, usize)> = Vec::new();
        for (side, block) in blocks.into_iter().enumerate() {
            texts.extend((0..block.texts.len()).map(|number| (block, side, number)));
        }
        // One text for each way it is written: who may see one of them must not see how another wrote it.
        texts.sort_by_key(|(block, _, number)| block.order(*number));
        let mut merged = Self::default();
        let mut moves = blocks.map(|block| vec![None; block.texts.len()]);
        for same in texts.chunk_by(|one, other| one.0.order(one.2) == other.0.order(other.2)) {
            let first = merged.owners.len();
            for (block, _, number) in same {
                let owners = block.owners_of(&block.texts[*number]).iter();
                let live = owners.filter(|owner| versions.get(&owner.key) == Some(&owner.version));
                merged.owners.extend(live);
            }
            if merged.owners.len() > first {
                let (block, side, number) = same[0];
                moves[side][number] = Some(merged.copy(block, number, first));
            }
        }
        for (place, keys) in merged.keys.iter_mut().enumerate() {
            for (block, moves) in blocks.into_iter().zip(&moves) {
                keys.extend(block.keys[place].iter().filter_map(|(span, number)| {
                    let moved = moves[*number as usize]?;
                    Some((moved.of(*span), moved.number))
                }));
            }
        }
        merged.sort();
        merged
    }

    /// By what texts are in order in a block, and the same text or not.
    fn order(&self, number: usize) -> (&str, Source, &str) {
        let text = &self.texts[number];
        (self.part(text.characters), text.source, self.part(text.display))
    }

    /// Copies a text as it is spelled; its owners are those from `first_owner`.
    fn copy(&mut self, from: &Self, number: usize, first_owner: usize) -> Moved {
        let text = from.texts[number];
        let start = text.display.0;
        let end = from.texts.get(number + 1).map_or(from.arena.len() as u32, |next| next.display.0);
        let moved = Moved { number: self.texts.len() as u32, from: start, to: self.arena.len() as u32 };
        self.arena.push_str(from.part((start, end)));
        self.texts.push(TextRow {
            display: moved.of(text.display),
            characters: moved.of(text.characters),
            source: text.source,
            owners: (first_owner as u32, self.owners.len() as u32),
        });
        moved
    }

    pub(super) fn part(&self, span: Span) -> &str {
        part(&self.arena, span)
    }

    /// What spelling looks up in this block.
    pub(super) fn grams(&self) -> &Grams {
        self.grams.get_or_init(|| {
            Grams::of(self.texts.iter().map(|text| (self.part(text.characters), self.part(text.display))))
        })
    }

    pub(super) fn owners_of(&self, text: &TextRow) -> &[Owner] {
        &self.owners[text.owners.0 as usize..text.owners.1 as usize]
    }

    /// Keys that begin so with their texts, in the order of the keys.
    pub(super) fn with_prefix<'a>(
        &'a self,
        spelling: Spelling,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a TextRow)> {
        let keys = &self.keys[spelling as usize];
        let first = keys.partition_point(|key| self.part(key.0) < prefix);
        keys[first..]
            .iter()
            .take_while(move |key| self.part(key.0).starts_with(prefix))
            .map(|key| (self.part(key.0), &self.texts[key.1 as usize]))
    }
}

/// Where a text went: its number, and where its spellings began and begin.
#[derive(Clone, Copy)]
struct Moved {
    number: u32,
    from: u32,
    to: u32,
}

impl Moved {
    fn of(self, span: Span) -> Span {
        (span.0 - self.from + self.to, span.1 - self.from + self.to)
    }
}

fn part(arena: &str, span: Span) -> &str {
    &arena[span.0 as usize..span.1 as usize]
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const WORDS: [&str; 6] = ["动火作业", "动 火作业", "受限空间", "Confined space", "LOTO 上锁", "动火"];

    /// A text of publication `key`; each publication has one version in one block.
    fn row(word: usize, source: Source, key: u64, version: u32) -> (String, Row) {
        let display = WORDS[word].to_owned();
        let characters =
            fold(&display).filter(|one| one.class != Class::Break).map(|one| one.character).collect();
        (characters, Row { display, source, owner: Owner { key, version, member: 0, audience: 0 } })
    }

    /// Everything that can be asked of a block, by what it means and not by where it is.
    fn told(block: &Block) -> Vec<String> {
        let owners = |text: &TextRow| block.owners_of(text).iter().map(|owner| owner.key).collect::<Vec<_>>();
        let texts = block.texts.iter().map(|text| {
            let (display, characters) = (block.part(text.display), block.part(text.characters));
            format!("{display} {characters} {:?} {:?}", text.source, owners(text))
        });
        let keys =
            [Spelling::Characters, Spelling::Full, Spelling::Initials].into_iter().flat_map(|spelling| {
                block.with_prefix(spelling, "").map(move |(key, text)| {
                    format!("{spelling:?} {key} {} {:?}", block.part(text.display), text.source)
                })
            });
        texts.chain(keys).collect()
    }

    proptest! {
        /// Merging is the same as building from what is still valid.
        #[test]
        fn merged_blocks_are_one_block(
            said in vec((0..WORDS.len(), any::<bool>(), any::<bool>(), 0_u32..3), 0..40),
        ) {
            let versions: HashMap<u64, u32> = (0..).zip(&said).map(|(key, _)| (key, 1)).collect();
            let mut sides = [Vec::new(), Vec::new()];
            let mut valid = Vec::new();
            for (key, (word, is_tag, is_second, version)) in (0..).zip(said) {
                let source = if is_tag { Source::Tag } else { Source::Title };
                sides[usize::from(is_second)].push(row(word, source, key, version));
                if version == 1 {
                    valid.push((is_second, row(word, source, key, version)));
                }
            }
            // Owners of the first block come first.
            valid.sort_by_key(|(is_second, _)| *is_second);
            let [first, second] = sides.map(Block::build);
            let whole = Block::build(valid.into_iter().map(|(_, row)| row).collect());
            prop_assert_eq!(told(&Block::merge([&first, &second], &versions)), told(&whole));
        }
    }
}
