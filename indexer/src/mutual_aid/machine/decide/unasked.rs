//! Help that nobody ordered: offered, or already there.

use jiff::Timestamp;
use shouwang_proto::{
    id::PublicationName,
    mutual_aid::{
        action::{Decline, Offer},
        command::{SelfDeployment, UnsolicitedOffer},
        id::{AssignmentId, LineId},
        term::Basis,
    },
};

use super::{access, answering, cover, mission, moves, ordering};
use crate::mutual_aid::machine::{
    assignment::{Ended, Mission, Offered, Order, Outing, State},
    broken::{Broken, Stop},
    change::{Answer, Whom},
    escalation::Subject,
    ledger::{LedgerKey, Part},
    policy::after,
    refused, request,
    timeline::Event,
    working::{Happened, Working},
};

pub(super) fn offer(w: &mut Working<'_>, offer: &UnsolicitedOffer) -> Result<Answer, Stop> {
    let UnsolicitedOffer { line, resource, offer } = offer;
    access::owner(w, &resource.member)?;
    if let Some(found) = w.active_pair(*line, resource) {
        let id = found.id;
        return answering::offered(w, id, offer);
    }
    let request = w.request(line.request)?;
    access::going_on(w.incident(request.incident)?)?;
    if !matches!(request.state, request::State::Submitted { .. } | request::State::Open { .. }) {
        return Err(refused::request_not_open(request.word()).into());
    }
    let fulfilment = w.fulfilment(*line)?;
    if fulfilment.firm() >= fulfilment.requested {
        return Err(refused::line_already_met().into());
    }
    let id = stand(w, *line, resource, offer)?;
    moves::accepted(w, id)
}

/// What an owner promises. Without a time it does not say when it can be there: a late yes often has none.
pub(super) fn promise(now: Timestamp, offer: &Offer, unsolicited: bool) -> Offered {
    Offered {
        quantity: offer.quantity,
        arrival: (offer.eta_seconds > 0).then(|| after(now, offer.eta_seconds)),
        conditions: offer.conditions.clone(),
        expires: offer.valid_seconds.map(|seconds| after(now, seconds)),
        unsolicited,
    }
}

/// An offer that nobody asked for, or that is what is left of a late yes.
pub(super) fn stand(
    w: &mut Working<'_>,
    line: LineId,
    resource: &PublicationName,
    offer: &Offer,
) -> Result<AssignmentId, Stop> {
    let id = ordering::add(w, line, resource, State::Offered(promise(w.cx.now, offer, true)))?;
    let (zh, en) = moves::thing(w, id)?;
    w.note_assignment(id, |about| Happened::new(Event::Offered, about).words(zh, en))?;
    Ok(id)
}

/// Books what came by itself. It is a fact, so it is booked even when nothing is free; then a person has to decide.
pub(super) fn self_deploy(w: &mut Working<'_>, deployed: &SelfDeployment) -> Result<Answer, Stop> {
    let SelfDeployment { line, resource, quantity, on_scene, note } = deployed;
    let request = w.request(line.request)?;
    access::requester(w, &request.requester).or_else(|_| access::owner_or_dispatcher(w, &resource.member))?;
    let key = LedgerKey { resource: resource.clone(), book: request.book };
    if !matches!(request.state, request::State::Open { .. } | request::State::StandingDown { .. }) {
        return Err(refused::request_not_open(request.word()).into());
    }
    let pair = w.active_pair(*line, resource).map(|found| (found.id, found.uses()));
    if let Some((id, Some((Part::Committed | Part::Deployed, _)))) = pair {
        return mission::progress(w, id, *on_scene, note);
    }
    free_the_one(w, &key, pair.map(|(id, _)| id))?;
    if let Some((_, Some((Part::Held, held)))) = pair {
        w.ledger_mut(&key)?.give_back(Part::Held, held)?;
    }
    let state = arrived(w, &key, *quantity, *on_scene)?;
    raise_limit(w, *line, *quantity, pair)?;
    let now = w.cx.now;
    let id = match pair {
        Some((id, _)) => {
            w.assignment_mut(id)?.enter(state, now);
            id
        }
        None => ordering::add(w, *line, resource, state)?,
    };
    let (zh, en) = moves::thing(w, id)?;
    w.note_assignment(id, |about| {
        Happened::new(Event::SelfDeployed, about).words(format!("{zh} {note}"), format!("{en} {note}"))
    })?;
    short(w, &key, id)?;
    moves::accepted(w, id)
}

