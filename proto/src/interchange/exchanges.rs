//! Several messages of one exchange: they name each other, say no more than the state allows, and come back as what they
//! say.

use jiff::Timestamp;

use super::{
    cap::{Alert, MsgType, sent_for},
    edxl_rm::{Message, MessageKind, ResponseType},
    tests::{at, incident, request, told},
};
use crate::{
    publication::time_to_wire,
    wire::{
        Assignment, AssignmentState, IncidentState, MissionBasis, TimelineEntry, assignment_action::Action,
    },
};

fn entry(event: &str, time: &str) -> TimelineEntry {
    TimelineEntry {
        event: event.to_owned(),
        recorded_at: Some(time_to_wire(at(time))),
        text_zh: "泄漏已止住".to_owned(),
        ..TimelineEntry::default()
    }
}

fn timeline() -> Vec<TimelineEntry> {
    vec![
        entry("INCIDENT_OPENED", "2026-07-12T06:00:00.9Z"),
        entry("ORDERED", "2026-07-12T06:01:00Z"),
        entry("INCIDENT_UPDATED", "2026-07-12T06:05:00Z"),
        entry("INCIDENT_CLOSED", "2026-07-12T07:00:00Z"),
    ]
}

#[test]
fn later_alerts_replace_and_the_last_one_cancels_those_before() {
    let (mut told_of, timeline) = (incident(), timeline());
    let first = Alert::newest(&told_of, &timeline[..2], "shouwang").unwrap();
    assert_eq!((first.msg_type, first.references.as_str()), (MsgType::Alert, ""));
    let update = Alert::newest(&told_of, &timeline[..3], "shouwang").unwrap();
    assert_eq!(update.msg_type, MsgType::Update);
    let uuid = "01980000-0000-7000-8000-000000000001";
    assert_eq!(update.references, format!("shouwang,{uuid}.1,2026-07-12T14:00:00+08:00"));
    assert_eq!((first.identifier, update.identifier.clone()), (format!("{uuid}.1"), format!("{uuid}.2")));
    told_of.state = IncidentState::Closed.into();
    let cancel = Alert::newest(&told_of, &timeline, "shouwang").unwrap();
    assert_eq!((cancel.msg_type, cancel.note.as_str()), (MsgType::Cancel, "泄漏已止住"));
    let names: Vec<_> = sent_for(&told_of, &timeline).into_iter().map(|sent| sent.identifier).collect();
    assert_eq!(cancel.references.split(' ').count(), 2);
    assert!(names[..2].iter().all(|name| cancel.references.contains(name)), "{}", cancel.references);
    assert!(!cancel.references.contains(&cancel.identifier));
    for alert in [update, cancel] {
        assert_eq!(Alert::parse(&alert.to_xml()).unwrap(), alert);
    }
    assert!(Alert::newest(&told_of, &timeline[1..2], "shouwang").is_err(), "nothing tells of it");
}

const A1: &str = "assignments/01980000-0000-7000-8000-00000000000a";

fn assignment(state: AssignmentState) -> Assignment {
    Assignment {
        name: A1.to_owned(),
        version: 7,
        line: 1,
        resource: "members/hengrui-crane/publications/01980000-0000-7000-8000-00000000000b".to_owned(),
        state: state.into(),
        quantity: 1,
        unit: "1".to_owned(),
        epoch: 3,
        basis: MissionBasis::Agreement.into(),
        agreement: "agreements/01980000-0000-7000-8000-00000000000c".to_owned(),
        state_time: Some(time_to_wire(at("2026-07-12T06:10:00Z"))),
        arrival_time: Some(time_to_wire(at("2026-07-12T06:25:00Z"))),
        ..Assignment::default()
    }
}

fn now() -> Timestamp {
    at("2026-07-12T06:15:00Z")
}

fn tell(assignment: &Assignment) -> Message {
    Message::from_assignment(assignment, &request(), &incident(), None, now()).unwrap()
}

