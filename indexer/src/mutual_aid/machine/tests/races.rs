//! The races of an emergency, each told to its end.

use shouwang_proto::mutual_aid::{
    action::{Action, Confirm, Decline, Departure, Note, Reason},
    command::{About, Submission, UnsolicitedOffer},
    term::{AssignmentState, Mode, Outcome, Priority},
};

use super::world::*;
use crate::mutual_aid::machine::{
    command::{Body, Preempt},
    escalation::{Subject, Task},
    ledger::{Book, LedgerKey, Terms},
};

fn yes() -> Action {
    Action::Confirm(Confirm::default())
}

fn no(reason: &str) -> Decline {
    Decline { reason: reason.parse().unwrap(), note: String::new() }
}

#[test]
fn two_dispatchers_want_one_crane() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let first = world.submit(CHEM, incident, "吊起塌梁", Priority::P2, 1);
    let second = world.submit(ELECTRONICS, incident, "清障", Priority::P2, 1);
    for request in [first, second] {
        let decided = world.decided(request);
        world.say("dispatcher", Body::Accept(decided)).unwrap();
    }
    let mut late = world.wish(second, &crane(), 1);
    late.alternatives = vec!["云帆 25 吨吊车".to_owned()];
    late.expected_ledger = Some(world.ledger_version(&crane()));
    world.order(first, &crane(), 1).unwrap();
    let refusal = world.say("dispatcher", Body::Order(Box::new(late))).unwrap_err();
    insta::assert_snapshot!(format!("{} {refusal}", refusal.reason), @"RESOURCE_TAKEN only 0 free; taken by “吊起塌梁” (chenghu-chem) × 1 (held, free at 2026-07-12 11:10 (+08:00)); next: 云帆 25 吨吊车 （仅余 0；已被占用：“吊起塌梁” (chenghu-chem) × 1（已下令待确认，预计 2026-07-12 11:10 释放）；可改选：云帆 25 吨吊车）");
    assert_eq!(world.counts(&crane()), [1, 0, 0, 0, 0, 0]);
    let mut unread = world.wish(second, &foam(), 1);
    unread.expected_ledger = Some(world.ledger_version(&foam()) + 1);
    let refusal = world.say("dispatcher", Body::Order(Box::new(unread))).unwrap_err();
    assert_eq!(refusal.reason, "VERSION_MISMATCH", "enough is free, but not what was seen");
}

#[test]
fn two_dispatchers_decide_on_one_request() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P2, 2);
    let read = world.decided(request);
    world.say("dispatcher", Body::Accept(read)).unwrap();
    let refusal = world.say("dispatcher", Body::Reject(read, "误报".to_owned())).unwrap_err();
    assert_eq!(refusal.reason, "VERSION_MISMATCH");
    world.order(request, &foam(), 2).unwrap();
    assert_eq!(world.order(request, &crane(), 1).unwrap_err().reason, "LINE_ALREADY_MET");
}

