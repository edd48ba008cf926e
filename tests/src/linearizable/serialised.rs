//! What the ledger of one serialised resource would do if dispatchers and owners came one after the other: free, held,
//! committed or deployed, and every order with the next number. Written from the specification, not from the machine.

use super::search::Model;

/// Number of an assignment among those that the callers have seen.
pub type Assignment = u32;

/// What the resource is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// For nothing.
    Free,
    /// Ordered, not confirmed.
    Held,
    /// Confirmed, not departed.
    Committed,
    /// Out.
    Deployed {
        /// On the way home.
        returning: bool,
    },
}

/// The ledger of one crane or one team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// Number of the newest order.
    pub epoch: u64,
    /// What it is used for.
    pub phase: Phase,
    /// The request that has it; of a free one the last.
    pub request: u32,
    /// The assignment that has it, once an answer has named it.
    pub assignment: Option<Assignment>,
}

/// What somebody wants.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Orders it for a request.
    Order {
        /// The request.
        request: u32,
    },
    /// Does or reports something about an assignment.
    Act {
        /// What.
        act: Act,
        /// The assignment.
        assignment: Assignment,
        /// The order that is answered; only a yes or no to an order looks at it.
        epoch: u64,
    },
    /// Reads the ledger.
    Read,
}

/// What is done or reported about an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Owner: yes to the order.
    Confirm,
    /// Owner: no to the order.
    Refuse,
    /// Owner: it is ours.
    Withdraw,
    /// Team: departed.
    Depart,
    /// On the scene: not needed any more.
    Release,
    /// Owner: home and counted.
    Return,
}

/// Whether a word about an assignment changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It was taken.
    Taken,
    /// It was refused, only noted, or became an offer: the ledger is as before.
    Nothing,
}

/// What a reader sees of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Ordered, not confirmed.
    pub held: u64,
    /// Confirmed, not departed.
    pub committed: u64,
    /// Out.
    pub deployed: u64,
    /// Number of the newest order.
    pub epoch: u64,
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Heard {
    /// Ordered: the assignment, and the number of the order.
    Ordered(Assignment, u64),
    /// Somebody else has it.
    Taken,
    /// The request itself has it, confirmed: it cannot be ordered again.
    OwnAlready,
    /// To a word about an assignment.
    Acted(Did),
    /// The ledger.
    Read(Shown),
}

impl Default for Ledger {
    fn default() -> Self {
        Self { epoch: 0, phase: Phase::Free, request: 0, assignment: None }
    }
}

impl Ledger {
    /// As a reader sees it.
    #[must_use]
    pub fn shown(&self) -> Shown {
        let is = |wanted: bool| u64::from(wanted);
        Shown {
            held: is(self.phase == Phase::Held),
            committed: is(self.phase == Phase::Committed),
            deployed: is(matches!(self.phase, Phase::Deployed { .. })),
            epoch: self.epoch,
        }
    }

    /// The ledger after an order for this request; `None` when it is not free for it.
    fn ordered(self, request: u32) -> Option<Self> {
        let held = Self { epoch: self.epoch + 1, phase: Phase::Held, request, assignment: None };
        match self.phase {
            Phase::Free => Some(held),
            Phase::Held if self.request == request => Some(Self { assignment: self.assignment, ..held }),
            Phase::Held | Phase::Committed | Phase::Deployed { .. } => None,
        }
    }

    /// The ledger, when it may be this assignment that has it.
    fn of(self, assignment: Assignment) -> Option<Self> {
        let known = self.assignment.is_none_or(|known| known == assignment);
        (known && self.phase != Phase::Free).then_some(Self { assignment: Some(assignment), ..self })
    }

    /// The ledger after this word; `None` when the word changes nothing.
    fn acted(self, act: Act, assignment: Assignment, epoch: u64) -> Option<Self> {
        let found = self.of(assignment)?;
        let newest = epoch == found.epoch;
        let phase = match (act, found.phase) {
            (Act::Confirm, Phase::Held) if newest => Phase::Committed,
            (Act::Refuse, Phase::Held) if newest => Phase::Free,
            (Act::Withdraw, Phase::Held | Phase::Committed)
            | (Act::Return, Phase::Committed | Phase::Deployed { .. }) => Phase::Free,
            (Act::Withdraw | Act::Release, Phase::Deployed { returning: false }) => {
                Phase::Deployed { returning: true }
            }
            (Act::Depart, Phase::Committed) => Phase::Deployed { returning: false },
            (
                Act::Confirm | Act::Refuse | Act::Withdraw | Act::Depart | Act::Release | Act::Return,
                Phase::Free | Phase::Held | Phase::Committed | Phase::Deployed { .. },
            ) => return None,
        };
        Some(Self { phase, ..found })
    }

    fn order(self, request: u32, heard: Option<&Heard>) -> Option<Self> {
        match heard {
            None => self.ordered(request),
            Some(Heard::Ordered(assignment, epoch)) => {
                self.ordered(request)?.of(*assignment).filter(|after| after.epoch == *epoch)
            }
            Some(Heard::Taken) => (self.phase != Phase::Free && self.request != request).then_some(self),
            Some(Heard::OwnAlready) => {
                let departed_or_bound = !matches!(self.phase, Phase::Free | Phase::Held);
                (departed_or_bound && self.request == request).then_some(self)
            }
            Some(Heard::Acted(_) | Heard::Read(_)) => None,
        }
    }
}

impl Model for Ledger {
    type Asked = Asked;
    type Heard = Heard;

    fn step(&self, asked: &Asked, heard: Option<&Heard>) -> Option<Self> {
        match asked {
            Asked::Order { request } => self.order(*request, heard),
            Asked::Act { act, assignment, epoch } => {
                let after = self.acted(*act, *assignment, *epoch);
                match heard {
                    None | Some(Heard::Acted(Did::Taken)) => after,
                    // Where nobody knows yet whose it is, it may be another's.
                    Some(Heard::Acted(Did::Nothing)) => {
                        (after.is_none() || self.assignment.is_none()).then_some(*self)
                    }
                    Some(Heard::Ordered(..) | Heard::Taken | Heard::OwnAlready | Heard::Read(_)) => None,
                }
            }
            Asked::Read => match heard {
                Some(Heard::Read(shown)) => (*shown == self.shown()).then_some(*self),
                None => Some(*self),
                Some(Heard::Ordered(..) | Heard::Taken | Heard::OwnAlready | Heard::Acted(_)) => None,
            },
        }
    }
}
