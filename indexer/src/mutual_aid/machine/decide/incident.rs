//! Opening, updating, halting and closing incidents.

use std::collections::BTreeSet;

use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        id::{IncidentId, RequestId},
        incident::{IncidentFacts, NewIncident},
        term::{Mode, NoticeKind},
    },
};

use super::{access, request};
use crate::mutual_aid::machine::{
    broken::Stop,
    change::Answer,
    incident::{HaltCause, Incident, State},
    refused,
    timeline::{About, Event},
    working::{Happened, Tell, Working},
};

pub(super) fn open(w: &mut Working<'_>, new: &NewIncident) -> Result<Answer, Stop> {
    let id = create(w, new)?;
    Ok(Answer { incident: Some(id), ..Answer::accepted() })
}

/// Opens an incident. Members may call for real help; drills and tests are a dispatcher's.
pub(super) fn create(w: &mut Working<'_>, new: &NewIncident) -> Result<IncidentId, Stop> {
    if new.mode != Mode::Actual {
        access::dispatcher(w)?;
    }
    let now = w.cx.now;
    let id = IncidentId::new(now, w.random());
    w.add_incident(Incident {
        id,
        version: 0,
        mode: new.mode,
        occurred: new.occurred.min(now),
        opened: now,
        facts: new.facts.clone(),
        state: State::Open,
        sequence: 0,
        report_reached: 0,
    });
    let (zh, en) = new.mode.labels();
    let title = &new.facts.title;
    let happened = Happened::new(Event::IncidentOpened, About::default())
        .words(format!("{title}（{zh}）"), format!("{title} ({en})"));
    w.note(id, happened)?;
    Ok(id)
}

pub(super) fn update(
    w: &mut Working<'_>,
    id: IncidentId,
    expected: u64,
    facts: &IncidentFacts,
) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let found = w.incident(id)?;
    access::version(expected, found.version)?;
    if matches!(found.state, State::Closed { .. }) {
        return Err(refused::incident_closed().into());
    }
    let reported = facts.reports.len() > found.facts.reports.len();
    w.incident_mut(id, true)?.facts = facts.clone();
    let mut happened = Happened::new(Event::IncidentUpdated, About::default());
    if reported {
        let told: Vec<_> = facts.reports.iter().map(|report| report.authority.as_str()).collect();
        happened =
            happened.words(format!("已报告 {}", told.join("、")), format!("reported to {}", told.join(", ")));
    }
    w.note(id, happened)?;
    Ok(Answer { incident: Some(id), ..Answer::accepted() })
}

pub(super) fn close(w: &mut Working<'_>, id: IncidentId, expected: u64, note: &str) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let found = w.incident(id)?;
    access::version(expected, found.version)?;
    let open: Vec<_> = (w.requests().filter(|request| request.incident == id && request.is_alive()))
        .map(|request| format!("{} {}", request.id.name(), request.facts.title))
        .collect();
    if !open.is_empty() {
        return Err(refused::requests_still_open(&open).into());
    }
    let now = w.cx.now;
    if !w.incident_mut(id, true)?.close_now(now) {
        return Err(refused::incident_closed().into());
    }
    w.note(id, Happened::new(Event::IncidentClosed, About::default()).words(note, note))?;
    Ok(Answer { incident: Some(id), ..Answer::accepted() })
}

/// Stops a drill: nobody is sent out in it any more, who is out comes home, and everybody in it is told.
pub(super) fn halt(w: &mut Working<'_>, id: IncidentId, cause: &HaltCause) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let answer = Answer { incident: Some(id), ..Answer::accepted() };
    let found = w.incident(id)?;
    if found.mode == Mode::Exercise && matches!(found.state, State::Halted(_)) {
        return Ok(answer);
    }
    let concerned = members(w, id);
    let now = w.cx.now;
    if !w.incident_mut(id, true)?.halt_now(now, cause.clone()) {
        return Err(refused::not_a_drill().into());
    }
    let (zh, en) = match cause {
        HaltCause::Real(_) => ("发生实战一级请求".to_owned(), "a real P1 request".to_owned()),
        HaltCause::Person(reason) => (reason.clone(), reason.clone()),
    };
    w.note(id, Happened::new(Event::DrillHalted, About::default()).words(&*zh, &*en).alarm())?;
    let alive: Vec<RequestId> = (w.requests())
        .filter(|request| request.incident == id && request.is_alive())
        .map(|request| request.id)
        .collect();
    for alive in alive {
        request::call_off(w, alive, &format!("演练中止：{zh}"), &format!("drill halted: {en}"))?;
    }
    for recipient in concerned {
        w.tell(Tell {
            recipient,
            kind: NoticeKind::DrillHalted,
            alarm: true,
            incident: id,
            request: None,
            line: None,
            assignment: None,
            duty_step: 0,
            zh: format!("演练立即中止：{zh}"),
            en: format!("stop the drill now: {en}"),
        });
    }
    Ok(answer)
}

/// Everybody in an incident: who asks, and who was asked or sends.
fn members(w: &Working<'_>, id: IncidentId) -> BTreeSet<MemberId> {
    let ask = w.requests().filter(|request| request.incident == id && request.is_alive());
    let send = w.assignments().filter(|found| found.incident == id && found.is_active());
    ask.map(|request| request.requester.clone()).chain(send.map(|found| found.owner().clone())).collect()
}
