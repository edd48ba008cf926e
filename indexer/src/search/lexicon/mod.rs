//! The titles and tags that suggestions and spelling look at, with who may see them.
//!
//! Immutable blocks of sorted keys (as written, full pinyin, initials): each commit adds a small block, blocks of like
//! size are merged, so that a change costs little and a look-up a few binary searches. What a block says of a
//! publication counts only while its version is the newest, so that what is withdrawn is gone at once.

mod block;
mod grams;
mod scoped;

pub(crate) use block::Spelling;
pub(crate) use grams::SoundPair;
pub(crate) use scoped::{Known, ScopedLexicon};

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use arc_swap::ArcSwap;
use shouwang_proto::id::GroupId;

use super::{
    analysis::fold::{Class, fold},
    document::{Caller, Document},
    facts::Numbers,
    schema::{key_hash, key_text},
};
use block::{Block, Owner, Row};

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