#[test]
fn a_life_in_danger_takes_what_has_not_departed() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let lower = world.submit(CHEM, incident, "清障", Priority::P2, 1);
    let decided = world.decided(lower);
    world.say("dispatcher", Body::Accept(decided)).unwrap();
    let held = world.order(lower, &crane(), 1).unwrap();
    world.act(FOUNDRY, held, yes()).unwrap();
    world.act(FOUNDRY, held, Action::Muster(Note::default())).unwrap();
    let urgent = world.submit(ELECTRONICS, incident, "有人被压", Priority::P1, 1);
    world.story();
    world.messages();
    let mut wish = world.wish(urgent, &crane(), 1);
    let preempt = Preempt { from: vec![held], reason: "救人优先".to_owned() };
    wish.preempt = Some(preempt.clone());
    world.say("dispatcher", Body::Order(Box::new(wish))).unwrap();
    insta::assert_snapshot!(world.story(), @r"
    ! PREEMPTED [dispatcher] 被一级请求征用：用于“有人被压”：救人优先
    - ORDERED [dispatcher] 调用（待确认）：吊车 × 1，第 2 号，应急救援协议
    ! LINE_REOPENED [dispatcher] 需求重新缺口：吊车 × 1不能到达（被一级请求征用），尚缺 1
    ");
    insta::assert_snapshot!(world.messages(), @r"
    hengrui-foundry stand-down! 吊车 × 1不再需要：用于“有人被压”：救人优先
    hengrui-foundry order! 请确认调用吊车 × 1
    chenghu-chem aid-lost! 吊车 × 1不能到达（被一级请求征用），尚缺 1
    the dispatcher on duty page 吊车 × 1不能到达（被一级请求征用），尚缺 1
    ");
    assert_eq!(world.assignment(held).state.word(), AssignmentState::StoodDown);
    assert_eq!(world.counts(&crane()), [1, 0, 0, 0, 0, 0]);

    let mut back = world.wish(lower, &crane(), 1);
    let winner = world.case.assignments.values().find(|one| one.line.request == urgent).unwrap().id;
    back.preempt = Some(Preempt { from: vec![winner], reason: "还要".to_owned() });
    let refusal = world.say("dispatcher", Body::Order(Box::new(back))).unwrap_err();
    assert_eq!(refusal.reason, "NOT_PREEMPTIBLE", "only P1 may take");
}

#[test]
fn what_has_departed_is_not_taken() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let lower = world.submit(CHEM, incident, "清障", Priority::P2, 1);
    let decided = world.decided(lower);
    world.say("dispatcher", Body::Accept(decided)).unwrap();
    let held = world.order(lower, &crane(), 1).unwrap();
    world.act(FOUNDRY, held, yes()).unwrap();
    world.act(FOUNDRY, held, Action::Depart(Departure::default())).unwrap();
    let urgent = world.submit(ELECTRONICS, incident, "有人被压", Priority::P1, 1);
    let mut wish = world.wish(urgent, &crane(), 1);
    wish.preempt = Some(Preempt { from: vec![held], reason: "救人优先".to_owned() });
    let refusal = world.say("dispatcher", Body::Order(Box::new(wish))).unwrap_err();
    assert_eq!(refusal.reason, "NOT_PREEMPTIBLE");
    assert_eq!(world.assignment(held).state.word(), AssignmentState::EnRoute);
}

#[test]
fn a_yes_an_hour_late_is_an_offer_and_binds_nobody() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    let held = world.order(request, &foam(), 2).unwrap();
    world.pass(3_600);
    world.story();
    let answer = world.answer(AUTO, held, 1, yes()).unwrap();
    assert_eq!(answer.outcome, Outcome::BecameOffer);
    insta::assert_snapshot!(world.story(), @"- OFFERED [supplier] 应援：泡沫车 × 2");
    assert_eq!(world.counts(&foam()), [0, 0, 0, 0, 0, 2], "nothing is held by it");
    let promised = answer.assignments[0];
    assert_eq!(world.assignment(promised).arrival(), None, "it did not say when it can be there");
    let offered = world.fulfilment(request).offered;
    let again = world.answer(AUTO, held, 1, yes()).unwrap_err();
    assert_eq!((again.reason.as_ref(), world.fulfilment(request).offered), ("ORDER_ENDED", offered));
}

#[test]
fn an_answer_to_an_older_order_binds_nobody() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    let held = world.order(request, &foam(), 1).unwrap();
    assert_eq!(world.order(request, &foam(), 2), Ok(held), "the order is replaced");
    world.story();
    let refusal = world.answer(AUTO, held, 1, yes()).unwrap_err();
    insta::assert_snapshot!(format!("{} {refusal}", refusal.reason), @"ORDER_SUPERSEDED this answers order 1, and order 2 is the newest; it binds nobody, read the newest and answer it （所答复的调用已被新的调用取代，请按最新调用答复）");
    insta::assert_snapshot!(world.story(), @"~ CONFIRMED [supplier] 确认出动：所答复的调用已被新的调用取代，请按最新调用答复");
    assert_eq!(
        world.answer(AUTO, held, 1, Action::Refuse(no("in-use"))).unwrap_err().reason,
        "ORDER_SUPERSEDED"
    );
    assert_eq!(world.counts(&foam()), [2, 0, 0, 0, 0, 0], "the newer order stands");
    assert_eq!(world.answer(AUTO, held, 3, yes()).unwrap_err().reason, "ORDER_UNKNOWN");
    world.answer(AUTO, held, 2, yes()).unwrap();
    assert_eq!(world.counts(&foam()), [0, 2, 0, 0, 0, 0]);
}

