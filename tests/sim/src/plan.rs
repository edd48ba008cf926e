//! What will go wrong in a run, drawn from its seed before it begins. Every seed has rates of its own ("swarm testing"):
//! some runs crash all the time and never lose a message, others the other way round.

use crate::chance::Chance;

/// An old hub comes back at this time or later, in milliseconds after the alliance stands.
const LONG_ENOUGH: u64 = 4_000;

/// Names of the members that may take part.
pub const MEMBERS: [&str; 6] = ["north", "south", "east", "west", "harbor", "quarry"];

/// A machine of the simulated world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// The hub.
    Hub,
    /// The node of the member with this number.
    Node(usize),
    /// A second machine that was given a copy of this member's node.
    Clone(usize),
    /// The machine at which all people sit, in front of whatever server: their links to it are apart.
    People,
    /// A member whose node is not ours and means harm, or is broken.
    Stranger,
}

impl Host {
    /// Its name in the simulated network.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Hub => "hub".to_owned(),
            Self::Node(member) => MEMBERS[member].to_owned(),
            Self::Clone(member) => format!("{}-clone", MEMBERS[member]),
            Self::People => "people".to_owned(),
            Self::Stranger => "stranger".to_owned(),
        }
    }
}

/// Which copy of a disk a machine is restored from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// The first one ever made: for a hub, before anything was published.
    Oldest,
    /// The one made last.
    Newest,
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The program dies at once; its disk stays.
    Crash(Host),
    /// Nothing passes in either direction.
    Cut(Host, Host),
    /// Nothing passes from the first to the second.
    CutOneWay(Host, Host),
    /// Everything waits and then comes at once.
    Hold(Host, Host),
    /// Every message takes this many milliseconds.
    Slow(Host, Host, u64),
    /// The machine dies and comes back with an older copy of its disk.
    Restore(Host, Copy),
    /// The hub dies and is restored from an older copy as its operator should do it: with a new epoch.
    RestoreProperly(Copy),
    /// The hub that was restored properly goes, and the one from before comes back for a while.
    OldHub,
    /// A copy of the member's node is started on another machine while the first goes on.
    Clone(usize),
    /// The hub's index folder disappears while it is down.
    LoseIndex,
}

/// Kinds of faults, for rates and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// See [`Fault::Crash`] of a node.
    NodeCrash,
    /// See [`Fault::Crash`] of the hub.
    HubCrash,
    /// See [`Fault::Cut`].
    Cut,
    /// See [`Fault::CutOneWay`].
    CutOneWay,
    /// See [`Fault::Hold`].
    Hold,
    /// See [`Fault::Slow`].
    Slow,
    /// See [`Fault::Restore`] of a node.
    NodeRestore,
    /// See [`Fault::Restore`] of the hub.
    HubRestore,
    /// See [`Fault::RestoreProperly`].
    ProperRestore,
    /// See [`Fault::OldHub`].
    OldHub,
    /// See [`Fault::Clone`].
    Clone,
    /// See [`Fault::LoseIndex`].
    LoseIndex,
}

impl FaultKind {
    /// All kinds, each with how often it comes in a seed in which it comes at all.
    pub const WEIGHTS: [(Self, u64); 12] = [
        (Self::NodeCrash, 6),
        (Self::HubCrash, 6),
        (Self::Cut, 4),
        (Self::CutOneWay, 3),
        (Self::Hold, 3),
        (Self::Slow, 2),
        (Self::NodeRestore, 2),
        (Self::HubRestore, 4),
        (Self::ProperRestore, 2),
        (Self::OldHub, 2),
        (Self::Clone, 1),
        (Self::LoseIndex, 1),
    ];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NodeCrash => "node crash",
            Self::HubCrash => "hub crash",
            Self::Cut => "partition",
            Self::CutOneWay => "one-way partition",
            Self::Hold => "held messages",
            Self::Slow => "slow link",
            Self::NodeRestore => "node restored from a copy",
            Self::HubRestore => "hub restored from a copy",
            Self::ProperRestore => "hub restored with a new epoch",
            Self::OldHub => "old hub came back",
            Self::Clone => "clone of a node",
            Self::LoseIndex => "index lost",
        }
    }
}

