//! Are all promises kept? Pure: what people know beside what is on the disks.

use std::collections::{BTreeMap, BTreeSet};

use shouwang_proto::log::{
    chain::Position,
    digest::{Live, StateDigest},
    entry::EntryKind,
    sealed::SealedEntry,
};

use crate::{
    evidence::{Copied, HubDisk, Log, NodeDisk},
    ledger::{Admissible, Key, Ledger},
    model::Effect,
    people::paper,
    stage::Violation,
};

/// Collects broken promises.
#[derive(Debug, Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, promise: &'static str, seen: String) {
        self.0.push(Violation { promise, seen });
    }
}

/// A member's log as people know it: effects by the owner's number.
#[must_use]
pub fn effects(log: &[SealedEntry]) -> BTreeMap<String, Vec<Effect>> {
    let mut numbers: BTreeMap<String, String> = BTreeMap::new();
    let mut effects: BTreeMap<String, Vec<Effect>> = BTreeMap::new();
    for entry in log {
        let record = entry.header().record.to_string();
        let Some((external_id, effect)) = paper::effect(entry) else { continue };
        let number = external_id.or_else(|| numbers.get(&record).cloned()).unwrap_or_else(|| record.clone());
        numbers.insert(record, number.clone());
        effects.entry(number).or_default().push(effect);
    }
    effects
}

/// Where a log ends, if each entry follows the one before.
///
/// # Errors
/// The first entry that does not follow, in words.
pub fn follow(log: &[SealedEntry]) -> Result<Position, String> {
    log.iter().try_fold(Position::default(), |position, entry| {
        position.follow(entry.header(), entry.hash()).map_err(|error| error.to_string())
    })
}

/// The digest of what a log leaves live.
#[must_use]
pub fn digest(log: &[SealedEntry]) -> StateDigest {
    let mut live: BTreeMap<_, Live> = BTreeMap::new();
    for entry in log {
        let header = entry.header();
        match header.kind {
            EntryKind::Put => {
                live.extend(Live::of_put(header, entry.hash()).map(|put| (header.record, put)));
            }
            EntryKind::Withdraw | EntryKind::Redact => drop(live.remove(&header.record)),
            EntryKind::Key | EntryKind::EpochBegin => {}
        }
    }
    let mut digest = StateDigest::default();
    live.values().for_each(|live| digest.insert(live));
    digest
}

/// Checks the hub's copy of every log by itself: order, chain, signatures, cursor, digest, and what is shown.
#[must_use]
pub fn hub(disk: &HubDisk) -> Vec<Violation> {
    let mut findings = Findings::default();
    for (member, copied) in &disk.members {
        check_copy(member, copied, &mut findings);
    }
    check_hub_log(disk, &mut findings);
    findings.0
}

fn check_copy(member: &str, copied: &Copied, findings: &mut Findings) {
    let end = match follow(&copied.log) {
        Ok(end) => end,
        Err(why) => return findings.add("P4", format!("the hub's copy of {member}: {why}")),
    };
    for entry in &copied.log {
        let seq = entry.header().seq;
        let key = copied.keys.iter().rev().find(|(from, _)| *from <= seq);
        if !key.is_some_and(|(_, key)| entry.verifies(key)) {
            findings
                .add("P4", format!("the hub's copy of {member}: entry {seq} is not signed by the member"));
        }
    }
    let (cursor, kept) = copied.cursor.clone().unwrap_or_default();
    if cursor != end {
        findings.add("P1", format!("{member}: the cursor is at {cursor:?}, the copy ends at {end:?}"));
    }
    if kept != digest(&copied.log) {
        findings.add("P4", format!("{member}: the hub's digest is not the digest of its copy"));
    }
    check_shown(member, copied, findings);
}

