//! A call for help and its lines: DRAFT → SUBMITTED → OPEN → STANDING_DOWN → CLOSED → REVIEWED, or REJECTED, MERGED,
//! EXPIRED. It never goes back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        id::{IncidentId, LineId, LineNumber, RequestId},
        request::{Need, RequestFacts},
        term::{Priority, RequestState},
    },
};

use super::ledger::Book;

/// A call for help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// The incident.
    pub incident: IncidentId,
    /// The incident's book.
    pub book: Book,
    /// Who asks.
    pub requester: MemberId,
    /// Counts the changes of what people wrote and decided; what is sent does not count.
    pub version: u64,
    /// What it says.
    pub facts: RequestFacts,
    /// What is needed, by number.
    pub lines: Vec<Line>,
    /// State.
    pub state: State,
    /// When it was submitted.
    pub submitted: Option<Timestamp>,
    /// When a dispatcher first took it up.
    pub acknowledged: Option<Timestamp>,
    /// Steps of the council's duty chain that have been called.
    pub council_reached: u8,
}

/// One kind of thing that is needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its number.
    pub number: LineNumber,
    /// What is needed.
    pub need: Need,
    /// How much more than requested may be sent, explicitly.
    pub overcommitted: u64,
    /// Since when less than the minimum is on its way; none when enough is, or nobody is looking.
    pub uncovered: Option<Uncovered>,
}

/// A line that has less than its minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncovered {
    /// Since when.
    pub since: Timestamp,
    /// Steps of the search that have been taken.
    pub reached: u8,
}

/// The life of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Written, not sent.
    Draft {
        /// Since when.
        since: Timestamp,
    },
    /// Waits for a dispatcher.
    Submitted {
        /// Since when.
        since: Timestamp,
    },
    /// Aid is sought and sent.
    Open {
        /// Since when.
        since: Timestamp,
        /// True when a dispatcher has verified it.
        verified: bool,
    },
    /// What is out comes home.
    StandingDown {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: String,
    },
    /// Nobody is out any more.
    Closed {
        /// Since when.
        since: Timestamp,
        /// Why it stood down.
        reason: String,
    },
    /// Closed and learnt from.
    Reviewed {
        /// When it was closed.
        closed: Timestamp,
        /// Why it stood down.
        reason: String,
        /// What was learnt.
        review: Review,
    },
    /// Not taken up.
    Rejected {
        /// When.
        since: Timestamp,
        /// Why.
        reason: String,
    },
    /// The other report goes on.
    Merged {
        /// When.
        since: Timestamp,
        /// The other.
        into: RequestId,
    },
    /// Nobody took it up in time.
    Expired {
        /// When.
        since: Timestamp,
    },
}

/// What was learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// When it was written down.
    pub at: Timestamp,
    /// In words.
    pub text: String,
    /// What shall be done differently.
    pub lessons: Vec<String>,
}

impl Request {
    /// The state in one word.
    #[must_use]
    pub fn word(&self) -> RequestState {
        match self.state {
            State::Draft { .. } => RequestState::Draft,
            State::Submitted { .. } => RequestState::Submitted,
            State::Open { .. } => RequestState::Open,
            State::StandingDown { .. } => RequestState::StandingDown,
            State::Closed { .. } => RequestState::Closed,
            State::Reviewed { .. } => RequestState::Reviewed,
            State::Rejected { .. } => RequestState::Rejected,
            State::Merged { .. } => RequestState::Merged,
            State::Expired { .. } => RequestState::Expired,
        }
    }

    /// True while it can change: not closed, rejected, merged or expired.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        match self.state {
            State::Draft { .. }
            | State::Submitted { .. }
            | State::Open { .. }
            | State::StandingDown { .. } => true,
            State::Closed { .. }
            | State::Reviewed { .. }
            | State::Rejected { .. }
            | State::Merged { .. }
            | State::Expired { .. } => false,
        }
    }

    /// True while aid is sought.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// True when lives depend on it.
    #[must_use]
    pub fn is_p1(&self) -> bool {
        self.facts.priority == Priority::P1
    }

    /// A line by its number.
    #[must_use]
    pub fn line(&self, number: LineNumber) -> Option<&Line> {
        self.lines.iter().find(|line| line.number == number)
    }

    /// A line by its number, to change it.
    pub fn line_mut(&mut self, number: LineNumber) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.number == number)
    }

    /// The number of the next line.
    #[must_use]
    pub fn next_line(&self) -> Option<LineNumber> {
        LineNumber::new(self.lines.iter().map(|line| line.number.get()).max().unwrap_or(0) + 1)
    }

    /// The whole name of a line.
    #[must_use]
    pub fn line_id(&self, number: LineNumber) -> LineId {
        LineId { request: self.id, number }
    }

    /// When the state began that it is in.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        match self.state {
            State::Draft { since }
            | State::Submitted { since }
            | State::Open { since, .. }
            | State::StandingDown { since, .. }
            | State::Closed { since, .. }
            | State::Rejected { since, .. }
            | State::Merged { since, .. }
            | State::Expired { since } => since,
            State::Reviewed { ref review, .. } => review.at,
        }
    }

    /// When it ended.
    #[must_use]
    pub fn ended(&self) -> Option<Timestamp> {
        match self.state {
            State::Draft { .. }
            | State::Submitted { .. }
            | State::Open { .. }
            | State::StandingDown { .. } => None,
            State::Closed { since, .. }
            | State::Rejected { since, .. }
            | State::Merged { since, .. }
            | State::Expired { since }
            | State::Reviewed { closed: since, .. } => Some(since),
        }
    }
}
