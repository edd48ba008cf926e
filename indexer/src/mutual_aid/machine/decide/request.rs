//! The human decisions about a request.

use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        command::{About as Told, Submission},
        id::{AssignmentId, IncidentId, LineNumber, RequestId},
        request::WrittenRequest,
        term::{Mode, Priority},
    },
};

use super::{access, incident, lines, moves};
use crate::mutual_aid::machine::{
    assignment::StandDownCause,
    broken::Stop,
    change::{Answer, Whom},
    command::{Body, Decided, Party},
    escalation::Subject,
    incident::HaltCause,
    refused,
    request::{Line, Request, Review, State},
    timeline::{About, Event},
    working::{Happened, Working},
};

/// What an entry about a request concerns.
fn about(request: RequestId) -> About {
    About { request: Some(request), ..About::default() }
}

fn answer(incident: IncidentId, request: RequestId) -> Answer {
    Answer { incident: Some(incident), request: Some(request), ..Answer::accepted() }
}

pub(super) fn submit(
    w: &mut Working<'_>,
    requester: &MemberId,
    submission: &Submission,
    draft: bool,
) -> Result<Answer, Stop> {
    access::requester(w, requester)?;
    let incident = match &submission.about {
        Told::Known(id) => {
            access::going_on(w.incident(*id)?)?;
            *id
        }
        Told::New(new) => incident::create(w, new)?,
    };
    let now = w.cx.now;
    let id = RequestId::new(now, w.random());
    let WrittenRequest { facts, lines } = submission.request.clone();
    let lines = lines.into_iter().zip(1..).filter_map(|(line, number)| {
        let number = LineNumber::new(number)?;
        Some(Line { number, need: line.need, overcommitted: 0, uncovered: None })
    });
    let lines: Vec<_> = lines.collect();
    let title = facts.title.clone();
    w.add_request(Request {
        id,
        incident,
        book: w.incident(incident)?.book(),
        requester: requester.clone(),
        version: 0,
        facts,
        lines,
        state: State::Draft { since: now },
        submitted: None,
        acknowledged: None,
        council_reached: 0,
    });
    if draft {
        w.note(incident, Happened::new(Event::RequestDrafted, about(id)).words(&*title, &*title))?;
    } else {
        enter_queue(w, id)?;
    }
    Ok(answer(incident, id))
}

pub(super) fn submit_draft(w: &mut Working<'_>, decided: Decided) -> Result<Answer, Stop> {
    let found = access::decided(w, decided)?;
    access::requester(w, &found.requester)?;
    if !matches!(found.state, State::Draft { .. }) {
        return Err(refused::request_unfit(found.word(), "submit").into());
    }
    let incident = found.incident;
    access::going_on(w.incident(incident)?)?;
    enter_queue(w, decided.request)?;
    Ok(answer(incident, decided.request))
}

/// A draft is submitted. A dispatcher's own request is open and verified; one with life in danger is open at once and
/// verified while dispatching; others wait to be taken up.
fn enter_queue(w: &mut Working<'_>, id: RequestId) -> Result<(), Stop> {
    let now = w.cx.now;
    let by_dispatcher = w.cx.party == Party::Dispatcher;
    let found = w.request_mut(id, true)?;
    found.submitted = Some(now);
    found.state = State::Submitted { since: now };
    let (incident, title, p1) = (found.incident, found.facts.title.clone(), found.is_p1());
    w.note(incident, Happened::new(Event::RequestSubmitted, about(id)).words(&*title, &*title))?;
    if by_dispatcher || p1 {
        open(w, id, by_dispatcher)?;
    }
    let (priority, _) = w.request(id)?.facts.priority.labels();
    let words = format!("新请求（{priority}）：{title}");
    w.page_until_taken_up(Whom::Duty, (incident, id), words, format!("new request: {title}"))
}

/// From now on aid is sought. A real request with life in danger stops all drills.
fn open(w: &mut Working<'_>, id: RequestId, verified: bool) -> Result<(), Stop> {
    let now = w.cx.now;
    let found = w.request_mut(id, true)?;
    found.state = State::Open { since: now, verified };
    if verified {
        found.acknowledged = Some(now);
    }
    let (incident, real) = (found.incident, found.is_p1() && found.book.mode() == Mode::Actual);
    let mut happened = Happened::new(Event::RequestOpened, about(id));
    if !verified {
        let en = "life in danger: opened at once, to be verified";
        happened = happened.words("危及生命，直接启动，待核实", en);
    }
    w.note(incident, happened)?;
    if real {
        for drill in w.open_drills().clone() {
            w.then(Body::HaltDrill { incident: drill, cause: HaltCause::Real(id) });
        }
    }
    Ok(())
}

