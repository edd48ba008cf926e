//! How each member's link is now, in memory: for the council's pages and for the answers to heartbeats. What must not
//! be lost is in the store; after a start the board is filled from there.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use shouwang_proto::{
    id::MemberId,
    log::{Hash, chain::Position, head::Head},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    commit::Applied,
    guard::WithdrawGuard,
    lease::{BootId, Lease, Line, Ticket},
};
use crate::store::{Store, StoreError, hub_log, log, quarantine};

/// Checkpoints kept of one member on the way to the index; beyond that the newest replaces the one before.
const WAITING: usize = 64;

/// Most damaged entries that a node is asked for at once.
pub const DAMAGED_TOLD: usize = 100;

/// How one member's link is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkRow {
    /// Is the control stream open?
    pub connected: bool,
    /// When the node was last heard; `None` when not since the hub started.
    pub heard: Option<Timestamp>,
    /// The newest head that the node told.
    pub head: Position,
    /// Durable here.
    pub durable: Position,
    /// In the index.
    pub searchable: Position,
    /// Live records here.
    pub live_count: u64,
    /// Entries in quarantine.
    pub quarantined: u64,
    /// The heads were equal and the digests were not.
    pub diverged: bool,
    /// Entries whose rows were found damaged and are to be sent again, the first [`DAMAGED_TOLD`] of them.
    pub damaged: Vec<u64>,
    /// What is wrong, in words; empty when nothing is.
    pub problem: String,
    /// The node's software version.
    pub software_version: String,
    /// Does the node take notices? If not, its people are phoned.
    pub takes_notices: bool,
}

/// What can be wrong with a link. Each kind is cleared by its own opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Problem {
    /// Its hello or a batch was refused; cleared when one is accepted.
    Refused,
    /// Nothing was heard in time; cleared when it is heard.
    Silent,
    /// Rows of its log are damaged here; cleared when none is found any more.
    Damaged,
    /// Much was taken back at once; cleared when the hub starts again, for a person should have seen it.
    Withdrawals,
}

#[derive(Debug, Default)]
struct Link {
    row: LinkRow,
    digest: Hash,
    lease: Lease,
    sessions: BTreeMap<Ticket, (Line, CancellationToken)>,
    problems: BTreeMap<Problem, String>,
    guard: WithdrawGuard,
    /// Positions of the hub's log at which checkpoints of this member wait.
    waiting: Vec<u64>,
}

#[derive(Debug)]
struct Links {
    /// Leases count from here, by a clock that never goes back.
    began: Instant,
    links: BTreeMap<MemberId, Link>,
    /// By position of the hub's log: when the index is there, this much of the member's log is searchable.
    waiting: BTreeMap<(u64, MemberId), Position>,
    indexed: u64,
}

impl Default for Links {
    fn default() -> Self {
        Self { began: Instant::now(), links: BTreeMap::new(), waiting: BTreeMap::new(), indexed: 0 }
    }
}

/// How the links are. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct LinkBoard {
    links: Arc<Mutex<Links>>,
}

/// A session's hold on its line; dropping it gives the line back.
#[derive(Debug)]
pub(super) struct Session {
    board: LinkBoard,
    member: MemberId,
    line: Line,
    ticket: Ticket,
    /// Cancelled when another session took the line.
    pub(super) displaced: CancellationToken,
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut links = self.board.lock();
        let link = links.link(&self.member);
        link.sessions.remove(&self.ticket);
        if link.lease.give_back(self.line, self.ticket) && self.line == Line::Control {
            link.row.connected = false;
        }
    }
}

impl LinkRow {
    /// Would a notice come through at this moment?
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        self.connected && self.takes_notices
    }
}

