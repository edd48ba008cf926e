//! The flow against every plan there is, and what no plan may do.

use proptest::prelude::*;

use super::{
    super::{Line, Offer, Problem, Score, Share, below_minimum, cheapest, one_by_one, score, served, solve},
    problem,
};
use crate::mutual_aid::matching::need::Priority::{self, P1, P2, P3};

#[track_caller]
fn check(problem: &Problem, expected: &[&str]) {
    let story: Vec<_> = solve(problem)
        .iter()
        .map(|share| format!("{}×{} to {}: {} s", share.amount, share.resource, share.line, share.seconds))
        .collect();
    assert_eq!(story, expected);
}

#[test]
fn the_second_best_for_one_is_the_only_one_for_another() {
    let problem = problem(&[(P1, 1, 1), (P1, 1, 1)], &[1, 1], &[&[100, 110], &[120, 0]]);
    check(&problem, &["1×1 to 0: 110 s", "1×0 to 1: 120 s"]);
    assert_eq!(served(&problem, &one_by_one(&problem)), [1, 0], "one by one leaves the second without");
}

#[test]
fn the_more_urgent_line_is_served_first_however_far() {
    check(&problem(&[(P2, 1, 1), (P1, 1, 1)], &[1], &[&[10], &[9_999]]), &["1×0 to 1: 9999 s"]);
    check(
        &problem(&[(P3, 2, 2), (P2, 0, 2)], &[3], &[&[10], &[9_999]]),
        &["1×0 to 0: 10 s", "2×0 to 1: 9999 s"],
    );
}

#[test]
fn minimums_come_before_wishes_of_the_same_urgency() {
    let both = problem(&[(P1, 1, 4), (P1, 2, 4)], &[4], &[&[10], &[900]]);
    check(&both, &["2×0 to 0: 10 s", "2×0 to 1: 900 s"]);
}

#[test]
fn half_a_minimum_is_given_to_a_line_that_it_completes() {
    // Two lines need both cranes; the cheapest flow would give one to each.
    let cranes = problem(&[(P1, 2, 2), (P1, 2, 2)], &[1, 1], &[&[100, 500], &[500, 100]]);
    assert_eq!(served(&cranes, &cheapest(&cranes)), [1, 1]);
    check(&cranes, &["1×0 to 0: 100 s", "1×1 to 0: 500 s"]);
    // With nobody to complete, half is better than nothing.
    check(&problem(&[(P1, 2, 2)], &[1], &[&[100]]), &["1×0 to 0: 100 s"]);
}

#[test]
fn one_resource_may_serve_several_lines() {
    let foam = problem(&[(P1, 0, 4_000), (P2, 0, 4_000)], &[6_000, 500], &[&[60, 0], &[90, 30]]);
    check(&foam, &["4000×0 to 0: 60 s", "2000×0 to 1: 90 s", "500×1 to 1: 30 s"]);
}

#[test]
fn nothing_comes_of_nothing() {
    check(&Problem::default(), &[]);
    check(&problem(&[(P1, 1, 1)], &[], &[&[]]), &[]);
    check(&problem(&[(P1, 1, 1)], &[0], &[&[5]]), &[]);
}

#[test]
fn the_largest_quantities_and_times_do_not_overflow() {
    let most = 1_000_000_000_000_000_000;
    let lines = [(P1, most, most), (P1, 1, most), (P2, most, most), (P3, most, most)];
    let far = u32::MAX;
    let problem =
        problem(&lines, &[most, most, most], &[&[far, 1, far], &[1, far, far], &[far; 3], &[far; 3]]);
    let shares = solve(&problem);
    assert_eq!(served(&problem, &shares), [most, most, most, 0]);
    assert_eq!(score(&problem, &shares).unit_seconds, u128::from(most) * (2 + u128::from(far)));
}

