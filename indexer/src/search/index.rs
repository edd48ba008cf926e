//! The search index of the hub: a derived consumer of its log that may be deleted at any time.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use arc_swap::ArcSwap;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::{
    SearchError,
    document::{Caller, IndexChange},
    facts::Names,
    lexicon::{Entry, Lexicon},
    pins::Pins,
    schema::{VERSION, key_hash, key_text},
    scoped::ScopedSearcher,
    shard::{Payload, Shard, WriterSize, delete},
    thesaurus::Thesaurus,
    view::View,
};

/// Sizes of the index.
#[derive(Clone, Copy, Debug)]
pub struct IndexSettings {
    /// Threads that build the open index.
    pub writer_threads: usize,
    /// Bytes that each of them may buffer, at least 15 MB.
    pub writer_bytes: usize,
    /// Makes page tokens unguessable; random, one for each start.
    pub seed: [u8; 16],
}

impl Default for IndexSettings {
    fn default() -> Self {
        Self { writer_threads: 1, writer_bytes: 48_000_000, seed: [0; 16] }
    }
}

/// How a commit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Everything so far is searchable and in the files.
    Done,
    /// The files were gone or broken: the index is empty and at position 0 again, apply everything from the beginning.
    /// Searches go on in what was there before until the position before the loss is reached again.
    Lost,
}

/// See the module. Shared by the task that follows the log and all searches.
pub struct SearchIndex {
    folder: PathBuf,
    settings: IndexSettings,
    writing: Mutex<Writing>,
    view: ArcSwap<View>,
    pub(super) pins: Mutex<Pins>,
    pub(super) thesaurus: ArcSwap<Thesaurus>,
    pub(super) lexicon: Lexicon,
    visible: watch::Sender<u64>,
}

/// What only one at a time may touch.
struct Writing {
    /// None only while they are being made anew.
    shards: Option<Shards>,
    names: Arc<Names>,
    /// Position up to which the files hold everything.
    position: u64,
    /// Which life of the hub wrote the line there.
    era: [u8; 16],
    /// The same for the next commit.
    next_era: [u8; 16],
    /// A rebuilt index is shown only when it has come this far.
    show_from: u64,
    /// True while the index is made anew: the lexicon is read from it when it is shown.
    is_rebuilding: bool,
    /// For the lexicon, with the next commit, by the hash of their key.
    entries: BTreeMap<u64, Entry>,
    views: u64,
}

struct Shards {
    open: Shard,
    restricted: Shard,
}

/// The restricted index is small.
const RESTRICTED: WriterSize = WriterSize { threads: 1, bytes: 15_000_000 };

