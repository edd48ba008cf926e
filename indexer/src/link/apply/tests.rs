//! What batches of all kinds change.

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
    let kept = plan.quarantined.iter().map(|(record, kept)| {
        format!("{} kept at {}: {}", number(*record), kept.seq, kept.poison.reason.code())
    });
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
