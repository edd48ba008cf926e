//! What is stored, as it goes on the wire.

use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        id::{AssignmentId, IncidentId, RequestId},
        term::Outcome,
    },
    publication::time_to_wire,
    refusal::Refusal,
    wire,
};
use shouwang_serving::store::{Conn, StoreError};

use super::{
    machine::{
        assignment::Assignment,
        change::Answer,
        fulfilment::Fulfilment,
        incident::{HaltCause, Incident, State as IncidentLife},
        ledger::{Ledger, LedgerKey},
        request::{Request, State as RequestLife},
        timeline::{Entry, Stream},
    },
    unknown,
};
use crate::store::mutual_aid::{
    assignment::{assignment_find, assignments_of_request, assignments_using},
    incident::incident_find,
    ledger::ledger_find,
    request::request_find,
};

/// An incident.
pub(super) fn incident(incident: &Incident) -> wire::Incident {
    let facts = incident.facts.clone();
    let halted_by = incident.halt().map_or_else(String::new, |halt| match &halt.cause {
        HaltCause::Real(request) => request.name(),
        HaltCause::Person(_) => String::new(),
    });
    let closed = match &incident.state {
        IncidentLife::Closed { at, .. } => Some(*at),
        IncidentLife::Open | IncidentLife::Halted(_) => None,
    };
    wire::Incident {
        name: incident.id.name(),
        version: incident.version,
        mode: incident.mode.to_wire().into(),
        state: incident.word().to_wire().into(),
        title: facts.title,
        place: Some(facts.place.to_wire()),
        accident_type: facts.accident_type,
        accident_level: facts.accident_level.unwrap_or_default(),
        substances: facts.substances,
        casualties: Some(facts.casualties.to_wire()),
        description: facts.description,
        member: facts.member.as_ref().map(MemberId::name).unwrap_or_default(),
        occurred_at: Some(time_to_wire(incident.occurred)),
        open_time: Some(time_to_wire(incident.opened)),
        close_time: closed.map(time_to_wire),
        reports: facts.reports.iter().map(|report| report.to_wire()).collect(),
        sequence: incident.sequence,
        halted_by,
    }
}

/// A request with how far it is met by these assignments.
pub(super) fn request(request: &Request, assignments: &[Assignment]) -> wire::MutualAidRequest {
    let facts = request.facts.clone();
    let (reason, merged_into, review) = ending(request);
    let verified = match &request.state {
        RequestLife::Open { verified, .. } => *verified,
        RequestLife::Draft { .. } | RequestLife::Submitted { .. } => false,
        RequestLife::StandingDown { .. }
        | RequestLife::Closed { .. }
        | RequestLife::Reviewed { .. }
        | RequestLife::Rejected { .. }
        | RequestLife::Merged { .. }
        | RequestLife::Expired { .. } => request.acknowledged.is_some(),
    };
    let lines = request.lines.iter();
    let fulfilment = lines.clone().map(|line| {
        let id = request.line_id(line.number);
        write_fulfilment(line.number.get(), Fulfilment::of(line, id, assignments.iter()))
    });
    wire::MutualAidRequest {
        name: request.id.name(),
        version: request.version,
        incident: request.incident.name(),
        mode: request.book.mode().to_wire().into(),
        requester: request.requester.name(),
        priority: facts.priority.to_wire().into(),
        state: request.word().to_wire().into(),
        title: facts.title,
        description: facts.description,
        place: facts.place.map(|place| place.to_wire()),
        contact: Some(facts.contact.to_wire()),
        fulfilment: fulfilment.collect(),
        lines: lines.map(|line| line.need.to_wire(line.number, line.overcommitted)).collect(),
        verified,
        submit_time: request.submitted.map(time_to_wire),
        acknowledge_time: request.acknowledged.map(time_to_wire),
        end_time: request.ended().map(time_to_wire),
        reason,
        merged_into,
        review,
    }
}

/// Why it ended, which request goes on, what was learnt.
fn ending(request: &Request) -> (String, String, Option<wire::Review>) {
    match &request.state {
        RequestLife::StandingDown { reason, .. }
        | RequestLife::Closed { reason, .. }
        | RequestLife::Rejected { reason, .. } => (reason.clone(), String::new(), None),
        RequestLife::Reviewed { reason, review, .. } => {
            let review = wire::Review {
                text: review.text.clone(),
                lessons: review.lessons.clone(),
                review_time: Some(time_to_wire(review.at)),
            };
            (reason.clone(), String::new(), Some(review))
        }
        RequestLife::Merged { into, .. } => (String::new(), into.name(), None),
        RequestLife::Draft { .. }
        | RequestLife::Submitted { .. }
        | RequestLife::Open { .. }
        | RequestLife::Expired { .. } => (String::new(), String::new(), None),
    }
}

fn write_fulfilment(line: u32, met: Fulfilment) -> wire::LineFulfilment {
    wire::LineFulfilment {
        line,
        requested: met.requested,
        offered: met.offered,
        held: met.held,
        committed: met.committed,
        under_way: met.under_way,
        on_scene: met.on_scene,
        missing: met.missing(),
        state: met.state().to_wire().into(),
    }
}