#[test]
fn an_owner_lends_less_than_is_in_use() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    let held = world.order(request, &foam(), 2).unwrap();
    world.act(AUTO, held, yes()).unwrap();
    world.story();
    let key = LedgerKey { resource: foam(), book: Book::Actual };
    let body = Body::SetTerms {
        ledger: key.clone(),
        expected: None,
        terms: Terms { quota: 1, ..terms(&foam()) },
        recount: false,
    };
    world.say(AUTO, body).unwrap();
    insta::assert_snapshot!(world.story(), @r"
    - QUOTA_SET [supplier] 可借数量变更：可借 1
    ! SHORTFALL [supplier] 资源缺口：泡沫车可借 1，在用超出 1
    ");
    let standing = world.case.standing(&Subject::Ledger(key.clone()), &world.policy).unwrap();
    assert_eq!(standing.tasks, [Task::Shortfall]);
    assert_eq!(world.assignment(held).state.word(), AssignmentState::Committed, "nothing is called back");
    let other = world.submit(ELECTRONICS, incident, "泡沫", Priority::P1, 1);
    assert_eq!(world.order(other, &foam(), 1).unwrap_err().reason, "RESOURCE_TAKEN");
    world.act(AUTO, held, Action::Withdraw(no("broken"))).unwrap();
    let standing = world.case.standing(&Subject::Ledger(key), &world.policy).unwrap();
    assert!(standing.tasks.is_empty(), "the task goes away with its cause");
}

#[test]
fn the_same_submission_twice_is_one_request() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let submission =
        Submission { about: About::Known(incident), request: written("泡沫", Priority::P1, 2) };
    let body = Body::Submit { requester: member(CHEM), submission: Box::new(submission), draft: false };
    let command = world.command(body);
    let cx = world.context(CHEM);
    let first = world.give(&cx, &command).unwrap();
    world.later(30);
    let cx = world.context(CHEM);
    assert_eq!(world.give(&cx, &command).unwrap(), first);
    assert_eq!(world.case.requests.len(), 1);
    let mut other = command.clone();
    other.fingerprint.0[0] ^= 1;
    assert_eq!(world.give(&cx, &other).unwrap_err().reason, "REQUEST_ID_REUSED");
}