/// Every way to give everything out, and the best score of all.
fn best_of_all(problem: &Problem) -> Score {
    fn go(problem: &Problem, offer: usize, free: &mut Vec<u64>, shares: &mut Vec<Share>, best: &mut Score) {
        let Some(&Offer { line, resource, seconds }) = problem.offers.get(offer) else {
            *best = (*best).min(score(problem, shares));
            return;
        };
        let room = problem.lines[line as usize].asked - served(problem, shares)[line as usize];
        for amount in 0..=room.min(free[resource as usize]) {
            free[resource as usize] -= amount;
            shares.push(Share { line, resource, amount, seconds });
            go(problem, offer + 1, free, shares, best);
            shares.pop();
            free[resource as usize] += amount;
        }
    }
    let mut best = score(problem, &[]);
    go(problem, 0, &mut problem.free.clone(), &mut Vec::new(), &mut best);
    best
}

fn any_problem(lines: usize, resources: usize, most: u64) -> impl Strategy<Value = Problem> {
    let line = (0..3_usize, 0..=most, 1..=most).prop_map(|(priority, minimum, asked)| Line {
        priority: Priority::ALL[priority],
        minimum: minimum.min(asked),
        asked,
    });
    (1..=lines, 0..=resources).prop_flat_map(move |(lines, resources)| {
        let seconds = prop_oneof![1 => Just(0), 3 => 1_u32..12];
        let free = prop::collection::vec(0..=most, resources);
        (prop::collection::vec(line.clone(), lines), free, prop::collection::vec(seconds, lines * resources))
            .prop_map(|(lines, free, seconds)| {
                let mut pairs = (0..)
                    .zip(&lines)
                    .flat_map(|(line, _)| (0..).zip(&free).map(move |(resource, _)| (line, resource)));
                let offers = seconds.into_iter().filter_map(|seconds| {
                    let (line, resource) = pairs.next()?;
                    (seconds > 0).then_some(Offer { line, resource, seconds })
                });
                let offers = offers.collect();
                Problem { lines, free, offers }
            })
    })
}

fn check_limits(problem: &Problem, shares: &[Share]) -> Result<(), TestCaseError> {
    let mut taken = vec![0; problem.free.len()];
    for share in shares {
        prop_assert!(share.amount > 0);
        taken[share.resource as usize] += share.amount;
        let offer = Offer { line: share.line, resource: share.resource, seconds: share.seconds };
        prop_assert!(problem.offers.contains(&offer));
    }
    for (taken, free) in taken.iter().zip(&problem.free) {
        prop_assert!(taken <= free);
    }
    for (got, line) in served(problem, shares).iter().zip(&problem.lines) {
        prop_assert!(*got <= line.asked);
    }
    prop_assert!(
        shares.windows(2).all(|pair| (pair[0].line, pair[0].resource) < (pair[1].line, pair[1].resource))
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_plan_is_better_than_the_flow(problem in any_problem(3, 3, 2)) {
        prop_assert_eq!(score(&problem, &cheapest(&problem)), best_of_all(&problem));
    }

    #[test]
    fn plans_keep_the_limits_and_are_never_worse_than_one_by_one(problem in any_problem(12, 20, 6)) {
        let flow = cheapest(&problem);
        let greedy = one_by_one(&problem);
        let plan = solve(&problem);
        for shares in [&flow, &greedy, &plan] {
            check_limits(&problem, shares)?;
        }
        prop_assert!(score(&problem, &flow) <= score(&problem, &greedy));
        // Giving lines up completes others, or is not done; and it costs no priority a unit.
        prop_assert!(below_minimum(&problem, &plan) <= below_minimum(&problem, &flow));
        if below_minimum(&problem, &plan) == below_minimum(&problem, &flow) {
            prop_assert_eq!(&plan, &flow);
        }
        let unmet = |shares| score(&problem, shares).missing.map(|missing| missing.1);
        prop_assert_eq!(unmet(&plan), unmet(&flow));
    }

    #[test]
    fn what_a_unit_is_does_not_matter(problem in any_problem(6, 8, 4)) {
        // Litres in thousandths: the same plan a thousand times as large.
        let mut fine = problem.clone();
        for line in &mut fine.lines {
            (line.minimum, line.asked) = (line.minimum * 1_000, line.asked * 1_000);
        }
        for free in &mut fine.free {
            *free *= 1_000;
        }
        let whole: Vec<_> =
            solve(&problem).into_iter().map(|share| Share { amount: share.amount * 1_000, ..share }).collect();
        prop_assert_eq!(solve(&fine), whole);
    }
}
