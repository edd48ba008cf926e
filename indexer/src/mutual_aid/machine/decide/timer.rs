//! Deadlines that have come. One whose cause is gone does nothing; one that only reminds and comes far too late, after a
//! restart, is written down and disturbs nobody.

use shouwang_proto::mutual_aid::{
    id::{AssignmentId, IncidentId, LineNumber, RequestId},
    term::{NoticeKind, Outcome},
};

use super::{access, cover, moves};
use crate::mutual_aid::machine::{
    assignment::{Assignment, Ended, Lapse, StandDownCause, State},
    broken::{Broken, Stop},
    change::{Answer, Whom},
    command::Reach,
    escalation::{Deadline, Standing, Subject, Wait, of_assignment, of_incident, of_ledger, of_request},
    request,
    timeline::{About, Event},
    working::{Happened, Tell, Working},
};

pub(super) fn due(w: &mut Working<'_>, deadline: &Deadline) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let now = w.cx.now;
    let still = standing(w, &deadline.subject)?.deadlines.contains(deadline);
    if !still || deadline.due > now {
        return Ok(Answer { outcome: Outcome::Noted, ..Answer::accepted() });
    }
    let late = now.duration_since(deadline.due).as_secs() > i64::from(w.cx.policy.cut_off);
    let quiet = late && deadline.kind.only_reminds();
    match (&deadline.subject, deadline.kind) {
        (Subject::Incident(id), Wait::Report(step)) => report(w, *id, step, quiet)?,
        (Subject::Request(id), Wait::Council(step)) => council(w, *id, step, quiet)?,
        (Subject::Request(id), Wait::Cover(line, step)) => widen(w, *id, line, step, quiet)?,
        (Subject::Request(id), Wait::Expiry) => expire(w, *id)?,
        (Subject::Assignment(id), Wait::Expiry) => lapse(w, *id)?,
        (Subject::Assignment(id), Wait::Owner(step)) => owner(w, *id, step, quiet)?,
        (Subject::Assignment(id), Wait::Arrival) => overdue(w, *id, quiet)?,
        (Subject::Assignment(id), Wait::HeadCount(missed)) => head_count(w, *id, missed, quiet)?,
        (Subject::Incident(_) | Subject::Request(_) | Subject::Assignment(_) | Subject::Ledger(_), _) => {
            return Err(Broken::new("a deadline of the wrong kind").into());
        }
    }
    Ok(Answer::accepted())
}

fn standing(w: &Working<'_>, subject: &Subject) -> Result<Standing, Stop> {
    let policy = &w.cx.policy;
    Ok(match subject {
        Subject::Incident(id) => of_incident(w.incident(*id)?, policy),
        Subject::Request(id) => {
            let all_home = !w.of_request(*id).any(Assignment::is_active);
            of_request(w.request(*id)?, all_home, policy)
        }
        Subject::Assignment(id) => of_assignment(w.assignment(*id)?, policy),
        Subject::Ledger(key) => of_ledger(w.ledger(key)?),
    })
}

/// What is written down of a reminder.
fn escalated(about: About, zh: &str, en: &str, quiet: bool) -> Happened {
    if quiet {
        let zh = format!("{zh}（已过时，仅记录）");
        return Happened::new(Event::Escalated, about).words(zh, format!("{en} (too late, only recorded)"));
    }
    Happened::new(Event::Escalated, about).words(zh, en).alarm()
}

fn report(w: &mut Working<'_>, id: IncidentId, step: u8, quiet: bool) -> Result<(), Stop> {
    w.incident_mut(id, false)?.report_reached = step + 1;
    let (zh, en) = ("一小时内须向主管部门报告（令第493号）", "the authorities must be told within one hour");
    w.note(id, escalated(About::default(), zh, en, quiet))?;
    let whom = if step == 0 { Whom::Duty } else { Whom::Council };
    if quiet { Ok(()) } else { w.page(whom, id, Subject::Incident(id), zh, en) }
}

