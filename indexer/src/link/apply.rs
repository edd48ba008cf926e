//! What a batch of admitted entries changes. Two things are kept apart: what is *live* follows the log alone, as the
//! digest counts it at the node; what is *shown* follows the judgement on the content. So a poisoned record makes no
//! false alarm of divergence, and an honest digest shows nothing that was not judged.

use std::collections::{BTreeMap, BTreeSet};

use shouwang_proto::{
    id::{GroupId, RecordId},
    log::{
        Hash,
        chain::Position,
        digest::{Live, StateDigest},
        entry::{EntryKind, Header},
        head::Head,
        sealed::SealedEntry,
    },
    publication::{Kind, Sha256Hex},
};

use super::judge::{Examined, Exhibit, Poison, Reason};

/// What the hub has of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordState {
    /// What the log says is live.
    pub live: Option<Live>,
    /// The highest revision that was ever shown; a revision is shown only if it is higher.
    pub revision: u64,
    /// What readers see.
    pub shown: Option<Shown>,
    /// Is an entry of this record in quarantine?
    pub quarantined: bool,
}

/// What readers see of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The entry.
    pub seq: u64,
    /// Its hash.
    pub entry: Hash,
    /// Its revision.
    pub revision: u64,
    /// Kind of publication.
    pub kind: Kind,
    /// Who may see it.
    pub audience: BTreeSet<GroupId>,
    /// When its owner published it, milliseconds since 1970.
    pub published_ms: i64,
    /// Does it name files?
    pub has_files: bool,
}

/// What the hub has of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogState {
    /// The durable cursor.
    pub position: Position,
    /// Digest of what is live.
    pub digest: StateDigest,
}

impl Shown {
    /// Mutual aid looks at it.
    #[must_use]
    pub fn is_resource(&self) -> bool {
        self.kind == Kind::Resource
    }
}

impl LogState {
    /// Does the hub's copy differ from what the node says is live? `None` when the head is of another position, so that
    /// nothing can be said.
    #[must_use]
    pub fn differs(&self, head: &Head) -> Option<bool> {
        let same = head.state_digest == self.digest.root() && head.live_count == self.digest.count();
        (head.position == self.position).then_some(!same)
    }
}

/// What happens to what readers see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The entry is shown from now on.
    Put,
    /// Nothing of the record is shown any more.
    Remove,
}

/// One line of the hub's own log, without its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The record.
    pub record: RecordId,
    /// The entry that caused it.
    pub seq: u64,
    /// What happens.
    pub kind: ChangeKind,
    /// The record is a mutual-aid resource, or was one before.
    pub is_resource: bool,
}

/// An entry that is stored but not shown. A record has at most one: the newest PUT of a record that is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Epoch of the entry.
    pub epoch: u64,
    /// The entry.
    pub seq: u64,
    /// Why.
    pub poison: Poison,
}

/// Everything that one batch changes, to be written in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The new state of the log.
    pub log: LogState,
    /// Entries to keep, in order.
    pub entries: Vec<SealedEntry>,
    /// New states of the records touched.
    pub records: BTreeMap<RecordId, RecordState>,
    /// Lines of the hub's log, in order.
    pub changes: Vec<Change>,
    /// Entries to quarantine, replacing what is there for the same record.
    pub quarantined: BTreeMap<RecordId, Quarantined>,
    /// Records whose quarantined entry is of no account any more.
    pub cleared: BTreeSet<RecordId>,
    /// Records whose payloads must be destroyed, before this seq.
    pub redacted: BTreeMap<RecordId, u64>,
    /// The files that records name now, replacing what they named before.
    pub files: BTreeMap<RecordId, Vec<(Sha256Hex, u64)>>,
    /// Live records before the batch.
    pub live_before: u64,
    /// Live records that the batch took back.
    pub withdrawn: u64,
}

/// Plans a batch: entries that the tracker admitted as new, in order, right after `log.position`. `records` holds what
/// the hub has of the records they name; a record that is missing there is new.
#[must_use]
pub fn plan(log: LogState, records: BTreeMap<RecordId, RecordState>, batch: Vec<Examined>) -> Plan {
    let live_before = log.digest.count();
    let mut plan = Plan { log, records, live_before, ..Plan::default() };
    for Examined { entry, finding } in batch {
        let header = entry.header();
        plan.log.position = Position { epoch: header.epoch, seq: header.seq, hash: entry.hash() };
        match header.kind {
            EntryKind::Put => {
                // Only PUT entries have a finding, and all of them have one.
                let missing = || Err(Poison::new(Reason::PayloadUnreadable, "the content was not looked at"));
                plan.put(header, entry.hash(), finding.unwrap_or_else(missing));
            }
            EntryKind::Withdraw => plan.take_back(header),
            EntryKind::Redact => {
                plan.take_back(header);
                plan.redact(header);
            }
            // Both concern the chain alone, which the tracker has followed.
            EntryKind::Key | EntryKind::EpochBegin => {}
        }
        plan.entries.push(entry);
    }
    plan
}