#[test]
fn every_state_is_told_in_messages_that_keep_the_rules_and_are_read_back() {
    use AssignmentState as S;
    let mut kinds = std::collections::BTreeSet::new();
    for state in [
        S::Solicited,
        S::Offered,
        S::Held,
        S::Committed,
        S::Mobilising,
        S::EnRoute,
        S::Staged,
        S::OnScene,
        S::Returning,
        S::Returned,
        S::Settled,
        S::Declined,
        S::Lapsed,
        S::StoodDown,
        S::Failed,
    ] {
        for (epoch, recall_reason) in [(0, ""), (3, ""), (3, "已控制")] {
            let told = Assignment { epoch, recall_reason: recall_reason.to_owned(), ..assignment(state) };
            assert!(!MessageKind::of(&told).is_empty(), "{state:?}");
            for kind in MessageKind::of(&told) {
                let message =
                    Message::from_assignment(&told, &request(), &incident(), Some(*kind), now()).unwrap();
                assert_eq!(message.kind, *kind);
                assert_eq!(Message::parse(&message.to_xml()).unwrap(), message, "{state:?} {kind:?}");
                kinds.insert(kind.word());
            }
        }
    }
    assert_eq!(kinds.len(), MessageKind::ALL.len(), "all of them: {kinds:?}");
    let early = Message::from_assignment(
        &assignment(S::Held),
        &request(),
        &incident(),
        Some(MessageKind::ReleaseResource),
        now(),
    );
    insta::assert_snapshot!(told(&early.unwrap_err()), @"message: must be one of: RequisitionResource （当前状态可导出以上消息）");
}

#[test]
fn a_commitment_is_written_in_the_order_of_the_schema() {
    let message = tell(&assignment(AssignmentState::Committed));
    let uuid = "01980000-0000-7000-8000-00000000000a";
    assert_eq!(message.message_id, format!("urn:uuid:{uuid}:CommitResource.3"));
    assert_eq!(message.preceding_message_id, format!("urn:uuid:{uuid}:RequisitionResource.3"));
    let text = message.to_xml();
    let mut rest = text.as_str();
    for element in [
        "<CommitResource",
        "<MessageID>",
        "<SentDateTime>",
        "<MessageContentType>CommitResource<",
        "<MessageDescription>",
        "依据：应急救援协议",
        "<OriginatingMessageID>",
        "<PrecedingMessageID>",
        "<IncidentInformation>",
        "<ContactInformation>",
        "<rm:ContactRole>Owner<",
        "<ResourceInformation>",
        "<ResponseInformation>",
        "<rm:PrecedingResourceInfoElementID>001<",
        "<rm:ResponseType>Accept<",
        "<Resource>",
        "<ResourceID>",
        "<AssignmentInformation>",
        "<ScheduleInformation>",
        "<ScheduleType>EstimatedArrival<",
    ] {
        let place = rest.find(element).unwrap_or_else(|| panic!("{element} is missing or misplaced: {text}"));
        rest = &rest[place + element.len()..];
    }
}

/// An answer of another system to a message of ours.
fn answer(kind: MessageKind, to: &Message, said: ResponseType) -> Message {
    let state = if kind == MessageKind::CommitResource {
        AssignmentState::Committed
    } else {
        AssignmentState::Offered
    };
    let mut answer = tell(&assignment(state));
    answer.kind = kind;
    answer.message_id = "urn:other:1".to_owned();
    answer.preceding_message_id.clone_from(&to.message_id);
    answer.resources[0].response.as_mut().unwrap().kind = said;
    Message::parse(&answer.to_xml()).unwrap()
}

#[test]
fn an_answer_becomes_a_word_about_the_order_that_it_answers() {
    let order = tell(&assignment(AssignmentState::Held));
    let yes =
        answer(MessageKind::CommitResource, &order, ResponseType::Accept).to_action(A1, Some(9)).unwrap();
    assert_eq!(yes.epoch, 3, "what it names comes first: a yes to an older order is no yes to a newer");
    let Some(Action::Confirm(confirm)) = yes.action else { panic!("{yes:?}") };
    assert_eq!(confirm.eta_seconds, 600);
    let no = answer(MessageKind::CommitResource, &order, ResponseType::Decline);
    assert!(matches!(no.to_action(A1, None).unwrap().action, Some(Action::Refuse(_))));

    let asked = tell(&assignment(AssignmentState::Solicited));
    let offer = answer(MessageKind::ResponseToRequestResource, &asked, ResponseType::Provisional);
    let Some(Action::Offer(offer)) = offer.to_action(A1, None).unwrap().action else { panic!() };
    assert_eq!((offer.quantity, offer.eta_seconds), (1, 600));
    let mut no = answer(MessageKind::ResponseToRequestResource, &asked, ResponseType::Decline);
    let response = no.resources[0].response.as_mut().unwrap();
    response.reason = "正在抢修".to_owned();
    let Some(Action::Decline(decline)) = no.to_action(A1, None).unwrap().action else { panic!() };
    assert_eq!((decline.reason.as_str(), decline.note.as_str()), ("other", "正在抢修"));

    // Our own no comes back with its code.
    let declined = Assignment { reason: "in-use".to_owned(), ..assignment(AssignmentState::Declined) };
    let Some(Action::Refuse(refuse)) = tell(&declined).to_action(A1, None).unwrap().action else { panic!() };
    assert_eq!(refuse.reason, "in-use");
}

