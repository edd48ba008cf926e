//! The team on its way: reports from muster to home, and the costs. Steps that nobody reported may be left out; a report
//! that comes late is written down and moves nothing back.

use shouwang_proto::{
    mutual_aid::{
        action::{Account, Action, Claim, ContactReport, Departure, Extension, HeadCount, Note},
        id::AssignmentId,
        term::{NoticeKind, Role},
    },
    refusal::Refusal,
};

use super::moves;
use crate::mutual_aid::machine::{
    assignment::{
        Assignment, Claims, HeadCounted, Mission, Outing, Returned, Settled, StandDownCause, State,
    },
    broken::Stop,
    change::Answer,
    command::Party,
    policy::after,
    refused,
    timeline::Event,
    working::{Happened, Working},
};

pub(super) fn act(w: &mut Working<'_>, id: AssignmentId, action: &Action) -> Result<Answer, Stop> {
    match action {
        Action::Muster(note) => muster(w, id, note),
        Action::Depart(departure) => depart(w, id, departure),
        Action::Stage(note) => stage(w, id, note),
        Action::Arrive(note) => arrive(w, id, &note.note),
        Action::Extend(extension) => extend(w, id, extension),
        Action::Recall(why) => recall(w, id, &why.reason),
        Action::Release(note) => release(w, id, note),
        Action::Return(account) => come_home(w, id, account),
        Action::Settle(claim) => settle(w, id, claim),
        Action::HeadCount(count) => head_count(w, id, count),
        Action::Contact(report) => contact(w, id, report),
        Action::StandDown(why) => stand_down(w, id, &why.reason),
        Action::Offer(_)
        | Action::Decline(_)
        | Action::Confirm(_)
        | Action::Refuse(_)
        | Action::Withdraw(_) => {
            Err(Refusal::field("action", "is an owner's answer （应由支援方答复）").into())
        }
    }
}

/// What comes of a report for which the state is not the one before it.
fn out_of_turn(w: &mut Working<'_>, id: AssignmentId, event: Event, word: &str) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    let state = found.state.word();
    if found.state.mission().is_some() {
        // Later than the report: it is history.
        return moves::noted(w, id, event, &refused::assignment_unfit(state, word));
    }
    // Somebody moves without an order: nobody expects them, so a dispatcher has to know.
    moves::refused_but_noted(w, id, event, &refused::no_mission_order(state), true)
}

fn report(w: &mut Working<'_>, id: AssignmentId, event: Event, note: &str) -> Result<Answer, Stop> {
    let (zh, en) = moves::thing(w, id)?;
    let with = |thing: String| if note.is_empty() { thing } else { format!("{thing}，{note}") };
    w.note_assignment(id, |about| Happened::new(event, about).words(with(zh), with(en)))?;
    moves::accepted(w, id)
}

/// The mission before the departure; none when it has departed or is none.
fn before_departure(found: &Assignment) -> Option<Mission> {
    if let State::Committed(mission) | State::Mobilising(mission) = &found.state {
        Some(mission.clone())
    } else {
        None
    }
}

/// The outing, when the team is on its way; begun now when nobody reported the departure.
fn under_way(w: &Working<'_>, found: &Assignment) -> Option<Outing> {
    if let State::EnRoute(outing) | State::Staged(outing) | State::OnScene(outing) = &found.state {
        return Some(outing.clone());
    }
    before_departure(found).map(|mission| Outing {
        mission,
        departed: w.cx.occurred.min(w.cx.now),
        arrived: None,
        until: None,
        counted: None,
    })
}

fn muster(w: &mut Working<'_>, id: AssignmentId, note: &Note) -> Result<Answer, Stop> {
    let State::Committed(mission) = &w.assignment(id)?.state else {
        return out_of_turn(w, id, Event::Mustered, "muster");
    };
    let state = State::Mobilising(mission.clone());
    moves::enter(w, id, state)?;
    report(w, id, Event::Mustered, &note.note)
}

