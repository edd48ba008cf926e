//! What follows for the lines of every request that a decision touched: who is not needed any more, and which line has
//! less than its minimum since when.

use shouwang_proto::mutual_aid::{
    id::{AssignmentId, LineId, LineNumber, RequestId},
    term::NoticeKind,
};

use super::moves;
use crate::mutual_aid::machine::{
    assignment::{StandDownCause, State},
    broken::Stop,
    change::Whom,
    escalation::Subject,
    request::Uncovered,
    timeline::Event,
    working::{Happened, Working},
};

pub(super) fn settle(w: &mut Working<'_>) -> Result<(), Stop> {
    for request in w.touched_requests() {
        let numbers: Vec<LineNumber> = w.request(request)?.lines.iter().map(|line| line.number).collect();
        for number in numbers {
            settle_line(w, request, LineId { request, number })?;
        }
    }
    Ok(())
}

fn settle_line(w: &mut Working<'_>, request: RequestId, id: LineId) -> Result<(), Stop> {
    let fulfilment = w.fulfilment(id)?;
    let found = w.request(request)?;
    let open = found.is_open();
    let now = w.cx.now;
    let line = w.line(id)?;
    let uncovered = if open && fulfilment.active() < fulfilment.minimum {
        Some(line.uncovered.unwrap_or(Uncovered { since: now, reached: 0 }))
    } else {
        None
    };
    let overcommitted = line.overcommitted.min(fulfilment.active().saturating_sub(fulfilment.requested));
    if (line.uncovered, line.overcommitted) != (uncovered, overcommitted)
        && let Some(line) = w.request_mut(request, false)?.line_mut(id.number)
    {
        line.uncovered = uncovered;
        line.overcommitted = overcommitted;
    }
    if open && fulfilment.firm() >= fulfilment.requested {
        for spare in spare(w, id) {
            let words = ("需求已满足".to_owned(), "the need is covered".to_owned());
            moves::stand_down(w, spare, StandDownCause::Covered, Event::StoodDown, words)?;
        }
    }
    Ok(())
}

/// Owners that were asked, or offer, for a line that is covered.
fn spare(w: &Working<'_>, line: LineId) -> Vec<AssignmentId> {
    w.of_request(line.request)
        .filter(|found| found.line == line && matches!(found.state, State::Solicited(_) | State::Offered(_)))
        .map(|found| found.id)
        .collect()
}

/// Somebody who was to come does not: whoever looks after the request must know at once.
pub(super) fn reopened(w: &mut Working<'_>, id: AssignmentId, zh: &str, en: &str) -> Result<(), Stop> {
    let found = w.assignment(id)?;
    let (incident, line) = (found.incident, found.line);
    if !w.request(line.request)?.is_open() {
        return Ok(());
    }
    let (thing_zh, thing_en) = moves::thing(w, id)?;
    let missing = w.fulfilment(line)?.missing();
    let zh = format!("{thing_zh}不能到达（{zh}），尚缺 {missing}");
    let en = format!("{thing_en} does not come ({en}), {missing} missing");
    w.note_assignment(id, |about| Happened::new(Event::LineReopened, about).words(&*zh, &*en).alarm())?;
    w.page(Whom::Duty, incident, Subject::Request(line.request), &*zh, &*en)?;
    moves::tell_requester(w, id, NoticeKind::AidLost, true, (zh, en))
}
