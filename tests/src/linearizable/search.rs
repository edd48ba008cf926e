//! The search of Wing and Gong with Lowe's memory: each set of calls that took effect, with the state after them, is
//! looked at once ("Testing for linearizability", 2017).

use std::{collections::HashSet, fmt::Debug, hash::Hash};

/// What the thing would do if calls came one after the other.
pub trait Model: Clone + Eq + Hash + Debug {
    /// What is asked.
    type Asked: Debug;
    /// What is answered.
    type Heard: Debug;

    /// The state after a call with this answer; `None` when the thing would not have answered so. Without an answer:
    /// the state after the call's effect; `None` when it would have had none.
    #[must_use]
    fn step(&self, asked: &Self::Asked, heard: Option<&Self::Heard>) -> Option<Self>;
}

/// One call of one caller.
#[derive(Clone, Debug)]
pub struct Call<M: Model> {
    /// When it began, on a clock that all callers share and that gives no number twice.
    pub began: u64,
    /// What was asked.
    pub asked: M::Asked,
    /// When the answer came, and what it was; `None`: nobody knows what became of it.
    pub answered: Option<(u64, M::Heard)>,
}

/// The calls make no sense in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// How many answered calls fit at most.
    pub fitted: usize,
    /// The state after them, and the calls of which one had to be next and none could.
    pub stuck: String,
}

/// Whether a call is among those that took effect, a bit for each.
fn has(taken: &[u64], index: usize) -> bool {
    taken[index / 64] & (1 << (index % 64)) != 0
}

/// Looks for an order of the calls that makes sense from this state on. Gives the number of pictures looked at.
///
/// # Errors
/// [`Violation`] when there is none.
pub fn check<M: Model>(start: M, calls: &[Call<M>]) -> Result<usize, Violation> {
    let answered = calls.iter().filter(|call| call.answered.is_some()).count();
    let first = (vec![0_u64; calls.len().div_ceil(64)], start);
    let mut seen = HashSet::from([first.clone()]);
    let mut open = vec![first];
    let mut best = Violation { fitted: 0, stuck: String::new() };
    while let Some((taken, state)) = open.pop() {
        let fitted = fitted(calls, &taken);
        if fitted == answered {
            return Ok(seen.len());
        }
        if best.stuck.is_empty() || fitted > best.fitted {
            best = Violation { fitted, stuck: words(calls, &taken, &state) };
        }
        // The earliest is looked at first: mostly it was.
        for next in next(calls, &taken).into_iter().rev() {
            let Call { asked, answered, .. } = &calls[next];
            let Some(after) = state.step(asked, answered.as_ref().map(|(_, heard)| heard)) else { continue };
            let mut taken = taken.clone();
            taken[next / 64] |= 1 << (next % 64);
            if seen.insert((taken.clone(), after.clone())) {
                open.push((taken, after));
            }
        }
    }
    Err(best)
}

fn fitted<M: Model>(calls: &[Call<M>], taken: &[u64]) -> usize {
    (0..calls.len()).filter(|index| has(taken, *index) && calls[*index].answered.is_some()).count()
}

/// The calls that may take effect next: those that had begun when the first of the others was answered.
fn next<M: Model>(calls: &[Call<M>], taken: &[u64]) -> Vec<usize> {
    let left = || (0..calls.len()).filter(|index| !has(taken, *index));
    let ends = left().filter_map(|index| calls[index].answered.as_ref()).map(|(at, _)| *at);
    let first = ends.min().unwrap_or(u64::MAX);
    left().filter(|index| calls[*index].began < first).collect()
}

fn words<M: Model>(calls: &[Call<M>], taken: &[u64], state: &M) -> String {
    let blocked: Vec<_> = next(calls, taken).into_iter().map(|index| format!("{:?}", calls[index])).collect();
    format!("{state:?} and then one of [{}]", blocked.join(", "))
}
