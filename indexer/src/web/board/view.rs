//! The board: what goes on, what is missing, what waits for people. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shouwang_pages::{
    Lang,
    age::{self, Age},
};
use shouwang_proto::{
    mutual_aid::term::{AssignmentState, FulfilmentState, IncidentState, Mode, Priority, RequestState},
    publication::time_from_wire,
    wire,
};

use super::{
    form::Form,
    verb::{has_order, is_over},
    words::{self, amount, member, said, tail},
};
use crate::{council::roster::RosterSnapshot, web::search_view::term_words};

/// What everything on the board is seen with.
#[derive(Clone, Copy)]
pub(super) struct Light<'a> {
    pub(super) lang: Lang,
    pub(super) now: Timestamp,
    pub(super) roster: &'a RosterSnapshot,
    /// Titles of resources by name.
    pub(super) titles: &'a BTreeMap<String, String>,
}

/// A part of a bar: its class, where it begins and how long it is, in thousandths.
pub(super) struct Part {
    pub(super) class: &'static str,
    pub(super) from: u64,
    pub(super) width: u64,
}

/// A line and how far it is met.
pub(super) struct LineView {
    pub(super) what: String,
    pub(super) state: &'static str,
    pub(super) state_label: &'static str,
    /// Asked, covered and missing, in words.
    pub(super) sum: String,
    /// On scene, under way and so on, in words; empty when nothing is.
    pub(super) detail: String,
    pub(super) bar: Vec<Part>,
}

/// One resource on its way, or asked.
pub(super) struct AssignmentView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) owner: String,
    pub(super) amount: String,
    pub(super) state: &'static str,
    pub(super) state_label: &'static str,
    pub(super) since: Option<Age>,
    /// Until when somebody has to answer.
    pub(super) due: Option<Due>,
    /// When it is expected, while it is not there.
    pub(super) arrival: String,
    /// Overdue, lost, asked home: what somebody has to look at.
    pub(super) flags: Vec<String>,
    /// Why it ended.
    pub(super) reason: String,
    pub(super) has_order: bool,
    pub(super) is_over: bool,
}

/// A moment until which something has to happen.
pub(super) struct Due {
    pub(super) machine: String,
    pub(super) exact: String,
    /// How long is left, or how long it is over.
    pub(super) words: String,
    pub(super) is_over: bool,
}

/// A request on the board.
pub(super) struct RequestView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) requester: String,
    pub(super) priority: &'static str,
    pub(super) priority_label: &'static str,
    pub(super) state_label: &'static str,
    pub(super) is_unverified: bool,
    pub(super) since: Option<Age>,
    pub(super) lines: Vec<LineView>,
    pub(super) assignments: Vec<AssignmentView>,
}

/// An incident on the board.
pub(super) struct IncidentView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) mode: &'static str,
    pub(super) mode_label: &'static str,
    /// The state, when it is not simply going on.
    pub(super) state_label: &'static str,
    pub(super) kind: String,
    pub(super) level: String,
    pub(super) place: String,
    pub(super) since: Option<Age>,
    pub(super) casualties: String,
    pub(super) requests: Vec<RequestView>,
    /// Closing it, once all its requests have ended.
    pub(super) close: Option<Form>,
}

