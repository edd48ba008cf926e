//! An event: OPEN → (a drill: HALTED) → CLOSED.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::mutual_aid::{
    id::{IncidentId, RequestId},
    incident::IncidentFacts,
    term::{IncidentState, Mode},
};

use super::ledger::Book;

/// An event that may need help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Counts the changes of facts and state.
    pub version: u64,
    /// Mode, for ever.
    pub mode: Mode,
    /// When it happened or was seen.
    pub occurred: Timestamp,
    /// When it was opened.
    pub opened: Timestamp,
    /// What is known.
    pub facts: IncidentFacts,
    /// State.
    pub state: State,
    /// Number of the newest timeline entry.
    pub sequence: u64,
    /// Reminders of the report to the authorities that have gone out.
    pub report_reached: u8,
}

/// The life of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Going on.
    Open,
    /// A drill that stopped.
    Halted(Halt),
    /// Over.
    Closed {
        /// When.
        at: Timestamp,
        /// How a drill was stopped before.
        halt: Option<Halt>,
    },
}

/// How a drill was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: HaltCause,
}

/// Why a drill stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HaltCause {
    /// A real P1 request.
    Real(RequestId),
    /// A person.
    Person(String),
}

impl Incident {
    /// The book that all its assignments are in.
    #[must_use]
    pub fn book(&self) -> Book {
        Book::of(self.mode, self.id)
    }

    /// The state in one word.
    #[must_use]
    pub fn word(&self) -> IncidentState {
        match self.state {
            State::Open => IncidentState::Open,
            State::Halted(_) => IncidentState::Halted,
            State::Closed { .. } => IncidentState::Closed,
        }
    }

    /// How the drill was stopped.
    #[must_use]
    pub fn halt(&self) -> Option<&Halt> {
        match &self.state {
            State::Open => None,
            State::Halted(halt) => Some(halt),
            State::Closed { halt, .. } => halt.as_ref(),
        }
    }

    /// Stops a drill. False when there is nothing to stop.
    pub fn halt_now(&mut self, at: Timestamp, cause: HaltCause) -> bool {
        let stops = self.state == State::Open && self.mode == Mode::Exercise;
        if stops {
            self.state = State::Halted(Halt { at, cause });
        }
        stops
    }

    /// Closes it. False when it is closed already.
    pub fn close_now(&mut self, at: Timestamp) -> bool {
        let halt = match &self.state {
            State::Open => None,
            State::Halted(halt) => Some(halt.clone()),
            State::Closed { .. } => return false,
        };
        self.state = State::Closed { at, halt };
        true
    }
}
