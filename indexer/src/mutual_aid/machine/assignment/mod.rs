//! One resource on one line of one request: SOLICITED → OFFERED → HELD → COMMITTED → MOBILISING → EN_ROUTE → STAGED →
//! ON_SCENE → RETURNING → RETURNED → SETTLED, or DECLINED, LAPSED, STOOD_DOWN, FAILED. Each state carries what is true
//! in it; overdue, lost contact and recall are flags.

mod state;
mod view;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    id::{MemberId, PublicationName},
    mutual_aid::{
        action::Decline,
        id::{AssignmentId, IncidentId, LineId},
    },
};

use super::ledger::{Book, LedgerKey, Part};
pub use state::{
    Claims, Ended, HeadCounted, Hold, Lapse, Mission, Offered, Order, Outing, Question, Returned, Settled,
    StandDownCause, State, rank,
};

/// One resource on one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// The incident.
    pub incident: IncidentId,
    /// The line.
    pub line: LineId,
    /// The resource; its member is the owner.
    pub resource: PublicationName,
    /// The book.
    pub book: Book,
    /// UCUM unit of its quantities.
    pub unit: String,
    /// People come with it, who are counted on the scene.
    pub crewed: bool,
    /// Counts the changes.
    pub version: u64,
    /// When its state began.
    pub since: Timestamp,
    /// State.
    pub state: State,
    /// What else is to be known.
    pub flags: Flags,
}

/// What is not a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Expected and not there.
    pub overdue: bool,
    /// Nobody reaches the team.
    pub lost_contact: bool,
    /// Why it was asked home.
    pub recall: Option<String>,
    /// A person of the owner has seen the newest question or order.
    pub seen: bool,
    /// Steps of the owner's duty chain that have been called for the newest question or order.
    pub reminded: u8,
    /// Head-counts missed in a row.
    pub missed: u8,
}

impl Assignment {
    /// The owner of the resource.
    #[must_use]
    pub fn owner(&self) -> &MemberId {
        &self.resource.member
    }

    /// The ledger of the resource.
    #[must_use]
    pub fn ledger(&self) -> LedgerKey {
        LedgerKey { resource: self.resource.clone(), book: self.book }
    }

    /// What of the ledger it has, and in which part.
    #[must_use]
    pub fn uses(&self) -> Option<(Part, u64)> {
        let part = match &self.state {
            State::Held(_) => Part::Held,
            State::Committed(_) | State::Mobilising(_) => Part::Committed,
            State::EnRoute(_) | State::Staged(_) | State::OnScene(_) | State::Returning(_) => Part::Deployed,
            State::Solicited(_)
            | State::Offered(_)
            | State::Returned(_)
            | State::Settled(_)
            | State::Declined(_)
            | State::Lapsed(_)
            | State::StoodDown(_)
            | State::Failed(_) => return None,
        };
        self.state.order().map(|order| (part, order.quantity))
    }

    /// How much of the line's need it meets: from the order until it leaves the scene.
    #[must_use]
    pub fn meets(&self) -> u64 {
        match (&self.state, self.uses()) {
            (State::Returning(_), _) | (_, None) => 0,
            (_, Some((_, quantity))) => quantity,
        }
    }

    /// True until it is home, or ended before it began. Only the costs may be open afterwards.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state.is_active()
    }

    /// True while the resource is away from home.
    #[must_use]
    pub fn is_out(&self) -> bool {
        matches!(self.uses(), Some((Part::Deployed, _)))
    }

    /// When what it has is expected to be free again; none when nobody can say.
    #[must_use]
    pub fn frees(&self) -> Option<Timestamp> {
        if let State::Held(hold) = &self.state {
            Some(hold.expires)
        } else {
            self.state.outing().and_then(|outing| outing.until)
        }
    }

    /// Enters a state. What belonged to the one before, and to it alone, is forgotten.
    pub(super) fn enter(&mut self, state: State, now: Timestamp) {
        debug_assert!(self.state.may_become(&state), "{} to {}", self.state.word(), state.word());
        let flags = std::mem::take(&mut self.flags);
        if state.is_active() && !matches!(state, State::Solicited(_) | State::Offered(_) | State::Held(_)) {
            let there = matches!(state, State::Staged(_) | State::OnScene(_) | State::Returning(_));
            self.flags = Flags { overdue: flags.overdue && !there, recall: flags.recall, ..Flags::default() };
        }
        self.state = state;
        self.since = now;
    }
}

/// The words of an owner's no.
#[must_use]
pub fn decline_words(decline: &Decline) -> (String, String) {
    let (zh, en) = decline.reason.labels();
    if decline.note.is_empty() {
        (zh.to_owned(), en.to_owned())
    } else {
        (format!("{zh}，{}", decline.note), format!("{en}, {}", decline.note))
    }
}
