//! What people write in an emergency.

use shouwang_proto::wire;

use crate::{chance::Chance, plan::Host};

/// Where everything happens.
fn place() -> wire::Location {
    wire::Location { latitude: 31.31, longitude: 120.71, address: "三号罐区".to_owned() }
}

/// Whom to call.
pub(super) fn contact() -> wire::DutyContact {
    wire::DutyContact { name: "李工".to_owned(), phone: "13900000000".to_owned(), duty: String::new() }
}

/// The name of a member.
pub(super) fn member(member: usize) -> String {
    format!("members/{}", Host::Node(member).name())
}

/// An incident to open at a member.
pub(super) fn incident(drill: bool, at: usize, now: prost_types::Timestamp) -> wire::Incident {
    let mode = if drill { wire::IncidentMode::Exercise } else { wire::IncidentMode::Actual };
    wire::Incident {
        mode: mode.into(),
        title: "苯乙烯泄漏".to_owned(),
        place: Some(place()),
        accident_type: "leak".to_owned(),
        member: member(at),
        occurred_at: Some(now),
        ..wire::Incident::default()
    }
}

/// A request of a member: a crane, foam, or both.
pub(super) fn request(incident: &str, requester: usize, chance: &mut Chance) -> wire::MutualAidRequest {
    let priority = match chance.index(10) {
        0..4 => wire::RequestPriority::P1,
        4..8 => wire::RequestPriority::P2,
        _ => wire::RequestPriority::P3,
    };
    let mut lines = Vec::new();
    let both = chance.per_mille(300);
    let crane = chance.per_mille(600);
    if crane || both {
        lines.push(line("vehicle", "50 吨汽车吊", 1 + chance.within(0..2), "1"));
    }
    if !crane || both {
        lines.push(line("supply", "泡沫液", 5 + chance.within(0..40), "kg"));
    }
    wire::MutualAidRequest {
        incident: incident.to_owned(),
        requester: member(requester),
        priority: priority.into(),
        title: "请求支援".to_owned(),
        contact: Some(contact()),
        lines,
        ..wire::MutualAidRequest::default()
    }
}

fn line(kind: &str, what: &str, requested: u64, unit: &str) -> wire::NeedLine {
    wire::NeedLine {
        resource_kind: kind.to_owned(),
        what: what.to_owned(),
        requested,
        unit: unit.to_owned(),
        ..wire::NeedLine::default()
    }
}

/// A no.
pub(super) fn decline() -> wire::DeclineAction {
    wire::DeclineAction { reason: "own-risk".to_owned(), note: String::new() }
}