fn depart(w: &mut Working<'_>, id: AssignmentId, departure: &Departure) -> Result<Answer, Stop> {
    let Some(mission) = before_departure(w.assignment(id)?) else {
        return out_of_turn(w, id, Event::Departed, "depart");
    };
    let (now, departed) = (w.cx.now, w.cx.occurred.min(w.cx.now));
    let mut mission = mission;
    if let Some(seconds) = departure.eta_seconds {
        mission.order.arrival = Some(after(now, seconds));
    }
    let counted = departure.head_count.map(|people| HeadCounted { people, at: now });
    let outing = Outing { mission, departed, arrived: None, until: None, counted };
    moves::enter(w, id, State::EnRoute(outing))?;
    let (zh, en) = moves::thing(w, id)?;
    let words = (format!("{zh}已出发"), format!("{en} has departed"));
    moves::tell_requester(w, id, NoticeKind::RequestUpdate, false, words)?;
    report(w, id, Event::Departed, &departure.note)
}

fn stage(w: &mut Working<'_>, id: AssignmentId, note: &Note) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    let later = matches!(found.state, State::Staged(_) | State::OnScene(_));
    match under_way(w, found).filter(|_| !later) {
        Some(outing) => {
            moves::enter(w, id, State::Staged(outing))?;
            report(w, id, Event::Staged, &note.note)
        }
        None => out_of_turn(w, id, Event::Staged, "stage"),
    }
}

fn arrive(w: &mut Working<'_>, id: AssignmentId, note: &str) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    let there = matches!(found.state, State::OnScene(_));
    let Some(outing) = under_way(w, found).filter(|_| !there) else {
        return out_of_turn(w, id, Event::Arrived, "arrive");
    };
    let arrived = Some(w.cx.occurred.min(w.cx.now));
    moves::enter(w, id, State::OnScene(Outing { arrived, ..outing }))?;
    report(w, id, Event::Arrived, note)
}

/// Where a team is that was booked by somebody else meanwhile.
pub(super) fn progress(
    w: &mut Working<'_>,
    id: AssignmentId,
    on_scene: bool,
    note: &str,
) -> Result<Answer, Stop> {
    if on_scene {
        arrive(w, id, note)
    } else {
        depart(w, id, &Departure { note: note.to_owned(), ..Departure::default() })
    }
}

fn extend(w: &mut Working<'_>, id: AssignmentId, extension: &Extension) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    if !found.is_out() || matches!(found.state, State::Returning(_)) {
        return Err(refused::assignment_unfit(found.state.word(), "extend").into());
    }
    let found = w.assignment_mut(id)?;
    if let State::EnRoute(outing) | State::Staged(outing) | State::OnScene(outing) = &mut found.state {
        outing.until = Some(extension.until);
    }
    let until = extension.until;
    let words = (format!("请延长支援至 {until}"), format!("please stay until {until}"));
    moves::tell_owner(w, id, NoticeKind::Extension, true, words)?;
    report(w, id, Event::Extended, &extension.note)
}

fn recall(w: &mut Working<'_>, id: AssignmentId, reason: &str) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    if matches!(found.state, State::EnRoute(_) | State::Staged(_) | State::OnScene(_)) {
        moves::recall(w, id, reason, reason)?;
        return moves::accepted(w, id);
    }
    if found.is_active() && !found.is_out() {
        return Err(refused::assignment_unfit(found.state.word(), "recall").into());
    }
    let known = refused::assignment_unfit(found.state.word(), "recall");
    moves::noted(w, id, Event::Recalled, &known)
}

fn stand_down(w: &mut Working<'_>, id: AssignmentId, reason: &str) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    if found.is_out() {
        return Err(refused::departed_already().into());
    }
    if !found.is_active() {
        let known = refused::assignment_unfit(found.state.word(), "stand down");
        return moves::noted(w, id, Event::StoodDown, &known);
    }
    let cause = StandDownCause::Person(reason.to_owned());
    moves::stand_down(w, id, cause, Event::StoodDown, (reason.to_owned(), reason.to_owned()))?;
    moves::accepted(w, id)
}

fn release(w: &mut Working<'_>, id: AssignmentId, note: &Note) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    if before_departure(found).is_some() {
        return Err(refused::assignment_unfit(found.state.word(), "release").into());
    }
    let Some(outing) = under_way(w, found) else {
        return out_of_turn(w, id, Event::Released, "release");
    };
    moves::enter(w, id, State::Returning(outing))?;
    report(w, id, Event::Released, &note.note)
}