#[test]
fn what_was_refused_stays_refused_when_it_comes_again() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let first = world.submit(CHEM, incident, "吊起塌梁", Priority::P1, 1);
    let second = world.submit(ELECTRONICS, incident, "清障", Priority::P1, 1);
    let held = world.order(first, &crane(), 1).unwrap();
    let wish = world.wish(second, &crane(), 1);
    let command = world.command(Body::Order(Box::new(wish)));
    let cx = world.context("dispatcher");
    assert_eq!(world.give(&cx, &command).unwrap_err().reason, "RESOURCE_TAKEN");
    world.act(FOUNDRY, held, Action::Refuse(no("own-risk"))).unwrap();
    assert_eq!(world.give(&cx, &command).unwrap_err().reason, "RESOURCE_TAKEN", "a late copy of it");
    assert_eq!(world.counts(&crane()), [0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_supplier_withdraws_on_the_road() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    let held = world.order(request, &foam(), 2).unwrap();
    world.act(AUTO, held, yes()).unwrap();
    world.act(AUTO, held, Action::Depart(Departure::default())).unwrap();
    world.story();
    world.messages();
    world.act(AUTO, held, Action::Withdraw(no("broken"))).unwrap();
    insta::assert_snapshot!(world.story(), @r"
    ! WITHDRAWN [supplier] 支援方退出：设备故障
    ! LINE_REOPENED [supplier] 需求重新缺口：泡沫车 × 2不能到达（设备故障），尚缺 2
    ");
    insta::assert_snapshot!(world.messages(), @r"
    chenghu-chem aid-lost! 泡沫车 × 2不能到达（设备故障），尚缺 2
    the dispatcher on duty page 泡沫车 × 2不能到达（设备故障），尚缺 2
    ");
    assert_eq!(world.fulfilment(request).missing(), 2, "the line is open again");
    assert_eq!(world.counts(&foam()), [0, 0, 2, 0, 0, 0], "still out until it is home");
    assert_eq!(world.act(AUTO, held, Action::Withdraw(no("broken"))).unwrap().outcome, Outcome::Noted);
}

#[test]
fn a_package_agreed_beforehand_commits_in_one_step() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    let key = LedgerKey { resource: foam(), book: Book::Actual };
    let terms = Terms { pre_authorised: true, ..terms(&foam()) };
    world.say("system", Body::SetTerms { ledger: key, expected: None, terms, recount: false }).unwrap();
    world.story();
    world.messages();
    let sent = world.order(request, &foam(), 2).unwrap();
    insta::assert_snapshot!(world.story(), @"- PACKAGE_COMMITTED [dispatcher] 即调资源包出动：泡沫车 × 2，第 1 号，应急救援协议");
    insta::assert_snapshot!(world.messages(), @"qihang-auto mission-order! 调令：请立即出动泡沫车 × 2");
    assert_eq!(world.assignment(sent).state.word(), AssignmentState::Committed);
    world.act(AUTO, sent, Action::Withdraw(no("own-risk"))).unwrap();
    assert_eq!(world.counts(&foam()), [0, 0, 0, 0, 0, 2], "it is theirs all the same");
}

#[test]
fn who_is_not_needed_any_more_is_told_so() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "救援车", Priority::P1, 2);
    let decided = world.decided(request);
    let body =
        Body::Solicit { request: decided, line: line(), resources: vec![crane(), foam()], quantity: None };
    let asked = world.say("dispatcher", body).unwrap().assignments;
    let held = world.order(request, &foam(), 2).unwrap();
    assert_eq!(asked[1], held, "one assignment for a line and a resource");
    world.messages();
    world.act(AUTO, held, yes()).unwrap();
    insta::assert_snapshot!(world.messages(), @r"
    qihang-auto mission-order 调令：请出动泡沫车 × 2
    chenghu-chem request-update 泡沫车 × 2已确认支援
    hengrui-foundry stand-down 吊车 × 1不再需要：需求已满足
    ");
    assert_eq!(world.assignment(asked[0]).state.word(), AssignmentState::StoodDown);
}

#[test]
fn a_no_that_crosses_an_order_frees_the_owner() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "吊起塌梁", Priority::P1, 1);
    let decided = world.decided(request);
    let body = Body::Solicit { request: decided, line: line(), resources: vec![crane()], quantity: None };
    let asked = world.say("dispatcher", body).unwrap().assignments[0];
    world.order(request, &crane(), 1).unwrap();
    world.answer(FOUNDRY, asked, 0, Action::Decline(no("no-staff"))).unwrap();
    assert_eq!(world.assignment(asked).state.word(), AssignmentState::Declined);
    assert_eq!(world.counts(&crane()), [0, 0, 0, 0, 0, 1]);
}

#[test]
fn nobody_departs_without_a_mission_order() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "吊起塌梁", Priority::P1, 1);
    let held = world.order(request, &crane(), 1).unwrap();
    world.story();
    let refusal = world.act(FOUNDRY, held, Action::Depart(Departure::default())).unwrap_err();
    assert_eq!(refusal.reason, "NO_MISSION_ORDER");
    insta::assert_snapshot!(world.story(), @"! DEPARTED [supplier] 出发：无调令不得出动，当前为“已下令待确认”");
    world.act("dispatcher", held, Action::StandDown(Reason { reason: "换用其他吊车".into() })).unwrap();
    let refusal = world.act(FOUNDRY, held, Action::Depart(Departure::default())).unwrap_err();
    assert_eq!(refusal.reason, "NO_MISSION_ORDER", "a team that moves after all is an alarm");
}

#[test]
fn help_offered_unasked_stands_beside_the_rest() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "吊起塌梁", Priority::P1, 1);
    let offer = shouwang_proto::mutual_aid::action::Offer {
        quantity: 1,
        eta_seconds: 900,
        conditions: String::new(),
        valid_seconds: Some(600),
    };
    let line = world.case.requests[&request].line_id(line());
    let body = Body::Offer(UnsolicitedOffer { line, resource: crane(), offer });
    assert_eq!(world.say(CHEM, body.clone()).unwrap_err().reason, "NOT_YOURS");
    let offered = world.say(FOUNDRY, body).unwrap().assignments[0];
    assert_eq!(world.fulfilment(request).missing(), 1, "a promise is not counted");
    world.pass(700);
    assert_eq!(world.assignment(offered).state.word(), AssignmentState::Lapsed);
}