impl Fault {
    /// Its kind.
    #[must_use]
    pub fn kind(self) -> FaultKind {
        match self {
            Self::Crash(Host::Hub) => FaultKind::HubCrash,
            Self::Crash(_) => FaultKind::NodeCrash,
            Self::Cut(..) => FaultKind::Cut,
            Self::CutOneWay(..) => FaultKind::CutOneWay,
            Self::Hold(..) => FaultKind::Hold,
            Self::Slow(..) => FaultKind::Slow,
            Self::Restore(Host::Hub, _) => FaultKind::HubRestore,
            Self::Restore(..) => FaultKind::NodeRestore,
            Self::RestoreProperly(_) => FaultKind::ProperRestore,
            Self::OldHub => FaultKind::OldHub,
            Self::Clone(_) => FaultKind::Clone,
            Self::LoseIndex => FaultKind::LoseIndex,
        }
    }
}

/// A fault and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When it begins, in milliseconds after the alliance stands.
    pub at: u64,
    /// How long it lasts in milliseconds.
    pub lasts: u64,
    /// What.
    pub fault: Fault,
}

/// How the people in front of the nodes behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// Longest pause between two wishes, in milliseconds.
    pub pause: u64,
    /// Times in a thousand that somebody hangs up before the answer came.
    pub hang_up: u64,
    /// Times in a thousand that an answered request is sent once more.
    pub repeat: u64,
    /// Times in a thousand that an unanswered request is never asked again.
    pub abandon: u64,
    /// Times in a thousand that somebody imports a file.
    pub import: u64,
    /// Publications that each member's people work on.
    pub keys: usize,
    /// About how long a text is, in characters.
    pub text: usize,
}

/// All that a seed decides in advance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Number of members.
    pub members: usize,
    /// How long things go wrong, in simulated milliseconds.
    pub chaos: u64,
    /// Longest ordinary way of a message in milliseconds.
    pub latency: u64,
    /// The clock of each host is wrong by so many seconds: hub first, then the nodes.
    pub skews: Vec<i64>,
    /// The people.
    pub manners: Manners,
    /// Bytes that a node may send without an acknowledgement: mostly plenty, now and then so little that it has to wait.
    pub credit: usize,
    /// Does a member with a broken or hostile node take part?
    pub stranger: bool,
    /// Is the index taken away at the end, to be built again?
    pub rebuild: bool,
    /// Are there emergencies?
    pub aid: bool,
    /// What goes wrong, in order of time.
    pub faults: Vec<Planned>,
}

impl Plan {
    /// Draws the plan of a seed.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut chance = Chance::of(seed, "plan");
        let aid = Chance::of(seed, "aid").per_mille(500);
        let members = 3 + chance.index(MEMBERS.len() - 2);
        let chaos = chance.within(8_000..20_000);
        let skews = (0..=members).map(|_| skew(&mut chance)).collect();
        let manners = Manners {
            pause: chance.within(150..800),
            hang_up: chance.within(0..150),
            repeat: chance.within(0..200),
            abandon: chance.within(0..300),
            import: chance.within(0..300),
            keys: 3 + chance.index(8),
            text: if chance.per_mille(100) { chance.index(3_000) } else { 20 + chance.index(200) },
        };
        Self {
            seed,
            members,
            chaos,
            latency: chance.within(2..40),
            skews,
            manners,
            credit: if chance.per_mille(700) { 4 * 1024 * 1024 } else { 16 * 1024 },
            stranger: chance.per_mille(300),
            rebuild: chance.per_mille(250),
            aid,
            faults: faults(seed, members, chaos),
        }
    }
}

/// Half of the clocks are right; the others are wrong by up to two hours.
fn skew(chance: &mut Chance) -> i64 {
    if chance.per_mille(500) {
        return 0;
    }
    i64::try_from(chance.within(0..14_400)).unwrap_or(0) - 7_200
}

fn faults(seed: u64, members: usize, chaos: u64) -> Vec<Planned> {
    let mut chance = Chance::of(seed, "faults");
    let weights: Vec<(FaultKind, u64)> =
        FaultKind::WEIGHTS.iter().filter(|_| chance.per_mille(550)).copied().collect();
    let total: u64 = weights.iter().map(|(_, weight)| weight).sum();
    if total == 0 {
        return Vec::new();
    }
    let count = chance.within(1..13);
    let mut faults: Vec<Planned> = (0..count)
        .map(|_| {
            let kind = weighted(&weights, chance.within(0..total));
            Planned {
                at: chance.within(500..chaos),
                lasts: chance.within(50..4_000),
                fault: fault(kind, members, &mut chance),
            }
        })
        .collect();
    faults.sort_by_key(|planned| planned.at);
    replaced_before(&mut faults, &mut chance);
    faults
}