fn come_home(w: &mut Working<'_>, id: AssignmentId, account: &Account) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    let outing =
        if let State::Returning(outing) = &found.state { Some(outing.clone()) } else { under_way(w, found) };
    let Some(outing) = outing else {
        return out_of_turn(w, id, Event::Returned, "return");
    };
    let deployed = outing.mission.order.quantity;
    if account.total() != deployed {
        return Err(refused::counts_differ(deployed, account.total()).into());
    }
    if !found.is_out() {
        // Nobody reported the departure; the ledger has to see it go before it comes back.
        moves::enter(w, id, State::EnRoute(outing.clone()))?;
    }
    let returned = Returned { outing, account: account.clone(), claims: Claims::default() };
    moves::enter(w, id, State::Returned(returned))?;
    let Account { returned, consumed, damaged, note } = account;
    let zh = format!("归还 {returned}，消耗 {consumed}，损坏 {damaged} {note}");
    let en = format!("{returned} returned, {consumed} consumed, {damaged} damaged {note}");
    w.note_assignment(id, |about| Happened::new(Event::Returned, about).words(zh.trim(), en.trim()))?;
    moves::accepted(w, id)
}

/// Costs: settled when both sides say the same, or when a dispatcher decides.
fn settle(w: &mut Working<'_>, id: AssignmentId, claim: &Claim) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    let State::Returned(returned) = found.state.clone() else {
        let known = refused::assignment_unfit(found.state.word(), "settle");
        if matches!(found.state, State::Settled(_)) {
            return moves::noted(w, id, Event::Settled, &known);
        }
        return Err(known.into());
    };
    let role = side(w, found);
    let Returned { outing, account, mut claims } = returned;
    match role {
        Role::Supplier => claims.supplier = Some(claim.clone()),
        Role::Requester => claims.requester = Some(claim.clone()),
        Role::Dispatcher | Role::System => {}
    }
    let both = claims.supplier.is_some() && claims.supplier == claims.requester;
    let agreed_by = match role {
        Role::Dispatcher | Role::System => vec![role],
        Role::Supplier | Role::Requester if both => vec![Role::Supplier, Role::Requester],
        Role::Supplier | Role::Requester => Vec::new(),
    };
    if agreed_by.is_empty() {
        w.assignment_mut(id)?.state = State::Returned(Returned { outing, account, claims });
        return report(w, id, Event::Claimed, &claim.note);
    }
    let settled = Settled { outing, account, claim: claim.clone(), agreed_by };
    moves::enter(w, id, State::Settled(settled))?;
    report(w, id, Event::Settled, &claim.note)
}

/// For which side the caller speaks about costs; a dispatcher that speaks for nobody decides for both.
fn side(w: &Working<'_>, found: &Assignment) -> Role {
    let speaks_for = match &w.cx.party {
        Party::Member(member) => Some(member),
        Party::Dispatcher | Party::System => w.cx.on_behalf_of.as_ref(),
    };
    match speaks_for {
        Some(member) if member == found.owner() => Role::Supplier,
        Some(_) => Role::Requester,
        None => Role::Dispatcher,
    }
}

fn head_count(w: &mut Working<'_>, id: AssignmentId, count: &HeadCount) -> Result<Answer, Stop> {
    let at = w.cx.now;
    let found = w.assignment_mut(id)?;
    let HeadCount { people, note } = count;
    if let State::EnRoute(outing)
    | State::Staged(outing)
    | State::OnScene(outing)
    | State::Returning(outing) = &mut found.state
    {
        outing.counted = Some(HeadCounted { people: *people, at });
        found.flags.missed = 0;
        found.flags.lost_contact = false;
        let (zh, en) = (format!("{people} 人平安 {note}"), format!("{people} people well {note}"));
        w.note_assignment(id, |about| Happened::new(Event::HeadCounted, about).words(zh.trim(), en.trim()))?;
        return moves::accepted(w, id);
    }
    let known = refused::assignment_unfit(found.state.word(), "head_count");
    moves::noted(w, id, Event::HeadCounted, &known)
}

fn contact(w: &mut Working<'_>, id: AssignmentId, report: &ContactReport) -> Result<Answer, Stop> {
    let event = if report.lost { Event::ContactLost } else { Event::ContactRestored };
    let found = w.assignment(id)?;
    if !found.is_out() {
        let known = refused::assignment_unfit(found.state.word(), "contact");
        return moves::noted(w, id, event, &known);
    }
    w.assignment_mut(id)?.flags.lost_contact = report.lost;
    let note = report.note.clone();
    w.note_assignment(id, |about| {
        let happened = Happened::new(event, about).words(note.clone(), note);
        if report.lost { happened.alarm() } else { happened }
    })?;
    moves::accepted(w, id)
}
