//! Wakes the sessions of those for whom something waits in the outbox, and reads it for all of them together: whoever rings
//! reads what is new, once, and the sessions find it read. The rows stay the queue. A session that has missed something, as
//! every new one has, reads its own rows.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use shouwang_proto::id::MemberId;
use shouwang_serving::store::{Store, StoreError};
use tokio::sync::watch;

use crate::store::mutual_aid::outbox::{self, WaitingNotice};

/// Rows read at once.
const READ: u32 = 1_000;
/// Most bytes of notices that are kept for those who have not come yet.
const KEPT_BYTES: usize = 32 * 1024 * 1024;

/// One bell for each member that has listened. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Bell {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    bells: Mutex<BTreeMap<MemberId, watch::Sender<u64>>>,
    /// How often anybody was rung for. Raised after the commit and before the session wakes.
    rung: AtomicU64,
    feed: Mutex<Feed>,
    /// Held by the one who reads for everybody.
    reading: tokio::sync::Mutex<()>,
    outgoing: Mutex<Outgoing>,
}

/// What waits for one member.
#[derive(Debug)]
pub struct Page {
    /// Oldest first.
    pub notices: Vec<Arc<WaitingNotice>>,
    /// Everything up to this number is among them or was before.
    pub upto: u64,
    /// True when more may wait already.
    pub is_full: bool,
}