fn council(w: &mut Working<'_>, id: RequestId, step: u8, quiet: bool) -> Result<(), Stop> {
    let found = w.request_mut(id, false)?;
    found.council_reached = step + 1;
    let (incident, title) = (found.incident, found.facts.title.clone());
    let whom = match step {
        0 => Whom::Duty,
        1 => Whom::Deputy,
        _ => Whom::Council,
    };
    let (to_zh, to_en) = whom.labels();
    let zh = format!("一级请求“{title}”无人接警，呼叫{to_zh}");
    let en = format!("nobody took up “{title}”: calling {to_en}");
    w.note(incident, escalated(About { request: Some(id), ..About::default() }, &zh, &en, quiet))?;
    if quiet { Ok(()) } else { w.page_until_taken_up(whom, (incident, id), zh, en) }
}

fn widen(w: &mut Working<'_>, id: RequestId, line: LineNumber, step: u8, quiet: bool) -> Result<(), Stop> {
    let found = w.request_mut(id, false)?;
    let incident = found.incident;
    let mut what = String::new();
    if let Some(line) = found.line_mut(line) {
        what.clone_from(&line.need.what);
        if let Some(uncovered) = &mut line.uncovered {
            uncovered.reached = step + 1;
        }
    }
    let (zh, en) = if step == 0 {
        (
            format!("{what}仍无着落，扩大到下一圈与相邻联盟"),
            format!("{what}: ask the next ring and the neighbours"),
        )
    } else {
        (format!("{what}仍无着落，请拨打 119 并报告主管部门"), format!("{what}: call 119 and the bureau"))
    };
    let about = About { request: Some(id), line: Some(line), ..About::default() };
    w.note(incident, escalated(about, &zh, &en, quiet))?;
    if quiet { Ok(()) } else { w.page(Whom::Duty, incident, Subject::Request(id), zh, en) }
}

fn expire(w: &mut Working<'_>, id: RequestId) -> Result<(), Stop> {
    let since = w.cx.now;
    let offers: Vec<_> = w.of_request(id).filter(|found| found.is_active()).map(|found| found.id).collect();
    for offer in offers {
        let cause = StandDownCause::RequestStandsDown("请求过期".to_owned());
        let words = ("请求过期".to_owned(), "the request has expired".to_owned());
        moves::stand_down(w, offer, cause, Event::StoodDown, words)?;
    }
    let found = w.request_mut(id, true)?;
    found.state = request::State::Expired { since };
    let incident = found.incident;
    let about = About { request: Some(id), ..About::default() };
    w.note(incident, Happened::new(Event::RequestExpired, about))
}

/// A question, an offer or an order that nobody answered.
fn lapse(w: &mut Working<'_>, id: AssignmentId) -> Result<(), Stop> {
    let found = w.assignment(id)?;
    let why = match &found.state {
        State::Solicited(_) => Lapse::Question,
        State::Offered(_) => Lapse::Offer,
        State::Held(_) => Lapse::Order,
        State::Committed(_)
        | State::Mobilising(_)
        | State::EnRoute(_)
        | State::Staged(_)
        | State::OnScene(_)
        | State::Returning(_)
        | State::Returned(_)
        | State::Settled(_)
        | State::Declined(_)
        | State::Lapsed(_)
        | State::StoodDown(_)
        | State::Failed(_) => return Err(Broken::new("only promises lapse").into()),
    };
    let ended = Ended { quantity: found.state.quantity(), order: found.state.order().cloned(), why };
    moves::enter(w, id, State::Lapsed(ended))?;
    let (zh, en) = moves::thing(w, id)?;
    w.note_assignment(id, |about| Happened::new(Event::Lapsed, about).words(&*zh, &*en))?;
    if why == Lapse::Order {
        let words = (format!("{zh}的调用未确认，已失效"), format!("the order of {en} was not confirmed"));
        moves::tell_owner(w, id, NoticeKind::OrderEnded, false, words)?;
        cover::reopened(w, id, "未确认", "not confirmed")?;
    }
    Ok(())
}

