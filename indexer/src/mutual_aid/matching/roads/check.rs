//! From a description of roads to roads, or every mistake in it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Arc, EDGE_LIMIT, Edge, Fault, Grid, NODE_LIMIT, Node, Roads};
use crate::mutual_aid::matching::place::{Place, PlaceError};

/// Longest edge in metres.
const LENGTH_LIMIT: f64 = 100_000.0;
/// Slowest and fastest speed in km/h.
const SPEED_LIMITS: (f64, f64) = (1.0, 130.0);
/// Longest wait at a gate in seconds.
const GATE_LIMIT: f64 = 3_600.0;

/// A crossing, gate or end of a road.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeDraft {
    /// Where it was read, for messages.
    pub line: usize,
    /// `node`: its id, 1 to 64 characters, unique.
    pub id: String,
    /// `latitude`: WGS-84 degrees.
    pub latitude: f64,
    /// `longitude`: WGS-84 degrees.
    pub longitude: f64,
    /// `gate_seconds`: wait of everybody who passes, 0 to 3,600; not set: no gate.
    pub gate_seconds: f64,
}

/// A straight piece of road. A bend needs a node, or plumes are cut where the road is not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeDraft {
    /// Where it was read, for messages.
    pub line: usize,
    /// `edge`: its id, 1 to 64 characters, unique; closures name it.
    pub id: String,
    /// `from`: id of a node.
    pub from: String,
    /// `to`: id of another node.
    pub to: String,
    /// `length_m`: metres, more than 0 and at most 100,000, and not shorter than the straight line.
    pub length_m: f64,
    /// `speed_kmh`: 1 to 130.
    pub speed_kmh: f64,
    /// `both_ways`: may be driven from `to` to `from` as well; not set: no.
    pub both_ways: bool,
}

/// A description of roads, not yet checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoadsDraft {
    /// Nodes.
    pub nodes: Vec<NodeDraft>,
    /// Edges.
    pub edges: Vec<EdgeDraft>,
}

/// An edge whose nodes were found.
struct Way {
    edge: u32,
    from: u32,
    to: u32,
    millis: u32,
    is_both_ways: bool,
}

/// Whether the description is all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Completeness {
    /// It is.
    Whole,
    /// Lines could not be read: that their nodes are missing is no mistake of its own.
    LinesMissing,
}

/// What has been found so far.
struct Findings {
    faults: Vec<Fault>,
    line: usize,
    completeness: Completeness,
}

impl Findings {
    fn say(&mut self, field: &str, words: impl Into<String>) {
        self.faults.push(Fault { line: self.line, field: field.to_owned(), words: words.into() });
    }

    fn range(&mut self, field: &str, value: f64, (low, high): (f64, f64)) {
        if !(low..=high).contains(&value) {
            self.say(field, format!("must be {low} to {high} （须在 {low} 与 {high} 之间）"));
        }
    }

    fn id(&mut self, field: &str, id: &str) {
        if !(1..=64).contains(&id.chars().count()) {
            self.say(field, "must have 1 to 64 characters （须为 1–64 个字符）");
        }
    }
}

pub(super) fn check(draft: RoadsDraft, completeness: Completeness) -> Result<Roads, Vec<Fault>> {
    let mut found = Findings { faults: Vec::new(), line: 0, completeness };
    for (what, count, limit) in
        [("nodes", draft.nodes.len(), NODE_LIMIT), ("edges", draft.edges.len(), EDGE_LIMIT)]
    {
        if count > limit {
            found.say("", format!("{count} {what}, more than {limit} （超过上限 {limit}）"));
            return Err(found.faults);
        }
    }
    let (nodes, node_numbers) = check_nodes(draft.nodes, &mut found);
    let (edges, edge_numbers, ways) = check_edges(draft.edges, &nodes, &node_numbers, &mut found);
    if nodes.is_empty() && found.faults.is_empty() && completeness == Completeness::Whole {
        found.say("", "has no node （没有任何节点）");
    }
    if !found.faults.is_empty() {
        found.faults.sort_by_key(|fault| fault.line);
        return Err(found.faults);
    }
    let (first, arcs) = reverse(nodes.len(), &ways);
    let is_joined = joined(nodes.len(), &ways);
    let grid = Grid::new(nodes.iter().map(|node| node.place), |number| is_joined[number]);
    Ok(Roads { nodes, edges, first, arcs, node_numbers, edge_numbers, grid })
}