pub(super) fn accept(w: &mut Working<'_>, decided: Decided) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let found = access::decided(w, decided)?;
    let (id, incident, word) = (found.id, found.incident, found.word());
    access::going_on(w.incident(incident)?)?;
    match w.request(id)?.state {
        State::Submitted { .. } => open(w, id, true)?,
        State::Open { since, verified: false } => {
            let now = w.cx.now;
            let found = w.request_mut(id, true)?;
            found.state = State::Open { since, verified: true };
            found.acknowledged = Some(now);
            w.note(incident, Happened::new(Event::RequestVerified, about(id)))?;
        }
        State::Open { verified: true, .. }
        | State::Draft { .. }
        | State::StandingDown { .. }
        | State::Closed { .. }
        | State::Reviewed { .. }
        | State::Rejected { .. }
        | State::Merged { .. }
        | State::Expired { .. } => return Err(refused::request_unfit(word, "accept").into()),
    }
    Ok(answer(incident, id))
}

pub(super) fn reject(w: &mut Working<'_>, decided: Decided, reason: &str) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let found = access::decided(w, decided)?;
    let (id, incident) = (found.id, found.incident);
    let unverified = matches!(found.state, State::Submitted { .. } | State::Open { verified: false, .. });
    if !unverified {
        return Err(refused::request_unfit(found.word(), "reject").into());
    }
    drop_promises(w, id, true, reason, reason)?;
    let since = w.cx.now;
    let found = w.request_mut(id, true)?;
    found.state = State::Rejected { since, reason: reason.to_owned() };
    found.acknowledged.get_or_insert(since);
    w.note(incident, Happened::new(Event::RequestRejected, about(id)).words(reason, reason))?;
    Ok(answer(incident, id))
}

/// Stands down what is only asked and offered; refuses when anything is ordered (with `strict`).
fn drop_promises(w: &mut Working<'_>, id: RequestId, strict: bool, zh: &str, en: &str) -> Result<(), Stop> {
    let ordered: Vec<_> =
        w.of_request(id).filter(|found| found.uses().is_some()).map(|found| found.id).collect();
    if strict && !ordered.is_empty() {
        return Err(refused::assignments_active(&names(&ordered)).into());
    }
    let promises: Vec<_> = (w.of_request(id))
        .filter(|found| found.is_active() && !found.is_out())
        .map(|found| found.id)
        .collect();
    for promise in promises {
        let cause = StandDownCause::RequestStandsDown(zh.to_owned());
        moves::stand_down(w, promise, cause, Event::StoodDown, (zh.to_owned(), en.to_owned()))?;
    }
    Ok(())
}

fn names(assignments: &[AssignmentId]) -> Vec<String> {
    assignments.iter().map(|id| id.name()).collect()
}

pub(super) fn amend(w: &mut Working<'_>, decided: Decided, written: &WrittenRequest) -> Result<Answer, Stop> {
    let found = access::decided(w, decided)?;
    access::requester(w, &found.requester)?;
    let (id, incident, was_p1) = (found.id, found.incident, found.is_p1());
    access::going_on(w.incident(incident)?)?;
    if !matches!(found.state, State::Draft { .. } | State::Submitted { .. } | State::Open { .. }) {
        return Err(refused::request_unfit(w.request(id)?.word(), "amend").into());
    }
    w.request_mut(id, true)?.facts = written.facts.clone();
    for line in &written.lines {
        match line.number {
            Some(number) => lines::amend(w, id, number, &line.need)?,
            None => lines::add(w, id, line.need.clone())?,
        }
    }
    w.note(incident, Happened::new(Event::RequestAmended, about(id)))?;
    if !was_p1 && written.facts.priority == Priority::P1 {
        raised(w, id)?;
    }
    Ok(answer(incident, id))
}

/// A request has become one with life in danger.
fn raised(w: &mut Working<'_>, id: RequestId) -> Result<(), Stop> {
    let found = w.request(id)?;
    let (incident, title) = (found.incident, found.facts.title.clone());
    match found.state {
        State::Submitted { .. } => open(w, id, false)?,
        State::Open { .. } => {
            if found.book.mode() == Mode::Actual {
                for drill in w.open_drills().clone() {
                    w.then(Body::HaltDrill { incident: drill, cause: HaltCause::Real(id) });
                }
            }
        }
        State::Draft { .. }
        | State::StandingDown { .. }
        | State::Closed { .. }
        | State::Reviewed { .. }
        | State::Rejected { .. }
        | State::Merged { .. }
        | State::Expired { .. } => return Ok(()),
    }
    let zh = format!("升为一级请求：{title}");
    w.page(Whom::Duty, incident, Subject::Request(id), zh, format!("raised to P1: {title}"))
}

