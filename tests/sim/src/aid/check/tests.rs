use super::{
    super::{
        evidence::{NoticeRow, RequestRow},
        memory::Word,
        policy,
    },
    *,
};

fn ledger(scope: &str, held: u64) -> LedgerRow {
    LedgerRow {
        owner: "north".to_owned(),
        record: "r".to_owned(),
        scope: scope.to_owned(),
        quota: 3,
        held,
        ..LedgerRow::default()
    }
}

fn assignment(id: &str, state: &str, quantity: u64) -> AssignmentRow {
    AssignmentRow {
        id: id.to_owned(),
        request: "q".to_owned(),
        line: 1,
        owner: "north".to_owned(),
        record: "r".to_owned(),
        version: 1,
        state: state.to_owned(),
        quantity,
        ..AssignmentRow::default()
    }
}

/// A request for five, with these assignments of a resource of which there are three.
fn disk(ledger: LedgerRow, assignments: Vec<AssignmentRow>) -> AidDisk {
    let request = RequestRow {
        id: "q".to_owned(),
        incident: "i".to_owned(),
        mode: "actual".to_owned(),
        priority: "p1".to_owned(),
        state: "open".to_owned(),
        lines: BTreeMap::from([(1, 5)]),
        ..RequestRow::default()
    };
    AidDisk {
        ledgers: vec![ledger],
        assignments,
        requests: BTreeMap::from([("q".to_owned(), request)]),
        incidents: BTreeMap::from([("i".to_owned(), ("actual".to_owned(), "open".to_owned()))]),
        ..AidDisk::default()
    }
}

fn promises(found: &[Violation]) -> Vec<&'static str> {
    found.iter().map(|found| found.promise).collect()
}

#[test]
fn the_books_say_what_is_in_use_and_never_more_than_there_is() {
    let two = vec![assignment("a", "held", 1), assignment("b", "held", 2)];
    assert_eq!(books(&disk(ledger("", 3), two.clone())), []);
    assert_eq!(promises(&books(&disk(ledger("", 1), two))), ["P6"]);
    let four = vec![assignment("a", "held", 4)];
    assert_eq!(promises(&books(&disk(ledger("", 4), four))), ["P6"]);
    let six = vec![assignment("a", "held", 6)];
    assert_eq!(promises(&books(&disk(LedgerRow { quota: 9, ..ledger("", 6) }, six))), ["P6"]);
    let crane = LedgerRow { serialised: true, ..ledger("", 2) };
    let places = vec![assignment("a", "held", 1), assignment("b", "held", 1)];
    assert_eq!(promises(&books(&disk(crane, places))), ["P6"]);
}

#[test]
fn a_drill_that_touches_the_real_books_is_seen() {
    let mut touched = disk(ledger("", 1), Vec::new());
    touched.ledgers.push(ledger("drill", 0));
    assert_eq!(promises(&books(&touched)), ["P24"]);
    let mut real = disk(ledger("drill", 1), vec![assignment("a", "held", 1)]);
    real.assignments[0].scope = "drill".to_owned();
    assert_eq!(promises(&books(&real)), ["P24"]);
}

#[test]
fn nobody_is_out_for_a_request_that_has_ended() {
    let mut closed = disk(ledger("", 1), vec![assignment("a", "held", 1)]);
    closed.requests.get_mut("q").unwrap().state = "closed".to_owned();
    assert_eq!(promises(&books(&closed)), ["P7"]);
    assert_eq!(promises(&super::closed(&closed)), ["P7"], "the incident stays open");
}

