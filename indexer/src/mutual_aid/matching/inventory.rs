//! All resources of an alliance, laid out so that a hundred thousand are looked through in a millisecond.
//!
//! Whoever holds it keeps it in step with the catalog and the ledger: [`Inventory::put`], [`Inventory::remove`],
//! [`Inventory::set_free`]. What is looked at for many resources lies together in 64 bytes, words as small numbers; the
//! rest is touched only for those that are left.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{
    Timestamp, Zoned,
    civil::Date,
    tz::{TimeZone, offset},
};
use shouwang_proto::id::{GroupId, MemberId, PublicationName};

use super::{
    amount::{Amount, Dimension},
    capability::{Capability, Word},
    interned::{Interned, signature_bit},
    need::Mode,
    place::{Near, Place},
    resource::{Availability, Resource},
    roads::{NO_NODE, Roads, Spot},
};

/// What the filter looks at for every resource of the kind; one line of the processor's cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Hot {
    /// Signatures: see [`signature_bit`].
    pub(super) capabilities: u64,
    pub(super) incompatible: u64,
    /// Thousandths of the base unit that can be given away now; of counted things whole ones.
    pub(super) available: u64,
    /// Second after which its availability is out of date.
    pub(super) stale_after: i64,
    pub(super) type_name: u32,
    pub(super) dimension: u32,
    pub(super) audience: u32,
    pub(super) owner: u32,
    /// Last day on which certificate and inspection both hold.
    pub(super) due_day: i32,
    /// Nearest node of the graph, [`NO_NODE`] off the graph or without a place.
    pub(super) node: u32,
    pub(super) muster_seconds: u32,
}

/// What is looked at next, of those that the row does not leave out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Warm {
    /// One of its capabilities, with a figure if any has one: mostly it decides, and the others are not read.
    pub(super) first: Ability,
    /// Where it stands, as well as a lower bound of its cost needs it.
    pub(super) near: Near,
}

/// What the cost of a candidate is made of.
#[derive(Clone, Debug)]
pub(super) struct Timing {
    pub(super) spot: Option<Spot>,
    pub(super) reported_at: i64,
    pub(super) holds_seconds: u32,
    pub(super) rest_wanted: u32,
    pub(super) rest_since: i64,
    pub(super) is_pre_authorised: bool,
}

/// One capability in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ability {
    pub(super) name: u32,
    /// Number of the figure's dimension; [`NO_FIGURE`] without one.
    pub(super) dimension: u32,
    /// Thousandths of the figure's base unit.
    pub(super) amount: u64,
}

/// Stands for the dimension of a capability without figure.
pub(super) const NO_FIGURE: u32 = u32::MAX;
/// Stands for the capability of a resource that has none; nothing ever demands it.
const NO_ABILITY: Ability = Ability { name: u32::MAX, dimension: NO_FIGURE, amount: 0 };

/// Small numbers for the words of all resources.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    pub(super) kinds: Interned<String>,
    pub(super) types: Interned<Word>,
    pub(super) dimensions: Interned<Dimension>,
    pub(super) capabilities: Interned<Word>,
    pub(super) substances: Interned<Word>,
    pub(super) audiences: Interned<BTreeSet<GroupId>>,
    pub(super) owners: Interned<MemberId>,
}

/// The resources of an alliance with the quantities of one ledger.
#[derive(Clone, Debug)]
pub struct Inventory {
    mode: Mode,
    roads: Option<Arc<Roads>>,
    pub(super) resources: Vec<Resource>,
    /// Looked through first, so it lies apart: most resources are of another kind.
    pub(super) kinds: Vec<u32>,
    pub(super) hot: Vec<Hot>,
    pub(super) warm: Vec<Warm>,
    pub(super) timing: Vec<Timing>,
    /// Those with a figure first.
    pub(super) abilities: Vec<Box<[Ability]>>,
    pub(super) words: Words,
    slots: BTreeMap<PublicationName, usize>,
    /// How many rows have come or moved since they were last ordered by kind.
    disordered: usize,
}

impl Inventory {
    /// None yet. `mode` names the ledger that the quantities come from: needs of another mode are refused.
    #[must_use]
    pub fn new(mode: Mode, roads: Option<Arc<Roads>>) -> Self {
        Self {
            mode,
            roads,
            resources: Vec::new(),
            kinds: Vec::new(),
            hot: Vec::new(),
            warm: Vec::new(),
            timing: Vec::new(),
            abilities: Vec::new(),
            words: Words::default(),
            slots: BTreeMap::new(),
            disordered: 0,
        }
    }