/// An old hub comes back only after another has taken its place: if nothing else sees to that, this does.
fn replaced_before(faults: &mut Vec<Planned>, chance: &mut Chance) {
    let Some(first) = faults.iter().position(|planned| planned.fault == Fault::OldHub) else { return };
    let is_replaced = |planned: &Planned| matches!(planned.fault, Fault::RestoreProperly(_));
    if faults[..first].iter().any(is_replaced) {
        return;
    }
    // So late that there is something to lose, and so early that nodes meet the new one.
    for old in faults.iter_mut().filter(|planned| planned.fault == Fault::OldHub) {
        old.at = old.at.max(LONG_ENOUGH);
    }
    let at = faults[first].at / 2;
    let planned =
        Planned { at, lasts: chance.within(50..400), fault: Fault::RestoreProperly(draw_copy(chance)) };
    faults.push(planned);
    faults.sort_by_key(|planned| planned.at);
}

fn weighted(weights: &[(FaultKind, u64)], mut drawn: u64) -> FaultKind {
    for (kind, weight) in weights {
        if drawn < *weight {
            return *kind;
        }
        drawn -= weight;
    }
    FaultKind::NodeCrash
}

fn draw_copy(chance: &mut Chance) -> Copy {
    if chance.per_mille(400) { Copy::Oldest } else { Copy::Newest }
}

fn fault(kind: FaultKind, members: usize, chance: &mut Chance) -> Fault {
    let member = chance.index(members);
    let copy = draw_copy(chance);
    let (a, b) = link(member, chance);
    match kind {
        FaultKind::NodeCrash => Fault::Crash(Host::Node(member)),
        FaultKind::HubCrash => Fault::Crash(Host::Hub),
        FaultKind::Cut => Fault::Cut(a, b),
        FaultKind::CutOneWay => Fault::CutOneWay(a, b),
        FaultKind::Hold => Fault::Hold(a, b),
        FaultKind::Slow => Fault::Slow(a, b, chance.within(60..600)),
        FaultKind::NodeRestore => Fault::Restore(Host::Node(member), copy),
        FaultKind::HubRestore => Fault::Restore(Host::Hub, copy),
        FaultKind::ProperRestore => Fault::RestoreProperly(copy),
        FaultKind::OldHub => Fault::OldHub,
        FaultKind::Clone => Fault::Clone(member),
        FaultKind::LoseIndex => Fault::LoseIndex,
    }
}

/// Two hosts that talk to each other, in either order.
fn link(member: usize, chance: &mut Chance) -> (Host, Host) {
    let node = Host::Node(member);
    let other = if chance.per_mille(750) { Host::Hub } else { Host::People };
    if chance.per_mille(500) { (node, other) } else { (other, node) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_decides_everything_and_seeds_differ() {
        assert_eq!(Plan::draw(42), Plan::draw(42));
        let shapes: BTreeSet<String> =
            (0..100).map(|seed| format!("{:?}", Plan::draw(seed).faults)).collect();
        assert!(shapes.len() > 90, "{}", shapes.len());
    }

    #[test]
    fn every_kind_of_fault_comes_and_within_its_time() {
        let plans: Vec<Plan> = (0..400).map(Plan::draw).collect();
        for (kind, _) in FaultKind::WEIGHTS {
            let seeds =
                plans.iter().filter(|plan| plan.faults.iter().any(|p| p.fault.kind() == kind)).count();
            assert!((10..390).contains(&seeds), "{kind:?} comes in {seeds} of 400 seeds");
        }
        let at = |plan: &Plan, kind| plan.faults.iter().find(|p| p.fault.kind() == kind).map(|p| p.at);
        for plan in &plans {
            if let Some(old) = at(plan, FaultKind::OldHub) {
                assert!(at(plan, FaultKind::ProperRestore).is_some_and(|restored| restored <= old));
            }
            assert!(plan.faults.iter().all(|planned| planned.at < plan.chaos));
            assert!((3..=MEMBERS.len()).contains(&plan.members));
            assert_eq!(plan.skews.len(), plan.members + 1);
        }
    }
}