impl LinkBoard {
    /// Fills a board from the store.
    ///
    /// # Errors
    /// What the store said.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let (cursors, kept, head) = store
            .read(async |conn| {
                let cursors = log::cursor_list(conn).await?;
                let kept = quarantine::quarantine_counts(conn).await?;
                Ok((cursors, kept, hub_log::hub_log_head(conn).await?))
            })
            .await?;
        let board = Self::default();
        for (member, cursor) in cursors {
            board.reload(&member, &cursor, kept.get(&member).copied().unwrap_or(0), head);
        }
        Ok(board)
    }

    /// One member's link; `None` when nothing is known of it.
    #[must_use]
    pub fn row(&self, member: &MemberId) -> Option<LinkRow> {
        let links = self.lock();
        let now_ms = links.elapsed_ms();
        links.links.get(member).map(|link| link.shown(now_ms))
    }

    /// All links, by member.
    #[must_use]
    pub fn rows(&self) -> Vec<(MemberId, LinkRow)> {
        let links = self.lock();
        let now_ms = links.elapsed_ms();
        links.links.iter().map(|(member, link)| (member.clone(), link.shown(now_ms))).collect()
    }

    /// The index has applied the hub's log up to this position.
    pub fn index_reached(&self, position: u64) {
        let mut links = self.lock();
        links.indexed = links.indexed.max(position);
        while let Some(first) = links.waiting.first_entry() {
            if first.key().0 > position {
                break;
            }
            let ((reached, member), searchable) = first.remove_entry();
            let link = links.link(&member);
            link.waiting.retain(|waiting| *waiting != reached);
            link.row.searchable = searchable;
        }
    }

    /// Sets what the store says of a member's log. `hub_log` is the head of the hub's log when it was read.
    pub(super) fn reload(&self, member: &MemberId, cursor: &log::Cursor, quarantined: u64, hub_log: u64) {
        let mut links = self.lock();
        let link = links.link(member);
        let moved = link.row.durable != cursor.log.position;
        link.row.durable = cursor.log.position;
        link.row.live_count = cursor.log.digest.count();
        link.digest = cursor.log.digest.root();
        link.row.diverged = cursor.diverged;
        link.row.quarantined = quarantined;
        if cursor.head.seq > link.row.head.seq {
            link.row.head = cursor.head;
        }
        if moved {
            links.wait_for_index(member, Some(hub_log), cursor.log.position);
        }
    }

    /// Was another node of this member heard just now?
    pub(super) fn has_rival(&self, member: &MemberId, boot: BootId) -> bool {
        let mut links = self.lock();
        let now_ms = links.elapsed_ms();
        links.link(member).lease.has_rival(boot, now_ms)
    }

    /// Gives a line of a member to a new session and ends the one that had it.
    pub(super) fn take(&self, member: &MemberId, line: Line, boot: BootId) -> Session {
        let mut links = self.lock();
        let now_ms = links.elapsed_ms();
        let link = links.link(member);
        let was_cloned = link.lease.is_cloned(now_ms);
        let ticket = link.lease.take(line, boot, now_ms);
        if link.lease.is_cloned(now_ms) && !was_cloned {
            tracing::error!(%member, "two nodes with this member's identity are alive at once");
        }
        let displaced = CancellationToken::new();
        link.sessions.insert(ticket, (line, displaced.clone()));
        for (ticket, (line, session)) in &link.sessions {
            if !link.lease.holds(*line, *ticket) {
                session.cancel();
            }
        }
        Session { board: self.clone(), member: member.clone(), line, ticket, displaced }
    }

    /// A control stream was opened.
    pub(super) fn greeted(
        &self,
        member: &MemberId,
        software_version: String,
        takes_notices: bool,
        now: Timestamp,
    ) {
        let mut links = self.lock();
        let now_ms = links.elapsed_ms();
        let link = links.link(member);
        link.row.connected = true;
        link.row.software_version = software_version;
        link.row.takes_notices = takes_notices;
        link.hear(Line::Control, now, now_ms);
    }

    /// A heartbeat came. Gives the row to answer with, and whether the copy has begun to differ just now or has ceased
    /// to.
    pub(super) fn heartbeat(
        &self,
        member: &MemberId,
        head: &Head,
        now: Timestamp,
    ) -> (LinkRow, Option<bool>) {
        let mut links = self.lock();
        let now_ms = links.elapsed_ms();
        let link = links.link(member);
        link.hear(Line::Control, now, now_ms);
        link.row.head = head.position;
        let same = head.live_count == link.row.live_count && head.state_digest == link.digest;
        let compared = head.position == link.row.durable && head.position.seq > 0;
        let turned = (compared && link.row.diverged == same).then_some(!same);
        if let Some(diverged) = turned {
            link.row.diverged = diverged;
        }
        (link.shown(now_ms), turned)
    }

    /// A batch became durable. True when a person must be told that much was taken back.
    pub(super) fn applied(
        &self,
        member: &MemberId,
        applied: &Applied,
        head: Option<Position>,
        now: Timestamp,
    ) -> bool {
        let mut links = self.lock();
        let now_ms = links.elapsed_ms();
        let link = links.link(member);
        link.hear(Line::Sync, now, now_ms);
        link.row.durable = applied.position;
        link.row.live_count = applied.live_count;
        link.digest = applied.digest;
        link.row.diverged = applied.diverged;
        link.row.quarantined = applied.quarantined.unwrap_or(link.row.quarantined);
        let head = head.unwrap_or(applied.position);
        if head.seq >= link.row.head.seq {
            link.row.head = head;
        }
        link.problems.remove(&Problem::Refused);
        let alarm = link.guard.observe(now_ms, applied.live_before, applied.withdrawn);
        if alarm {
            let taken = link.guard.taken();
            let words = format!(
                "{taken} publications were taken back within ten minutes （十分钟内撤回 {taken} 条）"
            );
            link.problems.insert(Problem::Withdrawals, words);
        }
        links.wait_for_index(member, applied.hub_log, applied.position);
        alarm
    }

    /// Sets how many entries are in quarantine.
    pub(super) fn quarantined(&self, member: &MemberId, quarantined: u64) {
        self.lock().link(member).row.quarantined = quarantined;
    }

    /// Sets which entries are damaged here.
    pub(super) fn damaged(&self, member: &MemberId, mut seqs: Vec<u64>) {
        let mut links = self.lock();
        let link = links.link(member);
        if seqs.is_empty() {
            link.problems.remove(&Problem::Damaged);
        } else {
            let count = seqs.len();
            let words = format!(
                "{count} entries are damaged on the hub's disk and asked for again （{count} 条日志在枢纽磁盘上损坏，正在重取）"
            );
            link.problems.insert(Problem::Damaged, words);
        }
        seqs.truncate(DAMAGED_TOLD);
        link.row.damaged = seqs;
    }

    /// Something is wrong.
    pub(super) fn trouble(&self, member: &MemberId, problem: Problem, words: String) {
        self.lock().link(member).problems.insert(problem, words);
    }

    /// It is not wrong any more.
    pub(super) fn clear(&self, member: &MemberId, problem: Problem) {
        self.lock().link(member).problems.remove(&problem);
    }

    fn lock(&self) -> MutexGuard<'_, Links> {
        // Every change is whole before anything can panic.
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Links {
    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn link(&mut self, member: &MemberId) -> &mut Link {
        if !self.links.contains_key(member) {
            self.links.insert(member.clone(), Link::default());
        }
        self.links.entry(member.clone()).or_default()
    }

    /// Makes `position` searchable when the index is at `hub_log`; a batch that changed nothing that is shown is
    /// searchable together with the one before it.
    fn wait_for_index(&mut self, member: &MemberId, hub_log: Option<u64>, position: Position) {
        let indexed = self.indexed;
        let link = self.link(member);
        let due = hub_log.or_else(|| link.waiting.last().copied()).unwrap_or(0);
        if due <= indexed && link.waiting.is_empty() {
            link.row.searchable = position;
            return;
        }
        let mut replaced = None;
        if link.waiting.len() >= WAITING {
            replaced = link.waiting.pop();
        }
        if link.waiting.last() != Some(&due) {
            link.waiting.push(due);
        }
        if let Some(replaced) = replaced {
            self.waiting.remove(&(replaced, member.clone()));
        }
        self.waiting.insert((due, member.clone()), position);
    }
}

impl Link {
    fn hear(&mut self, line: Line, now: Timestamp, now_ms: u64) {
        self.row.heard = Some(now);
        self.lease.hear(line, now_ms);
        self.problems.remove(&Problem::Silent);
    }

    fn shown(&self, now_ms: u64) -> LinkRow {
        let cloned = self.lease.is_cloned(now_ms).then_some(
            "two nodes with this member's identity are alive at once; switch one off （检测到身份克隆）",
        );
        let words: Vec<&str> = cloned.into_iter().chain(self.problems.values().map(String::as_str)).collect();
        LinkRow { problem: words.join("; "), ..self.row.clone() }
    }
}
