//! From the life of an assignment to the messages about it. Ids are made of the assignment and of the order, so that an
//! answer to a message names the order that it answers.

use jiff::Timestamp;

use super::{
    Contact, ContactRole, IncidentInformation, Message, MessageKind, Resource, ResourceInformation, Response,
    ResponseType, Schedule, ScheduleType,
    request::{KINDS, contact, element_id, listed, measured, needed, request_id, whole},
};
use crate::{
    mutual_aid::term,
    publication::time_from_wire,
    refusal::Refusal,
    wire::{Assignment, AssignmentState, Incident, MutualAidRequest, NeedLine},
};

/// Our list of states.
const STATE: &str = "urn:x-shouwang:assignment-state";
/// Our list of reasons for a no.
pub(super) const DECLINE: &str = "urn:x-shouwang:decline-reason";

/// The word in a message's id, and the number after it.
pub(super) fn message_id(kind: MessageKind, assignment: &str, number: u64) -> String {
    let uuid = assignment.rsplit('/').next().unwrap_or_default();
    format!("urn:uuid:{uuid}:{}.{number}", kind.word())
}

/// The number in a message's id: the order's where one is placed or answered, else how often the assignment has changed.
fn number(kind: MessageKind, assignment: &Assignment) -> u64 {
    match kind {
        MessageKind::RequestResource => 0,
        MessageKind::RequisitionResource | MessageKind::CommitResource => assignment.epoch,
        MessageKind::ResponseToRequestResource
        | MessageKind::ReportResourceDeploymentStatus
        | MessageKind::RequestReturn
        | MessageKind::ReleaseResource => assignment.version,
    }
}

impl MessageKind {
    /// The messages in which an assignment can be told; the first says what is new. None for one that is none.
    #[must_use]
    pub fn of(assignment: &Assignment) -> &'static [Self] {
        use MessageKind::{
            CommitResource, ReleaseResource, ReportResourceDeploymentStatus, RequestResource, RequestReturn,
            RequisitionResource, ResponseToRequestResource,
        };
        let (ordered, recalled) = (assignment.epoch > 0, !assignment.recall_reason.is_empty());
        match assignment.state() {
            AssignmentState::Unspecified => &[],
            AssignmentState::Solicited => &[RequestResource],
            AssignmentState::Offered => &[ResponseToRequestResource],
            AssignmentState::Held => &[RequisitionResource],
            AssignmentState::Committed | AssignmentState::Mobilising => {
                &[CommitResource, RequisitionResource]
            }
            AssignmentState::EnRoute | AssignmentState::Staged | AssignmentState::OnScene if recalled => {
                &[RequestReturn, ReportResourceDeploymentStatus, CommitResource, RequisitionResource]
            }
            AssignmentState::EnRoute | AssignmentState::Staged | AssignmentState::OnScene => {
                &[ReportResourceDeploymentStatus, CommitResource, RequisitionResource]
            }
            AssignmentState::Returning | AssignmentState::Returned | AssignmentState::Settled => {
                &[ReleaseResource, ReportResourceDeploymentStatus, CommitResource, RequisitionResource]
            }
            AssignmentState::Declined if !ordered => &[ResponseToRequestResource],
            AssignmentState::Declined | AssignmentState::Failed => &[CommitResource, RequisitionResource],
            AssignmentState::Lapsed if !ordered => &[RequestResource],
            AssignmentState::Lapsed => &[RequisitionResource],
            AssignmentState::StoodDown => &[ReleaseResource],
        }
    }
}

impl Message {
    /// The message that tells an assignment; which one, when it is not the newest.
    ///
    /// # Errors
    /// When the assignment's state is not told in such a message, and every rule that the message would break.
    pub fn from_assignment(
        assignment: &Assignment,
        request: &MutualAidRequest,
        incident: &Incident,
        kind: Option<MessageKind>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let known = MessageKind::of(assignment);
        let kind = kind.or(known.first().copied()).filter(|kind| known.contains(kind)).ok_or_else(|| {
            let known: Vec<_> = known.iter().map(|kind| kind.word()).collect();
            let words = format!("must be one of: {} （当前状态可导出以上消息）", known.join(", "));
            Refusal::field("message", words)
        })?;
        let line = request.lines.iter().find(|line| line.number == assignment.line);
        let line =
            line.ok_or_else(|| Refusal::field("line", "is not in the request （请求中没有该需求行）"))?;
        let owner = assignment.resource.strip_prefix("members/").and_then(|rest| rest.split('/').next());
        let owner =
            Contact { description: owner.unwrap_or_default().to_owned(), role: Some(ContactRole::Owner) };
        let before = |kind, number| message_id(kind, &assignment.name, number);
        let message = Self {
            kind,
            message_id: before(kind, number(kind, assignment)),
            sent: whole(now),
            description: description(kind, assignment, request),
            originating_message_id: request_id(request),
            preceding_message_id: match kind {
                MessageKind::RequestResource => String::new(),
                MessageKind::ResponseToRequestResource => before(MessageKind::RequestResource, 0),
                MessageKind::RequisitionResource => request_id(request),
                MessageKind::CommitResource => before(MessageKind::RequisitionResource, assignment.epoch),
                MessageKind::ReportResourceDeploymentStatus
                | MessageKind::RequestReturn
                | MessageKind::ReleaseResource => before(MessageKind::CommitResource, assignment.epoch),
            },
            incidents: vec![IncidentInformation {
                id: incident.name.clone(),
                description: incident.title.clone(),
            }],
            contacts: request.contact.iter().map(contact).chain([owner]).collect(),
            resources: vec![told(kind, assignment, line, request, incident)],
        };
        message.check()?;
        Ok(message)
    }
}

