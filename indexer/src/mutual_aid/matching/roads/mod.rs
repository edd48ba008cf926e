//! The park's roads: how long it takes from everywhere to one place, with what is closed right now.
//!
//! A graph is drawn up once ([`Roads::parse`], [`Roads::build`]); for every question [`Roads::conditions`] lays closures
//! and plumes over it and [`Roads::reach`] gives the times from all nodes at once. Own code instead of a graph library:
//! the arcs lie in reverse order and their weights beside them, so that a closure is one number and never a new graph.

mod check;
mod conditions;
mod format;
mod queue;
mod reach;
mod snap;
mod travel;
mod way;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

pub use check::{EdgeDraft, NodeDraft, RoadsDraft};
pub use conditions::{Closure, Conditions, Effect, Plume, PlumeError};
pub use reach::Reach;
pub use snap::{SNAP_METRES, Snap};
pub(super) use travel::Spot;
pub use travel::{Basis, Leg, Pace, Travel};
pub use way::{Affected, Way};

use super::place::Place;
use snap::Grid;

/// Most nodes of a graph.
pub const NODE_LIMIT: usize = 200_000;
/// Most edges of a graph.
pub const EDGE_LIMIT: usize = 500_000;

/// "No way": as a time, as a node.
const NONE: u32 = u32::MAX;
/// Stands for the node of what is off the graph.
pub(super) const NO_NODE: u32 = NONE;

/// One mistake in a description of roads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line in the text, from 1; 0 when the description has no lines.
    pub line: usize,
    /// Field of the line; empty when the whole line is meant.
    pub field: String,
    /// What is wrong and what would be right, in English and Chinese.
    pub words: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, field, words } = self;
        match field.as_str() {
            "" => write!(formatter, "line {line}: {words}"),
            field => write!(formatter, "line {line}, {field}: {words}"),
        }
    }
}

/// A way into a node, as the reverse search goes.
#[derive(Clone, Copy, Debug)]
struct Arc {
    /// The node it comes from.
    from: u32,
    /// The edge it belongs to.
    edge: u32,
    /// Milliseconds on an open road.
    millis: u32,
}

#[derive(Clone, Debug)]
struct Node {
    id: Box<str>,
    place: Place,
    /// Milliseconds that everybody waits who passes through it.
    gate_millis: u32,
}

#[derive(Clone, Debug)]
struct Edge {
    id: Box<str>,
    from: u32,
    to: u32,
    length_metres: f64,
}

/// The roads of a park. Valid by construction.
#[derive(Clone, Debug)]
pub struct Roads {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// The arcs into node `n` are `arcs[first[n]..first[n + 1]]`.
    first: Vec<u32>,
    arcs: Vec<Arc>,
    node_numbers: BTreeMap<Box<str>, u32>,
    edge_numbers: BTreeMap<Box<str>, u32>,
    grid: Grid,
}

impl Roads {
    /// Reads the text format: JSON objects, one a line; see [`NodeDraft`] and [`EdgeDraft`] for the fields. Empty lines
    /// and lines that begin with `#` are skipped.
    ///
    /// ```text
    /// {"node": "gate-2", "latitude": 31.3121, "longitude": 120.7523, "gate_seconds": 20}
    /// {"edge": "huagong-road-1", "from": "gate-2", "to": "n17", "length_m": 240, "speed_kmh": 30, "both_ways": true}
    /// ```
    ///
    /// # Errors
    /// Every mistake with its line and field, in the order of lines.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let (draft, mut faults) = format::read(text);
        if faults.is_empty() {
            return check::check(draft, check::Completeness::Whole);
        }
        if let Err(more) = check::check(draft, check::Completeness::LinesMissing) {
            faults.extend(more);
        }
        faults.sort_by_key(|fault| fault.line);
        Err(faults)
    }

    /// Makes roads of a description.
    ///
    /// # Errors
    /// Every mistake: coordinates, lengths and speeds out of range or not finite, ids twice, edges from a node to itself,
    /// two edges the same way, nodes that do not exist, too many of either.
    pub fn build(draft: RoadsDraft) -> Result<Self, Vec<Fault>> {
        check::check(draft, check::Completeness::Whole)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The number of a node by its id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<u32> {
        self.node_numbers.get(id).copied()
    }

    /// The nearest node that a road leads to, at most [`SNAP_METRES`] away.
    #[must_use]
    pub fn snap(&self, place: Place) -> Option<Snap> {
        self.grid.nearest(place)
    }

    fn arcs_into(&self, node: u32) -> std::ops::Range<usize> {
        self.first[node as usize] as usize..self.first[node as usize + 1] as usize
    }
}