/// The code of a term that came over the wire, for styles.
pub(super) fn code<T>(term: Result<T, impl Sized>, code: impl FnOnce(T) -> &'static str) -> &'static str {
    term.map_or("", code)
}

impl Light<'_> {
    /// Until when something has to happen.
    pub(super) fn due(&self, time: Option<&prost_types::Timestamp>) -> Option<Due> {
        let at = time.and_then(time_from_wire)?;
        let seconds = at.as_second() - self.now.as_second();
        let length = words::length(self.lang, u32::try_from(seconds.unsigned_abs()).unwrap_or(u32::MAX));
        let key = if seconds < 0 { "board.over" } else { "board.left" };
        Some(Due {
            machine: at.to_string(),
            exact: age::exact(at),
            words: self.lang.with(key, "time", &length),
            is_over: seconds < 0,
        })
    }

    pub(super) fn age(&self, time: Option<&prost_types::Timestamp>) -> Option<Age> {
        words::age(self.lang, time, self.now)
    }

    /// A line of a request.
    pub(super) fn line(&self, line: &wire::NeedLine, met: &wire::LineFulfilment) -> LineView {
        let state = FulfilmentState::from_wire(met.state);
        let covered = met.requested.min(met.held + met.committed + met.under_way + met.on_scene);
        let lang = self.lang;
        let parts = [
            ("board.bar.on-scene", met.on_scene),
            ("board.bar.under-way", met.under_way),
            ("board.bar.committed", met.committed),
            ("board.bar.held", met.held),
            ("board.bar.offered", met.offered),
        ];
        let told = parts.iter().filter(|(_, count)| *count > 0);
        let told: Vec<_> =
            told.map(|(key, count)| format!("{} {}", lang.say(key), amount(*count, &line.unit))).collect();
        LineView {
            what: line.what.clone(),
            state: code(state.clone(), FulfilmentState::code),
            state_label: said(lang, state, FulfilmentState::labels),
            sum: lang.fill(
                "board.sum",
                &[
                    ("asked", &amount(met.requested, &line.unit)),
                    ("covered", &amount(covered, &line.unit)),
                    ("missing", &amount(met.missing, &line.unit)),
                ],
            ),
            detail: told.join(" · "),
            bar: bar(met),
        }
    }

    /// An assignment.
    pub(super) fn assignment(&self, one: &wire::Assignment) -> AssignmentView {
        let state = AssignmentState::from_wire(one.state);
        let title = self.titles.get(&one.resource).filter(|title| !title.is_empty());
        let word = one.state();
        let is_under_way = matches!(
            word,
            wire::AssignmentState::Held
                | wire::AssignmentState::Committed
                | wire::AssignmentState::Mobilising
                | wire::AssignmentState::EnRoute
                | wire::AssignmentState::Staged
        );
        let arrival = one.arrival_time.as_ref().and_then(time_from_wire).filter(|_| is_under_way);
        let is_asked = matches!(
            word,
            wire::AssignmentState::Solicited | wire::AssignmentState::Offered | wire::AssignmentState::Held
        );
        AssignmentView {
            id: tail(&one.name).to_owned(),
            title: title.cloned().unwrap_or_else(|| tail(&one.resource).to_owned()),
            owner: member(self.roster, &one.resource),
            amount: amount(one.quantity, &one.unit),
            state: code(state.clone(), AssignmentState::code),
            state_label: said(self.lang, state, AssignmentState::labels),
            since: self.age(one.state_time.as_ref()),
            due: self.due(one.expire_time.as_ref().filter(|_| is_asked)),
            arrival: arrival
                .map_or_else(String::new, |at| self.lang.with("board.arrival", "time", &age::time(at))),
            flags: self.flags(one),
            reason: self.reason(one),
            has_order: has_order(word),
            is_over: is_over(word),
        }
    }

    fn flags(&self, one: &wire::Assignment) -> Vec<String> {
        let mut flags = Vec::new();
        if one.overdue {
            flags.push(self.lang.say("board.flag.overdue").to_owned());
        }
        if one.lost_contact {
            flags.push(self.lang.say("board.flag.lost").to_owned());
        }
        if !one.recall_reason.is_empty() {
            flags.push(self.lang.with("board.flag.recalled", "reason", &one.recall_reason));
        }
        if one.unsolicited {
            flags.push(self.lang.say("board.flag.unsolicited").to_owned());
        }
        if one.self_deployed {
            flags.push(self.lang.say("board.flag.self-deployed").to_owned());
        }
        flags
    }

    fn reason(&self, one: &wire::Assignment) -> String {
        let coded = term_words(self.lang, "decline-reason", &one.reason);
        let words = [coded, one.reason_text.clone(), one.conditions.clone()];
        let words: Vec<_> = words.into_iter().filter(|words| !words.is_empty()).collect();
        words.join(" · ")
    }

    /// A request with what of these assignments is its own.
    pub(super) fn request(&self, request: &wire::MutualAidRequest, all: &[wire::Assignment]) -> RequestView {
        let (state, priority) =
            (RequestState::from_wire(request.state), Priority::from_wire(request.priority));
        let own = all.iter().filter(|one| one.request == request.name);
        let since = request.submit_time.as_ref();
        RequestView {
            id: tail(&request.name).to_owned(),
            title: request.title.clone(),
            requester: member(self.roster, &request.requester),
            priority: code(priority.clone(), Priority::code),
            priority_label: said(self.lang, priority, Priority::labels),
            state_label: said(self.lang, state, RequestState::labels),
            is_unverified: request.state() == wire::RequestState::Open && !request.verified,
            since: self.age(since),
            lines: request
                .lines
                .iter()
                .zip(&request.fulfilment)
                .map(|(line, met)| self.line(line, met))
                .collect(),
            assignments: own.map(|one| self.assignment(one)).collect(),
        }
    }

    /// An incident with its requests.
    pub(super) fn incident(&self, incident: &wire::Incident, requests: Vec<RequestView>) -> IncidentView {
        let mode = Mode::from_wire(incident.mode);
        let is_going_on = incident.state() == wire::IncidentState::Open;
        let state = said(self.lang, IncidentState::from_wire(incident.state), IncidentState::labels);
        let wire::Casualties { injured, missing, dead } = incident.casualties.unwrap_or_default();
        let casualties = if injured + missing + dead == 0 {
            String::new()
        } else {
            self.lang
                .fill("board.casualties", &[("injured", &injured), ("missing", &missing), ("dead", &dead)])
        };
        IncidentView {
            id: tail(&incident.name).to_owned(),
            title: incident.title.clone(),
            mode: code(mode.clone(), Mode::code),
            mode_label: said(self.lang, mode, Mode::labels),
            state_label: if is_going_on { "" } else { state },
            kind: term_words(self.lang, "hazard", &incident.accident_type),
            level: term_words(self.lang, "accident-level", &incident.accident_level),
            place: words::place(incident.place.as_ref()),
            since: self.age(incident.occurred_at.as_ref()),
            casualties,
            requests,
            close: None,
        }
    }
}