#[test]
fn an_answer_that_answers_nothing_of_ours_is_refused() {
    let order = tell(&assignment(AssignmentState::Held));
    let yes = answer(MessageKind::CommitResource, &order, ResponseType::Accept);
    let other = "assignments/01980000-0000-7000-8000-00000000000f";
    insta::assert_snapshot!(told(&yes.to_action(other, Some(3)).unwrap_err()), @"
    CommitResource/PrecedingMessageID: answers another assignment （答复的是其他调派）
    CommitResource/PrecedingMessageID: names no order of ours; say which one is answered （未指明所答复的调用序号）
    ");
    let foreign = Message { preceding_message_id: "urn:other:7".to_owned(), ..yes.clone() };
    assert_eq!(foreign.to_action(A1, Some(2)).unwrap().epoch, 2, "then a person says which");
    assert!(foreign.to_action(A1, None).is_err());
    let perhaps = answer(MessageKind::CommitResource, &order, ResponseType::Provisional);
    insta::assert_snapshot!(told(&perhaps.to_action(A1, None).unwrap_err()), @"CommitResource/ResourceInformation[1]/ResponseInformation/ResponseType: must be Accept or Decline: an order is confirmed or refused （调用须明确确认或拒绝）");
    insta::assert_snapshot!(told(&order.to_action(A1, None).unwrap_err()), @"
    document: must be a ResponseToRequestResource or CommitResource （须为答复或承诺消息）
    RequisitionResource/ResourceInformation: must be one with a response: one document for each assignment （每个文件只能答复一项）
    ");
}

#[test]
fn the_rules_of_each_message_are_checked() {
    let mut commit = tell(&assignment(AssignmentState::Committed));
    commit.preceding_message_id.clear();
    commit.resources[0].response = None;
    commit.resources[0].quantity = None;
    insta::assert_snapshot!(told(&Message::parse(&commit.to_xml()).unwrap_err()), @"
    CommitResource/PrecedingMessageID: is required: the message that is answered （必填：所答复的消息）
    CommitResource/ResourceInformation[1]/ResponseInformation: is required （必填）
    CommitResource/ResourceInformation[1]/AssignmentInformation/Quantity: is required （必填）
    ");
    let mut release = tell(&assignment(AssignmentState::Returning));
    release.resources[0].response =
        tell(&assignment(AssignmentState::Committed)).resources[0].response.clone();
    insta::assert_snapshot!(told(&Message::parse(&release.to_xml()).unwrap_err()), @"ReleaseResource/ResourceInformation[1]/ResponseInformation: is not expected here （此处不应出现）");
    let no = "<CommitResource xmlns=\"urn:oasis:names:tc:emergency:EDXL:RM:1.0:msg\" \
        xmlns:rm=\"urn:oasis:names:tc:emergency:EDXL:RM:1.0\"><MessageID>1</MessageID>\
        <SentDateTime>2026-07-12T14:00:00+08:00</SentDateTime><MessageContentType>CommitResource</MessageContentType>\
        <OriginatingMessageID>1</OriginatingMessageID><PrecedingMessageID>1</PrecedingMessageID>\
        <ContactInformation/><ResourceInformation><ResourceInfoElementID>1</ResourceInfoElementID>\
        <ResponseInformation><rm:PrecedingResourceInfoElementID>001</rm:PrecedingResourceInfoElementID>\
        <rm:ResponseType>Decline</rm:ResponseType></ResponseInformation></ResourceInformation></CommitResource>";
    let no = Message::parse(no).unwrap();
    assert!(
        matches!(no.to_action(A1, Some(1)).unwrap().action, Some(Action::Refuse(_))),
        "a no needs no more"
    );
    assert!(Message::parse(&no.to_xml().replace("Decline", "Perhaps")).is_err());
}
