//! What is said about one assignment: who may say it, and what owners answer.

use shouwang_proto::{
    mutual_aid::{
        action::{Action, AssignmentAction, Confirm, Decline, Offer},
        id::AssignmentId,
        term::{NoticeKind, Outcome},
    },
    refusal::Refusal,
};

use super::{access, cover, mission, moves, unasked};
use crate::mutual_aid::machine::{
    assignment::{Assignment, Ended, Mission, Order, State, decline_words},
    broken::Stop,
    change::{Answer, Because},
    command::Party,
    policy::after,
    refused,
    timeline::Event,
    working::{Happened, Working},
};

pub(super) fn act(
    w: &mut Working<'_>,
    word: &AssignmentAction,
    expected: Option<u64>,
) -> Result<Answer, Stop> {
    let AssignmentAction { assignment: id, epoch, action } = word;
    let found = w.assignment(*id)?;
    let asks = &w.request(found.line.request)?.requester;
    match action {
        Action::Offer(_)
        | Action::Decline(_)
        | Action::Confirm(_)
        | Action::Refuse(_)
        | Action::Withdraw(_) => {
            access::owner(w, found.owner())?;
        }
        Action::Muster(_) | Action::Depart(_) | Action::Stage(_) | Action::Return(_) | Action::Contact(_) => {
            access::owner_or_dispatcher(w, found.owner())?;
        }
        Action::Arrive(_) | Action::Release(_) | Action::HeadCount(_) | Action::Settle(_) => {
            access::anybody_there(w, found)?;
        }
        Action::Extend(_) | Action::Recall(_) | Action::StandDown(_) => access::requester(w, asks)?,
    }
    if let Some(expected) = expected {
        access::version(expected, found.version)?;
    }
    let decides = matches!(action, Action::Recall(_) | Action::StandDown(_));
    if decides && expected.is_none() && w.cx.party == Party::Dispatcher {
        let words = "is required: another dispatcher may have decided （必填，以免与其他调度员冲突）";
        return Err(Refusal::field("expected_version", words).into());
    }
    if action.answers_order() && *epoch == 0 {
        return Err(Refusal::field("action.epoch", "is required to answer an order （必填）").into());
    }
    match action {
        Action::Offer(offer) => offered(w, *id, offer),
        Action::Decline(why) => decline(w, *id, why),
        Action::Confirm(yes) => confirm(w, *id, *epoch, yes),
        Action::Refuse(why) => refuse(w, *id, *epoch, why),
        Action::Withdraw(why) => withdraw(w, *id, why),
        Action::Muster(_)
        | Action::Depart(_)
        | Action::Stage(_)
        | Action::Arrive(_)
        | Action::Extend(_)
        | Action::Recall(_)
        | Action::Release(_)
        | Action::Return(_)
        | Action::Settle(_)
        | Action::HeadCount(_)
        | Action::Contact(_)
        | Action::StandDown(_) => mission::act(w, *id, action),
    }
}

/// A person of the owner has seen the newest question or order: the next of the chain need not be called.
pub(super) fn seen(w: &mut Working<'_>, id: AssignmentId) -> Result<Answer, Stop> {
    access::owner_or_dispatcher(w, w.assignment(id)?.owner())?;
    if !w.assignment(id)?.flags.seen {
        w.assignment_mut(id)?.flags.seen = true;
        w.note_assignment(id, |about| Happened::new(Event::NoticeSeen, about))?;
    }
    moves::accepted(w, id)
}

/// True while aid is sought for the line, so that an offer makes sense.
fn seeks(w: &Working<'_>, found: &Assignment) -> Result<bool, Stop> {
    let request = w.request(found.line.request)?;
    let going_on = request.is_open() && access::going_on(w.incident(request.incident)?).is_ok();
    Ok(going_on && w.fulfilment(found.line)?.missing() > 0)
}

