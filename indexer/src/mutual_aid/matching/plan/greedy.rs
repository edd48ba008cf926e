//! What a dispatcher does without a plan: one line after the other, each takes the cheapest that is left.

use super::{Problem, Share, prepared::Prepared};

/// Serves the most urgent line first, of equally urgent ones the first. What the joint plan is compared with.
#[must_use]
pub fn one_by_one(problem: &Problem) -> Vec<Share> {
    serve_one_by_one(problem, &Prepared::new(problem))
}

pub(super) fn serve_one_by_one(problem: &Problem, prepared: &Prepared) -> Vec<Share> {
    let mut free = problem.free.clone();
    let mut order: Vec<_> = (0..).zip(&problem.lines).collect();
    order.sort_by_key(|(_, line)| line.priority);
    let mut shares = Vec::new();
    for (line, ask) in order {
        let (mut room, mut place) = (ask.asked, 0);
        while room > 0
            && let Some((seconds, resource)) = prepared.offer_to(line, place)
        {
            let amount = room.min(free[resource as usize]);
            if amount > 0 {
                free[resource as usize] -= amount;
                room -= amount;
                let line = u32::try_from(line).unwrap_or(u32::MAX);
                shares.push(Share { line, resource, amount, seconds });
            }
            place += 1;
        }
    }
    shares.sort_unstable();
    shares
}
