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
    /// The least epoch that is heard.
    pub minimum_epoch: u64,
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
            EntryKind::Key => {}
            EntryKind::EpochBegin => plan.log.minimum_epoch = plan.log.minimum_epoch.max(header.epoch),
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
pub fn release(mut state: RecordState, entry: &SealedEntry, judged: Result<Exhibit, Poison>) -> Result<Plan, Poison> {
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
        state.revision = revision;
        state.shown = Some(Shown { seq, entry, revision, kind, audience, published_ms, has_files });
        if had_files || has_files {
            self.files.insert(record, attachments);
        }
        self.changes.push(Change { record, seq, kind: ChangeKind::Put });
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
        self.changes.push(Change { record, seq, kind: ChangeKind::Remove });
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
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::link::{
        judge::examine,
        script::{Script, payload, practice, record},
    };

    fn examined(script: &Script) -> Vec<Examined> {
        script.entries.iter().map(|entry| examine(entry.to_wire()).unwrap()).collect()
    }

    /// One batch on an empty hub.
    fn planned(script: &Script) -> Plan {
        plan(LogState::default(), BTreeMap::new(), examined(script))
    }

    fn story(plan: &Plan) -> Vec<String> {
        let number = |record: RecordId| u64::from(record.as_bytes()[15]);
        let changes = plan
            .changes
            .iter()
            .map(|change| format!("{} {:?} by {}", number(change.record), change.kind, change.seq));
        let kept = plan
            .quarantined
            .iter()
            .map(|(record, kept)| format!("{} kept at {}: {}", number(*record), kept.seq, kept.poison.reason.code()));
        changes.chain(kept).collect()
    }

    #[track_caller]
    fn check(script: &Script, expected: &[&str]) -> Plan {
        let plan = planned(script);
        assert_eq!(story(&plan), expected);
        assert_eq!(plan.log.position, script.end());
        assert_eq!(plan.log.digest, script.digest, "the hub counts as live what the node counts");
        plan
    }

    #[test]
    fn a_life_of_a_publication() {
        let mut script = Script::new();
        script.put(1, "一");
        script.put(2, "二");
        script.put(1, "一改");
        script.withdraw(2);
        script.put(2, "二再");
        let plan = check(&script, &["1 Put by 1", "2 Put by 2", "1 Put by 3", "2 Remove by 4", "2 Put by 5"]);
        let shown = plan.records[&record(2)].shown.as_ref().unwrap();
        assert_eq!((shown.seq, shown.revision), (5, 2));
        assert_eq!((plan.withdrawn, plan.log.digest.count()), (1, 2));
    }

    #[test]
    fn poison_is_kept_apart_and_stops_nobody() {
        let mut script = Script::new();
        script.put(1, "一");
        script.put(2, "");
        script.put(3, "三");
        check(&script, &["1 Put by 1", "3 Put by 3", "2 kept at 2: CONTENT_INVALID"]);
    }

    #[test]
    fn a_good_revision_a_withdrawal_or_a_redaction_ends_a_quarantine() {
        for end in 0..3 {
            let mut script = Script::new();
            script.put(1, "");
            match end {
                0 => script.put(1, "好"),
                1 => script.withdraw(1),
                _ => script.redact(1),
            }
            let plan = planned(&script);
            assert!(plan.quarantined.is_empty() && plan.cleared.contains(&record(1)), "{end}");
            assert!(!plan.records[&record(1)].quarantined);
            assert_eq!(plan.log.digest, script.digest);
        }
    }

    #[test]
    fn the_revision_before_a_poisoned_one_stays_unless_it_narrows() {
        let mut script = Script::new();
        script.put(1, "一");
        let mut narrowed = script.clone();
        script.put(1, "");
        check(&script, &["1 Put by 1", "1 kept at 2: CONTENT_INVALID"]);

        narrowed.append(EntryKind::Put, 1, payload(practice("", &["council"])), |header| {
            header.audience = BTreeSet::from([GroupId::council()]);
        });
        check(&narrowed, &["1 Put by 1", "1 Remove by 2", "1 kept at 2: CONTENT_INVALID"]);
    }

    #[test]
    fn a_revision_must_rise_above_what_was_shown() {
        let mut script = Script::new();
        script.append(EntryKind::Put, 1, payload(practice("一", &["alliance"])), |header| header.revision = 5);
        script.append(EntryKind::Put, 1, payload(practice("旧", &["alliance"])), |header| header.revision = 5);
        check(&script, &["1 Put by 1", "1 kept at 2: REVISION_NOT_RISING"]);
        script.append(EntryKind::Put, 1, payload(practice("新", &["alliance"])), |header| header.revision = 6);
        check(&script, &["1 Put by 1", "1 Put by 3"]);
    }

    #[test]
    fn a_redaction_orders_destruction_of_what_came_before_it() {
        let mut script = Script::new();
        script.put(1, "一");
        script.redact(1);
        script.put(1, "新");
        let plan = check(&script, &["1 Put by 1", "1 Remove by 2", "1 Put by 3"]);
        assert_eq!(plan.redacted, BTreeMap::from([(record(1), 2)]));
    }

    #[test]
    fn taking_back_what_is_not_there_does_nothing() {
        let mut script = Script::new();
        script.withdraw(1);
        script.put(2, "二");
        script.withdraw(2);
        script.withdraw(2);
        let plan = check(&script, &["2 Put by 2", "2 Remove by 3"]);
        assert_eq!(plan.withdrawn, 1);
    }

    #[test]
    fn a_new_epoch_raises_what_is_heard() {
        let mut script = Script::new();
        script.put(1, "一");
        script.begin_epoch(4);
        assert_eq!(planned(&script).log.minimum_epoch, 4);
    }

    #[test]
    fn a_release_shows_what_was_kept_and_a_failed_one_says_why() {
        let mut script = Script::new();
        script.put(1, "一");
        let entry = examined(&script).remove(0);
        let kept = RecordState { quarantined: true, ..RecordState::default() };
        let released = release(kept.clone(), &entry.entry, entry.finding.clone().unwrap()).unwrap();
        assert_eq!(story(&released), ["1 Put by 1"]);
        assert!(released.cleared.contains(&record(1)) && released.entries.is_empty());

        let newer = RecordState { revision: 1, ..kept };
        let poison = release(newer, &entry.entry, entry.finding.unwrap()).unwrap_err();
        assert_eq!(poison.reason, Reason::RevisionNotRising);
    }

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Put,
        Poison,
        Damage,
        Withdraw,
        Redact,
    }

    fn acts() -> impl Strategy<Value = Vec<(u64, Act)>> {
        let act = prop_oneof![
            Just(Act::Put),
            Just(Act::Poison),
            Just(Act::Damage),
            Just(Act::Withdraw),
            Just(Act::Redact)
        ];
        proptest::collection::vec((0_u64..4, act), 1..40)
    }

    proptest! {
        /// However a log is cut into batches, the end is the same, the digest is the node's, every record is shown as
        /// its last change says, and exactly the live records whose last PUT is poison are in quarantine.
        #[test]
        fn cutting_changes_nothing(acts in acts(), cuts in proptest::collection::vec(1_usize..6, 1..40)) {
            let mut script = Script::new();
            for (number, act) in &acts {
                match act {
                    Act::Put => script.put(*number, "好"),
                    Act::Poison => script.put(*number, ""),
                    Act::Damage => script.append(EntryKind::Put, *number, Bytes::from_static(b"?"), |_| {}),
                    Act::Withdraw => script.withdraw(*number),
                    Act::Redact => script.redact(*number),
                }
            }
            let whole = planned(&script);
            prop_assert_eq!(&whole.log.digest, &script.digest);

            let mut rest = examined(&script);
            let (mut log, mut records) = (LogState::default(), BTreeMap::new());
            let mut quarantine = BTreeMap::new();
            let mut changes = Vec::new();
            for cut in cuts.into_iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let tail = rest.split_off(cut.min(rest.len()));
                let part = plan(log, records, std::mem::replace(&mut rest, tail));
                quarantine.retain(|record, _| !part.cleared.contains(record));
                quarantine.extend(part.quarantined);
                changes.extend(part.changes);
                (log, records) = (part.log, part.records);
            }
            prop_assert_eq!(&log, &whole.log);
            prop_assert_eq!(&records, &whole.records);
            prop_assert_eq!(&changes, &whole.changes);
            prop_assert_eq!(&quarantine, &whole.quarantined);
            for (id, state) in &records {
                let last = changes.iter().rev().find(|change| change.record == *id).map(|change| change.kind);
                prop_assert_eq!(state.shown.is_some(), last == Some(ChangeKind::Put));
                prop_assert_eq!(state.quarantined, quarantine.contains_key(id));
                let live_poison = state.live.is_some() && state.live.map(|live| live.entry) != state.shown.as_ref().map(|shown| shown.entry);
                prop_assert_eq!(state.quarantined, live_poison);
            }
        }
    }
}
