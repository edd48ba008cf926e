//! The checker finds what is planted, and takes what is right.

use proptest::prelude::*;

use super::{Act, Asked, Call, Did, Heard, Ledger, Model as _, Shown, check};

type History = Vec<Call<Ledger>>;

/// A call with an answer.
fn call(began: u64, asked: Asked, ended: u64, heard: Heard) -> Call<Ledger> {
    Call { began, asked, answered: Some((ended, heard)) }
}

/// A call that nobody heard of again.
fn lost(began: u64, asked: Asked) -> Call<Ledger> {
    Call { began, asked, answered: None }
}

fn order(request: u32) -> Asked {
    Asked::Order { request }
}

fn act(act: Act, assignment: u32, epoch: u64) -> Asked {
    Asked::Act { act, assignment, epoch }
}

fn read(began: u64, ended: u64, [held, committed, deployed, epoch]: [u64; 4]) -> Call<Ledger> {
    call(began, Asked::Read, ended, Heard::Read(Shown { held, committed, deployed, epoch }))
}

const TAKEN: Heard = Heard::Acted(Did::Taken);
const NOTHING: Heard = Heard::Acted(Did::Nothing);

fn makes_sense(history: &History) -> bool {
    check(Ledger::default(), history).is_ok()
}

#[test]
fn one_of_two_orders_at_the_same_time_is_right() {
    let race = vec![call(1, order(1), 4, Heard::Ordered(7, 1)), call(2, order(2), 3, Heard::Taken)];
    assert!(makes_sense(&race), "the loser may be answered first");
    let apart = vec![call(1, order(1), 2, Heard::Taken), call(3, order(2), 4, Heard::Ordered(7, 1))];
    assert!(!makes_sense(&apart), "it was free when the first one asked");
}

#[test]
fn two_orders_for_the_only_crane_are_found() {
    let both = vec![call(1, order(1), 4, Heard::Ordered(7, 1)), call(2, order(2), 3, Heard::Ordered(8, 2))];
    let found = check(Ledger::default(), &both).unwrap_err();
    assert_eq!(found.fitted, 1);
    assert!(found.stuck.contains("Ordered(8, 2)") || found.stuck.contains("Ordered(7, 1)"), "{found:?}");
    let same_number =
        vec![call(1, order(1), 4, Heard::Ordered(7, 1)), call(2, order(1), 3, Heard::Ordered(7, 1))];
    assert!(!makes_sense(&same_number), "the number of an order is given once");
}

#[test]
fn an_order_that_is_lost_after_a_restart_is_found() {
    let mut history =
        vec![call(1, order(1), 2, Heard::Ordered(7, 1)), call(3, act(Act::Confirm, 7, 1), 4, TAKEN)];
    history.push(read(5, 6, [0, 1, 0, 1]));
    assert!(makes_sense(&history));
    for forgotten in [[0, 0, 0, 0], [0, 0, 0, 1], [1, 0, 0, 1]] {
        *history.last_mut().unwrap() = read(5, 6, forgotten);
        assert!(!makes_sense(&history), "{forgotten:?}");
    }
}

#[test]
fn an_order_that_nobody_heard_of_may_have_happened_or_not_but_once() {
    let after = |shown| vec![lost(1, order(1)), read(5, 6, shown)];
    assert!(makes_sense(&after([1, 0, 0, 1])) && makes_sense(&after([0, 0, 0, 0])));
    assert!(!makes_sense(&after([1, 0, 0, 2])), "an order is not done twice");
    let flickers = vec![lost(1, order(1)), read(2, 3, [1, 0, 0, 1]), read(4, 5, [0, 0, 0, 0])];
    assert!(!makes_sense(&flickers), "what was seen does not go away by itself");
    let late = vec![lost(1, order(1)), read(2, 3, [0, 0, 0, 0]), call(4, order(2), 5, Heard::Taken)];
    assert!(makes_sense(&late), "it may take effect at any time");
}

#[test]
fn a_yes_to_an_older_order_that_binds_is_found() {
    let before =
        || vec![call(1, order(1), 2, Heard::Ordered(7, 1)), call(3, order(1), 4, Heard::Ordered(7, 2))];
    let with = |heard| [before(), vec![call(5, act(Act::Confirm, 7, 1), 6, heard)]].concat();
    assert!(!makes_sense(&with(TAKEN)) && makes_sense(&with(NOTHING)));
    let newest = |heard| [before(), vec![call(5, act(Act::Confirm, 7, 2), 6, heard)]].concat();
    assert!(makes_sense(&newest(TAKEN)) && !makes_sense(&newest(NOTHING)));
}

