//! Lines of a request that change after people have begun to send.

use shouwang_proto::{
    mutual_aid::{
        id::{LineNumber, RequestId},
        request::{MOST_LINES, Need},
    },
    refusal::Refusal,
};

use crate::mutual_aid::machine::{
    broken::{Broken, Stop},
    refused,
    request::Line,
    timeline::{About, Event},
    working::{Happened, Working},
};

/// Replaces what a line asks for.
pub(super) fn amend(w: &mut Working<'_>, id: RequestId, number: LineNumber, need: &Need) -> Result<(), Stop> {
    let line_id = w.request(id)?.line_id(number);
    let active = w.fulfilment(line_id)?.active();
    let found = w.line(line_id)?;
    let busy = w.of_request(id).any(|found| found.line == line_id && found.is_active());
    if busy && found.need.unit != need.unit {
        return Err(refused::unit_differs(&need.unit, &found.need.unit).into());
    }
    // What is sent already stays sent, explicitly; a person looks at it.
    let surplus = active.saturating_sub(need.requested);
    let grown = surplus > found.overcommitted;
    let incident = w.request(id)?.incident;
    if let Some(found) = w.request_mut(id, true)?.line_mut(number) {
        found.need = need.clone();
        found.overcommitted = surplus;
    }
    if grown {
        let about = About { line: Some(number), request: Some(id), ..About::default() };
        let zh = format!("{} 超出 {surplus}", need.what);
        let en = format!("{} more of {} than asked for", surplus, need.what);
        w.note(incident, Happened::new(Event::Surplus, about).words(zh, en).alarm())?;
    }
    Ok(())
}

/// Adds a line with the next number.
pub(super) fn add(w: &mut Working<'_>, id: RequestId, need: Need) -> Result<(), Stop> {
    let found = w.request_mut(id, true)?;
    if found.lines.len() >= MOST_LINES {
        let words = format!("must have 1 to {MOST_LINES} lines （须有 1–{MOST_LINES} 行）");
        return Err(Refusal::field("request.lines", words).into());
    }
    let number = found.next_line().ok_or_else(|| Broken::new("a request has too many lines"))?;
    found.lines.push(Line { number, need, overcommitted: 0, uncovered: None });
    Ok(())
}