/// I can help.
pub(super) fn offered(w: &mut Working<'_>, id: AssignmentId, offer: &Offer) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    let unsolicited = match &found.state {
        State::Solicited(_) => false,
        State::Offered(before) => before.unsolicited,
        State::Declined(_) | State::Lapsed(_) | State::StoodDown(_) | State::Failed(_) => {
            return late_yes(w, id, offer, &refused::assignment_unfit(found.state.word(), "offer"));
        }
        State::Held(_)
        | State::Committed(_)
        | State::Mobilising(_)
        | State::EnRoute(_)
        | State::Staged(_)
        | State::OnScene(_)
        | State::Returning(_)
        | State::Returned(_)
        | State::Settled(_) => {
            let why = refused::assignment_unfit(found.state.word(), "offer");
            return moves::noted(w, id, Event::Offered, &why);
        }
    };
    moves::enter(w, id, State::Offered(unasked::promise(w.cx.now, offer, unsolicited)))?;
    let (zh, en) = moves::thing(w, id)?;
    w.note_assignment(id, |about| Happened::new(Event::Offered, about).words(zh, en))?;
    moves::accepted(w, id)
}

/// A yes to what has ended binds nobody; while aid is sought and nothing else of the owner stands for the line, it is an
/// unsolicited offer.
fn late_yes(w: &mut Working<'_>, id: AssignmentId, offer: &Offer, why: &Refusal) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    let (line, resource) = (found.line, found.resource.clone());
    let useful = seeks(w, found)? && w.active_pair(line, &resource).is_none();
    if !useful {
        return moves::refused_but_noted(w, id, Event::Confirmed, why, false);
    }
    let new = unasked::stand(w, line, &resource, offer)?;
    let because = Some(Because::of(why));
    Ok(Answer {
        outcome: Outcome::BecameOffer,
        because,
        assignments: vec![new, id],
        ..moves::accepted(w, id)?
    })
}

/// No to a question. An owner is free to say no as long as it is not bound, whatever has crossed its answer.
fn decline(w: &mut Working<'_>, id: AssignmentId, why: &Decline) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    match &found.state {
        State::Solicited(_) | State::Offered(_) | State::Held(_) => say_no(w, id, why),
        State::Committed(_) | State::Mobilising(_) => {
            let refusal = refused::confirmed_already();
            moves::refused_but_noted(w, id, Event::Declined, &refusal, true)
        }
        State::EnRoute(_)
        | State::Staged(_)
        | State::OnScene(_)
        | State::Returning(_)
        | State::Returned(_)
        | State::Settled(_)
        | State::Declined(_)
        | State::Lapsed(_)
        | State::StoodDown(_)
        | State::Failed(_) => {
            let refusal = refused::assignment_unfit(found.state.word(), "decline");
            moves::noted(w, id, Event::Declined, &refusal)
        }
    }
}

fn say_no(w: &mut Working<'_>, id: AssignmentId, why: &Decline) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    let ordered = found.uses().is_some();
    let ended =
        Ended { quantity: found.state.quantity(), order: found.state.order().cloned(), why: why.clone() };
    moves::enter(w, id, State::Declined(ended))?;
    let (zh, en) = decline_words(why);
    w.note_assignment(id, |about| Happened::new(Event::Declined, about).words(&*zh, &*en))?;
    if ordered {
        cover::reopened(w, id, &zh, &en)?;
    }
    moves::accepted(w, id)
}

/// Whether an answer is to the newest order of an assignment. I7: an owner is never bound by an answer to an older one.
fn epoch_fits(w: &Working<'_>, found: &Assignment, answered: u64) -> Result<(), Refusal> {
    let newest = found.state.order().map_or(0, |order| order.epoch);
    if !w.cx.minds_epochs() || answered == newest {
        Ok(())
    } else if answered < newest {
        Err(refused::order_superseded(answered, newest))
    } else {
        Err(refused::order_unknown())
    }
}

