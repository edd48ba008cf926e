//! The candidates of one need, cheapest first, and the reasons of all others.

use std::{cmp::Ordering, collections::BTreeMap};

use shouwang_proto::id::PublicationName;

use super::{
    amount::Amount,
    cost::{Cheapest, Cost},
    eligibility::{Filter, Mismatch, Question},
    exclusion::Exclusion,
    inventory::Inventory,
    reason::{Reason, Reasons},
    resource::Resource,
    roads::Basis,
};

/// How many candidates a dispatcher is shown.
pub const CANDIDATES: usize = 64;

/// A resource that could serve the need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub id: PublicationName,
    /// What of it can be given away now; may be more or less than is asked.
    pub available: Amount,
    /// Seconds until it helps, in parts.
    pub cost: Cost,
    /// What the travel is based on.
    pub basis: Basis,
    /// Metres to drive, on the roads or as estimated; `None` when nobody knows where it stands.
    pub metres: Option<u32>,
    /// It may be sent without asking its owner again.
    pub pre_authorised: bool,
    /// Its owner's node is away: call the duty contact.
    pub by_phone: bool,
}

/// The answer to a question. It stands for the inventory as it was: nothing changes while somebody looks at it.
#[derive(Debug)]
pub struct Ranking<'a> {
    inventory: &'a Inventory,
    filter: Filter<'a>,
    candidates: Vec<Candidate>,
    eligible: usize,
}

/// Finds the `limit` cheapest candidates of a need, and why every other resource is none. Equal costs are ordered by id,
/// so the order in which resources came does not matter.
///
/// # Errors
/// [`Mismatch`], when the question is not for this inventory.
pub fn rank<'a>(
    inventory: &'a Inventory,
    question: Question<'a>,
    limit: usize,
) -> Result<Ranking<'a>, Mismatch> {
    let filter = Filter::new(inventory, question)?;
    let mut cheapest = Cheapest::new(limit);
    let before = |a: u32, b: u32| by_id(inventory, a, b);
    let mut eligible = 0;
    for slot in filter.candidates() {
        eligible += 1;
        if cheapest.is_too_dear(filter.least_cost(slot as usize)) {
            continue;
        }
        if let Some((cost, _)) = filter.cost(slot as usize) {
            cheapest.offer(cost.total(), slot, &before);
        }
    }
    let sorted = cheapest.into_sorted(&before);
    let candidates =
        sorted.into_iter().filter_map(|(_, slot)| candidate(inventory, &filter, slot as usize)).collect();
    Ok(Ranking { inventory, filter, candidates, eligible })
}

fn by_id(inventory: &Inventory, a: u32, b: u32) -> Ordering {
    inventory.resources[a as usize].id.cmp(&inventory.resources[b as usize].id)
}

pub(super) fn candidate(inventory: &Inventory, filter: &Filter<'_>, slot: usize) -> Option<Candidate> {
    let (cost, basis) = filter.cost(slot)?;
    let resource = &inventory.resources[slot];
    Some(Candidate {
        id: resource.id.clone(),
        available: Amount::from_thousandths(inventory.hot[slot].available),
        cost,
        basis,
        metres: filter.metres(slot),
        pre_authorised: resource.pre_authorised,
        by_phone: filter.is_by_phone(slot),
    })
}

impl<'a> Ranking<'a> {
    /// The cheapest candidates, cheapest first.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// How many resources are candidates, those beyond the limit included.
    #[must_use]
    pub fn eligible(&self) -> usize {
        self.eligible
    }

    /// How many resources are left out for each reason; one may count under several.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Reason, usize> {
        let mut counts = [0; Reason::ALL.len()];
        for slot in 0..self.inventory.len() {
            for reason in self.filter.reasons(slot).iter() {
                counts[reason as usize] += 1;
            }
        }
        Reason::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect()
    }

    /// Every resource that is left out, with all its reasons. They are found as they are asked for.
    ///
    /// For dispatchers. Whoever acts for the requester must not be shown those that have [`Reason::NotVisible`]: that a
    /// resource exists is a secret too.
    pub fn excluded(&self) -> impl Iterator<Item = (&'a Resource, Reasons)> {
        let resources = self.inventory.resources.iter().enumerate();
        resources
            .map(|(slot, resource)| (resource, self.filter.reasons(slot)))
            .filter(|(_, found)| !found.is_empty())
    }

    /// Why one resource is left out, with figures; empty when it is a candidate; `None` when it is not there.
    #[must_use]
    pub fn explain(&self, id: &PublicationName) -> Option<Vec<Exclusion>> {
        self.inventory.slot(id).map(|slot| self.filter.explain(slot))
    }
}