    /// The ledger that the quantities come from.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The roads that places are seen from.
    #[must_use]
    pub fn roads(&self) -> Option<&Arc<Roads>> {
        self.roads.as_ref()
    }

    /// How many resources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    pub(super) fn slot(&self, id: &PublicationName) -> Option<usize> {
        self.slots.get(id).copied()
    }

    /// A resource by its id.
    #[must_use]
    pub fn get(&self, id: &PublicationName) -> Option<&Resource> {
        self.slots.get(id).map(|slot| &self.resources[*slot])
    }

    /// Adds a resource, or puts it in the place of the one with the same id.
    pub fn put(&mut self, resource: Resource) {
        let (hot, timing) = self.lay_out(&resource);
        let (kind, abilities) = (self.words.kinds.take(&resource.kind), self.words.abilities(&resource));
        let first = abilities.first().copied().unwrap_or(NO_ABILITY);
        let warm = Warm { first, near: Near::of(resource.place) };
        if let Some(slot) = self.slots.get(&resource.id).copied() {
            let old = std::mem::replace(&mut self.resources[slot], resource);
            (self.kinds[slot], self.abilities[slot], self.warm[slot]) = (kind, abilities, warm);
            (self.hot[slot], self.timing[slot]) = (hot, timing);
            self.words.release(&old);
        } else {
            self.slots.insert(resource.id.clone(), self.resources.len());
            self.resources.push(resource);
            self.kinds.push(kind);
            self.hot.push(hot);
            self.warm.push(warm);
            self.timing.push(timing);
            self.abilities.push(abilities);
            self.disordered += 1;
            // Now and then, so that on the whole it costs no more than adding.
            if self.disordered > 1_024 + self.resources.len() / 4 {
                self.order();
            }
        }
    }

    /// Takes a resource out; `None` when it is not there.
    pub fn remove(&mut self, id: &PublicationName) -> Option<Resource> {
        let slot = self.slots.remove(id)?;
        let gone = self.resources.swap_remove(slot);
        self.kinds.swap_remove(slot);
        self.hot.swap_remove(slot);
        self.warm.swap_remove(slot);
        self.timing.swap_remove(slot);
        self.abilities.swap_remove(slot);
        if let Some(moved) = self.resources.get(slot) {
            self.slots.insert(moved.id.clone(), slot);
            self.disordered += 1;
        }
        self.words.release(&gone);
        Some(gone)
    }

    /// What the ledger says is free, in the base of the resource's unit. False when the resource is not there.
    pub fn set_free(&mut self, id: &PublicationName, free: Amount) -> bool {
        let Some(slot) = self.slots.get(id).copied() else { return false };
        self.resources[slot].stock.free = free;
        self.hot[slot].available = available(&self.resources[slot]);
        true
    }

    /// What the owner says of its availability. False when the resource is not there.
    pub fn set_availability(&mut self, id: &PublicationName, availability: Availability) -> bool {
        let Some(slot) = self.slots.get(id).copied() else { return false };
        self.resources[slot].availability = availability;
        self.hot[slot].stale_after = stale_after(availability);
        self.timing[slot].reported_at = availability.reported_at.as_second();
        self.timing[slot].holds_seconds = availability.holds_seconds;
        true
    }

    /// Another map, or none: every place is looked up on it.
    pub fn set_roads(&mut self, roads: Option<Arc<Roads>>) {
        self.roads = roads;
        for slot in 0..self.resources.len() {
            let spot = self.spot(self.resources[slot].place);
            self.hot[slot].node = node_of(spot);
            self.timing[slot].spot = spot;
        }
    }

    /// Lays resources of a kind side by side. No answer depends on it; it saves waiting for memory.
    fn order(&mut self) {
        let resources = std::mem::take(&mut self.resources).into_iter();
        let rows = std::mem::take(&mut self.hot).into_iter().zip(std::mem::take(&mut self.timing));
        let able = std::mem::take(&mut self.warm).into_iter().zip(std::mem::take(&mut self.abilities));
        let mut all: Vec<_> = self.kinds.drain(..).zip(resources).zip(rows.zip(able)).collect();
        all.sort_by_key(|((kind, _), _)| *kind);
        for (slot, ((kind, resource), ((hot, timing), (warm, abilities)))) in all.into_iter().enumerate() {
            if let Some(place) = self.slots.get_mut(&resource.id) {
                *place = slot;
            }
            self.kinds.push(kind);
            self.resources.push(resource);
            self.hot.push(hot);
            self.warm.push(warm);
            self.timing.push(timing);
            // A copy lies beside the one before.
            self.abilities.push(abilities.iter().copied().collect());
        }
        self.disordered = 0;
    }

    fn spot(&self, place: Option<Place>) -> Option<Spot> {
        place.map(|place| Spot::new(place, self.roads.as_deref()))
    }

    fn lay_out(&mut self, resource: &Resource) -> (Hot, Timing) {
        let spot = self.spot(resource.place);
        let words = &mut self.words;
        let mut capabilities = 0;
        for capability in &resource.capabilities {
            capabilities |= signature_bit(words.capabilities.take(&capability.name));
        }
        let mut incompatible = 0;
        for substance in &resource.incompatible {
            incompatible |= signature_bit(words.substances.take(substance));
        }
        let dues = [resource.certificate_due, resource.inspection_due];
        let hot = Hot {
            capabilities,
            incompatible,
            available: available(resource),
            stale_after: stale_after(resource.availability),
            type_name: words.types.take(&resource.type_name),
            dimension: words.dimensions.take(resource.unit.dimension()),
            audience: words.audiences.take(&resource.audience),
            owner: words.owners.take(&resource.id.member),
            due_day: dues.into_iter().flatten().map(day_number).min().unwrap_or(i32::MAX),
            node: node_of(spot),
            muster_seconds: resource.muster_seconds,
        };
        let timing = Timing {
            spot,
            reported_at: resource.availability.reported_at.as_second(),
            holds_seconds: resource.availability.holds_seconds,
            rest_wanted: resource.rest.map_or(0, |rest| rest.wanted_seconds),
            rest_since: resource.rest.map_or(0, |rest| rest.since.as_second()),
            is_pre_authorised: resource.pre_authorised,
        };
        (hot, timing)
    }
}

