//! The checks see what they look for.

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
    let node = |log: &Log| NodeDisk { log: log.clone(), ..NodeDisk::default() };
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
