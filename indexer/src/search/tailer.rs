//! Follows the hub's log into the index: reads what is after the index's own position, applies it, commits.
//!
//! The position lives in the index itself, so a crash, an older copy or a deleted folder only means that more of the
//! log is read again.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{clock::World, publication::Content, wire};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};

use super::{Committed, IndexChange, RecordKey, SearchError, SearchIndex, compose::document};
use crate::store::{
    self, Store,
    hub_history::history_at,
    hub_log::{HubChange, HubLogRow},
};

/// Lines read from the log at once.
const READ_LINES: u32 = 1_000;
/// Longest time that something applied waits for a commit.
const COMMIT_WITHIN: Duration = Duration::from_millis(150);
/// Shortest time between two commits, however fast the disk is.
const COMMIT_APART: Duration = Duration::from_millis(20);
/// The same while there is much more to read: each commit makes files that have to be merged later.
const COMMIT_WITHIN_WHILE_BEHIND: Duration = Duration::from_secs(2);
/// While a commit is awaited anyway, what comes within this part of the time is read together: a read for each line of a
/// busy log costs more than the lines.
const READS_BEFORE_COMMIT: u32 = 2;
/// Most lines that wait for a commit.
const COMMIT_LINES: usize = 20_000;
/// How often the files are looked at in quiet times, and a broken disk is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How far the index is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Position of the hub's log that searches see.
    pub position: u64,
    /// When it last had all that there was.
    pub caught_up: Option<Timestamp>,
}

/// The task that follows the log. One for each index.
pub struct Tailer {
    index: Arc<SearchIndex>,
    store: Store,
    head: watch::Receiver<u64>,
    world: World,
    progress: Arc<ArcSwap<Progress>>,
    /// Told after each commit: what waits for its own writes.
    reached: Arc<dyn Fn(u64) + Send + Sync>,
    one_thread: bool,
    /// Removals that are known to be gone from the log.
    removals_gone: u64,
    /// How long to gather before a commit: as long as the last one took, so that a slow disk is given half of the time
    /// and a fast one makes news searchable sooner.
    pause: Duration,
}

/// What has been applied and not committed.
struct Pending {
    /// Last position applied.
    position: u64,
    lines: usize,
    since: Option<Instant>,
    /// Something must vanish from answers: commit at once.
    is_urgent: bool,
    /// What was read while the lines before it were applied; `None` when nothing was.
    ahead: Option<Vec<HubLogRow>>,
}

impl Pending {
    fn after(position: u64) -> Self {
        Self { position, lines: 0, since: None, is_urgent: false, ahead: None }
    }

    fn is_due(&self, now: Instant, is_all: bool, pause: Duration) -> bool {
        let within = if is_all { pause } else { COMMIT_WITHIN_WHILE_BEHIND };
        self.since.is_some_and(|since| {
            self.is_urgent || self.lines >= COMMIT_LINES || now.duration_since(since) >= within
        })
    }
}

impl Tailer {
    /// A tailer that has not begun. `one_thread`: index work blocks the caller's thread, as a simulation needs it.
    #[must_use]
    pub fn new(
        index: Arc<SearchIndex>,
        store: Store,
        head: watch::Receiver<u64>,
        world: World,
        reached: Arc<dyn Fn(u64) + Send + Sync>,
        one_thread: bool,
    ) -> Self {
        let position = index.position();
        // After a clean end there is nothing to apply, and nobody has to wait for the first look.
        let caught_up = (position == *head.borrow()).then(|| world.now());
        let progress = Progress { position, caught_up };
        Self {
            index,
            store,
            head,
            world,
            progress: Arc::new(ArcSwap::from_pointee(progress)),
            reached,
            one_thread,
            removals_gone: 0,
            pause: COMMIT_APART,
        }
    }

    /// How far it is, for whoever asks while it runs.
    #[must_use]
    pub fn progress(&self) -> Arc<ArcSwap<Progress>> {
        Arc::clone(&self.progress)
    }