impl Words {
    fn abilities(&mut self, resource: &Resource) -> Box<[Ability]> {
        let abilities = resource.capabilities.iter().map(|Capability { name, figure }| Ability {
            name: self.capabilities.find(name).unwrap_or(u32::MAX),
            dimension: figure
                .as_ref()
                .map_or(NO_FIGURE, |figure| self.dimensions.take(figure.unit.dimension())),
            amount: figure.as_ref().map_or(0, |figure| figure.amount.thousandths()),
        });
        let mut abilities: Box<[_]> = abilities.collect();
        abilities.sort_by_key(|ability: &Ability| ability.dimension == NO_FIGURE);
        abilities
    }

    fn release(&mut self, resource: &Resource) {
        self.kinds.release(&resource.kind);
        self.types.release(&resource.type_name);
        self.dimensions.release(resource.unit.dimension());
        self.audiences.release(&resource.audience);
        self.owners.release(&resource.id.member);
        for capability in &resource.capabilities {
            self.capabilities.release(&capability.name);
            if let Some(figure) = &capability.figure {
                self.dimensions.release(figure.unit.dimension());
            }
        }
        for substance in &resource.incompatible {
            self.substances.release(substance);
        }
    }
}

impl Extend<Resource> for Inventory {
    fn extend<I: IntoIterator<Item = Resource>>(&mut self, resources: I) {
        for resource in resources {
            self.put(resource);
        }
        self.order();
    }
}

fn available(resource: &Resource) -> u64 {
    resource.stock.free.min(resource.stock.total).floor_to(resource.unit.granule()).thousandths()
}

fn stale_after(availability: Availability) -> i64 {
    availability.reported_at.as_second() + i64::from(availability.holds_seconds)
}

fn node_of(spot: Option<Spot>) -> u32 {
    spot.map_or(NO_NODE, |spot| spot.node)
}

/// Days since 1970-01-01.
pub(super) fn day_number(date: Date) -> i32 {
    Date::constant(1970, 1, 1).until(date).map_or(i32::MAX, |span| span.get_days())
}

/// A time as the clocks on the wall of the alliance show it: +08:00, without summer time.
pub(super) fn local(time: Timestamp) -> Zoned {
    time.to_zoned(TimeZone::fixed(offset(8)))
}