impl SearchIndex {
    /// Opens the index in `folder`; what is missing, broken or of an older schema is made anew, and the position is 0.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path, settings: IndexSettings) -> Result<Arc<Self>, SearchError> {
        let (mut shards, position, era) = Self::open_shards(folder, &settings)?;
        let mut names = Arc::default();
        let view = View {
            id: view_id(&settings.seed, 0),
            position,
            open: shards.open.view(&mut names)?,
            restricted: shards.restricted.view(&mut names)?,
            names: Arc::clone(&names),
        };
        let lexicon = Lexicon::default();
        lexicon.add(view.entries()?);
        let writing = Writing {
            shards: Some(shards),
            names,
            position,
            era,
            next_era: era,
            show_from: position,
            is_rebuilding: false,
            entries: BTreeMap::new(),
            views: 1,
        };
        Ok(Arc::new(Self {
            folder: folder.to_owned(),
            settings,
            writing: Mutex::new(writing),
            view: ArcSwap::from_pointee(view),
            pins: Mutex::default(),
            thesaurus: ArcSwap::default(),
            lexicon,
            visible: watch::Sender::new(position),
        }))
    }

    fn open_shards(folder: &Path, settings: &IndexSettings) -> Result<(Shards, u64, [u8; 16]), SearchError> {
        let size = WriterSize { threads: settings.writer_threads, bytes: settings.writer_bytes };
        let (open, said) = Shard::open(&folder.join("open"), size)?;
        let (restricted, other) = Shard::open(&folder.join("restricted"), RESTRICTED)?;
        // A restricted index that is behind what the open one knows of it was rolled back: start from there.
        let from = if other.position < said.restricted { other } else { said };
        Ok((Shards { open, restricted }, from.position, from.era))
    }

    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Position in the hub's log up to which the files hold everything; go on after it.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.lock().position
    }

    /// Which life of the hub wrote the line of its log at [`SearchIndex::position`].
    #[must_use]
    pub fn era(&self) -> [u8; 16] {
        self.lock().era
    }

    /// The next commit is at a line that this life of the hub wrote.
    pub fn set_era(&self, era: [u8; 16]) {
        self.lock().next_era = era;
    }

    /// Begins anew, because what is in the index is of another history or has missed removals. Nothing of it is shown until
    /// the next commit.
    ///
    /// # Errors
    /// As [`SearchIndex::commit`].
    pub fn forget(&self) -> Result<Committed, SearchError> {
        let mut writing = self.lock();
        let done = self.make_anew(&mut writing)?;
        writing.show_from = 0;
        self.show(&mut writing)?;
        Ok(done)
    }

    /// The position that searches see; wait on it to read what was written.
    #[must_use]
    pub fn visible(&self) -> watch::Receiver<u64> {
        self.visible.subscribe()
    }

    /// Takes changes in, in the order of the log; repeating them is harmless. They become searchable with the commit.
    ///
    /// # Errors
    /// When the index cannot take them; commit says then that it is lost, and everything starts from the beginning.
    pub fn apply(&self, changes: &[IndexChange]) -> Result<(), SearchError> {
        let mut writing = self.lock();
        // What is replaced or withdrawn is no suggestion any more, from now on and not only from the commit.
        self.lexicon.forget(changes.iter().map(|change| key_hash(&key_text(change.key()))));
        let Writing { shards, entries, .. } = &mut *writing;
        let Some(open) = shards else { return Err(SearchError::Lost) };
        for change in changes {
            let key = key_text(change.key());
            match change {
                IndexChange::Put(document) => drop(entries.insert(key_hash(&key), Entry::of(document))),
                IndexChange::Remove(_) => drop(entries.remove(&key_hash(&key))),
            }
            if let Err(error) = open.change(&key, change) {
                *shards = None;
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Makes everything applied so far searchable and keeps `position` in the same write. Blocks for the disk.
    ///
    /// # Errors
    /// When the index can neither be written nor made anew: a full or broken disk.
    pub fn commit(&self, position: u64) -> Result<Committed, SearchError> {
        let mut writing = self.lock();
        if writing.shards.as_ref().is_none_or(Shards::is_lost) {
            return self.make_anew(&mut writing);
        }
        let Writing { shards: Some(shards), next_era, .. } = &mut *writing else {
            return Err(SearchError::Lost);
        };
        if let Err(error) = shards.commit(position, *next_era) {
            tracing::error!(%error, "index cannot be written, it is built anew");
            return self.make_anew(&mut writing);
        }
        (writing.position, writing.era) = (position, writing.next_era);
        if position >= writing.show_from {
            self.show(&mut writing)?;
        }
        Ok(Committed::Done)
    }

    /// Looks whether the files are still there; for quiet times.
    ///
    /// # Errors
    /// As [`SearchIndex::commit`].
    pub fn check(&self) -> Result<Committed, SearchError> {
        let mut writing = self.lock();
        if writing.shards.as_ref().is_none_or(Shards::is_lost) {
            return self.make_anew(&mut writing);
        }
        Ok(Committed::Done)
    }

    /// Checks every file against its checksum; makes the index anew when one is damaged.
    ///
    /// # Errors
    /// As [`SearchIndex::commit`].
    pub fn scrub(&self) -> Result<Committed, SearchError> {
        let mut writing = self.lock();
        let sound = writing.shards.as_ref().is_some_and(|shards| {
            [&shards.open, &shards.restricted]
                .iter()
                .all(|shard| shard.damaged().is_ok_and(|files| files.is_empty()))
        });
        if sound { Ok(Committed::Done) } else { self.make_anew(&mut writing) }
    }

    fn make_anew(&self, writing: &mut Writing) -> Result<Committed, SearchError> {
        tracing::warn!(folder = %self.folder.display(), "index files are gone or broken, the index is built anew");
        // The old writers end before new files come, so that no merge of theirs meets the new index.
        writing.shards = None;
        writing.is_rebuilding = true;
        writing.entries.clear();
        (writing.position, writing.era) = (0, [0; 16]);
        writing.show_from = writing.show_from.max(self.view.load().position);
        delete(&self.folder)?;
        let (shards, ..) = Self::open_shards(&self.folder, &self.settings)?;
        writing.shards = Some(shards);
        Ok(Committed::Lost)
    }

    fn show(&self, writing: &mut Writing) -> Result<(), SearchError> {
        let Writing { shards, names, position, views, entries, is_rebuilding, .. } = writing;
        let Some(shards) = shards else { return Err(SearchError::Lost) };
        let open = shards.open.view(names)?;
        let restricted = shards.restricted.view(names)?;
        let id = view_id(&self.settings.seed, *views);
        *views += 1;
        let view = View { id, position: *position, open, restricted, names: Arc::clone(names) };
        let entries = std::mem::take(entries);
        if std::mem::take(is_rebuilding) {
            self.lexicon.clear();
            self.lexicon.add(view.entries()?);
        } else {
            self.lexicon.add(entries.into_values().collect());
        }
        self.view.store(Arc::new(view));
        self.pins.lock().unwrap_or_else(PoisonError::into_inner).forget_old(Instant::now());
        self.visible.send_replace(*position);
        Ok(())
    }

    /// Replaces the thesaurus for all searches from now on.
    pub fn set_thesaurus(&self, thesaurus: Thesaurus) {
        self.thesaurus.store(Arc::new(thesaurus));
    }

    /// The only way to read: as a caller.
    #[must_use]
    pub fn searcher(self: &Arc<Self>, caller: Caller) -> ScopedSearcher {
        ScopedSearcher::new(Arc::clone(self), caller)
    }

    pub(super) fn newest(&self) -> Arc<View> {
        self.view.load_full()
    }
}

impl Shards {
    fn is_lost(&self) -> bool {
        self.open.is_lost() || self.restricted.is_lost()
    }

    fn change(&mut self, key: &str, change: &IndexChange) -> tantivy::Result<()> {
        match change {
            IndexChange::Put(document) if document.is_open() => {
                self.restricted.remove(key);
                self.open.put(key, document)
            }
            IndexChange::Put(document) => {
                self.open.remove(key);
                self.restricted.put(key, document)
            }
            IndexChange::Remove(_) => {
                self.open.remove(key);
                self.restricted.remove(key);
                Ok(())
            }
        }
    }

    /// The restricted index first: the open one's payload says how far the restricted one was.
    fn commit(&mut self, position: u64, era: [u8; 16]) -> tantivy::Result<()> {
        let mut restricted = self.restricted.committed();
        if self.restricted.is_pending() {
            restricted = position;
            self.restricted.commit(Payload { version: VERSION, position, era, restricted: 0 })?;
        }
        self.open.commit(Payload { version: VERSION, position, era, restricted })
    }
}

/// Names a view by its number, so that a token tells nothing about how much happened between two answers.
fn view_id(seed: &[u8; 16], number: u64) -> u64 {
    let digest = Sha256::new()
        .chain_update(b"shouwang view")
        .chain_update(seed)
        .chain_update(number.to_le_bytes())
        .finalize();
    digest.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte))
}
