//! Who can serve a need at all: hard filters, each with its reason.

use super::{
    amount::Amount,
    capability::Demand,
    cost::{Circumstances, Cost, Rates},
    interned::signature_bit,
    inventory::{Ability, Hot, Inventory, NO_FIGURE, day_number, local},
    need::{Mode, Need},
    reason::{Reason, Reasons},
    resource::{Attempt, Attempts, Link, Owner, Owners, Resource, Standing, Stock},
    roads::{Basis, Travel},
};

/// When an owner whose node is not connected is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OfflineRule {
    /// Only when its availability is out of date as well; until then it is confirmed by phone.
    #[default]
    WhenStale,
    /// Always: for what is committed in one step, without a person.
    Always,
}

/// How strict the filter is and what the parts of the cost weigh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Owners that are not connected.
    pub offline: OfflineRule,
    /// Weights of the cost.
    pub rates: Rates,
}

/// A need and everything that the answer depends on beside the resources.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What is asked for.
    pub need: &'a Need,
    /// How the owners stand to the requester now.
    pub owners: &'a Owners,
    /// What became of earlier attempts for this line.
    pub attempts: &'a Attempts,
    /// Times to the need's destination.
    pub travel: &'a Travel,
    /// How strict, which weights.
    pub policy: &'a Policy,
}

/// A question that does not belong to the inventory: a mistake of the program, not of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// An exercise must not see the ledger of actual missions, nor the other way round (invariant I8).
    #[error("a need of mode {need:?} was put to the ledger of mode {ledger:?}")]
    Mode {
        /// Of the need.
        need: Mode,
        /// Of the inventory.
        ledger: Mode,
    },
    /// The times were made on another map than the one that the resources were placed on.
    #[error("times of another road graph than the inventory's")]
    Roads,
    /// The times lead to another place than the need's destination.
    #[error("times to another destination than the need's")]
    Destination,
}

/// An owner as this need sees it.
#[derive(Clone, Copy, Debug, Default)]
struct OwnerView {
    reasons: Reasons,
    is_away: bool,
}

/// A question in the inventory's own numbers.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) question: Question<'a>,
    /// `None`: nobody has this kind or unit.
    kind: Option<u32>,
    dimension: Option<u32>,
    /// What is demanded, with the signature of it all; `None`: nobody has all of it.
    demands: Option<(u64, Vec<Ability>)>,
    /// Penalty by number of a type that would do; empty: every type.
    types: Vec<(u32, u32)>,
    substances: u64,
    is_audience: Vec<bool>,
    owners: Vec<OwnerView>,
    /// By slot; empty when nothing was tried before.
    tried: Vec<Reasons>,
    lot: u64,
    pub(super) now: i64,
    today: i32,
}

impl<'a> Filter<'a> {
    pub(super) fn new(inventory: &'a Inventory, question: Question<'a>) -> Result<Self, Mismatch> {
        let Question { need, owners, attempts, travel, policy } = question;
        if need.mode != inventory.mode() {
            return Err(Mismatch::Mode { need: need.mode, ledger: inventory.mode() });
        }
        if !travel.is_on(inventory.roads()) {
            return Err(Mismatch::Roads);
        }
        if travel.destination() != need.destination {
            return Err(Mismatch::Destination);
        }
        let words = &inventory.words;
        let owner_view = words.owners.join(owners, &OwnerView::default(), |id, owner| {
            let Owner { link, has_agreement, standing } = owner.copied().unwrap_or(Owner::UNKNOWN);
            let (is_away, is_strict) = (link != Link::Online, policy.offline == OfflineRule::Always);
            let reasons = Reasons::when(*id == need.requester, Reason::OwnResource)
                .and(Reasons::when(need.needs_agreement && !has_agreement, Reason::AgreementMissing))
                .and(Reasons::when(standing != Standing::Active, Reason::Owner))
                .and(Reasons::when(is_away && is_strict, Reason::Offline));
            OwnerView { reasons, is_away }
        });
        Ok(Self {
            kind: words.kinds.find(&need.kind),
            dimension: words.dimensions.find(need.ask.unit.dimension()),
            demands: demands(inventory, need),
            types: need
                .types
                .iter()
                .filter_map(|choice| Some((words.types.find(&choice.name)?, choice.penalty_seconds)))
                .collect(),
            substances: need
                .substances
                .iter()
                .filter_map(|substance| words.substances.find(substance))
                .fold(0, |bits, number| bits | signature_bit(number)),
            is_audience: words.audiences.table(&false, |audience| !audience.is_disjoint(&need.groups)),
            owners: owner_view,
            tried: tried(inventory, attempts),
            lot: need.ask.lot.thousandths(),
            now: need.now.as_second(),
            today: day_number(local(need.now).date()),
            inventory,
            question,
        })
    }