/// The next of the owner's duty chain; then people phone.
fn owner(w: &mut Working<'_>, id: AssignmentId, step: u8, quiet: bool) -> Result<(), Stop> {
    let found = w.assignment_mut(id)?;
    found.flags.reminded = step + 1;
    let (incident, line, recipient) = (found.incident, found.line, found.owner().clone());
    let (zh, en) = moves::thing(w, id)?;
    let about = w.about(id)?;
    if step == 0 {
        let words = format!("{recipient} 未答复{zh}，呼叫下一值班人");
        let words_en = format!("{recipient} does not answer for {en}: calling the next on duty");
        w.note(incident, escalated(about, &words, &words_en, quiet))?;
        if !quiet {
            w.tell(Tell {
                recipient,
                kind: NoticeKind::Reminder,
                alarm: true,
                incident,
                request: Some(line.request),
                line: Some(line.number),
                assignment: Some(id),
                duty_step: u32::from(step) + 1,
                zh: format!("请尽快答复{zh}"),
                en: format!("please answer for {en}"),
            });
        }
        return Ok(());
    }
    let words = format!("{recipient} 仍未答复{zh}，请电话联系并扩大询援");
    let words_en = format!("{recipient} still does not answer for {en}: phone, and ask others");
    w.note(incident, escalated(about, &words, &words_en, quiet))?;
    if quiet { Ok(()) } else { w.page(Whom::Duty, incident, Subject::Assignment(id), words, words_en) }
}

fn overdue(w: &mut Working<'_>, id: AssignmentId, quiet: bool) -> Result<(), Stop> {
    let found = w.assignment_mut(id)?;
    found.flags.overdue = true;
    let incident = found.incident;
    let (zh, en) = moves::thing(w, id)?;
    w.note_assignment(id, |about| Happened::new(Event::Overdue, about).words(&*zh, &*en).alarm())?;
    let (zh, en) = (format!("{zh}超时未到"), format!("{en} is overdue"));
    if quiet { Ok(()) } else { w.page(Whom::Duty, incident, Subject::Assignment(id), zh, en) }
}

/// A team has not counted its people. After so many times nobody knows whether they are well.
fn head_count(w: &mut Working<'_>, id: AssignmentId, missed: u8, quiet: bool) -> Result<(), Stop> {
    let limit = w.cx.policy.head_counts_missed;
    let found = w.assignment_mut(id)?;
    found.flags.missed = missed.saturating_add(1);
    if u32::from(found.flags.missed) >= limit {
        found.flags.lost_contact = true;
    }
    let incident = found.incident;
    let (zh, en) = moves::thing(w, id)?;
    w.note_assignment(id, |about| Happened::new(Event::HeadCountMissed, about).words(&*zh, &*en).alarm())?;
    if quiet {
        return Ok(());
    }
    let words = (format!("请清点{zh}人数并报告"), format!("please count the people of {en} and report"));
    moves::tell_owner(w, id, NoticeKind::Reminder, true, words)?;
    let (zh, en) = (format!("{zh}未清点人数"), format!("{en}: head-count missed"));
    w.page(Whom::Duty, incident, Subject::Assignment(id), zh, en)
}

/// Who was reached by which channel, or was not.
pub(super) fn reached(w: &mut Working<'_>, reach: &Reach) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let Reach { incident, request, assignment, who, channel, reached, note } = reach;
    let about = About { request: *request, assignment: *assignment, ..About::default() };
    let (zh, en) = channel.labels();
    let happened = Happened::new(Event::Reached, about);
    let (note_zh, note_en) =
        if note.is_empty() { Default::default() } else { (format!("：{note}"), format!(": {note}")) };
    let happened = if *reached {
        happened.words(format!("{who}（{zh}）已送达{note_zh}"), format!("{who} by {en}: reached{note_en}"))
    } else {
        happened
            .words(format!("{who}（{zh}）未送达{note_zh}"), format!("{who} by {en}: not reached{note_en}"))
            .alarm()
    };
    w.note(*incident, happened)?;
    Ok(Answer { incident: Some(*incident), request: *request, ..Answer::accepted() })
}
