//! What is stored now, as it goes on the wire.

use shouwang_proto::{
    mutual_aid::{
        id::{AssignmentId, IncidentId, RequestId},
        term::Outcome,
    },
    refusal::Refusal,
    wire,
};
use shouwang_serving::store::{Conn, StoreError};

use super::{
    machine::{
        assignment::Assignment,
        change::Answer,
        ledger::{Ledger, LedgerKey},
        request::Request,
    },
    shown, unknown,
};
use crate::store::mutual_aid::{
    assignment::{assignment_find, assignments_of_request, assignments_using},
    incident::incident_find,
    ledger::ledger_find,
    request::request_find,
};

pub(super) use super::shown::{entry, incident};

/// A request with how far it is met by these assignments.
pub(super) fn request(request: &Request, assignments: &[Assignment]) -> wire::MutualAidRequest {
    shown::request(request, assignments.iter())
}

/// A ledger with the assignments that use something of it.
pub(super) fn ledger(ledger: &Ledger, uses: &[Assignment]) -> wire::LedgerEntry {
    shown::ledger(ledger, uses.iter())
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
