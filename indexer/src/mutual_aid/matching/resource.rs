//! What could help: one mutual-aid resource as it stands at the time of asking, and its owner.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use shouwang_proto::{
    id::{GroupId, MemberId, PublicationName},
    publication::DutyContact,
};

use super::{
    amount::{Amount, Unit},
    capability::{Capability, Word},
    place::Place,
};

/// Quantities of one resource in its unit's base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stock {
    /// What the owner has, as published.
    pub total: Amount,
    /// What of it the owner always keeps for itself.
    pub floor: Amount,
    /// What can be given away now, by the ledger: what the owner lends (total less floor) less what is held, committed,
    /// deployed, consumed or damaged.
    pub free: Amount,
}

impl Stock {
    /// What of the lent part others have.
    #[must_use]
    pub fn taken(&self) -> Amount {
        self.total.minus(self.floor).minus(self.free)
    }
}

/// When the owner last said that the resource is available, and how long that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Availability {
    /// When it was said.
    pub reported_at: Timestamp,
    /// For how many seconds it holds.
    pub holds_seconds: u32,
}

/// What a crew still owes to its rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// When the last mission ended.
    pub since: Timestamp,
    /// Seconds of rest that the owner's rules want after it.
    pub wanted_seconds: u32,
}

/// One resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Which publication of which owner. Its order breaks ties.
    pub id: PublicationName,
    /// Code of the vocabulary list `resource-kind`.
    pub kind: String,
    /// The owner's word for it.
    pub type_name: Word,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// Substances that it must not meet, such as water and sodium.
    pub incompatible: BTreeSet<Word>,
    /// Unit of the quantities.
    pub unit: Unit,
    /// How much there is.
    pub stock: Stock,
    /// Where it stands; `None`: nobody knows, and the time to travel is a guess.
    pub place: Option<Place>,
    /// Seconds from the call until it is ready to leave.
    pub muster_seconds: u32,
    /// Last day on which its certificate is valid.
    pub certificate_due: Option<Date>,
    /// Last day by which it has to be inspected.
    pub inspection_due: Option<Date>,
    /// The owner lets the council send it without asking again.
    pub pre_authorised: bool,
    /// Groups that may see it.
    pub audience: BTreeSet<GroupId>,
    /// When the owner last said that it is available.
    pub availability: Availability,
    /// Rest of its crew after the last mission; `None` when it has no crew or never went.
    pub rest: Option<Rest>,
    /// Who answers.
    pub duty_contacts: Vec<DutyContact>,
}

/// Whether the owner's node is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Its control link is up.
    Online,
    /// Down since then.
    Offline(Timestamp),
    /// It has never been connected.
    NeverSeen,
}

/// Whether an owner can help anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can.
    Active,
    /// It has an emergency itself.
    InTrouble,
    /// The council has suspended it.
    Suspended,
}

/// How an owner stands to the alliance and to the requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its node's connection.
    pub link: Link,
    /// A signed aid agreement between it and the requester exists.
    pub has_agreement: bool,
    /// Whether it can help anybody.
    pub standing: Standing,
}

/// The owners, as they stand to one requester at the time of asking. Who is not in it counts as never seen, without
/// agreement.
pub type Owners = BTreeMap<MemberId, Owner>;

impl Owner {
    /// What is assumed of an owner that nothing is known of.
    pub const UNKNOWN: Self =
        Self { link: Link::NeverSeen, has_agreement: false, standing: Standing::Active };
}

/// What became of an earlier attempt to have a resource for the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Its owner said no for this request.
    Declined,
    /// It is on the line already.
    OnLine,
}

/// Resources that were tried for the line before.
pub type Attempts = BTreeMap<PublicationName, Attempt>;
