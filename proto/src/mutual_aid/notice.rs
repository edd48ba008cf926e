//! What one member is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    assignment::{AssignmentKey, AssignmentView},
    id::{IncidentId, LineNumber, NoticeId, RequestId},
    request::Need,
    term::{Mode, NoticeKind, Priority},
};
use crate::{
    id::MemberId,
    publication::{DutyContact, Location, read_time, time_to_wire},
    refusal::{Refusal, Violations},
    wire,
};

/// What one member is told; holds all that is needed to answer while the hub is away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id: kept once, however often it comes.
    pub id: NoticeId,
    /// To whom.
    pub recipient: MemberId,
    /// Why.
    pub kind: NoticeKind,
    /// Mode.
    pub mode: Mode,
    /// True: wake somebody up.
    pub alarm: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Seconds after which it is of no use; none: never.
    pub expire_seconds: Option<u32>,
    /// The incident.
    pub incident: AboutIncident,
    /// The request, unless it concerns the incident alone.
    pub request: Option<AboutRequest>,
    /// The line, when one is concerned.
    pub line: Option<(LineNumber, Need)>,
    /// The assignment, when one is concerned.
    pub assignment: Option<AssignmentView>,
    /// Until when an answer is wanted.
    pub answer_by: Option<Timestamp>,
    /// Step of the duty chain that shall be alarmed, 0 first.
    pub duty_step: u32,
    /// In Chinese.
    pub text_zh: String,
    /// In English.
    pub text_en: String,
}

/// What a notice says of the incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AboutIncident {
    /// Its id.
    pub id: IncidentId,
    /// Title.
    pub title: String,
    /// Code of the list `hazard`.
    pub accident_type: String,
    /// Substances.
    pub substances: Vec<String>,
    /// Where to come to: the request's place, or the incident's.
    pub place: Location,
}

/// What a notice says of the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AboutRequest {
    /// Its id.
    pub id: RequestId,
    /// Who asks.
    pub requester: MemberId,
    /// How much depends on time.
    pub priority: Priority,
    /// Who is called back.
    pub contact: DutyContact,
}

impl Notice {
    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self) -> wire::Notice {
        let notice = self.clone();
        let AboutIncident { id, title, accident_type, substances, place } = notice.incident;
        let request = notice.request.as_ref();
        wire::Notice {
            name: notice.id.name(),
            recipient: notice.recipient.name(),
            kind: notice.kind.to_wire().into(),
            mode: notice.mode.to_wire().into(),
            priority: request.map_or(0, |request| request.priority.to_wire().into()),
            alarm: notice.alarm,
            create_time: Some(time_to_wire(notice.created)),
            expire_seconds: notice.expire_seconds.unwrap_or(0),
            incident: id.name(),
            incident_title: title,
            accident_type,
            substances,
            request: request.map(|request| request.id.name()).unwrap_or_default(),
            requester: request.map(|request| request.requester.name()).unwrap_or_default(),
            place: Some(place.to_wire()),
            contact: request.map(|request| request.contact.to_wire()),
            line: notice.line.map(|(number, need)| need.to_wire(number, 0)),
            assignment: notice.assignment.map(|assignment| assignment.to_wire()),
            answer_by: notice.answer_by.map(time_to_wire),
            duty_step: notice.duty_step,
            text_zh: notice.text_zh,
            text_en: notice.text_en,
        }
    }
}

/// What a node has to know of a notice to keep it, alarm people and let them answer. The rest is for people and is shown
/// as it came, so that a newer hub can say more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeKey {
    /// Its id.
    pub id: NoticeId,
    /// To whom.
    pub recipient: MemberId,
    /// Why; none when a newer hub has a reason that this build does not know: it is shown and alarmed all the same.
    pub kind: Option<NoticeKind>,
    /// Mode; unknown ones count as real.
    pub mode: Mode,
    /// True: wake somebody up.
    pub alarm: bool,
    /// When the hub made it.
    pub created: Timestamp,
    /// Seconds after which it is of no use.
    pub expire_seconds: Option<u32>,
    /// The incident.
    pub incident: IncidentId,
    /// The assignment to answer for.
    pub assignment: Option<AssignmentKey>,
    /// Until when an answer is wanted.
    pub answer_by: Option<Timestamp>,
    /// Step of the duty chain.
    pub duty_step: u32,
}

impl NoticeKey {
    /// Reads what a node has to know.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with all wrong fields.
    pub fn from_wire(notice: &wire::Notice) -> Result<Self, Refusal> {
        let mut violations = Violations::new();
        let id = violations.check("name", NoticeId::from_name(&notice.name));
        let recipient = violations.check("recipient", MemberId::from_name(&notice.recipient));
        let created = read_time("create_time", notice.create_time, &mut violations);
        let incident = violations.check("incident", IncidentId::from_name(&notice.incident));
        let assignment = match &notice.assignment {
            None => None,
            Some(assignment) => AssignmentView::read_key("assignment", assignment, &mut violations)
                .map(Some)
                .unwrap_or_default(),
        };
        let answer_by = match notice.answer_by {
            None => None,
            time @ Some(_) => read_time("answer_by", time, &mut violations),
        };
        violations.finish(|| {
            Some(Self {
                id: id?,
                recipient: recipient?,
                kind: NoticeKind::from_wire(notice.kind).ok(),
                mode: Mode::from_wire(notice.mode).unwrap_or(Mode::Actual),
                alarm: notice.alarm,
                created: created?,
                expire_seconds: (notice.expire_seconds > 0).then_some(notice.expire_seconds),
                incident: incident?,
                assignment,
                answer_by,
                duty_step: notice.duty_step,
            })
        })
    }
}