fn arrived(w: &mut Working<'_>, key: &LedgerKey, quantity: u64, on_scene: bool) -> Result<State, Stop> {
    let (now, occurred) = (w.cx.now, w.cx.occurred.min(w.cx.now));
    let by = w.cx.actor.clone();
    let epoch = w.ledger_mut(key)?.self_deployed(quantity);
    let order = Order {
        quantity,
        epoch,
        basis: Basis::Voluntary,
        agreement: None,
        by: by.clone(),
        at: now,
        arrival: None,
    };
    let mission = Mission { order, confirmed_by: by, confirmed: now, lead: None, self_deployed: true };
    let outing = Outing {
        mission,
        departed: occurred,
        arrived: on_scene.then_some(occurred),
        until: None,
        counted: None,
    };
    Ok(if on_scene { State::OnScene(outing) } else { State::EnRoute(outing) })
}

/// One thing cannot be in two places: where it was only promised, it does not come; where it is out, somebody is wrong.
fn free_the_one(w: &mut Working<'_>, key: &LedgerKey, pair: Option<AssignmentId>) -> Result<(), Stop> {
    if !w.ledger(key)?.terms.serialised {
        return Ok(());
    }
    for id in w.users_of(key).into_iter().filter(|id| Some(*id) != pair) {
        let found = w.assignment(id)?;
        if found.is_out() {
            let words = "it is one thing, and is out for another line; book its return first \
                         （该资源正在执行其他任务，请先登记归队）";
            return Err(refused::not_preemptible(words).into());
        }
        let reason = "in-use".parse().map_err(|_| Broken::new("the vocabulary has no `in-use`"))?;
        let why = Decline { reason, note: "已自行前往他处".to_owned() };
        let ended = Ended { quantity: found.state.quantity(), order: found.state.order().cloned(), why };
        moves::enter(w, id, State::Failed(ended))?;
        w.note_assignment(id, |about| Happened::new(Event::Withdrawn, about).alarm())?;
        cover::reopened(w, id, "已自行前往他处", "it went elsewhere by itself")?;
    }
    Ok(())
}

/// I2 holds for facts, too: what came beyond the need is written down as such.
fn raise_limit(
    w: &mut Working<'_>,
    line: LineId,
    quantity: u64,
    pair: Option<(AssignmentId, Option<(Part, u64)>)>,
) -> Result<(), Stop> {
    let fulfilment = w.fulfilment(line)?;
    let held = pair.and_then(|(_, uses)| uses).map_or(0, |(_, quantity)| quantity);
    let active = fulfilment.active() - held + quantity;
    let surplus = active.saturating_sub(fulfilment.requested);
    if surplus > w.line(line)?.overcommitted
        && let Some(found) = w.request_mut(line.request, false)?.line_mut(line.number)
    {
        found.overcommitted = surplus;
    }
    Ok(())
}

/// More is out than the owner lends: a person has to know.
fn short(w: &mut Working<'_>, key: &LedgerKey, id: AssignmentId) -> Result<(), Stop> {
    let shortfall = w.ledger(key)?.shortfall();
    if shortfall == 0 {
        return Ok(());
    }
    let (incident, request) = (w.assignment(id)?.incident, w.assignment(id)?.line.request);
    let (zh, en) = (format!("超出可借 {shortfall}"), format!("{shortfall} more than is lent"));
    w.note_assignment(id, |about| Happened::new(Event::Shortfall, about).words(&*zh, &*en).alarm())?;
    w.page(Whom::Duty, incident, Subject::Request(request), zh, en)
}
