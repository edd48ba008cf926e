//! What the ledger admits after which story.

use super::*;

const FIRST: Wish = Wish::Create { version: 1, publish: true };
const PUT_1: Effect = Effect::Put { version: 1, revision: 1 };
const PUT_2: Effect = Effect::Put { version: 2, revision: 2 };

fn key() -> Key {
    Key { member: "north".to_owned(), external_id: "k1".to_owned() }
}

fn after(wishes: &[(Wish, Moment)]) -> Ledger {
    let mut ledger = Ledger::new();
    for (wish, at) in wishes {
        ledger.asked(&key(), *wish);
        assert_eq!(ledger.granted(&key(), None, *at), Granted::AsExpected);
    }
    ledger
}

#[test]
fn what_was_acknowledged_must_be_there_exactly_once() {
    let ledger = after(&[(FIRST, 1), (Wish::Revise { version: 2 }, 2)]);
    let admissible = ledger.admissible(&key());
    assert!(admissible.allows(&[PUT_1, PUT_2]));
    assert!(!admissible.allows(&[PUT_1]), "lost");
    assert!(!admissible.allows(&[PUT_1, PUT_1, PUT_2]), "doubled");
    assert!(!admissible.allows(&[PUT_2, PUT_1]), "out of order");
    assert!(!admissible.allows(&[PUT_1, PUT_2, Effect::Withdraw { revision: 2 }]), "phantom");
}

#[test]
fn an_abandoned_wish_may_have_happened_once() {
    let mut ledger = after(&[(FIRST, 1)]);
    ledger.asked(&key(), Wish::Revise { version: 2 });
    ledger.abandoned(&key());
    let admissible = ledger.admissible(&key());
    assert!(admissible.allows(&[PUT_1]) && admissible.allows(&[PUT_1, PUT_2]));
    assert!(!admissible.allows(&[PUT_1, PUT_2, PUT_2]));
    assert_eq!(ledger.granted(&key(), None, 9), Granted::AsExpected, "a late answer binds nobody");
    assert_eq!(ledger.admissible(&key()), admissible);
}

#[test]
fn a_restored_node_may_lose_only_what_the_hub_was_never_seen_to_have() {
    let revise = Wish::Revise { version: 2 };
    let mut lost = after(&[(FIRST, 10), (revise, 20)]);
    lost.node_restored("north", 15);
    assert_eq!(lost.admissible(&key()), Admissible { must: vec![PUT_1], may: vec![PUT_2], late: None });

    let mut delivered = after(&[(FIRST, 10), (revise, 20)]);
    delivered.delivered("north", "k", 21, 30);
    delivered.node_restored("north", 15);
    assert_eq!(
        delivered.admissible(&key()),
        Admissible { must: vec![PUT_1, PUT_2], ..Admissible::default() }
    );

    let mut both = after(&[(FIRST, 10), (revise, 20)]);
    both.delivered("north", "k", 21, 30);
    both.hub_restored(25, &BTreeMap::new());
    both.node_restored("north", 15);
    assert_eq!(both.admissible(&key()), Admissible { must: vec![PUT_1], may: vec![PUT_2], late: None });

    let mut gone = after(&[(FIRST, 10), (revise, 20)]);
    gone.delivered("north", "k", 21, 30);
    gone.hub_restored(5, &BTreeMap::new());
    gone.node_restored("north", 5);
    gone.delivered("north", "k", 50, 60);
    assert_eq!(gone.admissible_at_hub(&key()).must, [], "both went back: nobody has it");

    let mut open = after(&[(FIRST, 10), (revise, 20)]);
    open.asked(&key(), Wish::Revise { version: 7 });
    open.node_restored("north", 15);
    let admissible = open.admissible(&key());
    assert!(
        admissible.allows(&[PUT_1, Effect::Put { version: 7, revision: 2 }]),
        "granted by the restored node"
    );
    assert!(!admissible.allows(&[PUT_1, Effect::Put { version: 8, revision: 2 }]), "nobody asked for that");

    let mut other = after(&[(FIRST, 10)]);
    other.node_restored("south", 5);
    assert!(!other.is_closed(&key()));
}

