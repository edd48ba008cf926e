//! Who may do what: looked at where it is decided, because only the state knows whose something is.

use shouwang_proto::id::MemberId;

use crate::mutual_aid::machine::{
    assignment::Assignment,
    broken::Stop,
    command::{Decided, Party},
    incident::{Incident, State},
    refused,
    request::Request,
    working::Working,
};

/// A dispatcher, or the hub itself.
pub(super) fn dispatcher(w: &Working<'_>) -> Result<(), Stop> {
    match &w.cx.party {
        Party::Dispatcher | Party::System => Ok(()),
        Party::Member(_) => Err(refused::dispatcher_only().into()),
    }
}

/// The member that asks for help, or a dispatcher.
pub(super) fn requester(w: &Working<'_>, requester: &MemberId) -> Result<(), Stop> {
    match &w.cx.party {
        Party::Dispatcher | Party::System => Ok(()),
        Party::Member(member) if member == requester => Ok(()),
        Party::Member(_) => Err(refused::not_yours().into()),
    }
}

/// The owner; or a dispatcher that says it speaks for the owner: only what the owner says binds or frees it.
pub(super) fn owner(w: &Working<'_>, owner: &MemberId) -> Result<(), Stop> {
    match &w.cx.party {
        Party::Member(member) if member == owner => Ok(()),
        Party::Member(_) => Err(refused::not_yours().into()),
        Party::Dispatcher if w.cx.on_behalf_of.as_ref() == Some(owner) => Ok(()),
        Party::Dispatcher => Err(refused::on_behalf_missing(owner).into()),
        Party::System => Ok(()),
    }
}

/// Owner or dispatcher: facts that either may report.
pub(super) fn owner_or_dispatcher(w: &Working<'_>, owner: &MemberId) -> Result<(), Stop> {
    match &w.cx.party {
        Party::Dispatcher | Party::System => Ok(()),
        Party::Member(member) if member == owner => Ok(()),
        Party::Member(_) => Err(refused::not_yours().into()),
    }
}

/// Owner, requester or dispatcher: facts that everybody there sees.
pub(super) fn anybody_there(w: &Working<'_>, found: &Assignment) -> Result<(), Stop> {
    let asks = &w.request(found.line.request)?.requester;
    requester(w, asks).or_else(|_| owner_or_dispatcher(w, found.owner()))
}

/// An incident in which aid may still be sought.
pub(super) fn going_on(incident: &Incident) -> Result<(), Stop> {
    match incident.state {
        State::Open => Ok(()),
        State::Halted(_) => Err(refused::drill_halted().into()),
        State::Closed { .. } => Err(refused::incident_closed().into()),
    }
}

/// The version that a decision was made from.
pub(super) fn version(expected: u64, found: u64) -> Result<(), Stop> {
    if expected == found { Ok(()) } else { Err(refused::version_mismatch(expected, found).into()) }
}

/// The request, if it is still what it was when it was read.
pub(super) fn decided<'w>(w: &'w Working<'_>, decided: Decided) -> Result<&'w Request, Stop> {
    let request = w.request(decided.request)?;
    version(decided.expected, request.version)?;
    Ok(request)
}
