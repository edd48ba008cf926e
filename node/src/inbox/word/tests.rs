use shouwang_proto::clock::from_millis;
use wire::assignment_action::Action;

use super::*;

const ASSIGNMENT: &str = "assignments/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a39";
const REQUEST: &str = "requests/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a40";

fn context() -> Option<wire::OwnContext> {
    Some(wire::OwnContext {
        request_id: "7D4F4D3E-5D8B-4A3C-9F6E-0D1C2B3A4F5E".to_owned(),
        actor: "值班长 李".to_owned(),
        occurred_at: None,
    })
}

fn answer(epoch: u64, action: Action) -> wire::AnswerRequest {
    let action = wire::AssignmentAction { assignment: ASSIGNMENT.to_owned(), epoch, action: Some(action) };
    wire::AnswerRequest { context: context(), action: Some(action) }
}

#[track_caller]
fn check(draft: Draft, expected: &[&str]) {
    let refusal = draft.finish(from_millis(5)).unwrap_err();
    let fields: Vec<_> = refusal.violations.iter().map(|wrong| wrong.field.as_str()).collect();
    assert_eq!(fields, expected, "{refusal}");
}

#[test]
fn a_good_answer_becomes_a_word() {
    let offer = wire::OfferAction { quantity: 2, eta_seconds: 600, ..Default::default() };
    let command = Draft::answer(answer(0, Action::Offer(offer))).finish(from_millis(5)).unwrap();
    assert_eq!(command.command_id, "7d4f4d3e-5d8b-4a3c-9f6e-0d1c2b3a4f5e");
    assert_eq!(command.occurred_at, Some(time_to_wire(from_millis(5))));
    assert_eq!(command.channel(), wire::Channel::Node);
    assert!(matches!(command.word, Some(Word::Action(action)) if action.assignment == ASSIGNMENT));
}

#[test]
fn an_answer_to_an_order_without_its_number_means_the_newest() {
    let mut draft = Draft::answer(answer(0, Action::Confirm(Default::default())));
    assert_eq!(draft.open_epoch(), Some(ASSIGNMENT));
    draft.set_epoch(4);
    let command = draft.finish(from_millis(5)).unwrap();
    assert!(matches!(command.word, Some(Word::Action(action)) if action.epoch == 4));
    assert_eq!(Draft::answer(answer(3, Action::Confirm(Default::default()))).open_epoch(), None);
    let mut draft = Draft::answer(answer(0, Action::Confirm(Default::default())));
    draft.set_epoch(0);
    check(draft, &["action.epoch"]);
}

#[test]
fn all_wrong_fields_are_told_at_once() {
    check(Draft::answer(wire::AnswerRequest::default()), &["action", "context.request_id", "context.actor"]);
    let offer = wire::OfferAction {
        quantity: 0,
        eta_seconds: 700_000,
        conditions: "长".repeat(501),
        valid_seconds: 0,
    };
    check(
        Draft::answer(answer(0, Action::Offer(offer))),
        &["action.offer.quantity", "action.offer.eta_seconds", "action.offer.conditions"],
    );
    check(
        Draft::answer(answer(0, Action::Settle(Default::default()))),
        &["action.settle.payer", "action.settle.basis"],
    );
    check(Draft::answer(answer(0, Action::Decline(Default::default()))), &["action.decline.reason"]);
    check(Draft::answer(answer(0, Action::Recall(Default::default()))), &["action.recall.reason"]);
    check(Draft::answer(answer(0, Action::Extend(Default::default()))), &["action.extend.until_time"]);
    check(Draft::answer(answer(0, Action::Contact(Default::default()))), &["action.contact"]);
}

#[test]
fn volunteers_bring_their_own_things() {
    let own: MemberId = "north".parse().unwrap();
    let of = |member: &str| format!("members/{member}/publications/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a41");
    let aid = |resource: String, line| {
        let deployment = wire::SelfDeployment {
            request: REQUEST.to_owned(),
            line,
            resource,
            quantity: 1,
            on_scene: true,
            note: "电话约定".to_owned(),
        };
        let aid = wire::volunteer_aid_request::Aid::Deployment(deployment);
        wire::VolunteerAidRequest { context: context(), aid: Some(aid) }
    };
    Draft::volunteer(aid(of("north"), 1), &own).finish(from_millis(5)).unwrap();
    check(Draft::volunteer(aid(of("south"), 0), &own), &["deployment.line", "deployment.resource"]);
    check(Draft::volunteer(wire::VolunteerAidRequest { context: context(), aid: None }, &own), &["aid"]);
}

fn submission() -> wire::RequestSubmission {
    wire::RequestSubmission {
        incident: String::new(),
        new_incident: Some(wire::Incident {
            mode: wire::IncidentMode::Actual as i32,
            title: "储罐区火灾".to_owned(),
            place: Some(wire::Location {
                latitude: 31.2, longitude: 121.5, address: "3号罐区".to_owned()
            }),
            accident_type: "火灾".to_owned(),
            occurred_at: Some(time_to_wire(from_millis(1))),
            ..Default::default()
        }),
        request: Some(wire::MutualAidRequest {
            priority: wire::RequestPriority::P1 as i32,
            title: "需要泡沫".to_owned(),
            contact: Some(wire::DutyContact {
                name: "王".to_owned(),
                phone: "139 0000 0000".to_owned(),
                duty: String::new(),
            }),
            lines: vec![wire::NeedLine {
                resource_kind: shouwang_proto::vocabulary::list("resource-kind").unwrap().terms[0].zh.clone(),
                what: "泡沫消防车".to_owned(),
                requested: 2,
                unit: "1".to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        }),
    }
}

#[test]
fn a_call_for_help_is_checked_whole() {
    let call = |submission| wire::CallForHelpRequest { context: context(), submission: Some(submission) };
    let command = Draft::call(call(submission())).finish(from_millis(5)).unwrap();
    assert_eq!(command.word, Some(Word::Submission(submission())));
    let mut wrong = submission();
    wrong.incident = "incidents/x".to_owned();
    let request = wrong.request.as_mut().unwrap();
    (request.priority, request.contact) = (0, None);
    (request.lines[0].requested, request.lines[0].minimum) = (0, 1);
    check(
        Draft::call(call(wrong)),
        &[
            "submission.incident",
            "submission.request.priority",
            "submission.request.lines[0].requested",
            "submission.request.lines[0].minimum",
            "submission.request.contact",
        ],
    );
    let mut huge = submission();
    huge.request.as_mut().unwrap().lines = vec![
        wire::NeedLine {
            capabilities: (0..16).map(|n| format!("{n}{}", "能".repeat(98))).collect(),
            ..submission().request.unwrap().lines.remove(0)
        };
        50
    ];
    check(Draft::call(call(huge)), &["request"]);
}

#[test]
fn seeing_needs_a_name_and_a_person() {
    let request = wire::MarkSeenRequest { name: "notices/1".to_owned(), actor: " ".to_owned() };
    let refusal = seen(&request, Uuid::nil(), from_millis(5)).unwrap_err();
    assert_eq!(refusal.violations.len(), 2);
}