impl Bell {
    /// Listens for one member; bounded by the number of members.
    #[must_use]
    pub fn listen(&self, member: &MemberId) -> watch::Receiver<u64> {
        self.lock().entry(member.clone()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Wakes the sessions of these members, of those who have one. What is new is read before: sessions that wake find it
    /// read, and do not queue for it. If it cannot be read, they wake all the same, and say so.
    pub async fn ring<'a>(&self, store: &Store, members: impl IntoIterator<Item = &'a MemberId>) {
        self.shared.rung.fetch_add(1, Ordering::AcqRel);
        if let Err(error) = self.catch_up(store).await {
            tracing::warn!(%error, "what was put into the outbox cannot be read; each session tries for itself");
        }
        let bells = self.lock();
        for bell in members.into_iter().filter_map(|member| bells.get(member)) {
            bell.send_modify(|rung| *rung += 1);
        }
    }

    /// Wakes every session.
    pub fn ring_all(&self) {
        self.shared.rung.fetch_add(1, Ordering::AcqRel);
        for bell in self.lock().values() {
            bell.send_modify(|rung| *rung += 1);
        }
    }

    /// What waits for a member after the number up to which its session has everything; 0: it has nothing yet. At most
    /// `limit`, not what has become too old.
    ///
    /// # Errors
    /// What the store said, or which row cannot be believed.
    pub async fn waiting(
        &self,
        store: &Store,
        member: &MemberId,
        (sent, limit): (u64, u32),
        now: Timestamp,
    ) -> Result<Page, StoreError> {
        if !self.feed().has_heard(self.shared.rung.load(Ordering::Acquire)) {
            self.catch_up(store).await?;
        }
        if let Some(page) = self.feed().page(member, sent, limit as usize, now) {
            return Ok(page);
        }
        let own = member.clone();
        let read = async move |conn: &mut _| {
            let head = outbox::notice_head(conn).await?;
            Ok((head, outbox::notices_waiting(conn, &own, sent, limit, now).await?))
        };
        let (head, found) = store.read(read).await?;
        let is_full = found.len() >= limit as usize;
        let last = found.last().map_or(sent, |last| last.number);
        let notices = found.into_iter().map(Arc::new).collect();
        Ok(Page { notices, upto: if is_full { last } else { head.max(sent) }, is_full })
    }

    /// Reads what is new, for everybody.
    async fn catch_up(&self, store: &Store) -> Result<(), StoreError> {
        let _turn = self.shared.reading.lock().await;
        loop {
            // Before the read: what is rung for later may not be in it.
            let rung = self.shared.rung.load(Ordering::Acquire);
            let after = {
                let feed = self.feed();
                if feed.has_heard(rung) {
                    return Ok(());
                }
                feed.start.map(|_| feed.upto)
            };
            let read = async move |conn: &mut _| {
                let head = outbox::notice_head(conn).await?;
                let found = match after {
                    Some(after) => outbox::notices_new(conn, after, READ).await?,
                    None => Vec::new(),
                };
                Ok((head, found))
            };
            let (head, found) = store.read(read).await?;
            self.feed().take_in(head, found, rung);
        }
    }

    fn feed(&self) -> MutexGuard<'_, Feed> {
        // Every change is whole before anything can panic.
        self.shared.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that these are on their way. True: the caller has to write them with [`Bell::outgoing`]; false: somebody else
    /// does.
    pub fn note_sent(&self, numbers: &[u64]) -> bool {
        let mut outgoing = self.shared.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        outgoing.numbers.extend_from_slice(numbers);
        !std::mem::replace(&mut outgoing.is_written, true)
    }

    /// What is to be written as sent, in order; empty: the caller is done.
    #[must_use]
    pub fn outgoing(&self) -> Vec<u64> {
        let mut outgoing = self.shared.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut numbers = std::mem::take(&mut outgoing.numbers);
        outgoing.is_written = !numbers.is_empty();
        numbers.sort_unstable();
        numbers
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<MemberId, watch::Sender<u64>>> {
        // Every change is whole before anything can panic.
        self.shared.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers that went onto links and are not noted yet.
#[derive(Debug, Default)]
struct Outgoing {
    numbers: Vec<u64>,
    /// Somebody is writing.
    is_written: bool,
}

/// The newest notices, read once for everybody.
#[derive(Debug, Default)]
struct Feed {
    /// Where it began; none: it has not.
    start: Option<u64>,
    /// Every row up to here was read.
    upto: u64,
    /// Everything that was rung for up to here was read.
    heard: u64,
    kept: BTreeMap<(MemberId, u64), Arc<WaitingNotice>>,
    order: VecDeque<(MemberId, u64)>,
    bytes: usize,
    /// The newest of each member that is not kept any more.
    dropped: BTreeMap<MemberId, u64>,
}

impl Feed {
    /// True when everything that was rung for up to here was read.
    fn has_heard(&self, rung: u64) -> bool {
        self.start.is_some() && self.heard >= rung
    }

    /// Takes in what was read after its end, and the number of the newest row then. Before it has begun, that is where it
    /// begins.
    fn take_in(&mut self, head: u64, found: Vec<WaitingNotice>, rung: u64) {
        if self.start.is_none() {
            (self.start, self.upto, self.heard) = (Some(head), head, rung);
            return;
        }
        let is_full = found.len() >= READ as usize;
        let last = found.last().map_or(self.upto, |last| last.number);
        found.into_iter().for_each(|notice| self.keep(notice));
        self.upto = if is_full { last } else { head.max(self.upto) };
        if !is_full {
            self.heard = rung;
        }
    }

    fn keep(&mut self, notice: WaitingNotice) {
        let key = (notice.recipient.clone(), notice.number);
        self.bytes += notice.encoded.len();
        self.order.push_back(key.clone());
        self.kept.insert(key, Arc::new(notice));
        while self.bytes > KEPT_BYTES
            && let Some(key) = self.order.pop_front()
        {
            self.bytes -= self.kept.remove(&key).map_or(0, |gone| gone.encoded.len());
            self.dropped.insert(key.0, key.1);
        }
    }

    /// The member's next page; none when something that it has not got is not kept.
    fn page(&self, member: &MemberId, sent: u64, limit: usize, now: Timestamp) -> Option<Page> {
        let known = self.start?.max(self.dropped.get(member).copied().unwrap_or(0));
        if sent < known {
            return None;
        }
        let range = (Bound::Excluded((member.clone(), sent)), Bound::Included((member.clone(), u64::MAX)));
        let all = self.kept.range(range).map(|(_, notice)| notice);
        let notices: Vec<_> = all.filter(|notice| !notice.is_too_old(now)).take(limit).cloned().collect();
        let is_full = notices.len() >= limit;
        let last = notices.last().map_or(sent, |last| last.number);
        Some(Page { notices, upto: if is_full { last } else { self.upto.max(sent) }, is_full })
    }
}

#[cfg(test)]
mod tests;
