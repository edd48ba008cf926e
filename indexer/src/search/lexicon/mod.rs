//! The titles and tags that suggestions and spelling look at, with who may see them.
//!
//! Immutable blocks of sorted keys (as written, full pinyin, initials): each commit adds a small block, blocks of like
//! size are merged, so that a change costs little and a look-up a few binary searches. What a block says of a
//! publication counts only while its version is the newest, so that what is withdrawn is gone at once.

mod scoped;

pub(crate) use scoped::{Known, ScopedLexicon};

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use arc_swap::ArcSwap;
use shouwang_proto::id::GroupId;

use super::{
    analysis::{
        fold::{Class, fold},
        pinyin::syllable,
    },
    document::{Caller, Document},
    facts::Numbers,
    schema::{key_hash, key_text},
};

/// Places of a text at which typing may begin: its first words.
const STARTS: usize = 8;
/// A block is merged with the one before it unless that is so many times larger.
const TIERS: usize = 4;

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The thesaurus.
    Thesaurus,
    /// A tag.
    Tag,
    /// A title.
    Title,
}

impl Source {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Thesaurus => "thesaurus",
            Self::Tag => "tag",
            Self::Title => "title",
        }
    }
}

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
struct Row {
    display: String,
    source: Source,
    owner: Owner,
}

/// The publication that a text is of.
#[derive(Clone, Copy, Debug)]
struct Owner {
    key: u64,
    version: u32,
    member: u32,
    /// Place in [`Blocks::audiences`].
    audience: u32,
}

type Span = (u32, u32);

#[derive(Clone, Copy, Debug)]
struct TextRow {
    display: Span,
    characters: Span,
    full: Span,
    source: Source,
    owners: Span,
}

#[derive(Default)]
struct Block {
    arena: String,
    texts: Vec<TextRow>,
    owners: Vec<Owner>,
    /// For each spelling: part of the arena and text, sorted by the part.
    keys: [Vec<(Span, u32)>; 3],
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
    fn build(mut rows: Vec<(String, Row)>) -> Self {
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
        let (mut characters, mut full) = (display, display);
        for (place, text) in spelled.all.iter().enumerate() {
            let span = put(&mut self.arena, text);
            if place == Spelling::Characters as usize {
                characters = span;
            } else if place == Spelling::Full as usize {
                full = span;
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
        self.texts.push(TextRow {
            display,
            characters,
            full,
            source,
            owners: (first, self.owners.len() as u32),
        });
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
    fn merge(blocks: [&Self; 2], versions: &HashMap<u64, u32>) -> Self {
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

    fn part(&self, span: Span) -> &str {
        part(&self.arena, span)
    }

    fn owners_of(&self, text: &TextRow) -> &[Owner] {
        &self.owners[text.owners.0 as usize..text.owners.1 as usize]
    }

    /// Keys that begin so with their texts, in the order of the keys.
    fn with_prefix<'a>(
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

#[derive(Clone, Default)]
struct Blocks {
    blocks: Vec<Arc<Block>>,
    members: Arc<Numbers>,
    /// None: open.
    audiences: Arc<Vec<Option<BTreeSet<GroupId>>>>,
    newest_version: u32,
}

/// See the module. One writer, any number of readers.
#[derive(Default)]
pub(crate) struct Lexicon {
    blocks: ArcSwap<Blocks>,
    versions: RwLock<HashMap<u64, u32>>,
}

/// What a publication gives to the lexicon.
pub(crate) struct Entry {
    key: u64,
    member: String,
    audience: Option<BTreeSet<GroupId>>,
    title: String,
    tags: Vec<String>,
}

impl Entry {
    pub(crate) fn of(document: &Document) -> Self {
        let audience = (!document.is_open()).then(|| document.audience.clone());
        let key = key_text(&document.key);
        Self::new(&key, document.key.member.as_str(), audience, document.title.clone(), document.tags.clone())
    }

    pub(crate) fn new(
        key: &str,
        member: &str,
        audience: Option<BTreeSet<GroupId>>,
        title: String,
        tags: Vec<String>,
    ) -> Self {
        Self { key: key_hash(key), member: member.to_owned(), audience, title, tags }
    }
}

impl Entry {
    pub(crate) fn is_of(&self, key: &str) -> bool {
        self.key == key_hash(key)
    }
}

impl Lexicon {
    /// From now on nothing that is known of these publications counts.
    pub(crate) fn forget(&self, keys: impl IntoIterator<Item = u64>) {
        let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            versions.remove(&key);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.versions.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.blocks.store(Arc::default());
    }

    /// Adds publications, in place of what was known of them. Only one at a time may call it.
    pub(crate) fn add(&self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let mut blocks = Blocks::clone(&self.blocks.load());
        let mut versions = BTreeMap::new();
        let mut rows = Vec::new();
        for (version, entry) in (blocks.newest_version + 1..).zip(&entries) {
            blocks.newest_version = version;
            versions.insert(entry.key, version);
            let owner = blocks.owner(entry, version);
            let titles = std::iter::once((&entry.title, Source::Title));
            for (text, source) in titles.chain(entry.tags.iter().map(|tag| (tag, Source::Tag))) {
                let characters: String =
                    fold(text).filter(|one| one.class != Class::Break).map(|one| one.character).collect();
                rows.push((characters, Row { display: text.clone(), source, owner }));
            }
        }
        // The last of several entries of one publication counts.
        rows.retain(|(_, row)| versions.get(&row.owner.key) == Some(&row.owner.version));
        blocks.blocks.push(Arc::new(Block::build(rows)));
        self.versions.write().unwrap_or_else(PoisonError::into_inner).extend(versions);
        while let [.., before, last] = &blocks.blocks[..]
            && before.owners.len() < last.owners.len() * TIERS
        {
            let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
            let merged = Arc::new(Block::merge([before, last], &versions));
            drop(versions);
            blocks.blocks.truncate(blocks.blocks.len() - 2);
            blocks.blocks.push(merged);
        }
        self.blocks.store(Arc::new(blocks));
    }

    /// What this caller may see of it.
    pub(crate) fn for_caller<R>(&self, caller: &Caller, look: impl FnOnce(&ScopedLexicon<'_>) -> R) -> R {
        let blocks = self.blocks.load();
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        look(&ScopedLexicon { blocks: &blocks, versions: &versions, caller })
    }
}

impl Blocks {
    fn owner(&mut self, entry: &Entry, version: u32) -> Owner {
        let member = self.members.get(&entry.member);
        let member = member.unwrap_or_else(|| Arc::make_mut(&mut self.members).number(&entry.member));
        let audience = match self.audiences.iter().position(|audience| *audience == entry.audience) {
            Some(place) => place,
            None => {
                Arc::make_mut(&mut self.audiences).push(entry.audience.clone());
                self.audiences.len() - 1
            }
        };
        Owner { key: entry.key, version, member, audience: audience as u32 }
    }
}
