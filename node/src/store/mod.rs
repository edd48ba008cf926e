//! What the node keeps, in SQLite: the only place with SQL.
//!
//! Every change of the shelf is one transaction: record, log entry and digest together, behind one writer that takes
//! many changes into one commit. Whoever waits for the log to grow is woken after the commit, even when the caller who
//! asked for the change has gone.

mod account;
mod alarm;
mod alert;
mod answer;
mod attachment;
mod branch;
mod change;
mod command;
mod fork;
#[cfg(test)]
mod fork_tests;
mod inbox;
mod inbox_step;
#[cfg(test)]
mod inbox_tests;
mod link;
mod log;
mod memory;
mod notice;
mod pack;
mod pen;
mod people;
mod publication;
mod restore;
mod retention;
mod row;
#[cfg(test)]
mod tests;
mod unneeded;

pub use answer::RequestKey;
pub use change::{Change, Effect, Outcome, Target};
pub use command::KeptCommand;
pub use fork::{ForkEnded, ForkView};
pub use inbox::{InboxChange, Item as InboxItem, command_unknown, notice_unknown};
pub use link::{LinkMemory, Quarantined};
pub use log::{LogSlice, Tip};
pub use notice::{Closed, KeptNotice, NoticeQuery};
pub use pen::{Author, Gate};
pub use people::Deed;
pub use publication::ListQuery;
pub use restore::{RestoreError, Restored};

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use shouwang_proto::{
    clock::from_millis,
    id::RecordId,
    log::{Hash, chain::Position, entry::BATCH_ENTRIES, head::Head, sealed::SealedEntry},
    refusal::Refusal,
};
use shouwang_serving::store::{Migrations, OpenError, Store, StoreError, StoreOptions};
use sqlx::migrate::Migrator;
use tokio::sync::watch;

use self::{log::TipCache, pen::Pen};
use crate::shelf::Item;

static SCHEMA: Migrator = sqlx::migrate!("migrations/sqlite");

/// The node's store. Clones share it.
#[derive(Clone, Debug)]
pub struct NodeStore {
    store: Store,
    pen: Pen,
    cache: TipCache,
    grown: Arc<watch::Sender<u64>>,
    inbox: Arc<watch::Sender<u64>>,
    alarms: Arc<watch::Sender<u64>>,
}

/// Wakes whoever waits for the log or the inbox, when it is dropped: the store drops or delivers an operation's result only after
/// the commit.
struct Wake {
    grown: Arc<watch::Sender<u64>>,
    seq: u64,
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.grown.send_if_modified(|known| {
            let more = self.seq > *known;
            *known = (*known).max(self.seq);
            more
        });
    }
}

/// A time as the store keeps it, so that the first answer shows what every later one will.
fn kept(now: Timestamp) -> Timestamp {
    from_millis(now.as_millisecond())
}

/// The answer to a request that may come twice.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// This was the first time: what was done, with the response as it was kept.
    Now(Box<Outcome>),
    /// It was answered before, with this.
    Before(Vec<u8>),
}

impl NodeStore {
    /// Opens the store in `folder`, and makes it if there is none. Without an author drafts can be kept.
    ///
    /// # Errors
    /// What kept it from opening, or an error of the first reads.
    pub async fn open(
        folder: &Path,
        author: Option<Author>,
        options: StoreOptions,
    ) -> Result<Self, anyhow::Error> {
        let store = Self::open_file(folder, options).await?;
        let pen = Pen::new(author);
        let (memory, position, change) = store
            .write(async |tx| {
                link::boots_advance(tx).await?;
                let change = notice::change_newest(tx).await?;
                Ok((link::link_find(tx).await?, log::position_find(tx).await?, change))
            })
            .await?;
        if let Some(why) = memory.held {
            tracing::error!(why, "publishing is held");
            pen.gate_set(Gate::Held(why));
        }
        tracing::info!(boots = memory.boots, seq = position.seq, epoch = position.epoch, "the log is open");
        Ok(Self {
            store,
            pen,
            cache: TipCache::default(),
            grown: Arc::new(watch::channel(position.seq).0),
            inbox: Arc::new(watch::channel(change).0),
            alarms: Arc::new(watch::channel(0).0),
        })
    }