/// Yes to an order.
fn confirm(w: &mut Working<'_>, id: AssignmentId, epoch: u64, yes: &Confirm) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    if found.state.order().is_none() {
        return moves::refused_but_noted(w, id, Event::Confirmed, &refused::order_unknown(), false);
    }
    if let Err(why) = epoch_fits(w, found, epoch) {
        return moves::refused_but_noted(w, id, Event::Confirmed, &why, false);
    }
    match &found.state {
        State::Held(hold) => {
            let order = hold.order.clone();
            bind(w, id, order, yes)
        }
        State::Declined(_) | State::Lapsed(_) | State::Failed(_) => {
            let (zh, en) = found.state.word().labels();
            let offer = Offer {
                quantity: found.state.quantity(),
                eta_seconds: yes.eta_seconds.unwrap_or(0),
                conditions: String::new(),
                valid_seconds: None,
            };
            late_yes(w, id, &offer, &refused::order_ended(zh, en))
        }
        State::StoodDown(_) => {
            let (zh, en) = found.state.word().labels();
            moves::refused_but_noted(w, id, Event::Confirmed, &refused::order_ended(zh, en), false)
        }
        State::Committed(_)
        | State::Mobilising(_)
        | State::EnRoute(_)
        | State::Staged(_)
        | State::OnScene(_)
        | State::Returning(_)
        | State::Returned(_)
        | State::Settled(_) => moves::noted(w, id, Event::Confirmed, &refused::confirmed_already()),
        State::Solicited(_) | State::Offered(_) => {
            moves::refused_but_noted(w, id, Event::Confirmed, &refused::order_unknown(), false)
        }
    }
}

/// The owner is bound: from here on it is a mission, with its order.
fn bind(w: &mut Working<'_>, id: AssignmentId, order: Order, yes: &Confirm) -> Result<Answer, Stop> {
    let now = w.cx.now;
    let found = w.assignment(id)?;
    access::going_on(w.incident(found.incident)?)?;
    let arrival = yes.eta_seconds.map(|seconds| after(now, seconds)).or(order.arrival);
    let mission = Mission {
        order: Order { arrival, ..order },
        confirmed_by: w.cx.actor.clone(),
        confirmed: now,
        lead: yes.lead.clone(),
        self_deployed: false,
    };
    moves::enter(w, id, State::Committed(mission))?;
    let (zh, en) = moves::thing(w, id)?;
    w.note_assignment(id, |about| Happened::new(Event::Confirmed, about).words(&*zh, &*en))?;
    let words = (format!("调令：请出动{zh}"), format!("mission order: send {en}"));
    moves::tell_owner(w, id, NoticeKind::MissionOrder, false, words)?;
    let words = (format!("{zh}已确认支援"), format!("{en} is confirmed"));
    moves::tell_requester(w, id, NoticeKind::RequestUpdate, false, words)?;
    moves::accepted(w, id)
}

/// No to an order. One to an older order does not end a newer one.
fn refuse(w: &mut Working<'_>, id: AssignmentId, epoch: u64, why: &Decline) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    if found.state.order().is_none() {
        return moves::refused_but_noted(w, id, Event::Declined, &refused::order_unknown(), false);
    }
    if let Err(late) = epoch_fits(w, found, epoch) {
        return moves::refused_but_noted(w, id, Event::Declined, &late, false);
    }
    decline(w, id, why)
}

/// It is theirs: withdrawing always succeeds. After departure it means coming home.
fn withdraw(w: &mut Working<'_>, id: AssignmentId, why: &Decline) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    let quantity = found.state.quantity();
    let next = match &found.state {
        State::Solicited(_) | State::Offered(_) | State::Held(_) => return say_no(w, id, why),
        State::Committed(_) | State::Mobilising(_) => {
            State::Failed(Ended { quantity, order: found.state.order().cloned(), why: why.clone() })
        }
        State::EnRoute(outing) | State::Staged(outing) | State::OnScene(outing) => {
            State::Returning(outing.clone())
        }
        State::Returning(_)
        | State::Returned(_)
        | State::Settled(_)
        | State::Declined(_)
        | State::Lapsed(_)
        | State::StoodDown(_)
        | State::Failed(_) => {
            let known = refused::assignment_unfit(found.state.word(), "withdraw");
            return moves::noted(w, id, Event::Withdrawn, &known);
        }
    };
    moves::enter(w, id, next)?;
    let (zh, en) = decline_words(why);
    w.note_assignment(id, |about| Happened::new(Event::Withdrawn, about).words(&*zh, &*en).alarm())?;
    cover::reopened(w, id, &zh, &en)?;
    moves::accepted(w, id)
}
