//! What is done with or reported of one assignment: the same words at the node, on the link, and at the hub on behalf of
//! a member.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    id::AssignmentId,
    term::{Basis, DeclineReason, Payer},
};
use crate::publication::DutyContact;

mod reading;

pub(super) use reading::read_quantity;

/// A word about one assignment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssignmentAction {
    /// The assignment.
    pub assignment: AssignmentId,
    /// The order that is answered; 0 when none is.
    pub epoch: u64,
    /// The word.
    pub action: Action,
}

/// What is done or reported; see `mutual_aid_notice.proto` for who may and what follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Owner: I can help.
    Offer(Offer),
    /// Owner: I cannot.
    Decline(Decline),
    /// Owner: yes to the order.
    Confirm(Confirm),
    /// Owner: no to the order.
    Refuse(Decline),
    /// Owner: we take it back.
    Withdraw(Decline),
    /// Team: getting ready.
    Muster(Note),
    /// Team: departed.
    Depart(Departure),
    /// Team: in the staging area.
    Stage(Note),
    /// Arrived.
    Arrive(Note),
    /// On the scene: needed longer.
    Extend(Extension),
    /// Come home.
    Recall(Reason),
    /// Leaves the scene.
    Release(Note),
    /// Home and counted.
    Return(Account),
    /// Costs.
    Settle(Claim),
    /// Everybody is well, so many of us.
    HeadCount(HeadCount),
    /// Nobody reaches the team, or it was reached again.
    Contact(ContactReport),
    /// Not needed any more.
    StandDown(Reason),
}

/// I can help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// How much.
    pub quantity: u64,
    /// Seconds until it can be on the scene.
    pub eta_seconds: u32,
    /// The owner's conditions.
    pub conditions: String,
    /// Seconds that the offer stands; none: until the request ends.
    pub valid_seconds: Option<u32>,
}

/// No, or not any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// Why.
    pub reason: DeclineReason,
    /// In words.
    pub note: String,
}

/// Yes to an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// Seconds until it can be on the scene; none: as expected before.
    pub eta_seconds: Option<u32>,
    /// Who leads the team.
    pub lead: Option<DutyContact>,
}

/// A plain report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// In words; may be empty.
    pub note: String,
}

/// Departed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Seconds until it can be on the scene; none: as expected before.
    pub eta_seconds: Option<u32>,
    /// People on board, when somebody counted.
    pub head_count: Option<u32>,
    /// In words.
    pub note: String,
}

/// Needed longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Until when.
    pub until: Timestamp,
    /// In words.
    pub note: String,
}

/// Why something is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// In words, not empty.
    pub reason: String,
}

/// What came home: the three together are what was deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Usable again.
    pub returned: u64,
    /// Used up.
    pub consumed: u64,
    /// To be repaired.
    pub damaged: u64,
    /// In words.
    pub note: String,
}

/// What one side says the mission cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// CNY fen.
    pub cost_fen: u64,
    /// Who bears it.
    pub payer: Payer,
    /// On what ground the aid was given.
    pub basis: Basis,
    /// In words.
    pub note: String,
}

/// So many of us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadCount {
    /// People who are there and well.
    pub people: u32,
    /// In words.
    pub note: String,
}

/// Whether the team can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactReport {
    /// True: nobody reaches it.
    pub lost: bool,
    /// In words.
    pub note: String,
}

impl Action {
    /// The action's word, as in the contract: `offer`, `confirm`, …
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Offer(_) => "offer",
            Self::Decline(_) => "decline",
            Self::Confirm(_) => "confirm",
            Self::Refuse(_) => "refuse",
            Self::Withdraw(_) => "withdraw",
            Self::Muster(_) => "muster",
            Self::Depart(_) => "depart",
            Self::Stage(_) => "stage",
            Self::Arrive(_) => "arrive",
            Self::Extend(_) => "extend",
            Self::Recall(_) => "recall",
            Self::Release(_) => "release",
            Self::Return(_) => "return",
            Self::Settle(_) => "settle",
            Self::HeadCount(_) => "head_count",
            Self::Contact(_) => "contact",
            Self::StandDown(_) => "stand_down",
        }
    }

    /// True for an answer to an order, which has to name the order's epoch.
    #[must_use]
    pub fn answers_order(&self) -> bool {
        matches!(self, Self::Confirm(_) | Self::Refuse(_))
    }
}

impl Account {
    /// All that is accounted for.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.returned.saturating_add(self.consumed).saturating_add(self.damaged)
    }
}