/// A ledger with the assignments that use something of it.
pub(super) fn ledger(ledger: &Ledger, uses: &[Assignment]) -> wire::LedgerEntry {
    let LedgerKey { resource, book } = &ledger.key;
    wire::LedgerEntry {
        resource: resource.to_string(),
        mode: book.mode().to_wire().into(),
        incident: book.incident().map(IncidentId::name).unwrap_or_default(),
        version: ledger.version,
        unit: ledger.terms.unit.clone(),
        serialised: ledger.terms.serialised,
        pre_authorised: ledger.terms.pre_authorised,
        quota: ledger.terms.quota,
        held: ledger.held,
        committed: ledger.committed,
        deployed: ledger.deployed,
        consumed: ledger.consumed,
        damaged: ledger.damaged,
        free: ledger.free(),
        shortfall: ledger.shortfall(),
        epoch: ledger.epoch,
        confirm_time: Some(time_to_wire(ledger.confirmed)),
        uses: (uses.iter())
            .map(|assignment| wire::LedgerUse {
                assignment: assignment.id.name(),
                request: assignment.line.request.name(),
                state: assignment.state.word().to_wire().into(),
                quantity: assignment.state.quantity(),
                free_time: assignment.frees().map(time_to_wire),
            })
            .collect(),
    }
}

/// A timeline entry.
pub(super) fn entry(entry: &Entry) -> wire::TimelineEntry {
    let incident = match &entry.stream {
        Stream::Incident(incident) => incident.name(),
        Stream::Ledger(_) => String::new(),
    };
    let (zh, en) = entry.event.labels();
    let words = |label: &str, words: &str| if words.is_empty() { label.to_owned() } else { words.to_owned() };
    wire::TimelineEntry {
        incident,
        sequence: entry.sequence,
        request: entry.about.request.map(RequestId::name).unwrap_or_default(),
        line: entry.about.line.map_or(0, |line| line.get()),
        assignment: entry.about.assignment.map(AssignmentId::name).unwrap_or_default(),
        resource: entry.about.resource.as_ref().map(ToString::to_string).unwrap_or_default(),
        event: entry.event.code().to_owned(),
        noted_only: entry.noted_only,
        text_zh: words(zh, &entry.zh),
        text_en: words(en, &entry.en),
        actor: entry.told.actor.clone(),
        role: entry.told.role.to_wire().into(),
        on_behalf_of: entry.told.on_behalf_of.as_ref().map(MemberId::name).unwrap_or_default(),
        channel: entry.told.channel.to_wire().into(),
        occurred_at: Some(time_to_wire(entry.told.occurred)),
        recorded_at: Some(time_to_wire(entry.recorded)),
        alarm: entry.alarm,
    }
}

/// The incident as it is stored now.
pub(super) async fn stored_incident(
    conn: &mut Conn,
    id: Option<IncidentId>,
) -> Result<wire::Incident, StoreError> {
    let Some(id) = id else { return Ok(wire::Incident::default()) };
    let found = incident_find(conn, id).await?.ok_or_else(|| unknown::incident(id))?;
    Ok(incident(&found))
}

/// The request as it is stored now, with how far it is met.
pub(super) async fn stored_request(
    conn: &mut Conn,
    id: Option<RequestId>,
) -> Result<wire::MutualAidRequest, StoreError> {
    let Some(id) = id else { return Ok(wire::MutualAidRequest::default()) };
    let found = request_find(conn, id).await?.ok_or_else(|| unknown::request(id))?;
    Ok(request(&found, &assignments_of_request(conn, id).await?))
}

/// The assignment as it is stored now.
pub(super) async fn stored_assignment(
    conn: &mut Conn,
    id: AssignmentId,
) -> Result<wire::Assignment, StoreError> {
    let found = assignment_find(conn, id).await?.ok_or_else(|| unknown::assignment(id))?;
    Ok(found.view().to_wire())
}

/// The assignments of an answer, the one that was meant first.
pub(super) async fn stored_assignments(
    conn: &mut Conn,
    answer: &Answer,
) -> Result<Vec<wire::Assignment>, StoreError> {
    let mut assignments = Vec::with_capacity(answer.assignments.len());
    for id in &answer.assignments {
        assignments.push(stored_assignment(conn, *id).await?);
    }
    Ok(assignments)
}

/// The ledger as it is stored now, with its uses.
pub(super) async fn stored_ledger(
    conn: &mut Conn,
    key: &LedgerKey,
) -> Result<Option<wire::LedgerEntry>, StoreError> {
    let Some(found) = ledger_find(conn, key).await? else { return Ok(None) };
    let uses = assignments_using(conn, &key.resource, key.book).await?;
    Ok(Some(ledger(&found, &uses)))
}

/// Why an answer only notes or refuses.
pub(super) fn because(answer: &Answer) -> (String, String) {
    let because = answer.because.as_ref();
    because.map_or_else(Default::default, |because| (because.reason.clone(), because.message.clone()))
}

/// What became of a word of a member's people.
pub(super) async fn word_result(
    conn: &mut Conn,
    command_id: String,
    answer: &Answer,
) -> Result<wire::MemberCommandResult, StoreError> {
    let assignment = match answer.assignments.first() {
        Some(id) => Some(stored_assignment(conn, *id).await?),
        None => None,
    };
    let (reason, detail) = because(answer);
    Ok(wire::MemberCommandResult {
        command_id,
        outcome: answer.outcome.to_wire().into(),
        reason,
        detail,
        assignment,
        request: answer.request.map(RequestId::name).unwrap_or_default(),
    })
}

/// A word that is refused.
pub(super) fn refused_word(command_id: String, refusal: &Refusal) -> wire::MemberCommandResult {
    wire::MemberCommandResult {
        command_id,
        outcome: Outcome::Refused.to_wire().into(),
        reason: refusal.reason.clone().into_owned(),
        detail: refusal.to_string(),
        assignment: None,
        request: String::new(),
    }
}

/// A word that was heard and asks for nothing.
pub(super) fn nothing_to_do(command_id: String) -> wire::MemberCommandResult {
    wire::MemberCommandResult {
        command_id,
        outcome: Outcome::Accepted.to_wire().into(),
        ..wire::MemberCommandResult::default()
    }
}