#[test]
fn what_is_due_comes_while_the_hub_runs() {
    let at = |second: i64| Timestamp::from_second(1_000 + second).unwrap();
    let held =
        AssignmentRow { since: Some(at(0)), expires: Some(at(3)), seen: true, ..assignment("a", "held", 1) };
    let mut waiting = disk(ledger("", 1), vec![held]);
    let check = |disk: &AidDisk, now, since| promises(&deadlines(disk, &policy(), at(now), at(since)));
    assert_eq!(check(&waiting, 7, 0), Vec::<&str>::new());
    assert_eq!(check(&waiting, 8, 0), ["P8"]);
    assert_eq!(check(&waiting, 8, 6), Vec::<&str>::new(), "it has just come up");
    waiting.assignments[0].expires = None;
    waiting.assignments[0].seen = false;
    assert_eq!(check(&waiting, 7, 0), ["P8"]);
    waiting.assignments[0].reminded = 2;
    assert_eq!(check(&waiting, 60, 0), Vec::<&str>::new());
    let request = waiting.requests.get_mut("q").unwrap();
    (request.waits_since, request.council_reached) = (Some(at(0)), 1);
    assert_eq!(check(&waiting, 8, 0), Vec::<&str>::new());
    assert_eq!(check(&waiting, 9, 0), ["P8"]);
}

#[test]
fn what_a_node_acknowledged_it_has() {
    let notice = |state: &str| NoticeRow {
        name: "notices/n".to_owned(),
        recipient: "north".to_owned(),
        state: state.to_owned(),
    };
    let hub = |state: &str| AidDisk { notices: vec![notice(state)], ..AidDisk::default() };
    let (empty, memory) = (NodeAid::default(), Memory::default());
    let check =
        |hub: &AidDisk, node: &NodeAid, forgotten| promises(&member(0, hub, node, forgotten, &memory));
    assert_eq!(check(&hub("delivered"), &empty, false), ["P8"]);
    assert_eq!(check(&hub("delivered"), &empty, true), Vec::<&str>::new());
    assert_eq!(check(&hub("queued"), &empty, true), ["P8"]);
    assert_eq!(check(&hub("expired"), &empty, false), Vec::<&str>::new());
    let kept = NodeAid { notices: ["notices/n".to_owned()].into(), ..NodeAid::default() };
    assert_eq!(check(&hub("seen"), &kept, false), Vec::<&str>::new());
}

fn confirmed(named: u64, bound: u64, outcome: CommandOutcome) -> WordRow {
    let action = wire::AssignmentAction {
        assignment: "assignments/a".to_owned(),
        epoch: named,
        action: Some(Action::Confirm(wire::ConfirmAction::default())),
    };
    let said = wire::MemberCommand {
        word: Some(wire::member_command::Word::Action(action)),
        ..wire::MemberCommand::default()
    };
    let assignment = wire::Assignment { epoch: bound, ..wire::Assignment::default() };
    let decided = wire::MemberCommandResult {
        outcome: outcome.into(),
        assignment: Some(assignment),
        ..wire::MemberCommandResult::default()
    };
    WordRow { said, decided: Some(decided) }
}

#[test]
fn a_yes_binds_to_what_it_names() {
    assert_eq!(bound_by_an_old_order(&confirmed(2, 2, CommandOutcome::Accepted)), None);
    assert_eq!(bound_by_an_old_order(&confirmed(1, 2, CommandOutcome::Refused)), None);
    assert_eq!(bound_by_an_old_order(&confirmed(1, 2, CommandOutcome::Accepted)).unwrap().promise, "P9");
}

#[test]
fn what_was_granted_or_said_is_there() {
    let mut memory = Memory::default();
    memory.granted("one", 0);
    memory.said("two", Word { member: 0, hub_away: false, said: 0 });
    assert_eq!(promises(&granted(&AidDisk::default(), &memory)), ["P7"]);
    let hub = AidDisk {
        answered: [("desk".to_owned(), "one".to_owned()), ("node/north".to_owned(), "two".to_owned())].into(),
        ..AidDisk::default()
    };
    assert_eq!(granted(&hub, &memory), []);
    let node = NodeAid {
        words: BTreeMap::from([("two".to_owned(), confirmed(1, 1, CommandOutcome::Accepted))]),
        ..NodeAid::default()
    };
    assert_eq!(promises(&member(0, &hub, &NodeAid::default(), false, &memory)), ["P7"]);
    assert_eq!(promises(&member(0, &AidDisk::default(), &node, false, &memory)), ["P7"]);
    assert_eq!(member(0, &hub, &node, false, &memory), []);
}
