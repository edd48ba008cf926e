//! Saves what a decision changes. Everything in the caller's transaction; nothing leaves the hub from here.

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::{id::MemberId, mutual_aid::notice::Notice};
use shouwang_serving::store::{StoreError, Tx};

use super::{
    machine::{
        assignment::Assignment,
        case::Case,
        change::{Change, Page, Saved},
        command::Body,
        ledger::Ledger,
    },
    shelf::Shelf,
};
use crate::store::mutual_aid::{
    alert::alerts_silence,
    assignment::assignment_put,
    incident::incident_put,
    ledger::{ledger_add, ledger_change},
    outbox::{NewNotice, notices_add},
    request::request_put,
    timeline::timeline_add,
    timer::timers_put,
};

/// What is to be done once the transaction is on disk.
#[derive(Debug, Default)]
pub(super) struct Aftermath {
    /// For whom something waits in the outbox.
    pub(super) recipients: Vec<MemberId>,
    /// Calls to people of the council.
    pub(super) pages: Vec<Page>,
    /// Things that were changed.
    pub(super) changes: usize,
}

/// Saves the changes of one decision.
///
/// # Errors
/// What the store said: then nothing of the transaction may stand.
pub(super) async fn save(
    tx: &mut Tx,
    case: &Case,
    body: &Body,
    changes: Vec<Change>,
    (shelf, now): (&Shelf, Timestamp),
    after: &mut Aftermath,
) -> Result<(), StoreError> {
    after.changes += changes.len();
    let (mut giving, mut taking, mut rest, mut notices) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for change in changes {
        match change {
            Change::Incident(Saved { was, now: incident }) => incident_put(tx, was, &incident).await?,
            Change::Request(Saved { was, now: request }) => {
                request_put(tx, was, &request).await?;
                if request.acknowledged.is_some() || !request.is_alive() {
                    alerts_silence(tx, request.id, now).await?;
                }
            }
            // What gives something back goes before what takes it: one thing is in one place at every moment.
            Change::Assignment(saved) if saved.now.uses().is_none() => giving.push(saved),
            Change::Assignment(saved) => taking.push(saved),
            Change::Notice(notice) => notices.push(new_notice(*notice, shelf)),
            Change::Page(page) => after.pages.push(page),
            other @ (Change::Ledger(_) | Change::Entry(_) | Change::Standing(..)) => rest.push(other),
        }
    }
    // Self-deployed aid is a fact, and a quota is the owner's own: both may show a shortfall. Nothing else may.
    let booked = matches!(body, Body::SelfDeploy(_) | Body::SetTerms { .. });
    for Saved { was, now: assignment } in giving.into_iter().chain(taking) {
        let serialised = is_serialised(case, &rest, &assignment);
        assignment_put(tx, was, &assignment, serialised, now).await?;
    }
    for change in rest {
        match change {
            Change::Ledger(saved) => save_ledger(tx, case, saved, booked).await?,
            Change::Entry(entry) => timeline_add(tx, &entry).await?,
            Change::Standing(subject, standing) => timers_put(tx, &subject, &standing.deadlines).await?,
            Change::Incident(_)
            | Change::Request(_)
            | Change::Assignment(_)
            | Change::Notice(_)
            | Change::Page(_) => {}
        }
    }
    after.recipients.extend(notices.iter().map(|notice| notice.recipient.clone()));
    notices_add(tx, &notices, now).await?;
    Ok(())
}

async fn save_ledger(tx: &mut Tx, case: &Case, saved: Saved<Ledger>, booked: bool) -> Result<(), StoreError> {
    let Saved { was, now } = saved;
    match case.ledgers.get(&now.key) {
        Some(before) if was > 0 => ledger_change(tx, before, &now, booked).await,
        // A drill's copy, or a resource that was not in the books: what the CHECK says holds for it too.
        Some(_) | None => ledger_add(tx, &now).await,
    }
}

fn is_serialised(case: &Case, rest: &[Change], assignment: &Assignment) -> bool {
    let key = assignment.ledger();
    let changed = rest.iter().find_map(|change| match change {
        Change::Ledger(saved) if saved.now.key == key => Some(saved.now.terms.serialised),
        Change::Ledger(_)
        | Change::Incident(_)
        | Change::Request(_)
        | Change::Assignment(_)
        | Change::Entry(_)
        | Change::Notice(_)
        | Change::Page(_)
        | Change::Standing(..) => None,
    });
    changed.unwrap_or_else(|| case.ledgers.get(&key).is_some_and(|ledger| ledger.terms.serialised))
}

fn new_notice(notice: Notice, shelf: &Shelf) -> NewNotice {
    let about =
        notice.assignment.as_ref().filter(|assignment| assignment.resource.member == notice.recipient);
    let offered = about.and_then(|assignment| shelf.find(&assignment.resource));
    let phones = offered.map_or_else(|| shelf.phones_of(&notice.recipient), |offered| offered.phones());
    let life = notice.expire_seconds.map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
    NewNotice {
        id: notice.id,
        recipient: notice.recipient.clone(),
        incident: notice.incident.id,
        request: notice.request.as_ref().map(|request| request.id),
        assignment: notice.assignment.as_ref().map(|assignment| assignment.id),
        expires: life.and_then(|life| notice.created.checked_add(life).ok()),
        phones,
        notice: notice.to_wire(),
    }
}