/// What is shown is the newest PUT of each record, unless it was taken back or is in quarantine.
fn check_shown(member: &str, copied: &Copied, findings: &mut Findings) {
    let mut newest: BTreeMap<String, &SealedEntry> = BTreeMap::new();
    for entry in copied.log.iter().filter(|entry| entry.header().kind != EntryKind::EpochBegin) {
        newest.insert(entry.header().record.to_string(), entry);
    }
    for (record, entry) in newest {
        if copied.quarantined.contains_key(&record) {
            continue;
        }
        let header = entry.header();
        let expected = (header.kind == EntryKind::Put).then_some((header.seq, header.revision));
        let shown = copied.shown.get(&record).copied();
        if shown != expected {
            let promise = if expected.is_none() { "P11" } else { "P1" };
            findings.add(
                promise,
                format!("{member}: record {record} shows {shown:?}, the log says {expected:?}"),
            );
        }
    }
}

fn check_hub_log(disk: &HubDisk, findings: &mut Findings) {
    let mut shown: BTreeSet<(&str, &str, u64)> = BTreeSet::new();
    for (change, expected) in disk.changes.iter().zip(1..) {
        if change.position != expected {
            findings.add("P4", format!("the hub's log has {} where {expected} is due", change.position));
            return;
        }
        shown.retain(|(member, record, _)| (*member, *record) != (&change.member, &change.record));
        if change.put {
            shown.insert((&change.member, &change.record, change.seq));
        }
    }
    if disk.head != disk.changes.len() as u64 {
        findings.add(
            "P4",
            format!("the hub's log has {} changes, its head is {}", disk.changes.len(), disk.head),
        );
    }
    let records = disk.members.iter().flat_map(|(member, copied)| {
        copied.shown.iter().map(|(record, (seq, _))| (member.as_str(), record.as_str(), *seq))
    });
    if records.collect::<BTreeSet<_>>() != shown {
        findings.add("P16", "the hub's log and its records do not say the same".to_owned());
    }
}

/// Checks a member whose log has not parted: both copies are equal, and say what people know.
#[must_use]
pub fn member(name: &str, node: &NodeDisk, hub: &Log, ledger: &Ledger) -> Vec<Violation> {
    let mut findings = Findings::default();
    if node.log != *hub {
        let common = common(&node.log, hub);
        let (at_node, at_hub) = (node.log.len(), hub.len());
        findings.add(
            "P1",
            format!(
                "{name}: {at_node} entries at the node, {at_hub} at the hub, the first {common} are equal"
            ),
        );
    }
    check_effects(name, "the node's log", &node.log, ledger, Ledger::admissible, &mut findings);
    check_effects(name, "the hub's copy", hub, ledger, Ledger::admissible, &mut findings);
    findings.0
}

/// Checks a member whose log has parted: the hub has what somebody saw there, nothing twice, nothing invented.
#[must_use]
pub fn parted(name: &str, hub: &Log, ledger: &Ledger) -> Vec<Violation> {
    let mut findings = Findings::default();
    check_effects(name, "the hub's copy", hub, ledger, Ledger::admissible_at_hub, &mut findings);
    findings.0
}

/// Checks the member whose node is not ours: the hub has exactly what it meant seriously.
#[must_use]
pub fn stranger(meant: &[SealedEntry], hub: &[SealedEntry]) -> Vec<Violation> {
    let mut findings = Findings::default();
    if meant != hub {
        let common = common(meant, hub);
        let (here, there) = (meant.len(), hub.len());
        findings.add(
            "P4",
            format!("the stranger meant {here} entries, the hub has {there}, the first {common} are equal"),
        );
    }
    findings.0
}

