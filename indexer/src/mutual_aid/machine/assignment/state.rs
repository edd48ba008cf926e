//! The states of an assignment, each with its own data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    mutual_aid::{
        action::{Account, Claim, Decline},
        id::{AgreementId, RequestId},
        term::{AssignmentState, Basis, Role},
    },
    publication::DutyContact,
};

/// The life of an assignment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// The owner was asked.
    Solicited(Question),
    /// The owner offers.
    Offered(Offered),
    /// Ordered, not confirmed.
    Held(Hold),
    /// Confirmed.
    Committed(Mission),
    /// Getting ready.
    Mobilising(Mission),
    /// On the way.
    EnRoute(Outing),
    /// In the staging area.
    Staged(Outing),
    /// On the scene.
    OnScene(Outing),
    /// On the way home.
    Returning(Outing),
    /// Home and counted.
    Returned(Returned),
    /// Costs agreed.
    Settled(Settled),
    /// The owner said no.
    Declined(Ended<Decline>),
    /// Nobody answered in time.
    Lapsed(Ended<Lapse>),
    /// Not needed any more.
    StoodDown(Ended<StandDownCause>),
    /// Withdrawn after confirming.
    Failed(Ended<Decline>),
}

/// A question to an owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// How much is asked for.
    pub quantity: u64,
    /// Until when it stands.
    pub expires: Timestamp,
}

/// What an owner offers: a promise, nothing is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// How much.
    pub quantity: u64,
    /// When it can be on the scene; none when the owner did not say.
    pub arrival: Option<Timestamp>,
    /// The owner's conditions.
    pub conditions: String,
    /// Until when it stands; none: until the request ends.
    pub expires: Option<Timestamp>,
    /// Offered unasked, or a yes to an order that had ended.
    pub unsolicited: bool,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// How much.
    pub quantity: u64,
    /// Its number among the orders for this resource. An answer has to name it.
    pub epoch: u64,
    /// On what ground.
    pub basis: Basis,
    /// The agreement that it stands on; orders of before named none.
    #[serde(default)]
    pub agreement: Option<AgreementId>,
    /// Who ordered it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it is expected on the scene.
    pub arrival: Option<Timestamp>,
}

/// An order that waits for the owner's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The order.
    pub order: Order,
    /// When the hold ends.
    pub expires: Timestamp,
}

/// A confirmed order: the mission order (调令) exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mission {
    /// The order.
    pub order: Order,
    /// Who confirmed it.
    pub confirmed_by: String,
    /// When.
    pub confirmed: Timestamp,
    /// Who leads the team.
    pub lead: Option<DutyContact>,
    /// It came before any order and was booked afterwards.
    pub self_deployed: bool,
}

/// A team away from home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outing {
    /// The mission.
    pub mission: Mission,
    /// When it departed, as told.
    pub departed: Timestamp,
    /// When it arrived, as told; a team may turn round before it does.
    pub arrived: Option<Timestamp>,
    /// Until when it is needed.
    pub until: Option<Timestamp>,
    /// The last head-count.
    pub counted: Option<HeadCounted>,
}

/// A head-count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadCounted {
    /// People who are there and well.
    pub people: u32,
    /// When.
    pub at: Timestamp,
}

/// A team that is home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// Where it was.
    pub outing: Outing,
    /// What came home.
    pub account: Account,
    /// What the sides say it cost.
    pub claims: Claims,
}

/// What each side says a mission cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The supplier.
    pub supplier: Option<Claim>,
    /// The requester.
    pub requester: Option<Claim>,
}

/// A team that is home, with costs agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Where it was.
    pub outing: Outing,
    /// What came home.
    pub account: Account,
    /// The costs.
    pub claim: Claim,
    /// Who agreed.
    pub agreed_by: Vec<Role>,
}

/// Ended before it departed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended<Why> {
    /// How much it was about.
    pub quantity: u64,
    /// The newest order, when there was one.
    pub order: Option<Order>,
    /// Why.
    pub why: Why,
}

/// What nobody answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lapse {
    /// A question.
    Question,
    /// An offer that was not taken up.
    Offer,
    /// An order.
    Order,
}

/// Why something is not needed any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StandDownCause {
    /// The line has what it needs.
    Covered,
    /// The request stands down, for this reason.
    RequestStandsDown(String),
    /// Somebody decided, for this reason.
    Person(String),
    /// Taken for a request with life in danger.
    Preempted {
        /// That request.
        by: RequestId,
        /// Why.
        reason: String,
    },
}

impl State {
    /// The state in one word.
    #[must_use]
    pub fn word(&self) -> AssignmentState {
        match self {
            Self::Solicited(_) => AssignmentState::Solicited,
            Self::Offered(_) => AssignmentState::Offered,
            Self::Held(_) => AssignmentState::Held,
            Self::Committed(_) => AssignmentState::Committed,
            Self::Mobilising(_) => AssignmentState::Mobilising,
            Self::EnRoute(_) => AssignmentState::EnRoute,
            Self::Staged(_) => AssignmentState::Staged,
            Self::OnScene(_) => AssignmentState::OnScene,
            Self::Returning(_) => AssignmentState::Returning,
            Self::Returned(_) => AssignmentState::Returned,
            Self::Settled(_) => AssignmentState::Settled,
            Self::Declined(_) => AssignmentState::Declined,
            Self::Lapsed(_) => AssignmentState::Lapsed,
            Self::StoodDown(_) => AssignmentState::StoodDown,
            Self::Failed(_) => AssignmentState::Failed,
        }
    }

