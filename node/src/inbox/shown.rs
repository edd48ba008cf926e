//! What the alert hooks are handed: one JSON object. Members' programs read it, so its keys only ever grow in number.

use jiff::Timestamp;
use serde_json::{Value, json};
use shouwang_proto::{
    publication::time_from_wire,
    wire::{self, member_command::Word},
};

use super::duty::Call;

/// A notice that came.
#[must_use]
pub fn notice_came(notice: &wire::Notice) -> String {
    json!({ "event": "notice", "notice": notice_json(notice) }).to_string()
}

/// Somebody of the duty chain is to be called.
#[must_use]
pub fn duty_called(notice: &wire::Notice, call: &Call) -> String {
    let duty = json!({ "step": call.step, "name": call.person.name, "phone": call.person.phone });
    json!({ "event": "duty", "duty": duty, "notice": notice_json(notice) }).to_string()
}

/// What people said does not stand as they said it.
#[must_use]
pub fn decided(command: &wire::MemberCommand, result: &wire::MemberCommandResult) -> String {
    let (word, assignment) = match &command.word {
        Some(Word::Action(action)) => ("action", action.assignment.as_str()),
        Some(Word::Submission(_)) => ("submission", ""),
        Some(Word::Offer(_)) => ("offer", ""),
        Some(Word::SeenNotice(_)) => ("seen", ""),
        Some(Word::SelfDeployment(_)) => ("self_deployment", ""),
        None => ("", ""),
    };
    let command = json!({
        "command_id": command.command_id,
        "actor": command.actor,
        "occurred_at": time(command.occurred_at.as_ref()),
        "word": word,
        "assignment": assignment,
    });
    let result = json!({
        "outcome": result.outcome().as_str_name().trim_start_matches("COMMAND_OUTCOME_"),
        "reason": result.reason,
        "detail": result.detail,
    });
    json!({ "event": "decision", "command": command, "result": result }).to_string()
}

fn time(time: Option<&prost_types::Timestamp>) -> Option<String> {
    time.and_then(time_from_wire).map(|time: Timestamp| time.to_string())
}

fn notice_json(notice: &wire::Notice) -> Value {
    json!({
        "name": notice.name,
        "kind": notice.kind().as_str_name().trim_start_matches("NOTICE_KIND_"),
        "mode": notice.mode().as_str_name().trim_start_matches("INCIDENT_MODE_"),
        "priority": notice.priority().as_str_name().trim_start_matches("REQUEST_PRIORITY_"),
        "alarm": notice.alarm,
        "create_time": time(notice.create_time.as_ref()),
        "answer_by": time(notice.answer_by.as_ref()),
        "incident": notice.incident,
        "incident_title": notice.incident_title,
        "accident_type": notice.accident_type,
        "substances": notice.substances,
        "request": notice.request,
        "requester": notice.requester,
        "place": notice.place.as_ref().map(|place| json!({
            "latitude": place.latitude, "longitude": place.longitude, "address": place.address,
        })),
        "contact": notice.contact.as_ref().map(|contact| json!({
            "name": contact.name, "phone": contact.phone, "duty": contact.duty,
        })),
        "line": notice.line.as_ref().map(|line| json!({
            "number": line.number, "resource_kind": line.resource_kind, "what": line.what,
            "capabilities": line.capabilities, "requested": line.requested, "minimum": line.minimum,
            "unit": line.unit, "needed_by": time(line.needed_by.as_ref()),
        })),
        "assignment": notice.assignment.as_ref().map(|known| json!({
            "name": known.name, "version": known.version, "resource": known.resource,
            "state": known.state().as_str_name().trim_start_matches("ASSIGNMENT_STATE_"),
            "quantity": known.quantity, "unit": known.unit, "epoch": known.epoch,
        })),
        "text_zh": notice.text_zh,
        "text_en": notice.text_en,
    })
}

#[cfg(test)]
mod tests {
    use shouwang_proto::clock::from_millis;

    use super::*;
    use crate::inbox::duty::DutyPerson;

    #[test]
    fn a_call_names_whom_to_call_and_why() {
        let notice = wire::Notice {
            name: "notices/n".to_owned(),
            kind: wire::NoticeKind::Order as i32,
            mode: wire::IncidentMode::Exercise as i32,
            answer_by: Some(prost_types::Timestamp { seconds: 60, nanos: 0 }),
            text_zh: "请确认".to_owned(),
            ..Default::default()
        };
        let person = DutyPerson { name: "乙".to_owned(), phone: "139".to_owned(), after_seconds: 60 };
        let body = duty_called(&notice, &Call { step: 1, person, due: from_millis(0) });
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["event"], "duty");
        assert_eq!(body["duty"], json!({ "step": 1, "name": "乙", "phone": "139" }));
        assert_eq!((&body["notice"]["kind"], &body["notice"]["mode"]), (&json!("ORDER"), &json!("EXERCISE")));
        assert_eq!(body["notice"]["answer_by"], "1970-01-01T00:01:00Z");
        assert_eq!(body["notice"]["line"], Value::Null);
    }

    #[test]
    fn a_decision_says_what_became_of_a_word() {
        let command = wire::MemberCommand {
            command_id: "c".to_owned(),
            word: Some(Word::SeenNotice("notices/n".to_owned())),
            ..Default::default()
        };
        let result = wire::MemberCommandResult {
            outcome: wire::CommandOutcome::Refused as i32,
            reason: "ORDER_SUPERSEDED".to_owned(),
            ..Default::default()
        };
        let body: Value = serde_json::from_str(&decided(&command, &result)).unwrap();
        assert_eq!(body["result"]["outcome"], "REFUSED");
        assert_eq!(body["result"]["reason"], "ORDER_SUPERSEDED");
    }
}
