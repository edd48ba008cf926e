//! Min-cost flow by successive shortest paths with potentials, over the lines alone.
//!
//! A line gets a unit from a resource that has one left, or takes over a resource that another line has, which then looks
//! for another one itself, and so on. The cheapest such chain is a shortest path in a graph whose nodes are the lines
//! only (dozens, not thousands): from a line to another with the cheapest swap between the two, from a line to the end
//! with the cheapest resource that has something left. Chains never take units from a line or give any back to a
//! resource, so tiers can be served strictly one after the other, and a line that finds no chain never will.
//!
//! Swaps may save time, so their weights can be negative; potentials (the distances of the step before) make all of them
//! positive again, and Dijkstra's search holds (Edmonds and Karp 1972).

use std::collections::{BTreeMap, BTreeSet};

use super::{Problem, Share, prepared::Prepared};
use crate::mutual_aid::matching::need::Priority;

const FAR: i64 = i64::MAX;

/// The cheapest way in which one line takes over something from another.
#[derive(Clone, Copy, Debug)]
struct Swap {
    /// What it costs more, or less when negative; [`FAR`] when there is none.
    seconds: i64,
    /// The resource that changes hands.
    via: u32,
}

const NO_SWAP: Swap = Swap { seconds: FAR, via: u32::MAX };

/// Where a chain goes on from a line.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// To the resource that has something left: the end.
    Free(u32),
    /// To the line from which the resource is taken over.
    From { line: usize, via: u32 },
    /// Nowhere.
    Nowhere,
}

#[derive(Debug)]
pub(super) struct Flow<'a> {
    problem: &'a Problem,
    prepared: &'a Prepared,
    lines: usize,
    free: Vec<u64>,
    /// How far each line's own offers are used up.
    cursor: Vec<usize>,
    /// By resource: line and amount.
    holders: Vec<BTreeMap<u32, u64>>,
    /// By line: resources that it has something of.
    holdings: Vec<BTreeSet<u32>>,
    /// What line `n` could take over from line `m` is at `m * lines + n`.
    swaps: Vec<Swap>,
    /// Seconds from each line to the end of its cheapest chain, as of the last search.
    potential: Vec<i64>,
    /// No chain leads on from it, now and for ever.
    is_stuck: Vec<bool>,
    steps: Vec<Step>,
}

impl<'a> Flow<'a> {
    pub(super) fn new(problem: &'a Problem, prepared: &'a Prepared) -> Self {
        let lines = problem.lines.len();
        Self {
            problem,
            prepared,
            lines,
            free: problem.free.clone(),
            cursor: vec![0; lines],
            holders: vec![BTreeMap::new(); problem.free.len()],
            holdings: vec![BTreeSet::new(); lines],
            swaps: vec![NO_SWAP; lines * lines],
            potential: vec![0; lines],
            is_stuck: vec![false; lines],
            steps: vec![Step::Nowhere; lines],
        }
    }

    /// The best shares. What lines that were given up want counts as if it were above their minimum.
    pub(super) fn run(mut self, given_up: &[bool]) -> Vec<Share> {
        self.search();
        for priority in Priority::ALL {
            for is_up_to_minimum in [true, false] {
                let lines = self.problem.lines.iter().zip(given_up);
                let room = lines
                    .map(|(line, is_given_up)| {
                        let least = if *is_given_up { 0 } else { line.minimum.min(line.asked) };
                        match (line.priority == priority, is_up_to_minimum) {
                            (false, _) => 0,
                            (true, true) => least,
                            (true, false) => line.asked - least,
                        }
                    })
                    .collect();
                self.serve(room);
            }
        }
        self.shares()
    }

    /// Serves one tier: the cheapest chain first, until nobody has room or finds a chain.
    fn serve(&mut self, mut room: Vec<u64>) {
        loop {
            let waiting = (0..self.lines).filter(|line| room[*line] > 0 && !self.is_stuck[*line]);
            let Some(start) = waiting.min_by_key(|line| self.potential[*line]) else { return };
            room[start] -= self.push(start, room[start]);
            self.search();
        }
    }

    /// The cheapest offer to the line of a resource that has something left.
    fn cheapest_free(&mut self, line: usize) -> Option<(u32, u32)> {
        loop {
            let (seconds, resource) = self.prepared.offer_to(line, self.cursor[line])?;
            if self.free[resource as usize] > 0 {
                return Some((seconds, resource));
            }
            self.cursor[line] += 1;
        }
    }

