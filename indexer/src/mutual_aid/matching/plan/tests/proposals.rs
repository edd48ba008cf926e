//! Proposals for real needs.

use proptest::prelude::*;

use super::super::{Proposal, ShortfallReason, Why, propose};
use crate::mutual_aid::matching::{
    eligibility::{Policy, Question},
    inventory::Inventory,
    need::{Ask, Need, Priority},
    resource::{Attempts, Resource},
    roads::{Pace, Travel},
    trial::{engine, inventory, line, need, north, online, owners, pieces, stock},
};

fn ask(number: u32, priority: Priority, asked: f64, minimum: f64) -> Need {
    Need { key: line(number), priority, ask: Ask::new("1", asked, minimum).unwrap(), ..need() }
}

fn plan(inventory: &Inventory, needs: &[Need]) -> Proposal {
    let (owners, none, policy) = (owners(&[("east-steel", online())]), Attempts::new(), Policy::default());
    let travels: Vec<_> =
        needs.iter().map(|need| Travel::straight(need.destination, Pace::default())).collect();
    let questions: Vec<_> = needs
        .iter()
        .zip(&travels)
        .map(|(need, travel)| Question { need, owners: &owners, attempts: &none, travel, policy: &policy })
        .collect();
    propose(inventory, &questions).unwrap()
}

fn story(proposal: &Proposal) -> Vec<String> {
    let number = |id: &shouwang_proto::id::PublicationName| id.record.as_bytes()[0];
    let assignments = proposal.assignments.iter().map(|assignment| {
        let why = match &assignment.why {
            Why::Fastest => String::new(),
            Why::FasterNeededElsewhere { resource, line, seconds } => {
                format!(", {} would be {seconds} s faster but goes to {}", number(resource), line.line)
            }
        };
        let quantity = assignment.quantity.thousandths() / 1_000;
        let (id, cost) = (number(&assignment.candidate.id), assignment.candidate.cost.total());
        format!("{}: {quantity} of {id} in {cost} s{why}", assignment.line.line)
    });
    let shortfalls = proposal.shortfalls.iter().map(|shortfall| {
        let elsewhere = match shortfall.reason {
            ShortfallReason::NeededElsewhere { line, .. } => format!(" {}", line.line),
            ShortfallReason::SupplyShort { supply } => format!(" {}", supply.thousandths() / 1_000),
            ShortfallReason::NoCandidate | ShortfallReason::NotPlanned => String::new(),
        };
        let [planned, asked] =
            [shortfall.planned, shortfall.asked].map(|amount| amount.thousandths() / 1_000);
        let below = if shortfall.is_below_minimum { ", below minimum" } else { "" };
        format!(
            "{}: {planned} of {asked}, {}{elsewhere}{below}",
            shortfall.line.line,
            shortfall.reason.code()
        )
    });
    assignments.chain(shortfalls).collect()
}

fn one(number: u8, metres: f64) -> Resource {
    Resource { stock: stock("1", 1.0, 0.0, 1.0), place: Some(north(metres)), ..engine(number) }
}

#[test]
fn every_line_learns_why() {
    // Line 1 could have either engine, line 2 needs the one with the ladder.
    let mut ladder = one(1, 100.0);
    ladder.type_name = "云梯车".into();
    let inventory = inventory([ladder, one(2, 2_000.0)]);
    let mut needs = vec![ask(1, Priority::P1, 1.0, 1.0), ask(2, Priority::P1, 1.0, 1.0)];
    needs[1].types =
        vec![crate::mutual_aid::matching::need::TypeChoice { name: "云梯车".into(), penalty_seconds: 0 }];
    needs.push(Need { kind: "team".to_owned(), ..ask(3, Priority::P2, 2.0, 1.0) });
    needs.push(ask(4, Priority::P3, 3.0, 1.0));
    needs.push(ask(5, Priority::P3, 1.0, 0.0));
    let proposal = plan(&inventory, &needs);
    assert_eq!(
        story(&proposal),
        [
            "1: 1 of 2 in 796 s, 1 would be 399 s faster but goes to 2",
            "2: 1 of 1 in 397 s",
            "3: 0 of 2, NO_CANDIDATE, below minimum",
            "4: 0 of 3, SUPPLY_SHORT 2, below minimum",
            "5: 0 of 1, NEEDED_ELSEWHERE 1",
        ]
    );
    // One by one, line 1 would take the ladder from line 2 and leave the other engine to line 4.
    let (joint, single) = (proposal.joint, proposal.one_by_one);
    assert_eq!((joint.lines_below_minimum, single.lines_below_minimum), ([0, 1, 1], [1, 1, 0]));
    assert!((joint.unmet_lines - 3.0).abs() < 1e-9, "all of 3, 4 and 5");
    let near = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
    assert!(
        near(joint.mean_seconds, 596.5) && near(joint.unit_seconds, 1_193.0) && near(joint.unmet_units, 6.0)
    );
}