pub(super) fn merge(
    w: &mut Working<'_>,
    from: Decided,
    into: Decided,
    carry: &[LineNumber],
) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let (ends, goes_on) = (access::decided(w, from)?, access::decided(w, into)?);
    if ends.id == goes_on.id || ends.incident != goes_on.incident {
        return Err(refused::merge_elsewhere().into());
    }
    for one in [ends, goes_on] {
        if !matches!(one.state, State::Submitted { .. } | State::Open { .. }) {
            return Err(refused::request_unfit(one.word(), "merge").into());
        }
    }
    let (incident, title) = (ends.incident, goes_on.facts.title.clone());
    let mut needs = Vec::new();
    for number in carry {
        needs.push(w.line(w.request(from.request)?.line_id(*number))?.need.clone());
    }
    drop_promises(w, from.request, true, "请求合并", "the request is merged")?;
    for need in needs {
        lines::add(w, into.request, need)?;
    }
    let now = w.cx.now;
    let found = w.request_mut(from.request, true)?;
    found.state = State::Merged { since: now, into: into.request };
    found.acknowledged.get_or_insert(now);
    let merged = format!("→ {title}");
    w.note(incident, Happened::new(Event::RequestMerged, about(from.request)).words(&*merged, &*merged))?;
    if !carry.is_empty() {
        w.note(incident, Happened::new(Event::RequestAmended, about(into.request)))?;
    }
    Ok(answer(incident, into.request))
}

pub(super) fn stand_down(w: &mut Working<'_>, decided: Decided, reason: &str) -> Result<Answer, Stop> {
    let found = access::decided(w, decided)?;
    access::requester(w, &found.requester)?;
    let (id, incident) = (found.id, found.incident);
    if !matches!(found.state, State::Draft { .. } | State::Submitted { .. } | State::Open { .. }) {
        return Err(refused::request_unfit(found.word(), "stand down").into());
    }
    call_off(w, id, reason, reason)?;
    Ok(answer(incident, id))
}

/// Ends the search: what has not departed stays, what is out is asked home.
pub(super) fn call_off(w: &mut Working<'_>, id: RequestId, zh: &str, en: &str) -> Result<(), Stop> {
    let since = w.cx.now;
    let found = w.request_mut(id, true)?;
    if !matches!(found.state, State::StandingDown { .. }) {
        found.state = State::StandingDown { since, reason: zh.to_owned() };
    }
    let incident = found.incident;
    w.note(incident, Happened::new(Event::RequestStoodDown, about(id)).words(zh, en))?;
    drop_promises(w, id, false, zh, en)?;
    let out: Vec<_> = (w.of_request(id))
        .filter(|found| found.is_out() && found.meets() > 0 && found.flags.recall.is_none())
        .map(|found| found.id)
        .collect();
    for team in out {
        moves::recall(w, team, zh, en)?;
    }
    Ok(())
}

pub(super) fn close(w: &mut Working<'_>, decided: Decided) -> Result<Answer, Stop> {
    let found = access::decided(w, decided)?;
    access::requester(w, &found.requester)?;
    let (id, incident) = (found.id, found.incident);
    let State::StandingDown { reason, .. } = found.state.clone() else {
        return Err(refused::request_unfit(found.word(), "close").into());
    };
    let active: Vec<_> = w.of_request(id).filter(|found| found.is_active()).map(|found| found.id).collect();
    if !active.is_empty() {
        return Err(refused::assignments_active(&names(&active)).into());
    }
    let since = w.cx.now;
    w.request_mut(id, true)?.state = State::Closed { since, reason };
    w.note(incident, Happened::new(Event::RequestClosed, about(id)))?;
    Ok(answer(incident, id))
}

pub(super) fn review(
    w: &mut Working<'_>,
    decided: Decided,
    text: &str,
    lessons: &[String],
) -> Result<Answer, Stop> {
    let found = access::decided(w, decided)?;
    access::requester(w, &found.requester)?;
    let (id, incident) = (found.id, found.incident);
    let State::Closed { since: closed, reason } = found.state.clone() else {
        return Err(refused::request_unfit(found.word(), "review").into());
    };
    let review = Review { at: w.cx.now, text: text.to_owned(), lessons: lessons.to_vec() };
    w.request_mut(id, true)?.state = State::Reviewed { closed, reason, review };
    w.note(incident, Happened::new(Event::RequestReviewed, about(id)))?;
    Ok(answer(incident, id))
}
