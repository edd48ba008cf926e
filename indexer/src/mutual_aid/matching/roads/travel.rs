//! How long it takes from where a resource stands to where it is needed, and what that is based on.

use std::sync::Arc;

use super::{Conditions, NONE, Reach, Roads, Snap};
use crate::mutual_aid::matching::place::{Bearing, Near, Place};

/// What a time of travel is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The park's road graph with today's closures and plumes.
    Roads,
    /// Distance as the crow flies times a detour, by a speed. Knows of no closure.
    StraightLine,
    /// Nobody knows where the resource stands; a fixed time is assumed.
    Unknown,
}

impl Basis {
    /// Stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Roads => "ROADS",
            Self::StraightLine => "STRAIGHT_LINE",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Chinese and English label; shown wherever the time is shown.
    #[must_use]
    pub fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Roads => ("园区路网", "park roads"),
            Self::StraightLine => ("直线估算", "straight-line estimate"),
            Self::Unknown => ("位置不明，按假定", "place unknown, assumed"),
        }
    }
}

/// How fast people travel where the graph does not say it. Own values, to be corrected by drills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Metres of road for 100 metres as the crow flies.
    pub detour_percent: u32,
    /// km/h of the straight-line estimate, at least 1.
    pub straight_kmh: u32,
    /// km/h between a place and the nearest node of the graph, at least 1.
    pub access_kmh: u32,
    /// Seconds that are assumed when nobody knows where the resource stands.
    pub unknown_seconds: u32,
}

impl Default for Pace {
    /// 1.35 times the distance at 30 km/h; 10 km/h off the graph; half an hour from nobody knows where.
    fn default() -> Self {
        Self { detour_percent: 135, straight_kmh: 30, access_kmh: 10, unknown_seconds: 1_800 }
    }
}

/// One way to the destination, in whole seconds, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Driving.
    pub travel_seconds: u32,
    /// Waiting at gates.
    pub gate_seconds: u32,
    /// What it is based on.
    pub basis: Basis,
}

/// Where a resource stands, seen from the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::mutual_aid::matching) struct Spot {
    pub(in crate::mutual_aid::matching) bearing: Bearing,
    /// [`NONE`] when it is off the graph.
    pub(in crate::mutual_aid::matching) node: u32,
    /// Metres to the node.
    pub(in crate::mutual_aid::matching) access_metres: f64,
}

impl Spot {
    pub(in crate::mutual_aid::matching) fn new(place: Place, roads: Option<&Roads>) -> Self {
        let snap = roads.and_then(|roads| roads.snap(place)).unwrap_or(Snap { node: NONE, metres: 0.0 });
        Self { bearing: place.bearing(), node: snap.node, access_metres: snap.metres }
    }
}

#[derive(Clone, Debug)]
struct ByRoad {
    roads: Arc<Roads>,
    reach: Reach,
    /// Metres and seconds from the last node to the destination.
    access_metres: f64,
    access_seconds: f64,
    is_cut_off: bool,
}

/// The times from everywhere to one destination.
#[derive(Clone, Debug)]
pub struct Travel {
    destination: Place,
    bearing: Bearing,
    near: Near,
    pace: Pace,
    by_road: Option<ByRoad>,
}

impl Travel {
    /// Estimates by straight lines: no graph is loaded.
    #[must_use]
    pub fn straight(destination: Place, pace: Pace) -> Self {
        let (bearing, near) = (destination.bearing(), Near::of(Some(destination)));
        Self { destination, bearing, near, pace, by_road: None }
    }

    /// Times on the roads as they are now. A destination farther than [`super::SNAP_METRES`] from every road gets
    /// straight-line estimates.
    #[must_use]
    pub fn on(roads: &Arc<Roads>, conditions: &Conditions, destination: Place, pace: Pace) -> Self {
        let mut travel = Self::straight(destination, pace);
        travel.by_road = roads.snap(destination).map(|Snap { node, metres }| ByRoad {
            reach: roads.reach(conditions, node),
            access_metres: metres,
            access_seconds: seconds(metres, pace.access_kmh),
            is_cut_off: roads.is_cut_off(conditions, node),
            roads: Arc::clone(roads),
        });
        travel
    }

    /// Where it leads.
    #[must_use]
    pub fn destination(&self) -> Place {
        self.destination
    }

    /// What the times of most resources are based on; one off the graph has a straight-line estimate nevertheless.
    #[must_use]
    pub fn basis(&self) -> Basis {
        if self.by_road.is_some() { Basis::Roads } else { Basis::StraightLine }
    }