/// Plans the release of a quarantined entry that was judged again; `None` when it still may not be shown, with the
/// reason now. The log does not move: the entry has been in it all the time.
///
/// # Errors
/// The [`Poison`] that keeps it where it is.
pub fn release(
    mut state: RecordState,
    entry: &SealedEntry,
    judged: Result<Exhibit, Poison>,
) -> Result<Plan, Poison> {
    let exhibit = rising(&state, entry.header(), judged)?;
    let record = entry.header().record;
    state.quarantined = true;
    let mut plan = Plan { records: BTreeMap::from([(record, state)]), ..Plan::default() };
    plan.show(entry.header(), entry.hash(), exhibit);
    Ok(plan)
}

fn rising(state: &RecordState, header: &Header, judged: Result<Exhibit, Poison>) -> Result<Exhibit, Poison> {
    let exhibit = judged?;
    if header.revision > state.revision {
        return Ok(exhibit);
    }
    let (found, before) = (header.revision, state.revision);
    let words = format!("revision {found} does not rise above {before} （修订号 {found} 未高于 {before}）");
    Err(Poison::new(Reason::RevisionNotRising, words))
}

impl Plan {
    fn put(&mut self, header: &Header, entry: Hash, finding: Result<Exhibit, Poison>) {
        let state = self.records.entry(header.record).or_default();
        let live = Live::of_put(header, entry);
        if let Some(before) = std::mem::replace(&mut state.live, live) {
            self.log.digest.remove(&before);
        }
        if let Some(live) = &state.live {
            self.log.digest.insert(live);
        }
        match rising(state, header, finding) {
            Ok(exhibit) => self.show(header, entry, exhibit),
            Err(poison) => self.quarantine(header, poison),
        }
    }

    fn show(&mut self, header: &Header, entry: Hash, exhibit: Exhibit) {
        let Header { record, seq, revision, .. } = *header;
        self.clear_quarantine(record);
        let Exhibit { kind, audience, published_ms, attachments } = exhibit;
        let state = self.records.entry(record).or_default();
        let had_files = state.shown.as_ref().is_some_and(|shown| shown.has_files);
        let has_files = !attachments.is_empty();
        let is_resource = kind == Kind::Resource || state.shown.as_ref().is_some_and(Shown::is_resource);
        state.revision = revision;
        state.shown = Some(Shown { seq, entry, revision, kind, audience, published_ms, has_files });
        if had_files || has_files {
            self.files.insert(record, attachments);
        }
        self.changes.push(Change { record, seq, kind: ChangeKind::Put, is_resource });
    }

    /// The revision before stays before readers, because a stale telephone number is worth more than none, unless
    /// the new one may have been meant for fewer of them.
    fn quarantine(&mut self, header: &Header, poison: Poison) {
        let Header { record, seq, epoch, .. } = *header;
        let state = self.records.entry(record).or_default();
        state.quarantined = true;
        let narrower = state
            .shown
            .as_ref()
            .is_some_and(|shown| poison.narrows || !header.audience.is_superset(&shown.audience));
        if narrower {
            self.hide(record, seq);
        }
        self.cleared.remove(&record);
        self.quarantined.insert(record, Quarantined { epoch, seq, poison });
    }

    fn take_back(&mut self, header: &Header) {
        let Header { record, seq, .. } = *header;
        let Some(state) = self.records.get_mut(&record) else { return };
        if let Some(before) = state.live.take() {
            self.log.digest.remove(&before);
            self.withdrawn += 1;
        }
        self.clear_quarantine(record);
        self.hide(record, seq);
    }

    fn redact(&mut self, header: &Header) {
        let Header { record, seq, .. } = *header;
        self.redacted.insert(record, seq);
    }

    fn hide(&mut self, record: RecordId, seq: u64) {
        let Some(shown) = self.records.get_mut(&record).and_then(|state| state.shown.take()) else { return };
        if shown.has_files {
            self.files.insert(record, Vec::new());
        }
        let is_resource = shown.is_resource();
        self.changes.push(Change { record, seq, kind: ChangeKind::Remove, is_resource });
    }

    fn clear_quarantine(&mut self, record: RecordId) {
        let Some(state) = self.records.get_mut(&record) else { return };
        if std::mem::take(&mut state.quarantined) {
            self.quarantined.remove(&record);
            self.cleared.insert(record);
        }
    }
}

#[cfg(test)]
mod tests;