    pub(super) fn need(&self) -> &'a Need {
        self.question.need
    }

    /// The slots without any reason: the candidates. The kind leaves most out, what the row tells most of the rest;
    /// only then more memory is touched.
    pub(super) fn candidates(&self) -> impl Iterator<Item = u32> {
        let of_kind = (0..).zip(&self.inventory.kinds).filter(|(_, other)| self.kind == Some(**other));
        of_kind.map(|(slot, _)| slot).filter(|slot| {
            let slot = *slot as usize;
            let hot = &self.inventory.hot[slot];
            self.may_pass(slot, hot) && !self.is_endangered(slot, hot) && self.is_capable(slot, hot)
        })
    }

    fn may_pass(&self, slot: usize, hot: &Hot) -> bool {
        // Taken together, not one after the other: a branch for each would be guessed wrong too often.
        let by_row = (self.dimension == Some(hot.dimension))
            & (hot.available >= self.lot)
            & (hot.stale_after >= self.now)
            & (hot.due_day >= self.today)
            & self.demands.as_ref().is_some_and(|(bits, _)| hot.capabilities & bits == *bits);
        by_row
            && self.owners[hot.owner as usize].reasons.is_empty()
            && self.is_audience[hot.audience as usize]
            && self.is_type(hot)
            && self.tried.get(slot).is_none_or(|tried| tried.is_empty())
            && !self.question.travel.is_unreachable(hot.node)
    }

    /// All reasons why the resource in this slot is left out; none: it is a candidate.
    pub(super) fn reasons(&self, slot: usize) -> Reasons {
        let hot = &self.inventory.hot[slot];
        let owner = self.owners[hot.owner as usize];
        let is_stale = self.now > hot.stale_after;
        let is_comparable = self.dimension == Some(hot.dimension);
        let mut reasons = owner
            .reasons
            .and(Reasons::when(self.kind != Some(self.inventory.kinds[slot]), Reason::WrongKind))
            .and(Reasons::when(!is_comparable, Reason::WrongUnit))
            .and(Reasons::when(!self.is_audience[hot.audience as usize], Reason::NotVisible))
            .and(Reasons::when(is_stale, Reason::Stale))
            .and(Reasons::when(is_stale && owner.is_away, Reason::Offline))
            .and(Reasons::when(self.question.travel.is_unreachable(hot.node), Reason::Unreachable))
            .and(self.tried.get(slot).copied().unwrap_or_default())
            .and(Reasons::when(!self.is_type(hot), Reason::WrongType))
            .and(Reasons::when(!self.is_capable(slot, hot), Reason::Capability))
            .and(Reasons::when(self.is_endangered(slot, hot), Reason::SubstanceIncompatible));
        if hot.due_day < self.today {
            reasons = reasons.and(self.overdue(&self.inventory.resources[slot]));
        }
        if is_comparable && hot.available < self.lot {
            reasons = reasons.and(self.too_little(&self.inventory.resources[slot]));
        }
        reasons
    }

    fn is_type(&self, hot: &Hot) -> bool {
        self.need().types.is_empty() || self.types.iter().any(|(number, _)| *number == hot.type_name)
    }

    fn is_capable(&self, slot: usize, hot: &Hot) -> bool {
        let Some((signature, demands)) = &self.demands else { return false };
        let meets = |ability: &Ability, demand: &Ability| {
            ability.name == demand.name
                && (demand.dimension == NO_FIGURE
                    || (ability.dimension == demand.dimension && ability.amount >= demand.amount))
        };
        let has = |demand| {
            meets(&self.inventory.warm[slot].first, demand)
                || self.inventory.abilities[slot].iter().any(|ability| meets(ability, demand))
        };
        // Most are decided by the signature; only those that have all its bits are read.
        hot.capabilities & signature == *signature && demands.iter().all(has)
    }

    fn is_endangered(&self, slot: usize, hot: &Hot) -> bool {
        // With so few substances that each has its own bit, a common bit is proof.
        hot.incompatible & self.substances != 0
            && (self.inventory.words.substances.has_own_bits()
                || !self.inventory.resources[slot].incompatible.is_disjoint(&self.need().substances))
    }

    fn overdue(&self, resource: &Resource) -> Reasons {
        let is_over = |due: Option<_>| due.is_some_and(|due| day_number(due) < self.today);
        Reasons::when(is_over(resource.certificate_due), Reason::CertificateExpired)
            .and(Reasons::when(is_over(resource.inspection_due), Reason::InspectionOverdue))
    }

    /// Why the smallest lot cannot be given away: there never was so much, the floor, others, or the last two together.
    fn too_little(&self, resource: &Resource) -> Reasons {
        let Stock { total, floor, free } = resource.stock;
        let is_enough = |amount: Amount| amount.floor_to(resource.unit.granule()) >= self.need().ask.lot;
        if !is_enough(total) {
            return Reasons::when(true, Reason::Quantity);
        }
        let (without_floor, without_others) = (is_enough(free.plus(floor)), is_enough(total.minus(floor)));
        Reasons::when(without_floor || !without_others, Reason::DonorFloor)
            .and(Reasons::when(without_others || !without_floor, Reason::AlreadyCommitted))
    }

    /// Seconds that a candidate cannot cost less than; cheap to know.
    pub(super) fn least_cost(&self, slot: usize) -> u32 {
        let hot = &self.inventory.hot[slot];
        let travel = self.question.travel.least_seconds(hot.node, self.inventory.warm[slot].near);
        hot.muster_seconds.saturating_add(travel)
    }

    /// What a candidate costs and what its travel is based on; `None` when no way leads.
    pub(super) fn cost(&self, slot: usize) -> Option<(Cost, Basis)> {
        let (hot, timing) = (&self.inventory.hot[slot], &self.inventory.timing[slot]);
        let leg = self.question.travel.leg_from(timing.spot.as_ref())?;
        let substitute =
            self.types.iter().filter(|(number, _)| *number == hot.type_name).map(|found| found.1).min();
        let circumstances = Circumstances {
            now: self.now,
            muster_seconds: hot.muster_seconds,
            leg,
            substitute_seconds: substitute.unwrap_or(0),
            is_by_phone: self.is_by_phone(slot),
        };
        Some((self.question.policy.rates.cost(timing, circumstances), leg.basis))
    }

    /// Metres that a candidate drives.
    pub(super) fn metres(&self, slot: usize) -> Option<u32> {
        self.question.travel.metres_from(self.inventory.timing[slot].spot.as_ref()?)
    }

    /// The owner's node is away: it has to be called.
    pub(super) fn is_by_phone(&self, slot: usize) -> bool {
        self.owners[self.inventory.hot[slot].owner as usize].is_away
    }
}

