//! The way itself, for those who draw it: over which crossings it leads, and which pieces of road nobody may drive now.

use std::collections::BTreeMap;

use super::{Conditions, Leg, NONE, Roads, Travel};
use crate::mutual_aid::matching::place::Place;

/// A way to the destination.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Where it begins, over which crossings it leads, where it ends. Off the roads only both ends: nobody knows the rest.
    pub bends: Vec<Place>,
    /// Metres of it, on the roads or as estimated.
    pub metres: u32,
    /// How long it takes, and what that is based on.
    pub leg: Leg,
}

/// Pieces of road that are not as they always are, each by its two ends, in the order of the graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Affected {
    /// Nobody may drive there.
    pub blocked: Vec<[Place; 2]>,
    /// It takes longer there.
    pub slowed: Vec<[Place; 2]>,
}

impl Travel {
    /// The way from a place; `None` when the place is on the graph and no way leads.
    #[must_use]
    pub fn way(&self, from: Place) -> Option<Way> {
        let spot = self.spot(from);
        let (leg, metres) = (self.leg_from(Some(&spot))?, self.metres_from(&spot)?);
        let bends = [from].into_iter().chain(self.crossings(&spot)).chain([self.destination()]).collect();
        Some(Way { bends, metres, leg })
    }
}

impl Roads {
    /// Where a route leads, crossing by crossing.
    pub(super) fn places_of(&self, route: &[u32]) -> Vec<Place> {
        route.iter().filter_map(|node| self.nodes.get(*node as usize)).map(|node| node.place).collect()
    }

    /// What these conditions change. A piece that is blocked in one direction counts as blocked.
    #[must_use]
    pub fn affected(&self, conditions: &Conditions) -> Affected {
        let mut worst: BTreeMap<u32, bool> = BTreeMap::new();
        for (arc, &millis) in self.arcs.iter().zip(&conditions.arc_millis) {
            if millis > arc.millis {
                let is_blocked = worst.entry(arc.edge).or_default();
                *is_blocked = *is_blocked || millis == NONE;
            }
        }
        let mut affected = Affected::default();
        for (edge, is_blocked) in worst {
            let edge = &self.edges[edge as usize];
            let ends = [edge.from, edge.to].map(|end| self.nodes[end as usize].place);
            if is_blocked { affected.blocked.push(ends) } else { affected.slowed.push(ends) }
        }
        affected
    }
}