fn check_nodes(drafts: Vec<NodeDraft>, found: &mut Findings) -> (Vec<Node>, BTreeMap<Box<str>, u32>) {
    let (mut nodes, mut numbers) = (Vec::with_capacity(drafts.len()), BTreeMap::new());
    for NodeDraft { line, id, latitude, longitude, gate_seconds } in drafts {
        found.line = line;
        found.id("node", &id);
        found.range("gate_seconds", gate_seconds, (0.0, GATE_LIMIT));
        let id: Box<str> = id.into();
        if numbers.contains_key(&id) {
            found.say("node", format!("`{id}` stands twice （节点重复）"));
        }
        match Place::new(latitude, longitude) {
            Ok(place) => {
                numbers.entry(id.clone()).or_insert(number(nodes.len()));
                nodes.push(Node { id, place, gate_millis: millis(gate_seconds) });
            }
            Err(error) => {
                let field = match error {
                    PlaceError::Latitude => "latitude",
                    PlaceError::Longitude => "longitude",
                };
                found.say(field, error.to_string());
            }
        }
    }
    (nodes, numbers)
}

type Checked = (Vec<Edge>, BTreeMap<Box<str>, u32>, Vec<Way>);

fn check_edges(
    drafts: Vec<EdgeDraft>,
    nodes: &[Node],
    node_numbers: &BTreeMap<Box<str>, u32>,
    found: &mut Findings,
) -> Checked {
    let (mut edges, mut numbers, mut ways) = (Vec::with_capacity(drafts.len()), BTreeMap::new(), Vec::new());
    let mut taken = BTreeSet::new();
    for draft in drafts {
        let EdgeDraft { line, id, from, to, length_m, speed_kmh, both_ways } = draft;
        found.line = line;
        found.id("edge", &id);
        if !(length_m > 0.0 && length_m <= LENGTH_LIMIT) {
            let words = format!(
                "must be more than 0 and at most {LENGTH_LIMIT} （须大于 0 且不超过 {LENGTH_LIMIT}）"
            );
            found.say("length_m", words);
        }
        found.range("speed_kmh", speed_kmh, SPEED_LIMITS);
        let ends = [("from", &from), ("to", &to)].map(|(field, end)| {
            let known = node_numbers.get(end.as_str()).copied();
            if known.is_none() && found.completeness == Completeness::Whole {
                found.say(field, format!("no node `{end}` （没有此节点）"));
            }
            known
        });
        let id: Box<str> = id.into();
        let edge = number(edges.len());
        if numbers.insert(id.clone(), edge).is_some() {
            found.say("edge", format!("`{id}` stands twice （路段重复）"));
        }
        let [Some(from), Some(to)] = ends else { continue };
        if from == to {
            found.say("to", "leads back to its own beginning （起点与终点相同）");
            continue;
        }
        for (begin, end) in [(from, to), (to, from)].into_iter().take(1 + usize::from(both_ways)) {
            if !taken.insert((begin, end)) {
                found.say("", "is a second edge the same way （同方向路段重复）");
            }
        }
        let straight = nodes[from as usize].place.metres_to(nodes[to as usize].place);
        // Maps round coordinates; a length much below the straight line is a slip of the pen.
        if length_m < straight * 0.95 - 5.0 {
            found.say(
                "length_m",
                format!(
                    "is shorter than the straight line of {straight:.0} m （短于直线距离 {straight:.0} 米）"
                ),
            );
        }
        let seconds = length_m / speed_kmh * 3.6;
        ways.push(Way { edge, from, to, millis: millis(seconds).max(1), is_both_ways: both_ways });
        edges.push(Edge { id, from, to, length_metres: length_m });
    }
    (edges, numbers, ways)
}

/// The arcs of all ways, ordered by the node they lead into.
fn reverse(nodes: usize, ways: &[Way]) -> (Vec<u32>, Vec<Arc>) {
    let mut into: Vec<(u32, Arc)> = Vec::with_capacity(ways.len() * 2);
    for &Way { edge, from, to, millis, is_both_ways } in ways {
        into.push((to, Arc { from, edge, millis }));
        if is_both_ways {
            into.push((from, Arc { from: to, edge, millis }));
        }
    }
    into.sort_by_key(|(node, arc)| (*node, arc.from));
    let mut first = vec![0; nodes + 1];
    for (node, _) in &into {
        first[*node as usize + 1] += 1;
    }
    for node in 0..nodes {
        first[node + 1] += first[node];
    }
    (first, into.into_iter().map(|(_, arc)| arc).collect())
}

fn joined(nodes: usize, ways: &[Way]) -> Vec<bool> {
    let mut is_joined = vec![false; nodes];
    for way in ways {
        is_joined[way.from as usize] = true;
        is_joined[way.to as usize] = true;
    }
    is_joined
}

/// An index below the limits of a graph.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn millis(seconds: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds within the limits above are below 2^32 milliseconds; the cast saturates for those that are not"
    )]
    let millis = (seconds * 1000.0).ceil() as u32;
    millis
}