#[test]
fn only_what_the_ledger_frees_is_planned() {
    let inventory = inventory([Resource { stock: stock("1", 5.0, 1.0, 1.0), ..engine(1) }]);
    let proposal = plan(&inventory, &[ask(1, Priority::P1, 3.0, 1.0)]);
    assert_eq!(proposal.assignments[0].quantity, pieces(1));
}

#[test]
fn of_too_many_lines_the_least_urgent_wait() {
    let mut needs: Vec<_> = (0..=256).map(|number| ask(number, Priority::P2, 1.0, 1.0)).collect();
    needs[7].priority = Priority::P3;
    let proposal = plan(&inventory([one(1, 0.0)]), &needs);
    let left = proposal.shortfalls.last().unwrap();
    assert_eq!((left.line.line, left.reason, left.is_below_minimum), (7, ShortfallReason::NotPlanned, true));
    assert_eq!((proposal.assignments.len(), proposal.shortfalls.len()), (1, 256));
}

proptest! {
    #[test]
    fn any_part_of_a_proposal_can_be_ordered(
        (numbers, shuffled) in Just((1_u8..30).collect::<Vec<_>>()).prop_flat_map(|all| {
            (Just(all.clone()), Just(all).prop_shuffle())
        }),
        stocks in prop::collection::vec((1_u32..4, 0_u32..4, 0_u32..2, 0.0_f64..3_000.0), 30),
        asks in prop::collection::vec((0..3_usize, 1_u32..6, 0_u32..4), 1..10),
    ) {
        let resource = |number: &u8| {
            let (total, free, floor, metres) = stocks[usize::from(*number)];
            let stock = stock("1", f64::from(total), f64::from(floor), f64::from(free));
            Resource { stock, ..one(*number, metres) }
        };
        let needs: Vec<_> = (1..).zip(&asks).map(|(number, &(priority, asked, minimum))| {
            ask(number, Priority::ALL[priority], f64::from(asked), f64::from(minimum.min(asked)))
        }).collect();
        let one = inventory(numbers.iter().map(resource));
        let proposal = plan(&one, &needs);
        // The order in which resources and needs come does not matter.
        let reversed: Vec<_> = needs.iter().rev().cloned().collect();
        prop_assert_eq!(&plan(&inventory(shuffled.iter().map(resource)), &reversed), &proposal);
        // All orders together stay within what is free, so any part of them does.
        for resource in numbers.iter().map(resource) {
            let taken = proposal.assignments.iter().filter(|assignment| assignment.candidate.id == resource.id);
            let taken: u64 = taken.map(|assignment| assignment.quantity.thousandths()).sum();
            prop_assert!(taken <= resource.stock.free.min(resource.stock.total).thousandths());
        }
        for need in &needs {
            let given = proposal.assignments.iter().filter(|assignment| assignment.line == need.key);
            let given: u64 = given.map(|assignment| assignment.quantity.thousandths()).sum();
            let shortfall = proposal.shortfalls.iter().find(|shortfall| shortfall.line == need.key);
            let missing = shortfall.map_or(0, |shortfall| (shortfall.asked.minus(shortfall.planned)).thousandths());
            prop_assert_eq!(given + missing, need.ask.asked.thousandths());
        }
    }
}
