//! Who should go where, when several need lines want the same resources.
//!
//! A transport problem: lines ask for whole granules, resources have some, every pair has a cost in seconds. [`solve`]
//! finds the best of all plans in this order: units that P1 lines lack below their minimum, units that P1 lines lack,
//! the same of P2, of P3, and then the seconds. Comparing in order instead of with weights leaves nothing to overflow.
//! [`propose`] does it for real needs and says why.

mod flow;
mod greedy;
mod prepared;
mod proposal;

#[cfg(test)]
mod tests;

pub use greedy::one_by_one;
pub use proposal::{Proposal, ProposedAssignment, Shortfall, ShortfallReason, Tally, Why, propose};

use super::need::Priority;
use flow::Flow;
use prepared::Prepared;

/// Most lines that are planned together; the most urgent ones. An answer takes time with their square.
pub const LINE_LIMIT: usize = 256;
/// Most attempts at giving up one line so that another reaches its minimum.
const ATTEMPTS: usize = 16;

/// What one line asks for, in thousandths of its unit's base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// How urgent.
    pub priority: Priority,
    /// Less does not help; at most `asked`.
    pub minimum: u64,
    /// How much would be right.
    pub asked: u64,
}

/// A resource that could serve a line. Of one resource all offers are in the same unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    /// Index of the line.
    pub line: u32,
    /// Index of the resource.
    pub resource: u32,
    /// What each unit of it costs.
    pub seconds: u32,
}

/// Lines, resources, and who could serve whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// The lines. Their order breaks ties.
    pub lines: Vec<Line>,
    /// What each resource can give away. Their order breaks ties.
    pub free: Vec<u64>,
    /// Each pair at most once.
    pub offers: Vec<Offer>,
}

/// Part of a resource that goes to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// Index of the line.
    pub line: u32,
    /// Index of the resource.
    pub resource: u32,
    /// How much, more than 0.
    pub amount: u64,
    /// What each unit of it costs.
    pub seconds: u32,
}

/// How good shares are; less is better. Compared field by field, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// For each priority: units missing up to the minimum, units missing up to what is asked.
    pub missing: [(u128, u128); 3],
    /// Units times their seconds.
    pub unit_seconds: u128,
}

/// How much each line gets.
#[must_use]
pub fn served(problem: &Problem, shares: &[Share]) -> Vec<u64> {
    let mut served = vec![0; problem.lines.len()];
    for share in shares {
        served[share.line as usize] += share.amount;
    }
    served
}

/// How good shares are.
#[must_use]
pub fn score(problem: &Problem, shares: &[Share]) -> Score {
    let mut score = Score::default();
    for (line, got) in problem.lines.iter().zip(served(problem, shares)) {
        let (short, unmet) = &mut score.missing[line.priority as usize];
        *short += u128::from(line.minimum.saturating_sub(got));
        *unmet += u128::from(line.asked.saturating_sub(got));
    }
    for share in shares {
        score.unit_seconds += u128::from(share.amount) * u128::from(share.seconds);
    }
    score
}

/// How many lines of each priority get less than their minimum.
#[must_use]
pub fn below_minimum(problem: &Problem, shares: &[Share]) -> [usize; 3] {
    let mut below = [0; 3];
    for (line, got) in problem.lines.iter().zip(served(problem, shares)) {
        below[line.priority as usize] += usize::from(got < line.minimum);
    }
    below
}

/// The best shares by [`score`]. Then, because half a minimum helps nobody: where several lines of a priority stay below
/// their minimum, one after the other is given up as long as another line reaches its minimum by that. Nothing is taken
/// from more urgent lines, and each priority gets as many units as before.
#[must_use]
pub fn solve(problem: &Problem) -> Vec<Share> {
    solve_prepared(problem, &Prepared::new(problem))
}

fn solve_prepared(problem: &Problem, prepared: &Prepared) -> Vec<Share> {
    let mut flow = Flow::new(problem, prepared);
    let mut attempts = 0;
    for priority in Priority::ALL {
        let before = flow.clone();
        let mut given_up = vec![false; problem.lines.len()];
        flow.serve(priority, &given_up);
        let (mut below, candidates) = flow.below_minimum(priority);
        // The last line first: of equal lines the one that came first is kept.
        for line in candidates.into_iter().rev() {
            if below < 2 || attempts == ATTEMPTS {
                break;
            }
            attempts += 1;
            given_up[line] = true;
            let mut other = before.clone();
            other.serve(priority, &given_up);
            let (other_below, _) = other.below_minimum(priority);
            if other_below < below {
                (flow, below) = (other, other_below);
            } else {
                given_up[line] = false;
            }
        }
    }
    flow.shares()
}

/// The best shares by [`score`] alone: every line is served as if half of its minimum helped half.
#[cfg(test)]
fn cheapest(problem: &Problem) -> Vec<Share> {
    let prepared = Prepared::new(problem);
    let mut flow = Flow::new(problem, &prepared);
    for priority in Priority::ALL {
        flow.serve(priority, &vec![false; problem.lines.len()]);
    }
    flow.shares()
}
