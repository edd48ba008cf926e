//! Logs that follow and logs that do not.

use proptest::prelude::*;
use shouwang_proto::log::key::LogKey;

use super::*;
use crate::link::script::{Script, member};

fn tracker(script: &Script, after: u64) -> Tracker {
    let position = script.position(after);
    Tracker::new(script.alliance.clone(), member(), position, vec![from(1, &script.key)], 0)
}

fn from(valid_from_seq: u64, key: &LogKey) -> LogKeyStanding {
    LogKeyStanding { key: key.public(), valid_from_seq }
}

fn run(tracker: &mut Tracker, entries: &[SealedEntry]) -> Result<Vec<Admitted>, BatchError> {
    tracker.begin_batch();
    entries.iter().map(|entry| tracker.admit(entry)).collect()
}

#[test]
fn sizes_have_limits() {
    assert_eq!(check_size([].into_iter()), Err(BatchError::Empty));
    assert_eq!(check_size([10; 200].into_iter()), Ok(2_000));
    assert_eq!(check_size([10; 201].into_iter()), Err(BatchError::TooLarge { entries: 201, bytes: 2_010 }));
    let large = BATCH_BYTES + 1;
    assert_eq!(check_size([large].into_iter()), Err(BatchError::TooLarge { entries: 1, bytes: large }));
}

#[test]
fn entries_sent_again_are_known_and_another_history_is_not() {
    let mut script = Script::new();
    for record in 0..6 {
        script.put(record, "课程");
    }
    let mut at_four = tracker(&script, 4);
    assert_eq!(
        run(&mut at_four, &script.entries[2..6]),
        Ok(vec![Admitted::Known, Admitted::Known, Admitted::New, Admitted::New])
    );
    assert_eq!(at_four.position(), script.position(6));
    assert_eq!(run(&mut at_four, &script.entries[..3]).map(|found| found.len()), Ok(3));
    assert_eq!(at_four.undecided(), Some(script.position(3)));

    let mut other = Script::new();
    for record in 0..6 {
        other.put(record, "另一份");
    }
    let mixed = [script.entries[4].clone(), other.entries[5].clone()];
    let broken = BatchError::Broken(ChainError::Forked { seq: 6 });
    assert_eq!(run(&mut tracker(&script, 4), &mixed), Err(broken));
    assert_eq!(run(&mut tracker(&script, 4), &other.entries[4..]), Err(BatchError::Forked { seq: 5 }));
    assert_eq!(run(&mut tracker(&script, 4), &other.entries[2..4]), Err(BatchError::Forked { seq: 4 }));
    // Sent again below the cursor: only the store can tell.
    let mut before = tracker(&script, 4);
    assert!(run(&mut before, &other.entries[..3]).is_ok());
    assert_eq!(before.undecided(), Some(other.position(3)));
}

#[test]
fn holes_strangers_and_wrong_signatures_are_refused() {
    let mut script = Script::new();
    for record in 0..4 {
        script.put(record, "课程");
    }
    let all = &script.entries;
    let gap = |expected, found| Err(BatchError::Broken(ChainError::Gap { expected, found }));
    assert_eq!(run(&mut tracker(&script, 0), &all[1..]), gap(1, 2));
    let hole = [all[0].clone(), all[2].clone()];
    assert_eq!(run(&mut tracker(&script, 0), &hole), gap(2, 3));
    assert_eq!(run(&mut tracker(&script, 3), &hole), gap(2, 3));
    let twice = [all[0].clone(), all[0].clone()];
    assert_eq!(run(&mut tracker(&script, 0), &twice), gap(2, 1));

    let mut stranger = tracker(&script, 0);
    stranger.member = "south".parse().unwrap();
    assert_eq!(run(&mut stranger, all), Err(BatchError::Foreign { seq: 1 }));
    let mut elsewhere = tracker(&script, 0);
    elsewhere.alliance = "elsewhere".parse().unwrap();
    assert_eq!(run(&mut elsewhere, all), Err(BatchError::Foreign { seq: 1 }));
    let mut other_key = tracker(&script, 0);
    other_key.keys = vec![from(1, &LogKey::from_secret([9; 32]))];
    assert_eq!(run(&mut other_key, all), Err(BatchError::Signature { seq: 1 }));
}

#[test]
fn a_key_entry_turns_the_key_and_the_old_one_is_worth_nothing_after_it() {
    let mut script = Script::new();
    script.put(1, "课程");
    let (old, new) = (script.key.clone(), LogKey::from_secret([8; 32]));
    script.turn_key(new.clone());
    script.put(2, "课程");
    let mut turning =
        Tracker::new(script.alliance.clone(), member(), Position::default(), vec![from(1, &old)], 0);
    assert!(run(&mut turning, &script.entries).is_ok());
    assert_eq!(turning.take_turned(), vec![from(3, &new)]);
    let mut back = script.clone();
    back.key = old;
    back.put(3, "课程");
    assert_eq!(run(&mut turning, &back.entries[3..]), Err(BatchError::Signature { seq: 4 }));
}

#[test]
fn a_replaced_node_goes_on_with_its_new_key_in_a_new_epoch_and_the_lost_one_does_not() {
    let mut script = Script::new();
    script.put(1, "课程");
    let (old, new) = (script.key.clone(), LogKey::from_secret([8; 32]));
    let keys = vec![from(1, &old), from(2, &new)];
    let replaced = Tracker::new(script.alliance.clone(), member(), script.position(1), keys, 2);

    let mut lost = script.clone();
    lost.put(2, "课程");
    let stale = Err(BatchError::Stale { seq: 2, epoch: 1, minimum: 2 });
    assert_eq!(run(&mut replaced.clone(), &lost.entries[1..]), stale);
    let mut old_key = script.clone();
    old_key.begin_epoch(2);
    assert_eq!(run(&mut replaced.clone(), &old_key.entries[1..]), Err(BatchError::Signature { seq: 2 }));

    script.key = new;
    script.begin_epoch(2);
    script.put(2, "课程");
    assert!(run(&mut replaced.clone(), &script.entries[1..]).is_ok());
    assert!(run(&mut replaced.clone(), &script.entries).is_ok(), "what was sent before is not judged again");
}

proptest! {
    /// However a log is cut into batches and whatever is sent again, the tracker ends where the log ends.
    #[test]
    fn any_cut_and_any_repeat_ends_at_the_head(cuts in proptest::collection::vec((0_u64..12, 1_u64..6), 1..12)) {
        let mut script = Script::new();
        for record in 0..12 {
            script.put(record, "课程");
        }
        let mut tracker = tracker(&script, 0);
        for (start, length) in cuts {
            let start = start.min(tracker.position().seq);
            let end = (start + length).min(12);
            let batch = &script.entries[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
            prop_assert!(run(&mut tracker, batch).is_ok() || batch.is_empty());
            if let Some(known) = tracker.undecided() {
                prop_assert_eq!(known, script.position(known.seq));
            }
            prop_assert_eq!(tracker.position(), script.position(tracker.position().seq.max(end)));
        }
    }
}
