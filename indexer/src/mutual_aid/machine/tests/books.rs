//! Drills, merging, amending: what happens to whole requests and incidents.

use shouwang_proto::mutual_aid::{
    action::{Action, Confirm, Departure},
    request::WrittenLine,
    term::{AssignmentState, IncidentState, Mode, Priority, RequestState},
};

use super::world::*;
use crate::mutual_aid::machine::{
    command::{Body, Decided},
    escalation::{Subject, Task},
    ledger::{Book, LedgerKey},
    request::State,
};

#[test]
fn a_drill_has_its_own_ledger_and_stops_for_a_life_in_danger() {
    let mut world = World::new();
    let drill = world.incident(Mode::Exercise, "桌面演练");
    let request = world.submit(CHEM, drill, "演练：泡沫", Priority::P1, 3);
    let out = world.order(request, &foam(), 2).unwrap();
    world.act(AUTO, out, Action::Confirm(Confirm::default())).unwrap();
    world.act(AUTO, out, Action::Depart(Departure::default())).unwrap();
    let held = world.order(request, &crane(), 1).unwrap();
    assert_eq!(world.counts(&foam()), [0, 0, 0, 0, 0, 2], "the real ledger knows nothing of it");
    let copy = LedgerKey { resource: foam(), book: Book::Exercise(drill) };
    assert_eq!(world.case.ledgers[&copy].deployed, 2);
    world.story();
    world.messages();

    let real = world.incident(Mode::Actual, "二车间火灾");
    world.submit(ELECTRONICS, real, "有人被困", Priority::P1, 2);
    insta::assert_snapshot!(world.story(), @r"
    - INCIDENT_OPENED [dispatcher] 事件立案：二车间火灾（实战）
    - REQUEST_SUBMITTED [requester] 请求提交：有人被困
    - REQUEST_OPENED [requester] 请求受理：危及生命，直接启动，待核实
    ! DRILL_HALTED [system] 演练中止：发生实战一级请求
    - REQUEST_STOOD_DOWN [system] 请求收队：演练中止：发生实战一级请求
    - STOOD_DOWN [system] 撤销：演练中止：发生实战一级请求
    - RECALLED [system] 召回：演练中止：发生实战一级请求
    ");
    insta::assert_snapshot!(world.messages(), @r"
    the dispatcher on duty page 新请求（P1 危及生命）：有人被困
    hengrui-foundry stand-down! 吊车 × 1不再需要：演练中止：发生实战一级请求
    qihang-auto recall! 请撤回泡沫车 × 2：演练中止：发生实战一级请求
    chenghu-chem drill-halted! 演练立即中止：发生实战一级请求
    hengrui-foundry drill-halted! 演练立即中止：发生实战一级请求
    qihang-auto drill-halted! 演练立即中止：发生实战一级请求
    ");
    assert_eq!(world.case.incidents[&drill].word(), IncidentState::Halted);
    assert_eq!(world.assignment(held).state.word(), AssignmentState::StoodDown);
    let more = Body::HaltDrill {
        incident: real,
        cause: crate::mutual_aid::machine::incident::HaltCause::Person("误触".into()),
    };
    assert_eq!(world.say("dispatcher", more).unwrap_err().reason, "NOT_A_DRILL");
    let decided = world.decided(request);
    let amended = Body::Amend(decided, Box::new(written("演练", Priority::P1, 3)));
    assert_eq!(world.say(CHEM, amended).unwrap_err().reason, "DRILL_HALTED");
}

#[test]
fn a_real_request_that_becomes_urgent_stops_drills() {
    let mut world = World::new();
    let drill = world.incident(Mode::Exercise, "桌面演练");
    let real = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, real, "泡沫", Priority::P2, 2);
    assert_eq!(world.case.incidents[&drill].word(), IncidentState::Open);
    let decided = world.decided(request);
    let mut urgent = written("泡沫", Priority::P1, 2);
    urgent.lines[0].number = Some(line());
    world.say(CHEM, Body::Amend(decided, Box::new(urgent))).unwrap();
    assert_eq!(world.case.requests[&request].word(), RequestState::Open, "open at once");
    assert_eq!(world.case.incidents[&drill].word(), IncidentState::Halted);
}

#[test]
fn two_reports_of_one_event_are_merged_by_a_person() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let first = world.submit(CHEM, incident, "起火", Priority::P1, 2);
    let second = world.submit(ELECTRONICS, incident, "邻厂起火", Priority::P2, 1);
    let merge =
        |world: &World, carry| Body::Merge { from: world.decided(second), into: world.decided(first), carry };
    world.say("dispatcher", merge(&world, vec![line()])).unwrap();
    assert_eq!(world.case.requests[&second].word(), RequestState::Merged);
    let lines = &world.case.requests[&first].lines;
    assert_eq!((lines.len(), lines[1].need.requested), (2, 1), "no need is lost");
    assert_eq!(world.say("dispatcher", merge(&world, vec![])).unwrap_err().reason, "STATE_UNFIT");
}

#[test]
fn a_need_that_shrinks_shows_what_is_too_much() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    world.order(request, &foam(), 2).unwrap();
    world.story();
    let mut less = written("泡沫", Priority::P1, 1);
    less.lines[0].number = Some(line());
    let also = WrittenLine { number: None, ..less.lines[0].clone() };
    less.lines.push(also);
    let decided = world.decided(request);
    world.say(CHEM, Body::Amend(decided, Box::new(less))).unwrap();
    insta::assert_snapshot!(world.story(), @r"
    ! SURPLUS [requester] 超出需求：救援车辆 超出 1
    - REQUEST_AMENDED [requester] 请求变更
    ");
    assert_eq!(world.case.requests[&request].lines.len(), 2);
    let tasks = world.case.standing(&Subject::Request(request), &world.policy).unwrap().tasks;
    assert!(tasks.contains(&Task::Surplus(line())), "{tasks:?}");
    let mut more = world.wish(request, &crane(), 1);
    assert_eq!(world.order(request, &crane(), 1).unwrap_err().reason, "LINE_ALREADY_MET");
    more.overcommit = true;
    world.say("dispatcher", Body::Order(Box::new(more))).unwrap();
    assert_eq!(world.case.requests[&request].lines[0].overcommitted, 2);
}

#[test]
fn a_draft_waits_and_a_rejected_request_is_over() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let submission = shouwang_proto::mutual_aid::command::Submission {
        about: shouwang_proto::mutual_aid::command::About::Known(incident),
        request: written("泡沫", Priority::P2, 2),
    };
    let body = Body::Submit { requester: member(CHEM), submission: Box::new(submission), draft: true };
    let draft = world.say(CHEM, body).unwrap().request.unwrap();
    let decided = world.decided(draft);
    assert_eq!(world.say("dispatcher", Body::Accept(decided)).unwrap_err().reason, "STATE_UNFIT");
    world.say(CHEM, Body::SubmitDraft(decided)).unwrap();
    let decided = Decided { request: draft, expected: 2 };
    world.say("dispatcher", Body::Reject(decided, "误报".into())).unwrap();
    assert!(matches!(world.case.requests[&draft].state, State::Rejected { .. }));
    assert_eq!(world.order(draft, &foam(), 1).unwrap_err().reason, "REQUEST_NOT_OPEN");
}
