//! A call for help.

use shouwang_proto::{
    id::MemberId,
    publication::text::{TextRule, read_lines},
    refusal::Violations,
    wire,
};

use super::{MOST_QUANTITY, check_name, check_quantity, contact_of, place_of, term_of, time_of};

/// Most lines of a request.
const MOST_LINES: usize = 50;
/// Most authorities that were told.
const MOST_REPORTS: usize = 16;

pub(super) fn read(
    submission: Option<wire::RequestSubmission>,
    wrong: &mut Violations,
) -> Option<wire::RequestSubmission> {
    let Some(wire::RequestSubmission { incident, new_incident, request }) = submission else {
        wrong.add("submission", "is required （必填）");
        return None;
    };
    let new_incident = match (incident.is_empty(), new_incident) {
        (true, Some(new)) => Some(read_incident("submission.new_incident", new, wrong)),
        (true, None) => {
            wrong.add("submission.new_incident", "is required without an incident （未给出事件时必填）");
            None
        }
        (false, Some(_)) => {
            wrong.add("submission.new_incident", "must be left out with an incident （已给出事件时不填）");
            None
        }
        (false, None) => {
            check_name("submission.incident", "incidents/", &incident, wrong);
            None
        }
    };
    let Some(request) = request else {
        wrong.add("submission.request", "is required （必填）");
        return None;
    };
    let request = Some(read_request("submission.request", request, wrong));
    Some(wire::RequestSubmission { incident, new_incident, request })
}

fn read_incident(field: &str, incident: wire::Incident, wrong: &mut Violations) -> wire::Incident {
    let at = |name: &str| format!("{field}.{name}");
    let mode = wire::IncidentMode::try_from(incident.mode).unwrap_or_default();
    if mode == wire::IncidentMode::Unspecified {
        wrong.add(at("mode"), "is required: actual, exercise or test （必填：实战、演练或测试）");
    }
    if incident.place.is_none() {
        wrong.add(at("place"), "is required （必填）");
    }
    if !incident.member.is_empty() {
        wrong.check(at("member"), MemberId::from_name(&incident.member));
    }
    let _ = time_of(&at("occurred_at"), incident.occurred_at.as_ref(), wrong);
    if incident.reports.len() > MOST_REPORTS {
        wrong.add(at("reports"), "has more than 16 values （超过 16 项）");
    }
    let accident_level = match incident.accident_level.as_str() {
        "" => String::new(),
        level => term_of(&at("accident_level"), "accident-level", level, wrong),
    };
    let reports = incident.reports.into_iter().take(MOST_REPORTS).enumerate();
    wire::Incident {
        mode: mode as i32,
        title: TextRule::line(1, 100).read(&at("title"), &incident.title, wrong),
        place: incident.place.map(|place| place_of(&at("place"), place, wrong)),
        accident_type: term_of(&at("accident_type"), "hazard", &incident.accident_type, wrong),
        accident_level,
        substances: read_lines(&at("substances"), &incident.substances, 16, 60, wrong),
        casualties: incident.casualties,
        description: TextRule::lines(2_000).read(&at("description"), &incident.description, wrong),
        member: incident.member,
        occurred_at: incident.occurred_at,
        reports: reports
            .map(|(index, one)| read_report(&at(&format!("reports[{index}]")), one, wrong))
            .collect(),
        ..wire::Incident::default()
    }
}

fn read_report(field: &str, report: wire::AuthorityReport, wrong: &mut Violations) -> wire::AuthorityReport {
    let wire::AuthorityReport { authority, report_time, note } = report;
    let _ = time_of(&format!("{field}.report_time"), report_time.as_ref(), wrong);
    wire::AuthorityReport {
        authority: TextRule::line(1, 60).read(&format!("{field}.authority"), &authority, wrong),
        report_time,
        note: TextRule::lines(200).read(&format!("{field}.note"), &note, wrong),
    }
}

fn read_request(
    field: &str,
    request: wire::MutualAidRequest,
    wrong: &mut Violations,
) -> wire::MutualAidRequest {
    let at = |name: &str| format!("{field}.{name}");
    let priority = wire::RequestPriority::try_from(request.priority).unwrap_or_default();
    if priority == wire::RequestPriority::Unspecified {
        wrong.add(at("priority"), "is required: P1, P2 or P3 （必填：P1、P2 或 P3）");
    }
    if request.contact.is_none() {
        wrong.add(at("contact"), "is required: who is called back on the scene （必填：现场联系人）");
    }
    if !(1..=MOST_LINES).contains(&request.lines.len()) {
        wrong.add(at("lines"), "must have 1 to 50 lines （须有 1–50 条需求）");
    }
    let lines = request.lines.into_iter().take(MOST_LINES).enumerate();
    wire::MutualAidRequest {
        priority: priority as i32,
        title: TextRule::line(1, 100).read(&at("title"), &request.title, wrong),
        description: TextRule::lines(2_000).read(&at("description"), &request.description, wrong),
        place: request.place.map(|place| place_of(&at("place"), place, wrong)),
        contact: request.contact.map(|contact| contact_of(&at("contact"), contact, wrong)),
        lines: lines.map(|(index, line)| read_line(&at(&format!("lines[{index}]")), line, wrong)).collect(),
        ..wire::MutualAidRequest::default()
    }
}

fn read_line(field: &str, line: wire::NeedLine, wrong: &mut Violations) -> wire::NeedLine {
    let at = |name: &str| format!("{field}.{name}");
    check_quantity(&at("requested"), line.requested, wrong);
    if line.minimum > line.requested.min(MOST_QUANTITY) {
        wrong.add(at("minimum"), "must be at most what is requested （不得超过需求数量）");
    }
    if !(1..=16).contains(&line.unit.len()) || !line.unit.bytes().all(|byte| byte.is_ascii_graphic()) {
        wrong.add(at("unit"), "must be a UCUM unit such as 1, kg, L, m3 （须为 UCUM 单位）");
    }
    if line.needed_by.is_some() {
        let _ = time_of(&at("needed_by"), line.needed_by.as_ref(), wrong);
    }
    wire::NeedLine {
        number: 0,
        resource_kind: term_of(&at("resource_kind"), "resource-kind", &line.resource_kind, wrong),
        what: TextRule::line(1, 100).read(&at("what"), &line.what, wrong),
        capabilities: read_lines(&at("capabilities"), &line.capabilities, 16, 100, wrong),
        requested: line.requested,
        minimum: line.minimum,
        unit: line.unit,
        needed_by: line.needed_by,
        overcommitted: 0,
    }
}
