//! What is read back from the wire is what was written, and what is wrong is named.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    action::*,
    assignment::AssignmentView,
    command::{About, MemberCommand, Word},
    id::*,
    notice::{AboutIncident, AboutRequest, Notice, NoticeKey},
    request::Need,
    term::*,
};
use crate::{
    publication::{DutyContact, Location, time_to_wire},
    refusal::Violations,
    wire,
};

fn assignment() -> AssignmentId {
    AssignmentId::from_uuid(Uuid::from_u128(7))
}

fn decline() -> Decline {
    Decline { reason: "in-use".parse().unwrap(), note: "正在抢修".to_owned() }
}

fn actions() -> Vec<Action> {
    let note = || Note { note: "到门口".to_owned() };
    let lead = DutyContact { name: "王队".into(), phone: "138 0000 0000".into(), duty: String::new() };
    vec![
        Action::Offer(Offer {
            quantity: 2,
            eta_seconds: 600,
            conditions: "自带油料".into(),
            valid_seconds: Some(900),
        }),
        Action::Decline(decline()),
        Action::Confirm(Confirm { eta_seconds: Some(300), lead: Some(lead) }),
        Action::Refuse(decline()),
        Action::Withdraw(decline()),
        Action::Muster(note()),
        Action::Depart(Departure { eta_seconds: None, head_count: Some(6), note: String::new() }),
        Action::Stage(note()),
        Action::Arrive(note()),
        Action::Extend(Extension { until: Timestamp::UNIX_EPOCH, note: String::new() }),
        Action::Recall(Reason { reason: "风向变了".into() }),
        Action::Release(note()),
        Action::Return(Account { returned: 1, consumed: 1, damaged: 0, note: String::new() }),
        Action::Settle(Claim {
            cost_fen: 120_000,
            payer: Payer::Requester,
            basis: Basis::Agreement,
            note: String::new(),
        }),
        Action::HeadCount(HeadCount { people: 6, note: String::new() }),
        Action::Contact(ContactReport { lost: true, note: String::new() }),
        Action::StandDown(Reason { reason: "火已灭".into() }),
    ]
}

#[test]
fn every_action_survives_the_wire_and_the_store() {
    for action in actions() {
        let written = AssignmentAction { assignment: assignment(), epoch: 3, action };
        let mut violations = Violations::new();
        let read = AssignmentAction::read("action", written.to_wire(), &mut violations);
        assert_eq!((read.as_ref(), violations.into_inner()), (Some(&written), vec![]));
        let stored = serde_json::to_string(&written).unwrap();
        assert_eq!(serde_json::from_str::<AssignmentAction>(&stored).unwrap(), written);
    }
}

