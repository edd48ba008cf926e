//! What is asked for: one line of a mutual-aid request as matching sees it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use shouwang_proto::id::{GroupId, MemberId};
use uuid::Uuid;

use super::{
    amount::{Amount, Unit},
    capability::{Demand, Word},
    place::Place,
};

/// Whether lives depend on it. An exercise never sees the ledger of actual missions (invariant I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// 实战
    Actual,
    /// 演练
    Exercise,
    /// 测试
    Test,
}

/// How urgent a need line is. The joint plan never takes from a more urgent line for a less urgent one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Life-threatening.
    P1,
    /// Serious.
    P2,
    /// Precautionary.
    P3,
}

impl Priority {
    /// Most urgent first.
    pub const ALL: [Self; 3] = [Self::P1, Self::P2, Self::P3];
}

/// Which line of which request. The order of keys breaks ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// The request.
    pub request: Uuid,
    /// The line's number in it.
    pub line: u32,
}

/// A type of resource that would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeChoice {
    /// The owner's word for it, such as 泡沫消防车.
    pub name: Word,
    /// What choosing it costs in seconds: 0 for what is really wanted, more for a substitute.
    pub penalty_seconds: u32,
}

/// How much is asked. Amounts are in [`Unit`]'s base; of counted things they are whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Unit of the line, in which figures are shown.
    pub unit: Unit,
    /// Still wanted: asked less what is on the line already.
    pub asked: Amount,
    /// Less than this does not help; 0 to `asked`.
    pub minimum: Amount,
    /// The least that is worth sending from one owner; at least one granule of the unit.
    pub lot: Amount,
}

impl Ask {
    /// `asked` of `unit`, of which at least `minimum`; the smallest lot is one granule. Counted things are rounded up to
    /// whole ones. `None` when a number is no quantity, nothing is asked, or the minimum is more than the asked.
    #[must_use]
    pub fn new(unit: &str, asked: f64, minimum: f64) -> Option<Self> {
        let unit = Unit::new(unit);
        let granule = unit.granule();
        let (asked, minimum) = (unit.amount(asked)?.ceil_to(granule), unit.amount(minimum)?.ceil_to(granule));
        (!asked.is_zero() && minimum <= asked).then_some(Self { unit, asked, minimum, lot: granule })
    }

    /// The same with another smallest lot; rounded up to a granule, at most what is asked.
    #[must_use]
    pub fn with_lot(mut self, lot: Amount) -> Self {
        let granule = self.unit.granule();
        self.lot = lot.ceil_to(granule).clamp(granule, self.asked);
        self
    }
}

/// One need.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// Which line asks.
    pub key: LineKey,
    /// How urgent.
    pub priority: Priority,
    /// Actual, exercise or test.
    pub mode: Mode,
    /// Code of the vocabulary list `resource-kind`.
    pub kind: String,
    /// Types that would do; empty: every type of the kind.
    pub types: Vec<TypeChoice>,
    /// What the resource must be able to do.
    pub demands: Vec<Demand>,
    /// How much.
    pub ask: Ask,
    /// Substances that are released or burning, by name.
    pub substances: BTreeSet<Word>,
    /// Who asks. Its own resources are never proposed to it.
    pub requester: MemberId,
    /// Groups that the requester is in, by the roster of now.
    pub groups: BTreeSet<GroupId>,
    /// True when the mission's basis is a signed agreement, so that owners without one are left out.
    pub needs_agreement: bool,
    /// Where the help has to arrive: the staging area when there is one, otherwise the incident.
    pub destination: Place,
    /// The time of asking.
    pub now: Timestamp,
}
