//! Missions from the order to the settlement, and what is reported late or not at all.

use shouwang_proto::{
    mutual_aid::{
        action::*,
        command::SelfDeployment,
        id::AgreementId,
        term::{AssignmentState, Basis, Mode, Outcome, Payer, Priority},
    },
    refusal::Refusal,
};
use uuid::Uuid;

use super::world::*;
use crate::mutual_aid::machine::{
    assignment::State,
    command::{Body, OrderWish},
    escalation::{Subject, Task},
};

fn yes() -> Action {
    Action::Confirm(Confirm::default())
}

fn home(returned: u64, consumed: u64, damaged: u64) -> Action {
    Action::Return(Account { returned, consumed, damaged, note: String::new() })
}

fn claim(cost_fen: u64) -> Action {
    let (payer, basis) = (Payer::Requester, Basis::Agreement);
    Action::Settle(Claim { cost_fen, payer, basis, note: String::new() })
}

#[test]
fn an_order_under_an_agreement_names_it_or_is_refused() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    let mut order = |basis, agreement| {
        let wish = OrderWish { basis, agreement, ..world.wish(request, &foam(), 1) };
        let ordered = world.say("dispatcher", Body::Order(Box::new(wish)))?;
        Ok::<_, Refusal>(world.assignment(ordered.assignments[0]).view())
    };
    let signed = AgreementId::from_uuid(Uuid::from_u128(7));
    assert_eq!(order(Basis::Agreement, None).unwrap_err().reason, "AGREEMENT_MISSING");
    let view = order(Basis::Agreement, Some(signed)).unwrap();
    assert_eq!((view.epoch, view.basis, view.agreement), (1, Some(Basis::Agreement), Some(signed)));
    // A command and voluntary aid need none, and stand on none.
    for (epoch, basis) in [(2, Basis::Command), (3, Basis::Voluntary)] {
        let view = order(basis, Some(signed)).unwrap();
        assert_eq!((view.epoch, view.basis, view.agreement), (epoch, Some(basis), None));
    }
}

#[test]
fn from_the_call_to_the_settlement() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    let sent = world.order(request, &foam(), 2).unwrap();
    world.act(AUTO, sent, yes()).unwrap();
    for action in [
        Action::Muster(Note::default()),
        Action::Depart(Departure { eta_seconds: Some(300), head_count: Some(6), note: String::new() }),
        Action::Stage(Note::default()),
        Action::Arrive(Note::default()),
        Action::HeadCount(HeadCount { people: 6, note: String::new() }),
        Action::Release(Note::default()),
    ] {
        world.later(60);
        world.act(AUTO, sent, action).unwrap();
    }
    assert_eq!(world.act(AUTO, sent, home(2, 1, 0)).unwrap_err().reason, "COUNTS_DIFFER");
    world.act(AUTO, sent, home(1, 1, 0)).unwrap();
    assert_eq!(world.counts(&foam()), [0, 0, 0, 1, 0, 1], "one was used up");
    let decided = world.decided(request);
    world.say(CHEM, Body::StandDown(decided, "火已灭".into())).unwrap();
    let decided = world.decided(request);
    world.say(CHEM, Body::Close(decided)).unwrap();
    world.act(AUTO, sent, claim(120_000)).unwrap();
    world.act(CHEM, sent, claim(100_000)).unwrap();
    assert_eq!(world.assignment(sent).state.word(), AssignmentState::Returned, "they do not agree yet");
    world.act(AUTO, sent, claim(100_000)).unwrap();
    assert_eq!(world.assignment(sent).state.word(), AssignmentState::Settled);
    let review =
        Body::Review { request: world.decided(request), text: "三分钟到场".into(), lessons: vec![] };
    world.say("dispatcher", review).unwrap();
    insta::assert_snapshot!(world.story(), @r"
    - INCIDENT_OPENED [dispatcher] 事件立案：二车间火灾（实战）
    - REQUEST_SUBMITTED [requester] 请求提交：泡沫
    - REQUEST_OPENED [requester] 请求受理：危及生命，直接启动，待核实
    - ORDERED [dispatcher] 调用（待确认）：泡沫车 × 2，第 1 号，应急救援协议
    - CONFIRMED [supplier] 确认出动：泡沫车 × 2
    - MUSTERED [supplier] 集结：泡沫车 × 2
    - DEPARTED [supplier] 出发：泡沫车 × 2
    - STAGED [supplier] 到达集结点：泡沫车 × 2
    - ARRIVED [supplier] 到场：泡沫车 × 2
    - HEAD_COUNTED [supplier] 人数清点：6 人平安
    - RELEASED [supplier] 离场：泡沫车 × 2
    - RETURNED [supplier] 归队清点：归还 1，消耗 1，损坏 0
    - REQUEST_STOOD_DOWN [requester] 请求收队：火已灭
    - REQUEST_CLOSED [requester] 请求关闭
    - CLAIMED [supplier] 费用申报：泡沫车 × 2
    - CLAIMED [requester] 费用申报：泡沫车 × 2
    - SETTLED [supplier] 费用结清：泡沫车 × 2
    - REQUEST_REVIEWED [dispatcher] 请求复盘
    ");
}