    /// The newest order.
    #[must_use]
    pub fn order(&self) -> Option<&Order> {
        match self {
            Self::Solicited(_) | Self::Offered(_) => None,
            Self::Held(hold) => Some(&hold.order),
            Self::Committed(mission) | Self::Mobilising(mission) => Some(&mission.order),
            Self::EnRoute(outing)
            | Self::Staged(outing)
            | Self::OnScene(outing)
            | Self::Returning(outing) => Some(&outing.mission.order),
            Self::Returned(Returned { outing, .. }) | Self::Settled(Settled { outing, .. }) => {
                Some(&outing.mission.order)
            }
            Self::Declined(ended) | Self::Failed(ended) => ended.order.as_ref(),
            Self::Lapsed(ended) => ended.order.as_ref(),
            Self::StoodDown(ended) => ended.order.as_ref(),
        }
    }

    /// The mission, from the confirmation on.
    #[must_use]
    pub fn mission(&self) -> Option<&Mission> {
        match self {
            Self::Committed(mission) | Self::Mobilising(mission) => Some(mission),
            Self::EnRoute(outing)
            | Self::Staged(outing)
            | Self::OnScene(outing)
            | Self::Returning(outing) => Some(&outing.mission),
            Self::Returned(Returned { outing, .. }) | Self::Settled(Settled { outing, .. }) => {
                Some(&outing.mission)
            }
            Self::Solicited(_)
            | Self::Offered(_)
            | Self::Held(_)
            | Self::Declined(_)
            | Self::Lapsed(_)
            | Self::StoodDown(_)
            | Self::Failed(_) => None,
        }
    }

    /// How much it is about: asked for, offered or ordered.
    #[must_use]
    pub fn quantity(&self) -> u64 {
        match self {
            Self::Solicited(question) => question.quantity,
            Self::Offered(offered) => offered.quantity,
            Self::Declined(ended) | Self::Failed(ended) => ended.quantity,
            Self::Lapsed(ended) => ended.quantity,
            Self::StoodDown(ended) => ended.quantity,
            Self::Held(_)
            | Self::Committed(_)
            | Self::Mobilising(_)
            | Self::EnRoute(_)
            | Self::Staged(_)
            | Self::OnScene(_)
            | Self::Returning(_)
            | Self::Returned(_)
            | Self::Settled(_) => self.order().map_or(0, |order| order.quantity),
        }
    }

    /// True until it is home, or ended before it began.
    #[must_use]
    pub fn is_active(&self) -> bool {
        match self {
            Self::Solicited(_)
            | Self::Offered(_)
            | Self::Held(_)
            | Self::Committed(_)
            | Self::Mobilising(_)
            | Self::EnRoute(_)
            | Self::Staged(_)
            | Self::OnScene(_)
            | Self::Returning(_) => true,
            Self::Returned(_)
            | Self::Settled(_)
            | Self::Declined(_)
            | Self::Lapsed(_)
            | Self::StoodDown(_)
            | Self::Failed(_) => false,
        }
    }

    /// How far along it is.
    #[must_use]
    pub fn rank(&self) -> u8 {
        rank(self.word())
    }

    /// Whether the next state lies ahead. An offer may be revised and an order replaced; nothing goes back, and what
    /// ended before departing stays so.
    #[must_use]
    pub fn may_become(&self, next: &Self) -> bool {
        match self {
            Self::Declined(_) | Self::Lapsed(_) | Self::StoodDown(_) | Self::Failed(_) => false,
            Self::Offered(_) | Self::Held(_) => next.rank() >= self.rank(),
            Self::Solicited(_)
            | Self::Committed(_)
            | Self::Mobilising(_)
            | Self::EnRoute(_)
            | Self::Staged(_)
            | Self::OnScene(_)
            | Self::Returning(_)
            | Self::Returned(_)
            | Self::Settled(_) => next.rank() > self.rank(),
        }
    }
}

/// How far along a state is; all that end before departing come last.
#[must_use]
pub fn rank(state: AssignmentState) -> u8 {
    match state {
        AssignmentState::Solicited => 0,
        AssignmentState::Offered => 1,
        AssignmentState::Held => 2,
        AssignmentState::Committed => 3,
        AssignmentState::Mobilising => 4,
        AssignmentState::EnRoute => 5,
        AssignmentState::Staged => 6,
        AssignmentState::OnScene => 7,
        AssignmentState::Returning => 8,
        AssignmentState::Returned => 9,
        AssignmentState::Settled => 10,
        AssignmentState::Declined
        | AssignmentState::Lapsed
        | AssignmentState::StoodDown
        | AssignmentState::Failed => 11,
    }
}
