//! Min-cost flow by successive shortest paths with potentials, over the lines alone.
//!
//! A line gets a unit from a resource that has one left, or takes over a resource that another line has, which then looks
//! for another one itself, and so on. The cheapest such chain is a shortest path in a graph whose nodes are the lines
//! only (dozens, not thousands): from a line to another with the cheapest swap between the two, from a line to the end
//! with the cheapest resource that has something left. Chains never take units from a line or give any back to a
//! resource, so tiers can be served strictly one after the other, and a line that finds no chain never will.
//!
//! Swaps may save time, so their weights can be negative; potentials (distances of the steps before) make all of them
//! positive again, and Dijkstra's search holds (Edmonds and Karp 1972). It ends as soon as it knows the cheapest chain.

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

#[derive(Clone, Debug)]
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
    /// Never more than the seconds from a line to the end of its cheapest chain; of lines that were found, just that.
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

    /// Serves the lines of one priority, minimums first. What lines that were given up want counts as if it were above
    /// their minimum.
    pub(super) fn serve(&mut self, priority: Priority, given_up: &[bool]) {
        let (mut least, mut rest) = (vec![0; self.lines], vec![0; self.lines]);
        let lines = self.problem.lines.iter().zip(given_up).enumerate();
        for (number, (line, is_given_up)) in lines.filter(|(_, (line, _))| line.priority == priority) {
            least[number] = if *is_given_up { 0 } else { line.minimum.min(line.asked) };
            rest[number] = line.asked - least[number];
        }
        for mut room in [least, rest] {
            while let Some(start) = self.search(&room) {
                room[start] -= self.push(start, room[start]);
            }
        }
    }

    /// How many lines of a priority have less than their minimum, and which of them have anything.
    pub(super) fn below_minimum(&self, priority: Priority) -> (usize, Vec<usize>) {
        let of_line = |line: usize| -> u64 {
            let held = self.holdings[line].iter().map(|resource| self.held(line, *resource));
            held.sum()
        };
        let lines = self.problem.lines.iter().enumerate().filter(|(_, line)| line.priority == priority);
        let got: Vec<_> = lines.map(|(number, line)| (number, of_line(number), line.minimum)).collect();
        let below = got.iter().filter(|(_, got, minimum)| got < minimum);
        (below.clone().count(), below.filter(|below| below.1 > 0).map(|below| below.0).collect())
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

    /// Distances less potentials, as far as known without swaps.
    fn direct(&mut self) -> Vec<i64> {
        (0..self.lines)
            .map(|line| {
                self.steps[line] = Step::Nowhere;
                let direct = if self.is_stuck[line] { None } else { self.cheapest_free(line) };
                direct.map_or(FAR, |(seconds, resource)| {
                    self.steps[line] = Step::Free(resource);
                    i64::from(seconds) - self.potential[line]
                })
            })
            .collect()
    }

    /// Dijkstra's search from the end backwards, until the cheapest chain of all lines that have room is known: the line
    /// where it starts. `None` when no such line finds a chain.
    fn search(&mut self, room: &[u64]) -> Option<usize> {
        let is_waiting = |line: usize, is_stuck: &[bool]| room[line] > 0 && !is_stuck[line];
        let waiting = (0..self.lines).filter(|line| is_waiting(*line, &self.is_stuck));
        // The potential of a source before all lines that wait.
        let source = waiting.map(|line| self.potential[line]).min()?;
        let mut distance = self.direct();
        let mut is_settled = self.is_stuck.clone();
        let mut best: Option<(i64, usize)> = None;
        loop {
            let open = (0..self.lines).filter(|line| !is_settled[*line] && distance[*line] < FAR);
            let Some(near) = open.min_by_key(|line| distance[*line]) else { break };
            if best.is_some_and(|(found, _)| found <= distance[near]) {
                break;
            }
            is_settled[near] = true;
            if is_waiting(near, &self.is_stuck) {
                let found = (distance[near] + self.potential[near] - source, near);
                best = Some(best.map_or(found, |best| best.min(found)));
            }
            self.relax(near, &is_settled, &mut distance);
        }
        self.settle(&distance, best.map(|(found, _)| found));
        best.map(|(_, start)| start)
    }

    fn relax(&mut self, near: usize, is_settled: &[bool], distance: &mut [i64]) {
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

    /// Takes the distances into the potentials, at most the one at which the search ended. When it found nothing, whoever
    /// was not reached never will be.
    fn settle(&mut self, distance: &[i64], end: Option<i64>) {
        for (line, &distance) in distance.iter().enumerate() {
            match end {
                None if distance == FAR => self.is_stuck[line] = true,
                None => self.potential[line] += distance,
                Some(end) => self.potential[line] += distance.min(end),
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
                    amount = amount.min(self.held(line, via));
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

    fn held(&self, line: usize, resource: u32) -> u64 {
        self.holders[resource as usize].get(&number(line)).copied().unwrap_or(0)
    }

    fn give(&mut self, line: usize, resource: u32, amount: u64) {
        *self.holders[resource as usize].entry(number(line)).or_insert(0) += amount;
        if self.holdings[line].insert(resource) {
            self.offer_swaps(line, resource);
        }
    }

    fn take(&mut self, line: usize, resource: u32, amount: u64) {
        let left = self.held(line, resource) - amount;
        let holders = &mut self.holders[resource as usize];
        if left > 0 {
            holders.insert(number(line), left);
            return;
        }
        holders.remove(&number(line));
        self.holdings[line].remove(&resource);
        for other in 0..self.lines {
            let swap = line * self.lines + other;
            if self.swaps[swap].via == resource {
                self.swaps[swap] = self.cheapest_swap(line, other);
            }
        }
    }

    /// Everybody whom the resource could serve may take it over from the line that has it.
    fn offer_swaps(&mut self, line: usize, resource: u32) {
        let own = i64::from(self.prepared.seconds(line, resource).unwrap_or(0));
        for &(other, seconds) in self.prepared.offers_of(resource) {
            let swap = &mut self.swaps[line * self.lines + other as usize];
            let more = i64::from(seconds) - own;
            if other as usize != line && (more, resource) < (swap.seconds, swap.via) {
                *swap = Swap { seconds: more, via: resource };
            }
        }
    }

    /// The cheapest way in which `other` could take over something from the line.
    fn cheapest_swap(&self, line: usize, other: usize) -> Swap {
        let swaps = self.holdings[line].iter().filter_map(|&via| {
            let (own, seconds) = (self.prepared.seconds(line, via)?, self.prepared.seconds(other, via)?);
            Some(Swap { seconds: i64::from(seconds) - i64::from(own), via })
        });
        swaps.min_by_key(|swap| (swap.seconds, swap.via)).unwrap_or(NO_SWAP)
    }

    pub(super) fn shares(&self) -> Vec<Share> {
        let mut shares: Vec<_> = (0..)
            .zip(&self.holders)
            .flat_map(|(resource, holders)| {
                holders.iter().map(move |(&line, &amount)| {
                    let seconds = self.prepared.seconds(line as usize, resource).unwrap_or(0);
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