#[test]
fn a_crane_that_departs_twice_or_unbound_is_found() {
    let bound =
        || vec![call(1, order(1), 2, Heard::Ordered(7, 1)), call(3, act(Act::Confirm, 7, 1), 4, TAKEN)];
    let departs = |began, heard| call(began, act(Act::Depart, 7, 1), began + 1, heard);
    assert!(makes_sense(&[bound(), vec![departs(5, TAKEN), departs(7, NOTHING)]].concat()));
    assert!(!makes_sense(&[bound(), vec![departs(5, TAKEN), departs(7, TAKEN)]].concat()));
    assert!(!makes_sense(&[bound()[..1].to_vec(), vec![departs(5, TAKEN)]].concat()));
}

/// What somebody does next, and how far the answers of several lie apart.
fn wishes() -> impl Strategy<Value = Vec<(Asked, u64, u64, bool)>> {
    let acts = prop_oneof![
        Just(Act::Confirm),
        Just(Act::Refuse),
        Just(Act::Withdraw),
        Just(Act::Depart),
        Just(Act::Release),
        Just(Act::Return)
    ];
    let about = (acts, 0_u32..3, 0_u64..4).prop_map(|(what, assignment, epoch)| act(what, assignment, epoch));
    let asked = prop_oneof![(1_u32..3).prop_map(order), about, Just(Asked::Read)];
    proptest::collection::vec((asked, 0_u64..6, 0_u64..6, any::<bool>()), 1..14)
}

/// The history of a ledger that does one thing after the other, seen by people whose calls overlap. `lossy`: some of the
/// answers do not arrive.
fn history_of(wishes: Vec<(Asked, u64, u64, bool)>, lossy: bool) -> History {
    let mut ledger = Ledger::default();
    let mut history = Vec::new();
    for (number, (asked, before, after, lose)) in (1_u64..).zip(wishes) {
        let heard = answer(&mut ledger, &asked);
        // The effect is at `number * 10`; the call reaches over those of its neighbours.
        let (began, ended) = ((number * 10).saturating_sub(before * 7), number * 10 + after * 7 + 1);
        let answered = (!(lossy && lose)).then_some((ended, heard));
        history.push(Call { began, asked, answered });
    }
    history
}

/// What the ledger answers when it does one thing after the other.
fn answer(ledger: &mut Ledger, asked: &Asked) -> Heard {
    let shown = ledger.shown();
    match asked {
        Asked::Order { request } => {
            let assignment = ledger.assignment.filter(|_| shown.held == 1 && ledger.request == *request);
            if let Some(after) = ledger.step(asked, None) {
                *ledger = after;
                let assignment = assignment.unwrap_or(u32::try_from(after.epoch).unwrap());
                ledger.assignment = Some(assignment);
                return Heard::Ordered(assignment, after.epoch);
            }
            if ledger.request == *request { Heard::OwnAlready } else { Heard::Taken }
        }
        Asked::Act { .. } => match ledger.step(asked, None) {
            Some(after) => {
                *ledger = after;
                TAKEN
            }
            None => NOTHING,
        },
        Asked::Read => Heard::Read(shown),
    }
}

proptest! {
    #[test]
    fn what_really_happened_in_some_order_makes_sense(wishes in wishes(), lossy in any::<bool>()) {
        let history = history_of(wishes, lossy);
        prop_assert!(makes_sense(&history), "{history:?}");
    }

    #[test]
    fn a_ledger_that_forgets_its_last_order_is_found(wishes in wishes()) {
        let mut history = history_of(wishes, false);
        let newest = history.iter().filter_map(|call| match &call.answered {
            Some((_, Heard::Ordered(_, epoch))) => Some(*epoch),
            _ => None,
        }).max();
        prop_assume!(newest.is_some());
        let end = 1_000;
        let forgotten = newest.unwrap() - 1;
        history.push(read(end, end + 1, [0, 0, 0, forgotten]));
        prop_assert!(!makes_sense(&history), "{history:?}");
    }
}