    /// Follows the log for ever. An error is logged and tried again: nothing is lost meanwhile.
    pub async fn follow(mut self) {
        while let Err(error) = self.check_history(self.index.position()).await {
            tracing::error!(%error, "whether the index belongs to this database is not known; it is tried again");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let mut pending = Pending::after(self.index.position());
        (self.reached)(pending.position);
        loop {
            if let Err(error) = self.advance(&mut pending).await {
                tracing::error!(%error, position = pending.position, "the index does not follow; it is tried again");
                tokio::time::sleep(LOOK_EVERY).await;
                pending = Pending::after(self.index.position());
            }
        }
    }

    /// One step: read and apply, or commit, or wait for more.
    async fn advance(&mut self, pending: &mut Pending) -> Result<(), TailerError> {
        self.head.borrow_and_update();
        let rows = match pending.ahead.take() {
            Some(rows) => rows,
            None => self.read_after(pending.position).await?,
        };
        let is_all = rows.len() < READ_LINES as usize;
        if let Some(last) = rows.last() {
            pending.position = last.position;
            pending.lines += rows.len();
            pending.since.get_or_insert_with(Instant::now);
            let index = Arc::clone(&self.index);
            let apply = self.run(move || {
                // Reading the content is work too, and not for the network's threads.
                let changes: Vec<IndexChange> = rows.into_iter().map(change).collect();
                index.apply(&changes)?;
                Ok(changes.iter().any(|change| matches!(change, IndexChange::Remove(_))))
            });
            pending.is_urgent |= if is_all {
                apply.await?
            } else {
                // The database reads on while the index writes.
                let (applied, ahead) = tokio::join!(apply, self.read_after(pending.position));
                pending.ahead = Some(ahead?);
                applied?
            };
        }
        if pending.is_due(Instant::now(), is_all, self.pause) {
            return self.commit(pending, is_all).await;
        }
        if is_all {
            self.wait(pending).await?;
        }
        Ok(())
    }

    async fn read_after(&self, position: u64) -> Result<Vec<HubLogRow>, store::StoreError> {
        self.store
            .read(async move |conn| store::hub_log::hub_log_after(conn, position, READ_LINES).await)
            .await
    }

    /// Begins anew when the index is of another history than the log (its folder or the database was put back), or when
    /// removals that it has not seen are gone from the log. Else tells it the life that wrote the line at `position`.
    async fn check_history(&mut self, position: u64) -> Result<Committed, TailerError> {
        let stands = self.index.position();
        let (before, now) = self
            .store
            .read(async move |conn| Ok((history_at(conn, stands).await?, history_at(conn, position).await?)))
            .await?;
        let missed = now.removals_gone > self.removals_gone && stands < now.removals_gone;
        self.removals_gone = now.removals_gone;
        if missed || (stands > 0 && before.era != self.index.era()) {
            tracing::warn!(
                position = stands,
                missed,
                "the index does not belong to this log, it is built anew"
            );
            let index = Arc::clone(&self.index);
            let done = self.run(move || index.forget()).await?;
            self.progress.store(Arc::default());
            return Ok(done);
        }
        self.index.set_era(now.era);
        Ok(Committed::Done)
    }

    async fn commit(&mut self, pending: &mut Pending, is_all: bool) -> Result<(), TailerError> {
        if self.check_history(pending.position).await? == Committed::Lost {
            *pending = Pending::after(self.index.position());
            return Ok(());
        }
        let (index, position) = (Arc::clone(&self.index), pending.position);
        let began = Instant::now();
        let committed = self.run(move || index.commit(position)).await?;
        self.pause = began.elapsed().clamp(COMMIT_APART, COMMIT_WITHIN);
        // After a loss the index is at the beginning again, and what was read ahead is of no use.
        let ahead = pending.ahead.take().filter(|_| committed == Committed::Done);
        *pending = Pending { ahead, ..Pending::after(self.index.position()) };
        if committed == Committed::Done {
            let before = self.progress.load();
            let caught_up = if is_all { Some(self.world.now()) } else { before.caught_up };
            self.progress.store(Arc::new(Progress { position, caught_up }));
            metrics::gauge!("shouwang_index_position").set(f64_of(position));
            (self.reached)(position);
        }
        Ok(())
    }

    /// Waits until there is more, a commit is due, or it is time to look after the files.
    async fn wait(&mut self, pending: &mut Pending) -> Result<(), TailerError> {
        let now = Instant::now();
        let until = pending.since.map_or(now + LOOK_EVERY, |since| since + self.pause);
        if pending.since.is_some() {
            sleep_until(until.min(now + self.pause / READS_BEFORE_COMMIT)).await;
        }
        if timeout_at(until, self.head.changed()).await.is_err() && pending.since.is_none() {
            let index = Arc::clone(&self.index);
            match self.run(move || index.check()).await? {
                Committed::Done => {
                    let position = pending.position;
                    self.progress.store(Arc::new(Progress { position, caught_up: Some(self.world.now()) }));
                }
                Committed::Lost => *pending = Pending::after(self.index.position()),
            }
        }
        Ok(())
    }

    /// Work that waits for the disk, away from the network's threads.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, TailerError> {
        if self.one_thread {
            return Ok(work()?);
        }
        Ok(tokio::task::spawn_blocking(work).await.map_err(|_| TailerError::Ended)??)
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
enum TailerError {
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error("the index's work was cut short")]
    Ended,
}

/// What one line of the log means for the index. Content that does not pass is not shown: the link room has judged it
/// before, so this happens only when a newer hub wrote the line.
fn change(row: HubLogRow) -> IndexChange {
    let HubLogRow { position, member, record, seq: _, change } = row;
    let key = RecordKey { member, record };
    let HubChange::Put(entry) = change else { return IndexChange::Remove(key) };
    let header = entry.header();
    let payload = wire::RecordPayload::decode(entry.payload().clone());
    let publication = payload.ok().and_then(|payload| payload.publication);
    let published_ms = publication
        .as_ref()
        .map_or(header.written_ms, |publication| published_ms(publication, header.written_ms));
    match publication.map(Content::from_wire) {
        Some(Ok(content)) => IndexChange::Put(Box::new(document(
            key.member,
            key.record,
            content,
            header.revision,
            published_ms,
        ))),
        Some(Err(_)) | None => {
            tracing::warn!(position, member = %key.member, record = %key.record, "not understood, not indexed");
            IndexChange::Remove(key)
        }
    }
}

/// When the owner published it; what the header says when the content does not.
fn published_ms(publication: &wire::Publication, otherwise: i64) -> i64 {
    let said = publication.publish_time.as_ref().and_then(shouwang_proto::publication::time_from_wire);
    said.map_or(otherwise, Timestamp::as_millisecond)
}

#[expect(clippy::cast_precision_loss, reason = "a metric; positions stay far below 2^53")]
fn f64_of(position: u64) -> f64 {
    position as f64
}