    async fn open_file(folder: &Path, options: StoreOptions) -> Result<Store, OpenError> {
        let url = format!("sqlite:{}", folder.join("node.db").display());
        // A node's store is never PostgreSQL; the pair is what the library wants.
        Store::open(&url, &Migrations { sqlite: &SCHEMA, postgres: &SCHEMA }, options).await
    }

    /// Closes the store after everything queued was carried out.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// False from the first failed commit until the next good one.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.store.is_writable()
    }

    /// Who writes the log, if the node has joined.
    #[must_use]
    pub fn author(&self) -> Option<&Author> {
        self.pen.author().map(Arc::as_ref)
    }

    /// Wakes when the log has grown. The number is a hint; the store is the truth.
    #[must_use]
    pub fn grown(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    /// Makes several changes in one transaction; a refused one leaves the others alone.
    ///
    /// # Errors
    /// [`StoreError`] when none of them was made, or, after a failed commit, when nobody knows.
    pub async fn change_all(
        &self,
        changes: Vec<Change>,
        now: Timestamp,
    ) -> Result<Vec<Result<Outcome, Refusal>>, StoreError> {
        let now = kept(now);
        let (pen, cache, grown) = (self.pen.clone(), self.cache.clone(), Arc::clone(&self.grown));
        let (outcomes, _wake) = self
            .store
            .write(async move |tx| {
                let outcomes = change::shelf_change(tx, &pen, &cache, changes, now).await?;
                let seq = outcomes.iter().flatten().filter_map(|outcome| outcome.seq).max();
                Ok((outcomes, seq.map(|seq| Wake { grown, seq })))
            })
            .await?;
        Ok(outcomes)
    }

    /// Makes one change; with a key, only the first time that the request comes. `response` encodes the answer that a
    /// repeated request shall get.
    ///
    /// # Errors
    /// The refusal of the change, and all of [`NodeStore::change_all`].
    pub async fn change_once(
        &self,
        change: Change,
        key: Option<RequestKey>,
        now: Timestamp,
        response: impl FnOnce(&Outcome) -> Vec<u8> + Send + 'static,
    ) -> Result<Answered, StoreError> {
        let now = kept(now);
        let (pen, cache, grown) = (self.pen.clone(), self.cache.clone(), Arc::clone(&self.grown));
        let (answered, _wake) = self
            .store
            .write(async move |tx| {
                if let Some(key) = &key
                    && let Some(before) = answer::answer_find(tx, key).await?
                {
                    return Ok((Answered::Before(before), None));
                }
                let mut outcomes = change::shelf_change(tx, &pen, &cache, vec![change], now).await?;
                let outcome = outcomes.pop().unwrap_or_else(|| Err(crate::shelf::unknown()))?;
                if let Some(key) = &key {
                    answer::answer_put(tx, key, &response(&outcome), now.as_millisecond()).await?;
                }
                let wake = outcome.seq.map(|seq| Wake { grown, seq });
                Ok((Answered::Now(Box::new(outcome)), wake))
            })
            .await?;
        Ok(answered)
    }

    /// One publication.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, record: RecordId) -> Result<Option<Item>, StoreError> {
        self.store.read(async move |conn| publication::publication_find(conn, record).await).await
    }

    /// One publication by its owner's number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_by_external_id(&self, external_id: String) -> Result<Option<Item>, StoreError> {
        self.store
            .read(async move |conn| publication::publication_by_external_id(conn, &external_id).await)
            .await
    }

    /// A page of the shelf, and how many publications fit in all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, query: ListQuery) -> Result<(Vec<Item>, u64), StoreError> {
        self.store.read(async move |conn| publication::publications_list(conn, &query).await).await
    }

    /// How many drafts and how many published publications there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self) -> Result<(u64, u64), StoreError> {
        self.store.read(async |conn| publication::publications_count(conn).await).await
    }

    /// Forgets answers that were given before this time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_answers(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.store.write(async move |tx| answer::answers_forget(tx, before.as_millisecond()).await).await
    }

    /// The newest entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn position(&self) -> Result<Position, StoreError> {
        self.store.read(async |conn| log::position_find(conn).await).await
    }

    /// Where the log stands, ready to be signed; `None` before joining.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn head(&self) -> Result<Option<Head>, StoreError> {
        let Some(author) = self.pen.author().cloned() else { return Ok(None) };
        let tip = self.store.read(async |conn| log::tip_find(conn).await).await?;
        Ok(Some(Head {
            alliance: author.alliance.clone(),
            member: author.member.clone(),
            position: tip.position,
            live_count: tip.digest.count(),
            state_digest: tip.digest.root(),
        }))
    }

    /// Hash of the own entry with this number; `None` beyond the newest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entry_hash(&self, seq: u64) -> Result<Option<Hash>, StoreError> {
        self.store.read(async move |conn| log::entry_hash_find(conn, seq).await).await
    }

    /// The entries after `seq`: at most [`BATCH_ENTRIES`], at most `most_bytes` together.
    ///
    /// # Errors
    /// [`StoreError`]; a damaged entry is one.
    pub async fn log_after(&self, seq: u64, most_bytes: u64) -> Result<LogSlice, StoreError> {
        self.store.read(async move |conn| log::log_after(conn, seq, BATCH_ENTRIES, most_bytes).await).await
    }

    /// The entry with this number; `None` beyond the newest.
    ///
    /// # Errors
    /// [`StoreError`]; a damaged entry is one.
    pub async fn entry(&self, seq: u64) -> Result<Option<SealedEntry>, StoreError> {
        let Some(before) = seq.checked_sub(1) else { return Ok(None) };
        let slice =
            self.store.read(async move |conn| log::log_after(conn, before, 1, u64::MAX).await).await?;
        Ok(slice.entries.into_iter().find(|entry| entry.header().seq == seq))
    }

    /// Whether the log may be written.
    #[must_use]
    pub fn gate(&self) -> Gate {
        self.pen.gate()
    }

    /// Keeps the log from being written while the node fetches its own entries back.
    pub fn pause(&self) {
        self.pen.gate_set(Gate::Restoring);
    }

    /// Holds publishing until a person has looked, across restarts; `None` lets it go on.
    ///
    /// # Errors
    /// [`StoreError`]; the log is held all the same.
    pub async fn hold(&self, why: Option<String>) -> Result<(), StoreError> {
        self.pen.gate_set(why.clone().map_or(Gate::Open, Gate::Held));
        self.store.write(async move |tx| link::held_put(tx, why.as_deref()).await).await
    }

    /// Appends own entries that came back from the hub, and begins a new epoch once `until` is reached; `salt` makes its
    /// first entry unlike that of any other restore.
    ///
    /// # Errors
    /// [`RestoreError`]; nothing of the batch is kept then.
    pub async fn restore(
        &self,
        entries: Vec<SealedEntry>,
        until: Position,
        now: Timestamp,
        salt: [u8; 16],
    ) -> Result<Restored, RestoreError> {
        let author = self.pen.author().cloned().ok_or(RestoreError::NotOurs)?;
        let (cache, grown) = (self.cache.clone(), Arc::clone(&self.grown));
        let (restored, _wake) = self
            .store
            .write(async move |tx| {
                let restored = restore::log_restore(tx, &author, &cache, &entries, until, now, salt).await?;
                let wake = match &restored {
                    Ok(Restored::Complete(position)) => Some(Wake { grown, seq: position.seq }),
                    Ok(Restored::Partly) | Err(_) => None,
                };
                Ok((restored, wake))
            })
            .await
            .map_err(RestoreError::Store)?;
        restored
    }
}