#[test]
fn all_that_is_wrong_is_named_at_once() {
    let command = wire::MemberCommand {
        command_id: "seven".into(),
        actor: String::new(),
        occurred_at: None,
        channel: 0,
        word: Some(wire::member_command::Word::Submission(wire::RequestSubmission {
            incident: String::new(),
            new_incident: Some(wire::Incident {
                accident_type: "alchemy".into(),
                ..wire::Incident::default()
            }),
            request: Some(wire::MutualAidRequest {
                lines: vec![wire::NeedLine { requested: 0, minimum: 2, ..wire::NeedLine::default() }],
                ..wire::MutualAidRequest::default()
            }),
        })),
    };
    let refusal = MemberCommand::from_wire(command).unwrap_err();
    let fields: Vec<_> = refusal.violations.into_iter().map(|wrong| wrong.field).collect();
    insta::assert_snapshot!(fields.join("\n"), @r"
    command_id
    actor
    occurred_at
    channel
    submission.new_incident.mode
    submission.new_incident.occurred_at
    submission.new_incident.place
    submission.new_incident.title
    submission.new_incident.accident_type
    submission.request.priority
    submission.request.lines[0].requested
    submission.request.lines[0].minimum
    submission.request.lines[0].unit
    submission.request.lines[0].resource_kind
    submission.request.lines[0].what
    submission.request.contact
    submission.request.title
    ");
}

#[test]
fn a_call_for_help_is_read() {
    let place = wire::Location { latitude: 31.3, longitude: 120.7, address: "星湖街 8 号".into() };
    let command = wire::MemberCommand {
        command_id: Uuid::from_u128(9).to_string(),
        actor: "李工".into(),
        occurred_at: Some(time_to_wire(Timestamp::UNIX_EPOCH)),
        channel: wire::Channel::Node.into(),
        word: Some(wire::member_command::Word::Submission(wire::RequestSubmission {
            incident: String::new(),
            new_incident: Some(wire::Incident {
                mode: wire::IncidentMode::Actual.into(),
                title: "二车间起火".into(),
                place: Some(place),
                accident_type: "火灾".into(),
                occurred_at: Some(time_to_wire(Timestamp::UNIX_EPOCH)),
                ..wire::Incident::default()
            }),
            request: Some(wire::MutualAidRequest {
                priority: wire::RequestPriority::P1.into(),
                title: "泡沫车".into(),
                contact: Some(wire::DutyContact {
                    name: "李工".into(),
                    phone: "119".into(),
                    duty: "".into(),
                }),
                lines: vec![wire::NeedLine {
                    resource_kind: "车辆".into(),
                    what: "泡沫消防车".into(),
                    requested: 2,
                    unit: "1".into(),
                    ..wire::NeedLine::default()
                }],
                ..wire::MutualAidRequest::default()
            }),
        })),
    };
    let command = MemberCommand::from_wire(command).unwrap();
    let Word::Submission(submission) = command.word else { panic!("a submission") };
    let About::New(incident) = submission.about else { panic!("a new incident") };
    assert_eq!((incident.mode, incident.facts.accident_type.as_str()), (Mode::Actual, "fire"));
    let need = &submission.request.lines[0].need;
    assert_eq!((need.resource_kind.as_str(), need.requested, need.minimum), ("vehicle", 2, 1));
}

#[test]
fn words_know_their_codes_and_numbers() {
    for state in AssignmentState::ALL {
        assert_eq!(AssignmentState::from_wire(state.to_wire().into()), Ok(*state));
        assert_eq!(state.code().parse(), Ok(*state));
        assert_eq!(state.labels().0.parse(), Ok(*state));
    }
    assert!(AssignmentState::from_wire(0).is_err());
    assert_eq!("自身有险情".parse::<DeclineReason>().map(DeclineReason::code), Ok("own-risk"));
    assert_eq!("累了".parse::<DeclineReason>().unwrap_err().allowed.split(", ").count(), 8);
}

/// An assignment of a drill, held by its third order.
fn held() -> AssignmentView {
    let line =
        LineId { request: RequestId::from_uuid(Uuid::from_u128(2)), number: LineNumber::new(1).unwrap() };
    let now = Timestamp::UNIX_EPOCH;
    AssignmentView {
        id: assignment(),
        version: 4,
        line,
        resource: format!("members/hengrui-foundry/publications/{}", Uuid::from_u128(5)).parse().unwrap(),
        mode: Mode::Exercise,
        state: AssignmentState::Held,
        quantity: 1,
        unit: "1".into(),
        epoch: 3,
        basis: Some(Basis::Agreement),
        agreement: Some(AgreementId::from_uuid(uuid::Uuid::from_u128(9))),
        conditions: String::new(),
        unsolicited: false,
        self_deployed: false,
        since: now,
        expires: Some(now),
        arrival: None,
        until: None,
        overdue: false,
        lost_contact: false,
        recall_reason: String::new(),
        head_count: None,
        reason: String::new(),
        reason_text: String::new(),
        account: None,
        settlement: None,
    }
}

#[test]
fn a_notice_tells_a_node_what_it_must_know() {
    let (now, view) = (Timestamp::UNIX_EPOCH, held());
    let line = view.line;
    let need = Need {
        resource_kind: "vehicle".into(),
        what: "吊车".into(),
        capabilities: vec![],
        requested: 1,
        minimum: 1,
        unit: "1".into(),
        needed_by: None,
    };
    let notice = Notice {
        id: NoticeId::from_uuid(Uuid::from_u128(1)),
        recipient: "hengrui-foundry".parse().unwrap(),
        kind: NoticeKind::Order,
        mode: Mode::Exercise,
        alarm: true,
        created: now,
        expire_seconds: Some(180),
        incident: AboutIncident {
            id: IncidentId::from_uuid(Uuid::from_u128(3)),
            title: "演练".into(),
            accident_type: "collapse".into(),
            substances: vec![],
            place: Location { latitude: 31.3, longitude: 120.7, address: String::new() },
        },
        request: Some(AboutRequest {
            id: line.request,
            requester: "chenghu-chem".parse().unwrap(),
            priority: Priority::P2,
            contact: DutyContact { name: "李工".into(), phone: "119".into(), duty: String::new() },
        }),
        line: Some((line.number, need)),
        assignment: Some(view),
        answer_by: Some(now),
        duty_step: 0,
        text_zh: "请确认".into(),
        text_en: "Please confirm".into(),
    };
    let key = NoticeKey::from_wire(&notice.to_wire()).unwrap();
    let order = key.assignment.clone().unwrap();
    assert_eq!(
        (key.kind, key.mode, key.expire_seconds),
        (Some(NoticeKind::Order), Mode::Exercise, Some(180))
    );
    assert_eq!((order.id, order.epoch, order.state), (assignment(), 3, AssignmentState::Held));
    let stored = serde_json::to_string(&notice).unwrap();
    assert_eq!(serde_json::from_str::<Notice>(&stored).unwrap(), notice);
    let newer = wire::Notice { kind: 99, ..notice.to_wire() };
    assert_eq!(NoticeKey::from_wire(&newer).unwrap().kind, None, "an unknown reason is still shown");
}
