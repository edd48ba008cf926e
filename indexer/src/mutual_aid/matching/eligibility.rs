//! Who can serve a need at all: hard filters, each with its reason.

use super::{
    amount::Amount,
    cost::{Circumstances, Cost, Rates},
    interned::signature_bit,
    inventory::{Hot, Inventory, day_number, local},
    need::{Mode, Need},
    reason::{Exclusion, Reason, Reasons},
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

/// A question in the inventory's own numbers.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    inventory: &'a Inventory,
    question: Question<'a>,
    /// `None`: nobody has this kind, unit or a demanded capability.
    kind: Option<u32>,
    dimension: Option<u32>,
    capabilities: Option<u64>,
    /// Penalty by number of a type that would do; empty: every type.
    types: Vec<(u32, u32)>,
    substances: u64,
    is_audience: Vec<bool>,
    owner_reasons: Vec<Reasons>,
    /// What is added when the availability is out of date.
    owner_when_stale: Vec<Reasons>,
    owner_by_phone: Vec<bool>,
    /// By slot; empty when nothing was tried before.
    tried: Vec<Reasons>,
    lot: u64,
    now: i64,
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
        let owner = |id: &_| owners.get(id).copied().unwrap_or(Owner::UNKNOWN);
        let is_away = |id: &_| owner(id).link != Link::Online;
        let owner_reasons = words.owners.table(&Reasons::NONE, |id| {
            let Owner { link: _, has_agreement, standing } = owner(id);
            let offline = is_away(id) && policy.offline == OfflineRule::Always;
            Reasons::when(*id == need.requester, Reason::OwnResource)
                .and(Reasons::when(need.needs_agreement && !has_agreement, Reason::AgreementMissing))
                .and(Reasons::when(standing != Standing::Active, Reason::Owner))
                .and(Reasons::when(offline, Reason::Offline))
        });
        let numbers = need.demands.iter().map(|demand| words.capabilities.find(&demand.name));
        Ok(Self {
            kind: words.kinds.find(&need.kind),
            dimension: words.dimensions.find(need.ask.unit.dimension()),
            capabilities: numbers.map(|number| number.map(signature_bit)).try_fold(0, |bits, bit| Some(bits | bit?)),
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
            owner_reasons,
            owner_when_stale: words
                .owners
                .table(&Reasons::NONE, |id| Reasons::when(is_away(id), Reason::Offline)),
            owner_by_phone: words.owners.table(&false, is_away),
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

    /// Why the resource in this slot is left out; none: it is a candidate.
    pub(super) fn reasons(&self, slot: usize) -> Reasons {
        let hot = &self.inventory.hot[slot];
        let owner = hot.owner as usize;
        let is_stale = self.now > hot.stale_after;
        let is_comparable = self.dimension == Some(hot.dimension);
        let mut reasons = self.owner_reasons[owner]
            .and(Reasons::when(self.kind != Some(hot.kind), Reason::WrongKind))
            .and(Reasons::when(!is_comparable, Reason::WrongUnit))
            .and(Reasons::when(!self.is_audience[hot.audience as usize], Reason::NotVisible))
            .and(Reasons::when(is_stale, Reason::Stale))
            .and(Reasons::when(self.question.travel.is_unreachable(hot.node), Reason::Unreachable))
            .and(self.tried.get(slot).copied().unwrap_or_default())
            .and(Reasons::when(!self.is_type(hot), Reason::WrongType))
            .and(Reasons::when(!self.is_capable(slot, hot), Reason::Capability))
            .and(Reasons::when(self.is_endangered(slot, hot), Reason::SubstanceIncompatible));
        if is_stale {
            reasons = reasons.and(self.owner_when_stale[owner]);
        }
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
        let Some(wanted) = self.capabilities else { return false };
        // Most are decided by the signature; only those that have all its bits are read.
        wanted == 0
            || (hot.capabilities & wanted == wanted
                && self
                    .need()
                    .demands
                    .iter()
                    .all(|demand| demand.is_met_by(&self.inventory.resources[slot].capabilities)))
    }

    fn is_endangered(&self, slot: usize, hot: &Hot) -> bool {
        hot.incompatible & self.substances != 0
            && !self.inventory.resources[slot].incompatible.is_disjoint(&self.need().substances)
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
        self.inventory.hot[slot].muster_seconds
    }

    /// What a candidate costs and what its travel is based on; `None` when no way leads.
    pub(super) fn cost(&self, slot: usize) -> Option<(Cost, Basis)> {
        let (hot, timing) = (&self.inventory.hot[slot], &self.inventory.timing[slot]);
        let leg = self.question.travel.leg_from(timing.spot.as_ref())?;
        let substitute = self.types.iter().filter(|(number, _)| *number == hot.type_name).map(|found| found.1).min();
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
        self.owner_by_phone[self.inventory.hot[slot].owner as usize]
    }

    /// The same reasons as [`Filter::reasons`], with figures.
    pub(super) fn explain(&self, slot: usize) -> Vec<Exclusion> {
        let resource = &self.inventory.resources[slot];
        self.reasons(slot).iter().map(|reason| self.figures(reason, resource)).collect()
    }

    fn figures(&self, reason: Reason, resource: &Resource) -> Exclusion {
        let Question { need, owners, travel, .. } = self.question;
        let (unit, stock) = (&need.ask.unit, resource.stock);
        let wanted = || unit.show(need.ask.lot);
        match reason {
            Reason::WrongKind => Exclusion::WrongKind { asked: need.kind.clone(), has: resource.kind.clone() },
            Reason::WrongType => Exclusion::WrongType { has: resource.type_name.clone() },
            Reason::Capability => Exclusion::Capability { gaps: gaps(need, resource) },
            Reason::WrongUnit => Exclusion::WrongUnit {
                asked: need.ask.unit.code().to_owned(),
                has: resource.unit.code().to_owned(),
            },
            Reason::Quantity => Exclusion::Quantity { wanted: wanted(), total: unit.show(stock.total) },
            Reason::DonorFloor => Exclusion::DonorFloor {
                wanted: wanted(),
                free: unit.show(stock.free),
                floor: unit.show(stock.floor),
            },
            Reason::AlreadyCommitted => Exclusion::AlreadyCommitted {
                wanted: wanted(),
                free: unit.show(stock.free),
                taken: unit.show(stock.taken()),
            },
            Reason::CertificateExpired => {
                Exclusion::CertificateExpired { due: resource.certificate_due.unwrap_or_default() }
            }
            Reason::InspectionOverdue => {
                Exclusion::InspectionOverdue { due: resource.inspection_due.unwrap_or_default() }
            }
            Reason::AgreementMissing => Exclusion::AgreementMissing { owner: resource.id.member.clone() },
            Reason::SubstanceIncompatible => Exclusion::SubstanceIncompatible {
                substances: resource.incompatible.intersection(&need.substances).cloned().collect(),
            },
            Reason::Stale => Exclusion::Stale {
                reported_at: resource.availability.reported_at,
                age_minutes: (self.now - resource.availability.reported_at.as_second()) / 60,
                holds_minutes: i64::from(resource.availability.holds_seconds) / 60,
            },
            Reason::Offline => Exclusion::Offline {
                link: owner_of(owners, resource).link,
            },
            Reason::NotVisible => Exclusion::NotVisible,
            Reason::OwnResource => Exclusion::OwnResource,
            Reason::Declined => Exclusion::Declined,
            Reason::OnLine => Exclusion::OnLine,
            Reason::Owner => Exclusion::Owner { standing: owner_of(owners, resource).standing },
            Reason::Unreachable => Exclusion::Unreachable { is_destination_cut_off: travel.is_cut_off() },
        }
    }
}

fn owner_of(owners: &Owners, resource: &Resource) -> Owner {
    owners.get(&resource.id.member).copied().unwrap_or(Owner::UNKNOWN)
}

fn tried(inventory: &Inventory, attempts: &Attempts) -> Vec<Reasons> {
    if attempts.is_empty() {
        return Vec::new();
    }
    let mut tried = vec![Reasons::NONE; inventory.len()];
    for (id, attempt) in attempts {
        if let Some(slot) = inventory.slot(id) {
            tried[slot] = Reasons::when(true, match attempt {
                Attempt::Declined => Reason::Declined,
                Attempt::OnLine => Reason::OnLine,
            });
        }
    }
    tried
}

/// Every demand that is not met, with what the owner says of it.
fn gaps(need: &Need, resource: &Resource) -> Vec<(String, Option<String>)> {
    let unmet = need.demands.iter().filter(|demand| !demand.is_met_by(&resource.capabilities));
    unmet
        .map(|demand| {
            let name = demand.name.as_str();
            let wanted = match &demand.at_least {
                Some(least) => format!("{name} ≥ {}", least.show()),
                None => name.to_owned(),
            };
            let has = resource.capabilities.iter().filter(|capability| capability.name == demand.name).map(
                |capability| {
                    capability.figure.as_ref().map_or_else(|| "未标数值 / no figure".to_owned(), |it| it.show())
                },
            );
            (wanted, has.max())
        })
        .collect()
}
