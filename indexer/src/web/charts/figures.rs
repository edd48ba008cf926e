//! What the charts say, as values: weeks, and how soon calls for help were answered. Pure.

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::{mutual_aid::term::Priority, publication::Kind};

use crate::mutual_aid::machine::{
    request::Request,
    timeline::{Entry, Event},
};

/// Weeks that are shown.
pub(super) const WEEKS: u64 = 12;
/// A week in milliseconds.
pub(super) const WEEK_MS: i64 = 7 * 24 * 3_600_000;
/// The first Monday of our time begins here, in +08:00: 1970-01-05.
const MONDAY_MS: i64 = 4 * 24 * 3_600_000 - 8 * 3_600_000;
/// Somebody of the council has taken up a call for help by then: the end of its duty chain, as it is unless the operator
/// chose otherwise (`council_acknowledges`).
pub(super) const LIMIT_SECONDS: u64 = 180;
/// What says that an owner helps, and that somebody is there.
pub(super) const EVENTS: [Event; 4] =
    [Event::Offered, Event::Confirmed, Event::PackageCommitted, Event::Arrived];

/// When the first of the weeks begins, of which the last is now.
pub(super) fn first_week(now: Timestamp) -> Timestamp {
    let week = (now.as_millisecond() - MONDAY_MS).div_euclid(WEEK_MS);
    let first = week - i64::try_from(WEEKS - 1).unwrap_or(0);
    Timestamp::from_millisecond(MONDAY_MS + first * WEEK_MS).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// When each of them begins.
pub(super) fn weeks(first: Timestamp) -> Vec<Timestamp> {
    let later = |weeks: u64| {
        let hours = i64::try_from(weeks).unwrap_or(0) * 7 * 24;
        first.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
    };
    (0..WEEKS).map(later).collect()
}

/// Counts for each week: of each of these.
pub(super) type Weekly = Vec<[u64; 3]>;

fn nothing() -> Weekly {
    vec![[0; 3]; usize::try_from(WEEKS).unwrap_or(0)]
}

fn add(weekly: &mut [[u64; 3]], week: u64, which: usize, count: u64) {
    if let Some(counts) = usize::try_from(week).ok().and_then(|week| weekly.get_mut(week)) {
        counts[which] += count;
    }
}

/// Publications by week and kind.
pub(super) fn publications(spans: &[(u64, Kind, u64)]) -> Weekly {
    let mut weekly = nothing();
    for (week, kind, count) in spans {
        let which = Kind::ALL.iter().position(|known| known == kind).unwrap_or(0);
        add(&mut weekly, *week, which, *count);
    }
    weekly
}

/// Requests by week and priority.
pub(super) fn requests(first: Timestamp, responses: &[Response]) -> Weekly {
    let mut weekly = nothing();
    for response in responses {
        let week = (response.submitted.as_millisecond() - first.as_millisecond()).div_euclid(WEEK_MS);
        let which = Priority::ALL.iter().position(|known| *known == response.priority).unwrap_or(0);
        if let Ok(week) = u64::try_from(week) {
            add(&mut weekly, week, which, 1);
        }
    }
    weekly
}

/// How soon a call for help was answered, in seconds after it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) title: String,
    pub(super) priority: Priority,
    pub(super) submitted: Timestamp,
    /// A dispatcher took it up.
    pub(super) acknowledged: Option<u64>,
    /// The first owner said yes.
    pub(super) promised: Option<u64>,
    /// The first team was there.
    pub(super) arrived: Option<u64>,
}

/// Reads it off a request and its timeline. None for a draft. What was told later counts from when it happened; what
/// happened before the call (somebody came of itself) counts as at once.
pub(super) fn response(request: &Request, entries: &[Entry]) -> Option<Response> {
    let submitted = request.submitted?;
    let after = |time: Timestamp| u64::try_from(time.duration_since(submitted).as_secs()).unwrap_or(0);
    let first = |is: fn(Event) -> bool| {
        let entries = entries.iter().filter(|entry| is(entry.event) && !entry.noted_only);
        entries.map(|entry| after(entry.told.occurred)).min()
    };
    Some(Response {
        title: request.facts.title.clone(),
        priority: request.facts.priority,
        submitted,
        acknowledged: request.acknowledged.map(after),
        promised: first(|event| matches!(event, Event::Offered | Event::Confirmed | Event::PackageCommitted)),
        arrived: first(|event| event == Event::Arrived),
    })
}

/// How many of them were within the limit, and the middle one.
pub(super) fn middle(seconds: &[u64]) -> Option<(usize, u64)> {
    let mut sorted = seconds.to_vec();
    sorted.sort_unstable();
    let middle = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some((sorted.iter().filter(|seconds| **seconds <= LIMIT_SECONDS).count(), middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_begin_on_monday_in_china() {
        // Sunday evening in London is Monday morning in China.
        let first = first_week(at("2026-11-22T17:00:00Z"));
        let weeks = weeks(first);
        assert_eq!(weeks[11], at("2026-11-22T16:00:00Z"));
        assert_eq!(first, at("2026-09-06T16:00:00Z"));
        assert_eq!(first_week(at("2026-11-22T15:59:59Z")), at("2026-08-30T16:00:00Z"));
    }

    #[test]
    fn counts_fall_into_their_weeks_and_others_into_none() {
        let weekly = publications(&[(0, Kind::Course, 3), (11, Kind::Resource, 1), (12, Kind::Practice, 9)]);
        assert_eq!((weekly[0], weekly[11]), ([0, 3, 0], [0, 0, 1]));
        assert_eq!(weekly.iter().flatten().sum::<u64>(), 4);
        let first = at("2026-09-06T16:00:00Z");
        let one = |submitted| Response {
            title: String::new(),
            priority: Priority::P1,
            submitted: at(submitted),
            acknowledged: None,
            promised: None,
            arrived: None,
        };
        let weekly = requests(first, &[one("2026-09-06T15:59:59Z"), one("2026-09-13T16:00:00Z")]);
        assert_eq!((weekly[0], weekly[1]), ([0; 3], [1, 0, 0]));
    }

    #[test]
    fn the_middle_is_one_that_was() {
        assert_eq!(middle(&[]), None);
        assert_eq!(middle(&[200, 10]), Some((1, 10)));
        assert_eq!(middle(&[200, 10, 180]), Some((2, 180)));
    }
}
