//! Immutable blocks of texts with sorted keys.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

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

    fn sort(&mut self) {
        let arena = &self.arena;
        for keys in &mut self.keys {
            keys.sort_unstable_by(|one, other| {
                part(arena, one.0).cmp(part(arena, other.0)).then(one.1.cmp(&other.1))
            });
        }
    }

    /// Both blocks in one, without what is no longer valid.
    pub(super) fn merge(blocks: [&Self; 2], versions: &HashMap<u64, u32>) -> Self {
        // One text for each way it is written: who may see one of them must not see how another wrote it.
        let mut merged: BTreeMap<(&str, Source, &str), Vec<Owner>> = BTreeMap::new();
        for block in blocks {
            for text in &block.texts {
                let owners = block
                    .owners_of(text)
                    .iter()
                    .filter(|owner| versions.get(&owner.key) == Some(&owner.version));
                let key = (block.part(text.characters), text.source, block.part(text.display));
                merged.entry(key).or_default().extend(owners);
            }
        }
        let mut block = Self::default();
        for ((_, source, display), owners) in merged.into_iter().filter(|(_, owners)| !owners.is_empty()) {
            block.add(display, source, &owners);
        }
        block.sort();
        block
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

fn part(arena: &str, span: Span) -> &str {
    &arena[span.0 as usize..span.1 as usize]
}
