//! Times from everywhere to one node: Dijkstra's search on the reversed roads.

use super::{Conditions, NONE, Roads, queue::Queue};

/// How long it takes from every node to one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Milliseconds with gates; [`NONE`] where no way leads.
    total_millis: Vec<u32>,
    /// Milliseconds of it spent at gates.
    gate_millis: Vec<u32>,
    /// Next node on the way; [`NONE`] at the destination and where no way leads.
    next: Vec<u32>,
}

impl Reach {
    /// Milliseconds from `node`, waiting at gates included; `None` when no way leads.
    #[must_use]
    pub fn millis(&self, node: u32) -> Option<u32> {
        self.total_millis.get(node as usize).copied().filter(|millis| *millis != NONE)
    }

    /// Milliseconds of [`Reach::millis`] that are spent at gates.
    #[must_use]
    pub fn gate_millis(&self, node: u32) -> u32 {
        self.gate_millis.get(node as usize).copied().unwrap_or(0)
    }

    /// The nodes on the way from `node` to the destination, both included; empty when no way leads.
    #[must_use]
    pub fn route(&self, node: u32) -> Vec<u32> {
        let mut route = Vec::new();
        let mut at = if self.millis(node).is_some() { node } else { NONE };
        while at != NONE {
            route.push(at);
            at = self.next[at as usize];
        }
        route
    }
}

impl Roads {
    /// Times to `destination`, a node's number, under the conditions. The wait at a gate is that of whoever drives into
    /// its node; who starts there has passed it.
    ///
    /// Of two equally long ways the one through the node that was settled first is taken, so the same question has the
    /// same answer.
    #[must_use]
    pub fn reach(&self, conditions: &Conditions, destination: u32) -> Reach {
        let nodes = self.nodes.len();
        let mut reach = Reach {
            total_millis: vec![NONE; nodes],
            gate_millis: vec![0; nodes],
            next: vec![NONE; nodes],
        };
        if destination as usize >= nodes {
            return reach;
        }
        let mut queue = Queue::new();
        reach.total_millis[destination as usize] = 0;
        queue.push(0, destination);
        while let Some((millis, node)) = queue.pop() {
            if millis > reach.total_millis[node as usize] {
                continue;
            }
            let wait = self.nodes[node as usize].gate_millis;
            let waited = reach.gate_millis[node as usize].saturating_add(wait);
            let range = self.arcs_into(node);
            for (arc, &drive) in self.arcs[range.clone()].iter().zip(&conditions.arc_millis[range]) {
                let from = arc.from as usize;
                // Saturates at NONE, which is never less.
                let found = millis.saturating_add(wait).saturating_add(drive);
                if found < reach.total_millis[from] {
                    reach.total_millis[from] = found;
                    reach.gate_millis[from] = waited;
                    reach.next[from] = node;
                    queue.push(found, arc.from);
                }
            }
        }
        reach
    }

    /// The id of a node by its number.
    #[must_use]
    pub fn node_id(&self, node: u32) -> Option<&str> {
        self.nodes.get(node as usize).map(|node| node.id.as_ref())
    }

    /// The id of the edge that a route takes from one node to the next.
    #[must_use]
    pub fn edge_between(&self, from: u32, to: u32) -> Option<&str> {
        if to as usize >= self.nodes.len() {
            return None;
        }
        let arc = self.arcs[self.arcs_into(to)].iter().find(|arc| arc.from == from)?;
        Some(&self.edges[arc.edge as usize].id)
    }

    /// True when every way into the node is blocked: nobody arrives, from wherever.
    pub(super) fn is_cut_off(&self, conditions: &Conditions, node: u32) -> bool {
        conditions.arc_millis[self.arcs_into(node)].iter().all(|millis| *millis == NONE)
    }
}
