use jiff::Timestamp;
use shouwang_proto::{log::Hash, wire};

use super::*;
use crate::shelf::EntryRef;

fn record(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

fn content(number: &str, title: &str) -> Content {
    Content::from_wire(wire::Publication {
        external_id: number.to_owned(),
        title: title.to_owned(),
        body: "先通风，再检测，后作业。".to_owned(),
        detail: Some(wire::publication::Detail::Practice(wire::Practice::default())),
        ..wire::Publication::default()
    })
    .unwrap()
}

fn item(of: u8, number: &str, title: &str, standing: impl Fn(Edition) -> Standing, revision: u64) -> Item {
    let entry = EntryRef { seq: revision, hash: Hash([u8::try_from(revision).unwrap(); 32]) };
    let (created, updated) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    let edition = Edition { revision, published: updated, entry };
    Item {
        record: record(of),
        content: content(number, title),
        standing: standing(edition),
        created,
        updated,
    }
}

fn put(title: &str, revision: u64) -> Option<Item> {
    Some(item(1, "P-1", title, Standing::Published, revision))
}

fn back(title: &str, revision: u64) -> Option<Item> {
    Some(item(1, "P-1", title, Standing::Withdrawn, revision))
}

fn said(mended: &Mended) -> String {
    let out = if mended.left_out { " left out" } else { "" };
    let said = match &mended.step {
        Step::TakeTheirs(item) => format!("theirs {} r{}", item.content.title, item.standing.revision()),
        Step::PutAgain { base, content, revision } => {
            format!("put {} r{revision} over r{}", content.title, base.standing.revision())
        }
        Step::WithdrawAgain { edition, .. } => format!("withdraw r{}", edition.revision),
        Step::KeepAsDraft(item) => format!("draft {}", item.content.title),
    };
    format!("{}: {said}{out}", mended.step.record().as_bytes()[0])
}

#[track_caller]
fn check(hub: Option<Item>, own: Option<Item>, expected: &str) {
    let mended = mend(vec![Parted { record: record(1), hub, own }]);
    let words: Vec<_> = mended.iter().map(said).collect();
    assert_eq!(words.join(", "), expected);
}

#[test]
fn every_pair_of_branches() {
    // hub, own
    check(put("theirs", 2), None, "1: theirs theirs r2");
    check(back("theirs", 2), None, "1: theirs theirs r2");
    check(None, None, "");
    check(None, put("own", 1), "1: put own r2 over r0");
    check(None, back("own", 1), "1: draft own");
    check(put("same", 2), put("same", 3), "1: theirs same r2");
    check(put("theirs", 2), put("own", 2), "1: put own r3 over r2");
    check(put("theirs", 7), put("own", 2), "1: put own r8 over r7");
    check(put("theirs", 2), put("own", 5), "1: put own r6 over r2");
    check(back("theirs", 2), put("own", 2), "1: put own r3 over r2");
    check(put("theirs", 4), back("own", 2), "1: withdraw r4");
    check(back("theirs", 4), back("own", 2), "1: theirs own r4");
}

#[test]
fn one_number_published_by_both_branches_is_one_publication() {
    let theirs = item(1, "P-1", "theirs", Standing::Published, 3);
    let own = item(2, "P-1", "own", Standing::Published, 1);
    let mended = mend(vec![
        Parted { record: record(2), hub: None, own: Some(own.clone()) },
        Parted { record: record(1), hub: Some(theirs.clone()), own: None },
    ]);
    let words: Vec<_> = mended.iter().map(said).collect();
    assert_eq!(words, ["1: put own r4 over r3"]);

    // The number moved to another record: it cannot be of both, and the own content stands aside.
    let moved = item(2, "P-2", "theirs, too", Standing::Published, 2);
    let mended = mend(vec![
        Parted { record: record(2), hub: Some(moved), own: Some(own) },
        Parted { record: record(1), hub: Some(theirs), own: None },
    ]);
    let words: Vec<_> = mended.iter().map(said).collect();
    assert_eq!(words, ["2: theirs theirs, too r2 left out", "1: theirs theirs r3"]);
}

#[test]
fn mending_what_is_mended_changes_nothing() {
    for own in [put("own", 2), back("own", 2)] {
        let first = mend(vec![Parted { record: record(1), hub: put("theirs", 2), own: own.clone() }]);
        let now = match &first[0].step {
            Step::PutAgain { content, revision, .. } => put(&content.title, *revision),
            Step::WithdrawAgain { edition, .. } => back("own", edition.revision),
            Step::TakeTheirs(_) | Step::KeepAsDraft(_) => panic!("{first:?}"),
        };
        let again = mend(vec![Parted { record: record(1), hub: now.clone(), own }]);
        assert_eq!(again[0].step, Step::TakeTheirs(now.unwrap()));
    }
}