/// What it is about, and for an order on what ground.
fn description(kind: MessageKind, assignment: &Assignment, request: &MutualAidRequest) -> String {
    let basis = term::Basis::from_wire(assignment.basis)
        .ok()
        .filter(|_| matches!(kind, MessageKind::RequisitionResource | MessageKind::CommitResource));
    let basis = basis.map(|basis| format!("依据：{}", basis.labels().0));
    let agreement = Some(&assignment.agreement).filter(|name| basis.is_some() && !name.is_empty());
    let recall = Some(&assignment.recall_reason).filter(|_| kind == MessageKind::RequestReturn);
    let parts = [Some(&request.title), basis.as_ref(), agreement, recall];
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).cloned().collect();
    parts.join("\n\n")
}

fn told(
    kind: MessageKind,
    assignment: &Assignment,
    line: &NeedLine,
    request: &MutualAidRequest,
    incident: &Incident,
) -> ResourceInformation {
    let place = request.place.as_ref().or(incident.place.as_ref());
    let asked = needed(line, request.priority(), place);
    if kind == MessageKind::RequestResource {
        let quantity = Some(measured(assignment.quantity, &assignment.unit));
        return ResourceInformation { quantity, ..asked };
    }
    let state = term::AssignmentState::from_wire(assignment.state).ok();
    let reports = matches!(
        kind,
        MessageKind::ReportResourceDeploymentStatus
            | MessageKind::RequestReturn
            | MessageKind::ReleaseResource
    );
    let resource = Resource {
        id: assignment.resource.clone(),
        name: line.what.clone(),
        kind: Some(line.resource_kind.as_str())
            .filter(|kind| !kind.is_empty())
            .map(|kind| listed(KINDS, kind)),
        keywords: Vec::new(),
        description: String::new(),
        status: state.filter(|_| reports).map(|state| listed(STATE, state.code())),
    };
    let place_of = |schedule: Schedule| Schedule { place: String::new(), point: None, ..schedule };
    let schedules = asked.schedules.into_iter().map(|planned| {
        let (what, time) = when(kind, assignment);
        let planned = Schedule { kind: what, time: time.map(whole), ..planned };
        if matches!(what, ScheduleType::EstimatedArrival | ScheduleType::ActualArrival) {
            planned
        } else {
            place_of(planned)
        }
    });
    ResourceInformation {
        id: element_id(assignment.line),
        response: kind.is_answer().then(|| response(assignment)),
        resource,
        quantity: Some(measured(assignment.quantity, &assignment.unit)),
        schedules: schedules.collect(),
    }
}

fn response(assignment: &Assignment) -> Response {
    let no = matches!(assignment.state(), AssignmentState::Declined | AssignmentState::Failed);
    let kind = if no {
        ResponseType::Decline
    } else if assignment.state() == AssignmentState::Offered && !assignment.conditions.is_empty() {
        ResponseType::Provisional
    } else {
        ResponseType::Accept
    };
    let codes = Some(&assignment.reason).filter(|reason| no && !reason.is_empty());
    Response {
        preceding: element_id(assignment.line),
        kind,
        codes: codes.map(|reason| listed(DECLINE, reason)).into_iter().collect(),
        reason: if no { assignment.reason_text.clone() } else { assignment.conditions.clone() },
    }
}

/// What the message's schedule is about, and when.
fn when(kind: MessageKind, assignment: &Assignment) -> (ScheduleType, Option<Timestamp>) {
    let arrival = assignment.arrival_time.as_ref().and_then(time_from_wire);
    let since = assignment.state_time.as_ref().and_then(time_from_wire);
    match (kind, assignment.state()) {
        (MessageKind::ReportResourceDeploymentStatus, AssignmentState::OnScene) => {
            (ScheduleType::ActualArrival, since)
        }
        (MessageKind::ReleaseResource, AssignmentState::Returned | AssignmentState::Settled) => {
            (ScheduleType::ActualReturnArrival, since)
        }
        (MessageKind::ReleaseResource, AssignmentState::Returning) => {
            (ScheduleType::ActualReturnDeparture, since)
        }
        (MessageKind::ReleaseResource, _) => (ScheduleType::Current, since),
        (MessageKind::RequestReturn, _) => (ScheduleType::RequestedReturnDeparture, None),
        (
            MessageKind::RequestResource
            | MessageKind::ResponseToRequestResource
            | MessageKind::RequisitionResource
            | MessageKind::CommitResource
            | MessageKind::ReportResourceDeploymentStatus,
            _,
        ) => (ScheduleType::EstimatedArrival, arrival),
    }
}