#[test]
fn steps_that_nobody_reported_are_left_out() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    let sent = world.order(request, &foam(), 2).unwrap();
    world.act(AUTO, sent, yes()).unwrap();
    world.act(CHEM, sent, Action::Arrive(Note::default())).unwrap();
    assert_eq!(world.counts(&foam()), [0, 0, 2, 0, 0, 0], "who has arrived has departed");
    let late = world.act(AUTO, sent, Action::Depart(Departure::default())).unwrap();
    assert_eq!(late.outcome, Outcome::Noted);
    world.act(AUTO, sent, home(2, 0, 0)).unwrap();
    let late = world.act(CHEM, sent, Action::Arrive(Note::default())).unwrap();
    assert_eq!((late.outcome, world.counts(&foam())), (Outcome::Noted, [0, 0, 0, 0, 0, 2]));
}

#[test]
fn a_team_that_came_by_itself_is_booked() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let first = world.submit(CHEM, incident, "吊起塌梁", Priority::P2, 1);
    let decided = world.decided(first);
    world.say("dispatcher", Body::Accept(decided)).unwrap();
    let promised = world.order(first, &crane(), 1).unwrap();
    let second = world.submit(ELECTRONICS, incident, "有人被压", Priority::P1, 1);
    world.story();
    let line = world.case.requests[&second].line_id(line());
    let came =
        SelfDeployment {
            line, resource: crane(), quantity: 1, on_scene: true, note: "邻厂直接赶到".into()
        };
    let booked = world.say(ELECTRONICS, Body::SelfDeploy(came)).unwrap().assignments[0];
    insta::assert_snapshot!(world.story(), @r"
    ! WITHDRAWN [supplier] 支援方退出
    ! LINE_REOPENED [supplier] 需求重新缺口：吊车 × 1不能到达（已自行前往他处），尚缺 1
    - SELF_DEPLOYED [requester] 自行出动：吊车 × 1 邻厂直接赶到
    ");
    assert_eq!(world.assignment(promised).state.word(), AssignmentState::Failed);
    assert_eq!(world.counts(&crane()), [0, 0, 1, 0, 0, 0]);
    assert_eq!(world.answer(FOUNDRY, promised, 1, yes()).unwrap().outcome, Outcome::BecameOffer);
    assert!(matches!(&world.assignment(booked).state, State::OnScene(there) if there.mission.self_deployed));
}