    /// Dijkstra's search from the end backwards: the cheapest chain of every line.
    fn search(&mut self) {
        let mut distance = vec![FAR; self.lines];
        for line in 0..self.lines {
            self.steps[line] = Step::Nowhere;
            if !self.is_stuck[line]
                && let Some((seconds, resource)) = self.cheapest_free(line)
            {
                distance[line] = i64::from(seconds) - self.potential[line];
                self.steps[line] = Step::Free(resource);
            }
        }
        let mut is_settled = self.is_stuck.clone();
        loop {
            let open = (0..self.lines).filter(|line| !is_settled[*line] && distance[*line] < FAR);
            let Some(near) = open.min_by_key(|line| distance[*line]) else { break };
            is_settled[near] = true;
            let swaps = &self.swaps[near * self.lines..(near + 1) * self.lines];
            for (line, swap) in swaps.iter().enumerate() {
                if swap.seconds == FAR || is_settled[line] {
                    continue;
                }
                let found = distance[near] + swap.seconds + self.potential[near] - self.potential[line];
                if found < distance[line] {
                    distance[line] = found;
                    self.steps[line] = Step::From { line: near, via: swap.via };
                }
            }
        }
        for (line, distance) in distance.into_iter().enumerate() {
            if distance == FAR {
                self.is_stuck[line] = true;
            } else {
                self.potential[line] += distance;
            }
        }
    }

    /// Sends as much as fits along the cheapest chain of `start`, at most `room`.
    fn push(&mut self, start: usize, room: u64) -> u64 {
        let (mut amount, mut at) = (room, start);
        loop {
            match self.steps[at] {
                Step::Free(resource) => {
                    amount = amount.min(self.free[resource as usize]);
                    break;
                }
                Step::From { line, via } => {
                    amount = amount.min(self.holders[via as usize].get(&number(line)).copied().unwrap_or(0));
                    at = line;
                }
                Step::Nowhere => return 0,
            }
        }
        at = start;
        loop {
            match self.steps[at] {
                Step::Free(resource) => {
                    self.free[resource as usize] -= amount;
                    self.give(at, resource, amount);
                    return amount;
                }
                Step::From { line, via } => {
                    self.give(at, via, amount);
                    self.take(line, via, amount);
                    at = line;
                }
                Step::Nowhere => return amount,
            }
        }
    }

    fn give(&mut self, line: usize, resource: u32, amount: u64) {
        *self.holders[resource as usize].entry(number(line)).or_insert(0) += amount;
        if self.holdings[line].insert(resource) {
            self.offer_swaps(line, resource);
        }
    }

    fn take(&mut self, line: usize, resource: u32, amount: u64) {
        let holders = &mut self.holders[resource as usize];
        let left = holders.get(&number(line)).copied().unwrap_or(0) - amount;
        if left > 0 {
            holders.insert(number(line), left);
            return;
        }
        holders.remove(&number(line));
        self.holdings[line].remove(&resource);
        self.swaps[line * self.lines..(line + 1) * self.lines].fill(NO_SWAP);
        for resource in std::mem::take(&mut self.holdings[line]) {
            self.offer_swaps(line, resource);
            self.holdings[line].insert(resource);
        }
    }

    /// Everybody whom the resource could serve may take it over from the line that has it.
    fn offer_swaps(&mut self, line: usize, resource: u32) {
        let offers = self.prepared.offers_of(resource);
        let own = offers.iter().find(|offer| offer.0 as usize == line).map_or(0, |offer| offer.1);
        for &(other, seconds) in offers.iter().filter(|offer| offer.0 as usize != line) {
            let swap = &mut self.swaps[line * self.lines + other as usize];
            let more = i64::from(seconds) - i64::from(own);
            if (more, resource) < (swap.seconds, swap.via) {
                *swap = Swap { seconds: more, via: resource };
            }
        }
    }

    fn shares(self) -> Vec<Share> {
        let mut shares: Vec<_> = (0..)
            .zip(&self.holders)
            .flat_map(|(resource, holders)| {
                let offers = self.prepared.offers_of(resource);
                holders.iter().map(move |(&line, &amount)| {
                    let seconds = offers.iter().find(|offer| offer.0 == line).map_or(0, |offer| offer.1);
                    Share { line, resource, amount, seconds }
                })
            })
            .collect();
        shares.sort_unstable();
        shares
    }
}

/// A line's index as offers have it; there are at most as many lines as 32 bits count.
fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}
