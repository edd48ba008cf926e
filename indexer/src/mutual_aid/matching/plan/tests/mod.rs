//! The joint plan: stories, properties, and what it saves.

mod flows;
mod proposals;
mod savings;

use super::{Line, Offer, Problem};
use crate::mutual_aid::matching::need::Priority;

/// Lines as (priority, minimum, asked); resources as what they have; `seconds[line][resource]`, 0 for no offer.
fn problem(lines: &[(Priority, u64, u64)], free: &[u64], seconds: &[&[u32]]) -> Problem {
    let mut offers = Vec::new();
    for (line, row) in (0..).zip(seconds) {
        for (resource, &seconds) in (0..).zip(*row) {
            if seconds > 0 {
                offers.push(Offer { line, resource, seconds });
            }
        }
    }
    let lines = lines.iter().map(|&(priority, minimum, asked)| Line { priority, minimum, asked }).collect();
    Problem { lines, free: free.to_vec(), offers }
}
