//! Moves of one assignment and its ledger together, and who is told.

use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        id::AssignmentId,
        term::{NoticeKind, Outcome},
    },
    refusal::Refusal,
};

use crate::mutual_aid::machine::{
    assignment::{Ended, StandDownCause, State},
    broken::{Broken, Stop},
    change::{Answer, Because},
    ledger::Part,
    timeline::Event,
    working::{Happened, Tell, Working},
};

/// Enters a state, and moves the ledger with it. What becomes held or committed at first is booked by who orders it.
pub(super) fn enter(w: &mut Working<'_>, id: AssignmentId, state: State) -> Result<(), Stop> {
    let found = w.assignment(id)?;
    let (key, before) = (found.ledger(), found.uses());
    if !found.state.may_become(&state) {
        return Err(Broken::new(format!("{} would go back to {}", found.state.word(), state.word())).into());
    }
    let account = if let State::Returned(returned) = &state { Some(returned.account.clone()) } else { None };
    let now = w.cx.now;
    let found = w.assignment_mut(id)?;
    found.enter(state, now);
    match (before, found.uses(), account) {
        (Some((from, quantity)), Some((to, _)), _) if from != to => {
            w.ledger_mut(&key)?.advance(from, to, quantity)?;
        }
        (Some((Part::Deployed, _)), None, Some(account)) => w.ledger_mut(&key)?.come_home(&account)?,
        (Some((Part::Deployed, _)), None, None) => {
            return Err(Broken::new("what is out ends only by coming home").into());
        }
        (Some((from, quantity)), None, _) => w.ledger_mut(&key)?.give_back(from, quantity)?,
        (Some(_) | None, Some(_), _) | (None, None, _) => {}
    }
    Ok(())
}

/// Ends an assignment that has not departed, because it is not needed any more, and tells the owner.
pub(super) fn stand_down(
    w: &mut Working<'_>,
    id: AssignmentId,
    cause: StandDownCause,
    event: Event,
    words: (String, String),
) -> Result<(), Stop> {
    let found = w.assignment(id)?;
    let ended = Ended { quantity: found.state.quantity(), order: found.state.order().cloned(), why: cause };
    let was_ordered = found.uses().is_some();
    enter(w, id, State::StoodDown(ended))?;
    let (zh, en) = words;
    w.note_assignment(id, |about| {
        let happened = Happened::new(event, about).words(zh.clone(), en.clone());
        if event == Event::Preempted { happened.alarm() } else { happened }
    })?;
    let (thing_zh, thing_en) = thing(w, id)?;
    tell_owner(
        w,
        id,
        NoticeKind::StandDown,
        was_ordered,
        (format!("{thing_zh}不再需要：{zh}"), format!("{thing_en} is not needed any more: {en}")),
    )
}

/// Asks a team home; it reports when it leaves.
pub(super) fn recall(w: &mut Working<'_>, id: AssignmentId, zh: &str, en: &str) -> Result<(), Stop> {
    w.assignment_mut(id)?.flags.recall = Some(zh.to_owned());
    w.note_assignment(id, |about| Happened::new(Event::Recalled, about).words(zh, en))?;
    let (thing_zh, thing_en) = thing(w, id)?;
    let words = (format!("请撤回{thing_zh}：{zh}"), format!("bring {thing_en} home: {en}"));
    tell_owner(w, id, NoticeKind::Recall, true, words)
}

/// What an assignment is about, for people: `泡沫消防车 × 2`.
pub(super) fn thing(w: &Working<'_>, id: AssignmentId) -> Result<(String, String), Stop> {
    let found = w.assignment(id)?;
    let amount = amount(found.state.quantity(), &found.unit);
    // The ledger is there while something is ordered; before and after, the line says what it is.
    let title = match w.ledger(&found.ledger()) {
        Ok(ledger) => ledger.terms.title.clone(),
        Err(_) => w.line(found.line)?.need.what.clone(),
    };
    let words = format!("{title} × {amount}");
    Ok((words.clone(), words))
}

/// A quantity for people: counted things have no unit.
pub(super) fn amount(quantity: u64, unit: &str) -> String {
    if unit == "1" { quantity.to_string() } else { format!("{quantity} {unit}") }
}

/// Tells the owner of an assignment.
pub(super) fn tell_owner(
    w: &mut Working<'_>,
    id: AssignmentId,
    kind: NoticeKind,
    alarm: bool,
    words: (String, String),
) -> Result<(), Stop> {
    let recipient = w.assignment(id)?.owner().clone();
    tell(w, id, recipient, kind, alarm, words)
}

/// Tells the requester of an assignment.
pub(super) fn tell_requester(
    w: &mut Working<'_>,
    id: AssignmentId,
    kind: NoticeKind,
    alarm: bool,
    words: (String, String),
) -> Result<(), Stop> {
    let recipient = w.request(w.assignment(id)?.line.request)?.requester.clone();
    tell(w, id, recipient, kind, alarm, words)
}

fn tell(
    w: &mut Working<'_>,
    id: AssignmentId,
    recipient: MemberId,
    kind: NoticeKind,
    alarm: bool,
    (zh, en): (String, String),
) -> Result<(), Stop> {
    let found = w.assignment(id)?;
    let tell = Tell {
        recipient,
        kind,
        alarm,
        incident: found.incident,
        request: Some(found.line.request),
        line: Some(found.line.number),
        assignment: Some(id),
        duty_step: 0,
        zh,
        en,
    };
    w.tell(tell);
    Ok(())
}

/// Done.
pub(super) fn accepted(w: &Working<'_>, id: AssignmentId) -> Result<Answer, Stop> {
    let found = w.assignment(id)?;
    Ok(Answer {
        incident: Some(found.incident),
        request: Some(found.line.request),
        assignments: vec![id],
        ledger: found.uses().map(|_| found.ledger()),
        ..Answer::accepted()
    })
}

/// A word that changes nothing goes into the timeline, with the reason.
pub(super) fn noted(
    w: &mut Working<'_>,
    id: AssignmentId,
    event: Event,
    why: &Refusal,
) -> Result<Answer, Stop> {
    let (zh, en) = both_languages(why);
    w.note_assignment(id, |about| Happened::new(event, about).words(zh, en).noted())?;
    Ok(Answer { outcome: Outcome::Noted, because: Some(Because::of(why)), ..accepted(w, id)? })
}

/// A word that is refused, and goes into the timeline all the same; `alarm` when somebody acts on what is not so.
pub(super) fn refused_but_noted(
    w: &mut Working<'_>,
    id: AssignmentId,
    event: Event,
    why: &Refusal,
    alarm: bool,
) -> Result<Answer, Stop> {
    let (zh, en) = both_languages(why);
    w.note_assignment(id, |about| {
        let happened = Happened::new(event, about).words(zh, en).noted();
        if alarm { happened.alarm() } else { happened }
    })?;
    Ok(Answer { outcome: Outcome::Refused, because: Some(Because::of(why)), ..accepted(w, id)? })
}

/// The words of a refusal are English first, then Chinese in brackets.
fn both_languages(refusal: &Refusal) -> (&str, &str) {
    let (en, zh) = refusal.message.rsplit_once(" （").unwrap_or((&refusal.message, &refusal.message));
    (zh.trim_end_matches('）'), en)
}
