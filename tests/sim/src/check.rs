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
    machines::KEPT,
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
    // Only old lines may be gone.
    let whole_from = disk.head.saturating_sub(KEPT.overtaken.min(KEPT.removals)) + 1;
    let mut expected = 1;
    for change in &disk.changes {
        let gone_may_be = expected < whole_from && change.position <= whole_from;
        if change.position != expected && !(change.position > expected && gone_may_be) {
            findings.add("P4", format!("the hub's log has {} where {expected} is due", change.position));
            return;
        }
        expected = change.position + 1;
        shown.retain(|(member, record, _)| (*member, *record) != (&change.member, &change.record));
        if change.put {
            shown.insert((&change.member, &change.record, change.seq));
        }
    }
    if disk.head + 1 != expected {
        findings.add("P4", format!("the hub's log ends before {expected}, its head is {}", disk.head));
    }
    let records = disk.members.iter().flat_map(|(member, copied)| {
        copied.shown.iter().map(|(record, (seq, _))| (member.as_str(), record.as_str(), *seq))
    });
    if records.collect::<BTreeSet<_>>() != shown {
        findings.add("P16", "the hub's log and its records do not say the same".to_owned());
    }
}

/// Checks a member whose log nobody had to mend: both copies are equal, and say what people know.
#[must_use]
pub fn member(name: &str, node: &NodeDisk, hub: &Log, ledger: &Ledger) -> Vec<Violation> {
    let mut findings = Findings::default();
    check_equal(name, &node.log, hub, &mut findings);
    check_effects(name, "the node's log", &node.log, ledger, Ledger::admissible, &mut findings);
    check_effects(name, "the hub's copy", hub, ledger, Ledger::admissible, &mut findings);
    findings.0
}

/// Checks a member whose publishing was held: for a reason, and no longer.
#[must_use]
pub fn held(name: &str, node: &NodeDisk, ledger: &Ledger) -> Vec<Violation> {
    let mut findings = Findings::default();
    if !ledger.may_part(name) {
        findings
            .add("P4", format!("{name}: publishing was held, and neither a restore nor a copy is the cause"));
    }
    if let Some(why) = &node.held {
        findings.add("P7", format!("{name}: publishing is still held: {why}"));
    }
    findings.0
}

/// Checks a member whose log has parted and was mended by a person: both copies are equal again, what somebody saw at the hub stands,
/// what was done last is what readers find, and nothing is invented. `copies`: how the numbers begin of what was done at a
/// copy of the node that is gone.
#[must_use]
pub fn mended(name: &str, node: &NodeDisk, hub: &Log, ledger: &Ledger, copies: &str) -> Vec<Violation> {
    let mut findings = Findings::default();
    check_equal(name, &node.log, hub, &mut findings);
    let mut seen = effects(hub);
    for key in ledger.keys().filter(|key| key.member == name) {
        let effects = seen.remove(&key.external_id).unwrap_or_default();
        let may = ledger.mended(key, key.external_id.starts_with(copies));
        if !may.allows(&effects) {
            findings.add("P1", format!("{key:?}: the mended log says {effects:?}, people know {may:?}"));
        }
    }
    for (number, effects) in seen {
        findings.add("P3", format!("{name}: the log has {number} {effects:?}, which nobody asked for"));
    }
    findings.0
}

fn check_equal(name: &str, node: &Log, hub: &Log, findings: &mut Findings) {
    if node != hub {
        let common = common(node, hub);
        let (at_node, at_hub) = (node.len(), hub.len());
        let seen = format!(
            "{name}: {at_node} entries at the node, {at_hub} at the hub, the first {common} are equal"
        );
        findings.add("P1", seen);
    }
}

/// Checks the member whose node is not ours: the hub has exactly what it meant seriously, and shows none of the poison.
#[must_use]
pub fn stranger(meant: &[SealedEntry], poison: &BTreeSet<u64>, hub: &Copied) -> Vec<Violation> {
    let mut findings = Findings::default();
    if meant != hub.log {
        let common = common(meant, &hub.log);
        let (here, there) = (meant.len(), hub.log.len());
        let seen =
            format!("the stranger meant {here} entries, the hub has {there}, the first {common} are equal");
        findings.add("P4", seen);
    }
    let kept: BTreeSet<u64> = hub.quarantined.values().map(|(seq, _)| *seq).collect();
    if kept != *poison {
        findings.add("P21", format!("the stranger's poison is {poison:?}, in quarantine is {kept:?}"));
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
mod tests;
