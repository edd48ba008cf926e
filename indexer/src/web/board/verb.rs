//! What a dispatcher does with, or reports of, one assignment; and which of it fits when. Pure.
//!
//! The decision is the machine's; a verb that is not offered here would be refused there.

use shouwang_proto::wire::AssignmentState as State;

/// A word about an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Offer,
    Decline,
    Confirm,
    Refuse,
    Withdraw,
    Muster,
    Depart,
    Stage,
    Arrive,
    Extend,
    Recall,
    Release,
    Return,
    Settle,
    HeadCount,
    Contact,
    StandDown,
}

use Verb::{
    Arrive, Confirm, Contact, Decline, Depart, Extend, HeadCount, Muster, Offer, Recall, Refuse, Release,
    Return, Settle, Stage, StandDown, Withdraw,
};

impl Verb {
    /// All of them.
    pub(super) const ALL: [Self; 17] = [
        Offer, Decline, Confirm, Refuse, Withdraw, Muster, Depart, Stage, Arrive, Extend, Recall, Release,
        Return, Settle, HeadCount, Contact, StandDown,
    ];

    /// As the form says it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Offer => "offer",
            Decline => "decline",
            Confirm => "confirm",
            Refuse => "refuse",
            Withdraw => "withdraw",
            Muster => "muster",
            Depart => "depart",
            Stage => "stage",
            Arrive => "arrive",
            Extend => "extend",
            Recall => "recall",
            Release => "release",
            Return => "return",
            Settle => "settle",
            HeadCount => "head-count",
            Contact => "contact",
            StandDown => "stand-down",
        }
    }

    /// The verb with this code.
    pub(super) fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.code() == code)
    }

    /// Key of its name.
    pub(super) fn key(self) -> &'static str {
        match self {
            Offer => "board.act.offer",
            Decline => "board.act.decline",
            Confirm => "board.act.confirm",
            Refuse => "board.act.refuse",
            Withdraw => "board.act.withdraw",
            Muster => "board.act.muster",
            Depart => "board.act.depart",
            Stage => "board.act.stage",
            Arrive => "board.act.arrive",
            Extend => "board.act.extend",
            Recall => "board.act.recall",
            Release => "board.act.release",
            Return => "board.act.return",
            Settle => "board.act.settle",
            HeadCount => "board.act.head-count",
            Contact => "board.act.contact",
            StandDown => "board.act.stand-down",
        }
    }

    /// True for what the owner or its team says: a dispatcher says it on behalf of them, and through what it came.
    pub(super) fn is_owners(self) -> bool {
        match self {
            Offer | Decline | Confirm | Refuse | Withdraw | Muster | Depart | Stage | Arrive | Release
            | Return | HeadCount => true,
            // The scene, or the dispatcher itself.
            Extend | Recall | Settle | Contact | StandDown => false,
        }
    }

    /// True for a decision, which is made from what was read and so names its version. What is only reported is a fact,
    /// whatever else has happened meanwhile.
    pub(super) fn is_decision(self) -> bool {
        match self {
            Offer | Decline | Confirm | Refuse | Withdraw | Recall | Settle | StandDown => true,
            Muster | Depart | Stage | Arrive | Extend | Release | Return | HeadCount | Contact => false,
        }
    }

    /// True for what takes something away.
    pub(super) fn is_danger(self) -> bool {
        matches!(self, Decline | Refuse | Withdraw | Recall | StandDown)
    }
}

/// What fits a state; what comes next most often is first.
pub(super) fn fitting(state: State) -> &'static [Verb] {
    match state {
        State::Solicited => &[Offer, Decline, StandDown],
        State::Offered => &[Decline, StandDown],
        State::Held => &[Confirm, Refuse, StandDown],
        State::Committed => &[Depart, Muster, Withdraw, StandDown],
        State::Mobilising => &[Depart, Withdraw, StandDown],
        State::EnRoute => &[Arrive, Stage, Contact, Recall, Withdraw],
        State::Staged => &[Arrive, Contact, Recall, Release, Withdraw],
        State::OnScene => &[Release, HeadCount, Extend, Contact, Recall, Withdraw],
        State::Returning => &[Return, Contact],
        State::Returned => &[Settle],
        State::Unspecified
        | State::Settled
        | State::Declined
        | State::Lapsed
        | State::StoodDown
        | State::Failed => &[],
    }
}

/// Nothing more comes of it.
pub(super) fn is_over(state: State) -> bool {
    match state {
        State::Returned
        | State::Settled
        | State::Declined
        | State::Lapsed
        | State::StoodDown
        | State::Failed => true,
        State::Unspecified
        | State::Solicited
        | State::Offered
        | State::Held
        | State::Committed
        | State::Mobilising
        | State::EnRoute
        | State::Staged
        | State::OnScene
        | State::Returning => false,
    }
}

/// There is a mission order.
pub(super) fn has_order(state: State) -> bool {
    match state {
        State::Committed
        | State::Mobilising
        | State::EnRoute
        | State::Staged
        | State::OnScene
        | State::Returning
        | State::Returned
        | State::Settled => true,
        State::Unspecified
        | State::Solicited
        | State::Offered
        | State::Held
        | State::Declined
        | State::Lapsed
        | State::StoodDown
        | State::Failed => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        for verb in Verb::ALL {
            assert_eq!(Verb::of_code(verb.code()), Some(verb));
        }
        assert_eq!(Verb::of_code("dance"), None);
    }
}
