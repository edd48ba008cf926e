//! There is no such thing, or it does not concern the caller: the same answer, so that nobody learns which.

use std::fmt::Display;

use shouwang_proto::refusal::Refusal;

/// No such incident.
pub(super) fn incident(id: impl Display) -> Refusal {
    Refusal::not_found("INCIDENT_UNKNOWN", format!("there is no incident {id} （没有该事件）"))
}

/// No such request.
pub(super) fn request(id: impl Display) -> Refusal {
    Refusal::not_found("REQUEST_UNKNOWN", format!("there is no request {id} （没有该请求）"))
}

/// No such assignment.
pub(super) fn assignment(id: impl Display) -> Refusal {
    Refusal::not_found("ASSIGNMENT_UNKNOWN", format!("there is no assignment {id} （没有该调派）"))
}

/// No such resource.
pub(super) fn resource(name: impl Display) -> Refusal {
    Refusal::not_found("RESOURCE_UNKNOWN", format!("there is no resource {name} （没有该资源）"))
}

/// No such closure.
pub(super) fn closure(id: impl Display) -> Refusal {
    Refusal::not_found("CLOSURE_UNKNOWN", format!("there is no closure {id} （没有该封路区域）"))
}

/// No such agreement.
pub(super) fn agreement(id: impl Display) -> Refusal {
    Refusal::not_found("AGREEMENT_UNKNOWN", format!("there is no agreement {id} （没有该救援协议）"))
}

/// No such plan.
pub(super) fn plan(id: impl Display) -> Refusal {
    Refusal::not_found("PLAN_UNKNOWN", format!("there is no plan {id} （没有该方案）"))
}