fn common(one: &[SealedEntry], other: &[SealedEntry]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

fn check_effects(
    member: &str,
    place: &str,
    log: &[SealedEntry],
    ledger: &Ledger,
    admissible: fn(&Ledger, &Key) -> Admissible,
    findings: &mut Findings,
) {
    let mut seen = effects(log);
    for key in ledger.keys().filter(|key| key.member == member) {
        let effects = seen.remove(&key.external_id).unwrap_or_default();
        let admissible = admissible(ledger, key);
        if !admissible.allows(&effects) {
            let promise = if effects.len() < admissible.must.len() { "P1" } else { "P2" };
            findings.add(promise, format!("{key:?}: {place} says {effects:?}, people know {admissible:?}"));
        }
    }
    for (number, effects) in seen {
        findings.add("P3", format!("{member}: {place} has {number} {effects:?}, which nobody asked for"));
    }
}

/// What a caller who may read everything must find: title and revision by name.
#[must_use]
pub fn to_be_found(disk: &HubDisk) -> BTreeMap<String, (String, u64)> {
    let mut found = BTreeMap::new();
    for (member, copied) in &disk.members {
        let numbers = external_ids(&copied.log);
        for (record, (seq, revision)) in &copied.shown {
            let entry = copied.log.iter().find(|entry| entry.header().seq == *seq);
            let Some((_, Effect::Put { version, .. })) = entry.and_then(paper::effect) else { continue };
            let Some(external_id) = numbers.get(record) else { continue };
            let key = Key { member: member.clone(), external_id: external_id.clone() };
            let title = paper::write(&key, version, 0).title;
            found.insert(format!("members/{member}/publications/{record}"), (title, *revision));
        }
    }
    found
}

fn external_ids(log: &[SealedEntry]) -> BTreeMap<String, String> {
    log.iter()
        .filter_map(|entry| Some((entry.header().record.to_string(), paper::effect(entry)?.0?)))
        .collect()
}

/// Compares what was found with what must be found.
#[must_use]
pub fn found(
    promise: &'static str,
    expected: &BTreeMap<String, (String, u64)>,
    found: &BTreeMap<String, (String, u64)>,
) -> Vec<Violation> {
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    names
        .into_iter()
        .filter(|name| expected.get(*name) != found.get(*name))
        .map(|name| Violation {
            promise,
            seen: format!("{name}: found {:?}, expected {:?}", found.get(name), expected.get(name)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bytes::Bytes;
    use prost::Message as _;
    use shouwang_proto::{
        id::RecordId,
        log::{
            Hash,
            entry::{Collection, Header},
            key::{KeyId, LogKey},
        },
        wire,
    };

    use super::*;
    use crate::model::Wish;

    /// A hand-written log of one member.
    struct Pen(Log);

    impl Pen {
        fn entry(mut self, kind: EntryKind, external_id: &str, version: u32, revision: u64) -> Self {
            let key = Key { member: "north".to_owned(), external_id: external_id.to_owned() };
            let payload =
                wire::RecordPayload { salt: vec![0; 16], publication: Some(paper::write(&key, version, 9)) };
            let payload =
                if kind == EntryKind::Put { Bytes::from(payload.encode_to_vec()) } else { Bytes::new() };
            let header = Header {
                alliance: "park".parse().unwrap(),
                member: "north".parse().unwrap(),
                epoch: 1,
                seq: self.0.len() as u64 + 1,
                previous: self.0.last().map_or(Hash::ZERO, SealedEntry::hash),
                kind,
                collection: Collection::Publication,
                record: RecordId::from_bytes([external_id.as_bytes()[0]; 16]),
                revision,
                audience: BTreeSet::new(),
                schema_version: 1,
                payload_len: 0,
                payload_hash: Hash::ZERO,
                key: KeyId([0; 8]),
                written_ms: 0,
            };
            self.0.push(SealedEntry::seal(header, payload, &secret()));
            self
        }

        fn put(self, external_id: &str, version: u32, revision: u64) -> Self {
            self.entry(EntryKind::Put, external_id, version, revision)
        }
    }

    fn secret() -> LogKey {
        LogKey::from_secret([1; 32])
    }

    /// A hub that copied this log and made no mistake.
    fn honest(log: &Log) -> HubDisk {
        let mut disk = HubDisk::default();
        let mut copied = Copied {
            log: log.clone(),
            keys: vec![(1, secret().public())],
            cursor: Some((follow(log).unwrap(), digest(log))),
            ..Copied::default()
        };
        for entry in log {
            let (header, record) = (entry.header(), entry.header().record.to_string());
            let put = header.kind == EntryKind::Put;
            copied.shown.remove(&record);
            if put {
                copied.shown.insert(record.clone(), (header.seq, header.revision));
            }
            disk.head += 1;
            let (position, member, seq) = (disk.head, "north".to_owned(), header.seq);
            disk.changes.push(HubChange { position, member, record, seq, put });
        }
        disk.members.insert("north".to_owned(), copied);
        disk
    }

    use crate::evidence::HubChange;

    fn ledger() -> Ledger {
        let mut ledger = Ledger::new();
        for (external_id, wish) in [
            ("a", Wish::Create { version: 1, publish: true }),
            ("b", Wish::Create { version: 2, publish: true }),
            ("a", Wish::Revise { version: 3 }),
            ("b", Wish::Withdraw),
        ] {
            let key = Key { member: "north".to_owned(), external_id: external_id.to_owned() };
            ledger.asked(&key, wish);
            ledger.granted(&key, None, 1);
        }
        ledger
    }

    fn true_log() -> Log {
        Pen(Vec::new()).put("a", 1, 1).put("b", 2, 1).put("a", 3, 2).entry(EntryKind::Withdraw, "b", 0, 1).0
    }

    fn promises(violations: &[Violation]) -> Vec<&str> {
        violations.iter().map(|violation| violation.promise).collect()
    }

    #[track_caller]
    fn check_hub(spoil: impl FnOnce(&mut HubDisk), expected: &[&str]) {
        let mut disk = honest(&true_log());
        spoil(&mut disk);
        assert_eq!(promises(&hub(&disk)), expected);
    }

    #[test]
    fn an_honest_hub_passes_and_each_lie_is_found() {
        let north = |disk: &mut HubDisk| disk.members.remove("north").unwrap();
        let with = |disk: &mut HubDisk, copied: Copied| drop(disk.members.insert("north".to_owned(), copied));
        check_hub(|_| {}, &[]);
        check_hub(
            |disk| {
                let mut copied = north(disk);
                copied.log.remove(1);
                with(disk, copied);
            },
            &["P4"],
        );
        check_hub(
            |disk| {
                let copied = north(disk);
                with(disk, Copied { cursor: None, ..copied });
            },
            &["P1", "P4"],
        );
        check_hub(
            |disk| {
                let copied = north(disk);
                let stranger = LogKey::from_secret([9; 32]).public();
                with(disk, Copied { keys: vec![(1, stranger)], ..copied });
            },
            &["P4"; 4],
        );
        check_hub(|disk| drop(disk.changes.pop()), &["P4", "P16"]);
        check_hub(|disk| disk.changes[1].position = 9, &["P4"]);
    }

    #[test]
    fn a_withdrawn_record_that_is_still_shown_is_found() {
        let log = true_log();
        let record = log[1].header().record.to_string();
        check_hub(
            |disk| {
                let copied = disk.members.get_mut("north").unwrap();
                copied.shown.insert(record, (2, 1));
            },
            &["P11", "P16"],
        );
    }

    #[test]
    fn logs_are_held_against_what_people_know() {
        let (log, ledger) = (true_log(), ledger());
        let node = |log: &Log| NodeDisk { log: log.clone(), held: None };
        assert_eq!(member("north", &node(&log), &log, &ledger), []);
        // The hub lacks the last entry.
        assert_eq!(promises(&member("north", &node(&log), &log[..3].to_vec(), &ledger)), ["P1", "P1"]);
        // Both lost an acknowledged revision.
        let lost = Pen(Vec::new()).put("a", 1, 1).put("b", 2, 1).entry(EntryKind::Withdraw, "b", 0, 1).0;
        assert_eq!(promises(&member("north", &node(&lost), &lost, &ledger)), ["P1", "P1"]);
        // Doubled, and invented.
        let doubled = Pen(log.clone()).put("a", 3, 3).0;
        assert_eq!(promises(&member("north", &node(&doubled), &doubled, &ledger)), ["P2", "P2"]);
        let invented = Pen(log.clone()).put("c", 1, 1).0;
        assert_eq!(promises(&member("north", &node(&invented), &invented, &ledger)), ["P3", "P3"]);
    }

    #[test]
    fn what_is_found_is_what_is_shown() {
        let disk = honest(&true_log());
        let expected = to_be_found(&disk);
        assert_eq!(expected.len(), 1);
        assert_eq!(found("P16", &expected, &expected), []);
        assert_eq!(promises(&found("P16", &expected, &BTreeMap::new())), ["P16"]);
    }
}
