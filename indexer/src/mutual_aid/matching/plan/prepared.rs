//! The offers of a problem, by line and by resource.

use super::Problem;

/// Offers ordered for the search; the same for every attempt.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The offers to line `n` are `by_line[line_first[n]..line_first[n + 1]]`, cheapest first: seconds in the upper half
    /// of the word, resource in the lower.
    line_first: Vec<u32>,
    by_line: Vec<u64>,
    /// The offers of resource `n`, by line: line and seconds.
    resource_first: Vec<u32>,
    by_resource: Vec<(u32, u32)>,
}

impl Prepared {
    pub(super) fn new(problem: &Problem) -> Self {
        let line_first = starts(problem.lines.len(), problem.offers.iter().map(|offer| offer.line));
        let resource_first = starts(problem.free.len(), problem.offers.iter().map(|offer| offer.resource));
        let (mut next_line, mut next_resource) = (line_first.clone(), resource_first.clone());
        let (mut by_line, mut by_resource) =
            (vec![0; problem.offers.len()], vec![(0, 0); problem.offers.len()]);
        for offer in &problem.offers {
            let (line, resource) = (offer.line as usize, offer.resource as usize);
            by_line[next_line[line] as usize] = u64::from(offer.seconds) << 32 | u64::from(offer.resource);
            next_line[line] += 1;
            by_resource[next_resource[resource] as usize] = (offer.line, offer.seconds);
            next_resource[resource] += 1;
        }
        for line in 0..problem.lines.len() {
            by_line[range(&line_first, line)].sort_unstable();
        }
        for resource in 0..problem.free.len() {
            by_resource[range(&resource_first, resource)].sort_unstable();
        }
        Self { line_first, by_line, resource_first, by_resource }
    }

    /// Seconds and resource of the offer number `place` to the line, cheapest first.
    pub(super) fn offer_to(&self, line: usize, place: usize) -> Option<(u32, u32)> {
        let word = *self.by_line[range(&self.line_first, line)].get(place)?;
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of the word")]
        let (seconds, resource) = ((word >> 32) as u32, word as u32);
        Some((seconds, resource))
    }

    /// What a unit of the resource costs the line; `None` when it could not serve it.
    pub(super) fn seconds(&self, line: usize, resource: u32) -> Option<u32> {
        let offers = self.offers_of(resource);
        let place = offers.binary_search_by_key(&line, |offer| offer.0 as usize).ok()?;
        Some(offers[place].1)
    }

    /// Line and seconds of everybody whom the resource could serve, by line.
    pub(super) fn offers_of(&self, resource: u32) -> &[(u32, u32)] {
        &self.by_resource[range(&self.resource_first, resource as usize)]
    }
}

fn range(first: &[u32], number: usize) -> std::ops::Range<usize> {
    first[number] as usize..first[number + 1] as usize
}

fn starts(count: usize, numbers: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut first = vec![0; count + 1];
    for number in numbers {
        first[number as usize + 1] += 1;
    }
    for number in 0..count {
        first[number + 1] += first[number];
    }
    first
}
