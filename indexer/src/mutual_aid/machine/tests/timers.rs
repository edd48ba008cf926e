//! Escalations: they go up step by step, and stop when their cause is gone.

use shouwang_proto::mutual_aid::{
    action::{Action, Confirm, HeadCount, Note},
    incident::AuthorityReport,
    term::{AssignmentState, Mode, Priority, RequestState},
};

use super::world::*;
use crate::mutual_aid::machine::{
    command::{Body, Command},
    escalation::{Subject, Task, Wait},
};

#[test]
fn nobody_takes_up_a_request_and_nothing_is_found() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    world.submit(CHEM, incident, "有人被困", Priority::P1, 2);
    world.messages();
    world.pass(3_700);
    insta::assert_snapshot!(world.messages(), @r"
    the dispatcher on duty page 一级请求“有人被困”无人接警，呼叫值班调度员
    the deputy page 一级请求“有人被困”无人接警，呼叫副值班
    the whole council page 一级请求“有人被困”无人接警，呼叫理事会全体
    the dispatcher on duty page 救援车辆仍无着落，扩大到下一圈与相邻联盟
    the dispatcher on duty page 救援车辆仍无着落，请拨打 119 并报告主管部门
    the dispatcher on duty page 一小时内须向主管部门报告（令第493号）
    the whole council page 一小时内须向主管部门报告（令第493号）
    the whole council page 一小时内须向主管部门报告（令第493号）
    ");
}

#[test]
fn an_escalation_stops_when_its_cause_is_gone() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "有人被困", Priority::P1, 2);
    world.pass(70);
    let due = world.deadlines();
    let decided = world.decided(request);
    world.say("dispatcher", Body::Accept(decided)).unwrap();
    world.order(request, &foam(), 2).unwrap();
    let mut reported = facts("二车间火灾");
    let report = AuthorityReport { authority: "119".into(), reported: world.now, note: String::new() };
    reported.reports.push(report);
    world.say("dispatcher", Body::UpdateIncident { incident, expected: 1, facts: reported }).unwrap();
    world.messages();
    world.story();
    for deadline in due {
        world.now = world.now.max(deadline.due);
        let cx = world.context("system");
        world.give(&cx, &Command::due(deadline)).unwrap();
    }
    assert_eq!((world.story(), world.messages()), (String::new(), String::new()));
}

#[test]
fn an_owner_that_does_not_answer() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "吊起塌梁", Priority::P2, 1);
    let decided = world.decided(request);
    world.say("dispatcher", Body::Accept(decided)).unwrap();
    let held = world.order(request, &crane(), 1).unwrap();
    world.messages();
    world.pass(650);
    insta::assert_snapshot!(world.messages(), @r"
    hengrui-foundry reminder! 请尽快答复吊车 × 1
    the dispatcher on duty page hengrui-foundry 仍未答复吊车 × 1，请电话联系并扩大询援
    hengrui-foundry order-ended 吊车 × 1的调用未确认，已失效
    chenghu-chem aid-lost! 吊车 × 1不能到达（未确认），尚缺 1
    the dispatcher on duty page 吊车 × 1不能到达（未确认），尚缺 1
    ");
    assert_eq!(world.assignment(held).state.word(), AssignmentState::Lapsed);
    assert_eq!(world.counts(&crane()), [0, 0, 0, 0, 0, 1]);

    let again = world.order(request, &crane(), 1).unwrap();
    world.messages();
    world.say(FOUNDRY, Body::Seen(again)).unwrap();
    world.pass(100);
    assert_eq!(world.messages(), "", "who has seen it is not called again");
    world.pass(100);
    let tasks = world.case.standing(&Subject::Assignment(again), &world.policy).unwrap().tasks;
    assert_eq!(tasks, [Task::PhoneOwner], "but the search goes on");
}

#[test]
fn a_team_that_is_late_and_does_not_count() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "吊起塌梁", Priority::P1, 1);
    let decided = world.decided(request);
    world.say("dispatcher", Body::Accept(decided)).unwrap();
    let sent = world.order(request, &crane(), 1).unwrap();
    world.act(FOUNDRY, sent, Action::Confirm(Confirm::default())).unwrap();
    world.messages();
    world.pass(899);
    assert_eq!(world.messages(), "");
    world.pass(2);
    assert!(world.assignment(sent).flags.overdue);
    world.act(CHEM, sent, Action::Arrive(Note::default())).unwrap();
    assert!(!world.assignment(sent).flags.overdue);
    world.messages();
    world.pass(1_201);
    insta::assert_snapshot!(world.messages(), @r"
    the dispatcher on duty page 一小时内须向主管部门报告（令第493号）
    hengrui-foundry reminder! 请清点吊车 × 1人数并报告
    the dispatcher on duty page 吊车 × 1未清点人数
    ");
    world.act(FOUNDRY, sent, Action::HeadCount(HeadCount { people: 4, note: String::new() })).unwrap();
    assert_eq!(world.assignment(sent).flags.missed, 0);
    world.pass(2_401);
    assert!(world.assignment(sent).flags.lost_contact, "twice missed");
}

#[test]
fn what_comes_far_too_late_is_only_written_down() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "吊起塌梁", Priority::P1, 1);
    let held = world.order(request, &crane(), 1).unwrap();
    world.messages();
    world.story();
    world.later(7_200);
    for deadline in world.deadlines() {
        let cx = world.context("system");
        world.give(&cx, &Command::due(deadline)).unwrap();
    }
    insta::assert_snapshot!(world.story(), @r"
    - ESCALATED [system] 升级催办：一级请求“吊起塌梁”无人接警，呼叫值班调度员（已过时，仅记录）
    - ESCALATED [system] 升级催办：hengrui-foundry 未答复吊车 × 1，呼叫下一值班人（已过时，仅记录）
    - LAPSED [system] 逾时失效：吊车 × 1
    ! LINE_REOPENED [system] 需求重新缺口：吊车 × 1不能到达（未确认），尚缺 1
    - ESCALATED [system] 升级催办：一小时内须向主管部门报告（令第493号）（已过时，仅记录）
    ");
    assert_eq!(world.assignment(held).state.word(), AssignmentState::Lapsed, "a hold ends however late");
}

#[test]
fn a_request_that_nobody_takes_up_expires() {
    let mut world = World::new();
    let incident = world.incident(Mode::Test, "联调");
    let request = world.submit(CHEM, incident, "测试", Priority::P3, 1);
    let [deadline] = world.deadlines().try_into().unwrap();
    assert_eq!(deadline.kind, Wait::Expiry);
    world.pass(86_400);
    assert_eq!(world.case.requests[&request].word(), RequestState::Expired);
    assert!(world.deadlines().is_empty());
}