#[test]
fn what_only_the_hub_had_is_lost_when_the_hub_goes_back_before_the_node_has_it_again() {
    let after_both = |copied: Moment, at_node: &[Effect]| {
        let mut ledger = after(&[(FIRST, 10), (Wish::Revise { version: 2 }, 20)]);
        ledger.delivered("north", "k", 21, 30);
        ledger.node_restored("north", 5);
        let lost = ledger.hub_restored(copied, &BTreeMap::from([(key(), at_node.to_vec())]));
        (ledger.admissible(&key()).must, lost)
    };
    assert_eq!(after_both(5, &[]), (vec![], 1), "nobody has it");
    assert_eq!(after_both(5, &[PUT_1]), (vec![PUT_1], 1), "the node has fetched the first page");
    assert_eq!(after_both(5, &[PUT_1, PUT_2]), (vec![PUT_1, PUT_2], 0), "the node has it again");
    assert_eq!(after_both(31, &[]), (vec![PUT_1, PUT_2], 0), "the hub's copy has it");

    let mut whole = after(&[(FIRST, 10)]);
    whole.delivered("north", "k", 11, 12);
    assert_eq!(whole.hub_restored(5, &BTreeMap::new()), 0, "a node that never went back sends it again");
    assert_eq!(whole.admissible(&key()).must, [PUT_1]);
}

#[test]
fn after_a_fork_was_ended_revisions_are_counted_anew_and_nothing_else() {
    let open = |mended: bool| {
        let mut ledger = after(&[(FIRST, 1)]);
        ledger.asked(&key(), Wish::Revise { version: 2 });
        if mended {
            ledger.mending("north");
        }
        ledger
    };
    let third = Shelf::Published { version: 2, revision: 3 };
    assert_eq!(open(false).granted(&key(), Some(third), 2), Granted::Otherwise);
    assert_eq!(open(true).granted(&key(), Some(third), 2), Granted::AsExpected);
    for wrong in [Shelf::Published { version: 1, revision: 3 }, Shelf::Draft { version: 2 }] {
        assert_eq!(open(true).granted(&key(), Some(wrong), 2), Granted::Otherwise, "{wrong:?}");
    }

    let back = |mended: bool| {
        let mut ledger = after(&[(FIRST, 1), (Wish::Withdraw, 2)]);
        if mended {
            ledger.mending("north");
        }
        ledger.asked(&key(), Wish::Withdraw);
        ledger.refused(&key(), "NOT_PUBLISHED", false)
    };
    assert_eq!((back(false), back(true)), (Granted::Otherwise, Granted::AsExpected), "a draft again");
}

#[test]
fn of_two_machines_only_the_delivered_is_sure() {
    let mut ledger = after(&[(FIRST, 10), (Wish::Revise { version: 2 }, 20)]);
    ledger.cloned("north", 15);
    assert_eq!(ledger.admissible(&key()), Admissible { must: vec![PUT_1], may: vec![PUT_2], late: None });
    ledger.delivered("north", "c", 21, 30);
    assert_eq!(ledger.admissible(&key()).must, [PUT_1], "seen at the other machine");
    ledger.delivered("north", "k", 21, 30);
    assert_eq!(ledger.admissible(&key()).must, [PUT_1, PUT_2]);
}

#[test]
fn an_answer_against_the_model_is_noticed() {
    let mut ledger = Ledger::new();
    ledger.asked(&key(), FIRST);
    let wrong = Shelf::Published { version: 1, revision: 2 };
    assert_eq!(ledger.granted(&key(), Some(wrong), 1), Granted::Otherwise);

    let mut ledger = after(&[(FIRST, 1)]);
    ledger.asked(&key(), FIRST);
    assert_eq!(ledger.refused(&key(), "EXTERNAL_ID_TAKEN", false), Granted::AsExpected);
    ledger.asked(&key(), Wish::Withdraw);
    assert_eq!(ledger.refused(&key(), "NOT_PUBLISHED", false), Granted::Otherwise);
    ledger.asked(&key(), Wish::Withdraw);
    assert_eq!(ledger.refused(&key(), "PUBLISHING_HELD", true), Granted::AsExpected);
}