    /// Every way into the destination is blocked: choose a staging area outside.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.by_road.as_ref().is_some_and(|by_road| by_road.is_cut_off)
    }

    /// The times from all nodes, to show the way on a map; `None` with straight lines.
    #[must_use]
    pub fn reach(&self) -> Option<&Reach> {
        self.by_road.as_ref().map(|by_road| &by_road.reach)
    }

    /// The way from a place; `None` when the place is on the graph and no way leads.
    #[must_use]
    pub fn leg(&self, from: Place) -> Option<Leg> {
        self.leg_from(Some(&self.spot(from)))
    }

    /// A place, seen from these roads.
    pub(super) fn spot(&self, place: Place) -> Spot {
        Spot::new(place, self.by_road.as_ref().map(|by_road| by_road.roads.as_ref()))
    }

    /// The crossings on the way from a spot; none off the roads.
    pub(super) fn crossings(&self, spot: &Spot) -> Vec<Place> {
        let route = |by_road: &ByRoad| by_road.roads.places_of(&by_road.reach.route(spot.node));
        self.road_of(spot).map_or_else(Vec::new, route)
    }

    /// The way from a spot; from nobody knows where it is assumed.
    pub(in crate::mutual_aid::matching) fn leg_from(&self, spot: Option<&Spot>) -> Option<Leg> {
        let Some(spot) = spot else {
            let travel_seconds = self.pace.unknown_seconds;
            return Some(Leg { travel_seconds, gate_seconds: 0, basis: Basis::Unknown });
        };
        let Some(by_road) = self.road_of(spot) else {
            let travel_seconds = whole(seconds(self.estimated_metres(spot), self.pace.straight_kmh));
            return Some(Leg { travel_seconds, gate_seconds: 0, basis: Basis::StraightLine });
        };
        let (total, gates) = (by_road.reach.millis(spot.node)?, by_road.reach.gate_millis(spot.node));
        let access = seconds(spot.access_metres, self.pace.access_kmh) + by_road.access_seconds;
        Some(Leg {
            travel_seconds: whole(f64::from(total - gates) / 1000.0 + access),
            gate_seconds: gates.div_ceil(1000),
            basis: Basis::Roads,
        })
    }

    /// Seconds that the way from a spot does not take less than, gates included: a bound that is cheap to know. `node` is
    /// the spot's node, [`NONE`] off the graph.
    pub(in crate::mutual_aid::matching) fn least_seconds(&self, node: u32, near: Near) -> u32 {
        if let Some(by_road) = self.by_road.as_ref().filter(|_| node != NONE) {
            return by_road.reach.millis(node).map_or(NONE, |millis| millis / 1000);
        }
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let (detour, kmh) = (self.pace.detour_percent as f32, self.pace.straight_kmh.max(1) as f32);
        // A little less, for what the steps round up.
        let seconds = self.near.least_metres(near) * detour * 0.035_999 / kmh;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and saturates"
        )]
        let seconds = seconds as u32;
        seconds
    }

    /// Metres from a spot, on the roads or as estimated; `None` when no way leads.
    pub(in crate::mutual_aid::matching) fn metres_from(&self, spot: &Spot) -> Option<u32> {
        let Some(by_road) = self.road_of(spot) else { return Some(whole(self.estimated_metres(spot))) };
        let on_roads = by_road.roads.route_metres(&by_road.reach.route(spot.node))?;
        Some(whole(on_roads + spot.access_metres + by_road.access_metres))
    }

    fn road_of(&self, spot: &Spot) -> Option<&ByRoad> {
        self.by_road.as_ref().filter(|_| spot.node != NONE)
    }

    fn estimated_metres(&self, spot: &Spot) -> f64 {
        spot.bearing.metres_to(self.bearing) * f64::from(self.pace.detour_percent) / 100.0
    }

    /// True when the node is on the graph and no way leads from it.
    pub(in crate::mutual_aid::matching) fn is_unreachable(&self, node: u32) -> bool {
        node != NONE && self.by_road.as_ref().is_some_and(|by_road| by_road.reach.millis(node).is_none())
    }

    /// True when spots seen from `roads` fit these times.
    pub(in crate::mutual_aid::matching) fn is_on(&self, roads: Option<&Arc<Roads>>) -> bool {
        match (&self.by_road, roads) {
            (None, _) => true,
            (Some(by_road), Some(roads)) => Arc::ptr_eq(&by_road.roads, roads),
            (Some(_), None) => false,
        }
    }
}

fn seconds(metres: f64, kmh: u32) -> f64 {
    metres * 3.6 / f64::from(kmh.max(1))
}

fn whole(seconds: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and saturates: once around the earth on foot is below 2^32 seconds"
    )]
    let whole = seconds.ceil() as u32;
    whole
}