/// The demands in the inventory's numbers; `None` when a capability or the dimension of a figure is nobody's.
fn demands(inventory: &Inventory, need: &Need) -> Option<(u64, Vec<Ability>)> {
    let mut signature = 0;
    let demands = need.demands.iter().map(|Demand { name, at_least }| {
        let name = inventory.words.capabilities.find(name)?;
        signature |= signature_bit(name);
        let Some(least) = at_least else { return Some(Ability { name, dimension: NO_FIGURE, amount: 0 }) };
        let dimension = inventory.words.dimensions.find(least.unit.dimension())?;
        Some(Ability { name, dimension, amount: least.amount.thousandths() })
    });
    let demands = demands.collect::<Option<Vec<_>>>()?;
    Some((signature, demands))
}

fn tried(inventory: &Inventory, attempts: &Attempts) -> Vec<Reasons> {
    if attempts.is_empty() {
        return Vec::new();
    }
    let mut tried = vec![Reasons::NONE; inventory.len()];
    for (id, attempt) in attempts {
        if let Some(slot) = inventory.slot(id) {
            tried[slot] = Reasons::when(
                true,
                match attempt {
                    Attempt::Declined => Reason::Declined,
                    Attempt::OnLine => Reason::OnLine,
                },
            );
        }
    }
    tried
}