/// The parts of a bar: what counts as covered, in the order in which it comes; the rest of it is missing.
fn bar(met: &wire::LineFulfilment) -> Vec<Part> {
    let counted = met.on_scene + met.under_way + met.committed + met.held;
    let whole = met.requested.max(counted).max(1);
    let mut from = 0;
    let parts = [
        ("on-scene", met.on_scene),
        ("under-way", met.under_way),
        ("committed", met.committed),
        ("held", met.held),
    ];
    let part = |(class, count): (&'static str, u64)| {
        let width = count.saturating_mul(1_000) / whole;
        let part = Part { class, from, width };
        from += width;
        part
    };
    parts.into_iter().map(part).filter(|part| part.width > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_what_is_covered_and_never_runs_over() {
        let met = wire::LineFulfilment {
            requested: 4,
            offered: 9,
            held: 1,
            committed: 0,
            under_way: 1,
            on_scene: 1,
            missing: 1,
            ..wire::LineFulfilment::default()
        };
        let shown: Vec<_> = bar(&met).iter().map(|part| (part.class, part.from, part.width)).collect();
        assert_eq!(shown, [("on-scene", 0, 250), ("under-way", 250, 250), ("held", 500, 250)]);
        let more = wire::LineFulfilment { requested: 1, on_scene: 3, ..wire::LineFulfilment::default() };
        assert_eq!(bar(&more).iter().map(|part| part.width).sum::<u64>(), 1_000);
        assert!(bar(&wire::LineFulfilment::default()).is_empty());
    }
}
