//! How long people have: every time that an emergency waits for somebody.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shouwang_proto::mutual_aid::term::Priority;

/// All times in seconds. The defaults are the alliance's rules; each can be configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// After a P1 request: again to the duty dispatcher, to the deputy, to the whole council.
    pub council_acknowledges: [u32; 3],
    /// After an owner was asked or ordered: the next of its duty chain, then people phone and widen the search.
    pub owner_answers: [u32; 2],
    /// A line below its minimum: the next ring and the neighbour alliances, then 119 and the bureau.
    pub line_uncovered: [u32; 2],
    /// How long a hold stands for P1, P2, P3.
    pub hold: [u32; 3],
    /// How long an unanswered question stands.
    pub solicitation: u32,
    /// Overdue after the expected time by at least this.
    pub overdue_least: u32,
    /// … and by at least this percentage of the way.
    pub overdue_percent: u32,
    /// Between two head-counts of a team on the scene.
    pub head_count: u32,
    /// Missed head-counts after which contact counts as lost.
    pub head_counts_missed: u32,
    /// After an incident opened: reminders of the report to the authorities, the last one when the hour of 令第493号 ends.
    pub report: [u32; 3],
    /// How long a request waits to be taken up.
    pub submitted_expires: u32,
    /// How long a draft is kept.
    pub draft_expires: u32,
    /// A reminder that is later than this, after a restart, is written down and disturbs nobody.
    pub cut_off: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            council_acknowledges: [60, 120, 180],
            owner_answers: [90, 180],
            line_uncovered: [180, 300],
            hold: [180, 600, 3_600],
            solicitation: 1_800,
            overdue_least: 300,
            overdue_percent: 25,
            head_count: 1_200,
            head_counts_missed: 2,
            report: [1_800, 2_700, 3_600],
            submitted_expires: 86_400,
            draft_expires: 30 * 86_400,
            cut_off: 900,
        }
    }
}

impl Policy {
    /// When a hold ends that begins now.
    #[must_use]
    pub fn hold_ends(&self, priority: Priority, now: Timestamp) -> Timestamp {
        let [p1, p2, p3] = self.hold;
        let seconds = match priority {
            Priority::P1 => p1,
            Priority::P2 => p2,
            Priority::P3 => p3,
        };
        after(now, seconds)
    }

    /// When something that is expected counts as overdue.
    #[must_use]
    pub fn overdue(&self, since: Timestamp, arrival: Timestamp) -> Timestamp {
        let way = arrival.duration_since(since).as_secs().max(0);
        let share = way.saturating_mul(i64::from(self.overdue_percent)) / 100;
        let grace = share.max(i64::from(self.overdue_least));
        arrival.checked_add(SignedDuration::from_secs(grace)).unwrap_or(Timestamp::MAX)
    }
}

/// So many seconds later, at most the end of the calendar.
#[must_use]
pub fn after(time: Timestamp, seconds: u32) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::MAX)
}
