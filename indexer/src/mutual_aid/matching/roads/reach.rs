//! Times from everywhere to one node: Dijkstra's search on the reversed roads.

use super::{Conditions, Edge, NONE, Roads, queue::Queue};

/// The way on from one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    /// Milliseconds with gates; [`NONE`] where no way leads.
    total_millis: u32,
    /// Milliseconds of it spent at gates.
    gate_millis: u32,
    /// Next node; [`NONE`] at the destination and where no way leads.
    next: u32,
}

/// How long it takes from every node to one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach(Vec<Way>);

impl Reach {
    /// Milliseconds from `node`, waiting at gates included; `None` when no way leads.
    #[must_use]
    pub fn millis(&self, node: u32) -> Option<u32> {
        self.0.get(node as usize).map(|way| way.total_millis).filter(|millis| *millis != NONE)
    }

    /// Milliseconds of [`Reach::millis`] that are spent at gates.
    #[must_use]
    pub fn gate_millis(&self, node: u32) -> u32 {
        self.0.get(node as usize).map_or(0, |way| way.gate_millis)
    }

    /// The nodes on the way from `node` to the destination, both included; empty when no way leads.
    #[must_use]
    pub fn route(&self, node: u32) -> Vec<u32> {
        let mut route = Vec::new();
        let mut at = if self.millis(node).is_some() { node } else { NONE };
        while at != NONE {
            route.push(at);
            at = self.0[at as usize].next;
        }
        route
    }
}

impl Roads {
    /// Times to `destination`, a node's number, under the conditions. The wait at a gate is that of whoever drives into
    /// its node; who starts there has passed it. The same question always has the same answer: of two equally long ways
    /// the one that was found first is taken.
    #[must_use]
    pub fn reach(&self, conditions: &Conditions, destination: u32) -> Reach {
        let nowhere = Way { total_millis: NONE, gate_millis: 0, next: NONE };
        let mut ways = vec![nowhere; self.nodes.len()];
        if let Some(end) = ways.get_mut(destination as usize) {
            end.total_millis = 0;
            self.search(conditions, destination, &mut ways);
        }
        Reach(ways)
    }

    fn search(&self, conditions: &Conditions, destination: u32, ways: &mut [Way]) {
        let mut queue = Queue::new();
        queue.push(0, destination);
        while let Some((millis, node)) = queue.pop() {
            let way = ways[node as usize];
            if millis > way.total_millis {
                continue;
            }
            let wait = self.nodes[node as usize].gate_millis;
            let range = self.arcs_into(node);
            for (arc, &drive) in self.arcs[range.clone()].iter().zip(&conditions.arc_millis[range]) {
                // Saturates at NONE, which is never less.
                let total_millis = millis.saturating_add(wait).saturating_add(drive);
                let from = &mut ways[arc.from as usize];
                if total_millis < from.total_millis {
                    let gate_millis = way.gate_millis.saturating_add(wait);
                    *from = Way { total_millis, gate_millis, next: node };
                    queue.push(total_millis, arc.from);
                }
            }
        }
    }

    /// The id of a node by its number.
    #[must_use]
    pub fn node_id(&self, node: u32) -> Option<&str> {
        self.nodes.get(node as usize).map(|node| node.id.as_ref())
    }

    /// The id of the edge that a route takes from one node to the next.
    #[must_use]
    pub fn edge_between(&self, from: u32, to: u32) -> Option<&str> {
        self.edge(from, to).map(|edge| edge.id.as_ref())
    }

    fn edge(&self, from: u32, to: u32) -> Option<&Edge> {
        if to as usize >= self.nodes.len() {
            return None;
        }
        let arc = self.arcs[self.arcs_into(to)].iter().find(|arc| arc.from == from)?;
        self.edges.get(arc.edge as usize)
    }

    /// Metres of a route; `None` when it is empty or leaves the roads.
    pub(super) fn route_metres(&self, route: &[u32]) -> Option<f64> {
        let lengths = route.windows(2).map(|step| Some(self.edge(step[0], step[1])?.length_metres));
        if route.is_empty() { None } else { lengths.sum() }
    }

    /// True when every way into the node is blocked: nobody arrives, from wherever.
    pub(super) fn is_cut_off(&self, conditions: &Conditions, node: u32) -> bool {
        conditions.arc_millis[self.arcs_into(node)].iter().all(|millis| *millis == NONE)
    }
}