#[test]
fn more_came_than_is_lent() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "泡沫", Priority::P1, 2);
    let line = world.case.requests[&request].line_id(line());
    let came = SelfDeployment { line, resource: foam(), quantity: 3, on_scene: false, note: String::new() };
    let booked = world.say(AUTO, Body::SelfDeploy(came)).unwrap().assignments[0];
    let ledger = world.ledger(&foam());
    assert_eq!((ledger.deployed, ledger.shortfall(), ledger.free()), (3, 1, 0));
    assert_eq!(world.case.requests[&request].lines[0].overcommitted, 1);
    world.act(AUTO, booked, home(3, 0, 0)).unwrap();
    assert_eq!((world.ledger(&foam()).shortfall(), world.ledger(&foam()).free()), (0, 2));
}

#[test]
fn a_request_closes_only_when_everybody_is_home() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "救援车", Priority::P1, 3);
    let out = world.order(request, &foam(), 2).unwrap();
    let stays = world.order(request, &crane(), 1).unwrap();
    world.act(AUTO, out, yes()).unwrap();
    world.act(AUTO, out, Action::Depart(Departure::default())).unwrap();
    world.messages();
    let decided = world.decided(request);
    world.say(CHEM, Body::StandDown(decided, "火已灭".into())).unwrap();
    insta::assert_snapshot!(world.messages(), @r"
    hengrui-foundry stand-down! 吊车 × 1不再需要：火已灭
    qihang-auto recall! 请撤回泡沫车 × 2：火已灭
    ");
    assert_eq!(world.assignment(stays).state.word(), AssignmentState::StoodDown);
    let tasks = |world: &World, subject| world.case.standing(&subject, &world.policy).unwrap().tasks;
    assert_eq!(tasks(&world, Subject::Assignment(out)), [Task::AwaitRelease]);
    let decided = world.decided(request);
    assert_eq!(world.say(CHEM, Body::Close(decided)).unwrap_err().reason, "ASSIGNMENTS_ACTIVE");
    world.act(AUTO, out, Action::Release(Note::default())).unwrap();
    world.act(AUTO, out, home(2, 0, 0)).unwrap();
    assert_eq!(tasks(&world, Subject::Request(request)), [Task::Close]);
    world.say(CHEM, Body::Close(decided)).unwrap();
    let close = |expected| Body::CloseIncident { incident, expected, note: String::new() };
    world.say("dispatcher", close(1)).unwrap();
    assert_eq!(world.say("dispatcher", close(2)).unwrap_err().reason, "INCIDENT_CLOSED");
}

#[test]
fn an_extension_and_a_recall_reach_the_team() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "吊起塌梁", Priority::P1, 1);
    let sent = world.order(request, &crane(), 1).unwrap();
    world.act(FOUNDRY, sent, yes()).unwrap();
    let longer = Action::Extend(Extension { until: world.now, note: String::new() });
    assert_eq!(world.act(CHEM, sent, longer.clone()).unwrap_err().reason, "STATE_UNFIT");
    world.act(FOUNDRY, sent, Action::Arrive(Note::default())).unwrap();
    world.messages();
    world.act(CHEM, sent, longer).unwrap();
    world.act("dispatcher", sent, Action::Recall(Reason { reason: "风向变了".into() })).unwrap();
    insta::assert_snapshot!(world.messages(), @r"
    hengrui-foundry extension! 请延长支援至 2026-07-12T03:00:00Z
    hengrui-foundry recall! 请撤回吊车 × 1：风向变了
    ");
    let stay = world.act(CHEM, sent, Action::StandDown(Reason { reason: "够了".into() }));
    assert_eq!(stay.unwrap_err().reason, "DEPARTED_ALREADY");
    world
        .act("dispatcher", sent, Action::Contact(ContactReport { lost: true, note: String::new() }))
        .unwrap();
    assert!(world.assignment(sent).flags.lost_contact);
    world.act(FOUNDRY, sent, Action::HeadCount(HeadCount { people: 4, note: String::new() })).unwrap();
    assert!(!world.assignment(sent).flags.lost_contact, "who counts its people is there");
}
