//! Several resources, and what they cost.

use super::super::{
    cost::Cost,
    eligibility::{Mismatch, Policy, Question},
    inventory::Inventory,
    need::{Need, TypeChoice},
    ranking::rank,
    resource::{Attempts, Availability, Link, Owner, Owners, Resource, Rest},
    roads::{Pace, Travel},
    trial::{NOW, engine, id, inventory, minutes_ago, need, north, online, owners, pieces},
};

/// `id: muster+travel+gate+staleness+rest+substitute+uncertainty=total` of every candidate.
fn story(inventory: &Inventory, need: &Need, owners: &Owners, limit: usize) -> Vec<String> {
    let (travel, policy) = (Travel::straight(need.destination, Pace::default()), Policy::default());
    let question = Question { need, owners, attempts: &Attempts::new(), travel: &travel, policy: &policy };
    let ranking = rank(inventory, question, limit).unwrap();
    ranking
        .candidates()
        .iter()
        .map(|candidate| {
            let parts = candidate.cost.parts().map(|part| part.to_string()).join("+");
            let phone = if candidate.by_phone { " by phone" } else { "" };
            format!("{}: {parts}={}{phone}", candidate.id.record.as_bytes()[0], candidate.cost.total())
        })
        .collect()
}

#[track_caller]
fn check(resources: Vec<Resource>, need: &Need, expected: &[&str]) {
    let away = Owner { link: Link::Offline(minutes_ago(5)), ..online() };
    let owners = owners(&[("east-steel", online()), ("south-cold", away)]);
    assert_eq!(story(&inventory(resources), need, &owners, 64), expected);
}

#[test]
fn seconds_come_in_parts_that_add_up() {
    // 1 km as the crow flies is 1,350 m of road: 162 s at 30 km/h. Half of (50 % of 300 + 60 % of 162) is uncertain.
    check(vec![engine(1)], &need(), &["1: 300+162+0+0+0+0+123=585"]);
}

#[test]
fn each_circumstance_has_its_price() {
    let asked = Resource { pre_authorised: false, ..engine(2) };
    let called = Resource { id: id("south-cold", 3), ..engine(3) };
    let half_old = Availability { reported_at: minutes_ago(30), holds_seconds: 3_600 };
    let old = Resource { availability: half_old, ..engine(4) };
    let tired =
        Resource { rest: Some(Rest { since: minutes_ago(120), wanted_seconds: 8 * 3_600 }), ..engine(5) };
    let rested =
        Resource { rest: Some(Rest { since: minutes_ago(999), wanted_seconds: 8 * 3_600 }), ..engine(6) };
    let expected = [
        "1: 300+162+0+0+0+0+123=585",
        "6: 300+162+0+0+0+0+123=585",
        "2: 300+162+0+0+0+0+168=630",
        "4: 300+162+0+60+0+0+123=645",
        "3: 300+162+0+0+0+0+213=675 by phone",
        "5: 300+162+0+0+675+0+123=1260",
    ];
    check(vec![tired, asked, called, old, rested, engine(1)], &need(), &expected);
}

#[test]
fn from_nobody_knows_where_the_time_is_assumed() {
    let lost = Resource { place: None, ..engine(2) };
    check(
        vec![lost.clone(), engine(1)],
        &need(),
        &["1: 300+162+0+0+0+0+123=585", "2: 300+1800+0+0+0+0+615=2715"],
    );
    let (need, policy) = (need(), Policy::default());
    let owners = owners(&[("east-steel", online())]);
    let travel = Travel::straight(need.destination, Pace::default());
    let none = Attempts::new();
    let question =
        Question { need: &need, owners: &owners, attempts: &none, travel: &travel, policy: &policy };
    let inventory = inventory([lost, engine(1)]);
    let ranking = rank(&inventory, question, 64).unwrap();
    let shown = ranking.candidates().iter().map(|one| (one.basis.code(), one.metres));
    assert_eq!(shown.collect::<Vec<_>>(), [("STRAIGHT_LINE", Some(1_350)), ("UNKNOWN", None)]);
}

#[test]
fn a_substitute_costs_what_the_dispatcher_says() {
    let ladder = Resource { type_name: "云梯车".into(), ..engine(1) };
    let crane = Resource { type_name: "吊车".into(), ..engine(2) };
    let far = Resource { place: Some(north(3_000.0)), ..engine(3) };
    let choice = |name: &str, penalty_seconds| TypeChoice { name: name.into(), penalty_seconds };
    let need = Need { types: vec![choice("泡沫消防车", 0), choice("云梯车", 400)], ..need() };
    let expected = ["1: 300+162+0+0+0+400+123=985", "3: 300+486+0+0+0+0+220=1006"];
    check(vec![ladder, crane, far], &need, &expected);
}

#[test]
fn equal_costs_are_ordered_by_id_whatever_the_limit() {
    let owners = owners(&[("east-steel", online())]);
    let inventory = inventory((0..200).rev().map(engine));
    let all = story(&inventory, &need(), &owners, 300);
    assert_eq!(all.len(), 200);
    for limit in [0, 1, 2, 7, 64, 199, 200] {
        assert_eq!(story(&inventory, &need(), &owners, limit), all[..limit], "{limit}");
    }
    assert!(all[0].starts_with("0: ") && all[199].starts_with("199: "));
}

#[test]
fn the_inventory_follows_catalog_and_ledger() {
    let owners = owners(&[("east-steel", online())]);
    let mut inventory = inventory([engine(1), engine(2), engine(3)]);
    let numbers = |inventory: &Inventory| -> String {
        story(inventory, &need(), &owners, 64)
            .iter()
            .map(|line| line.split(':').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(numbers(&inventory), "123");
    assert!(inventory.set_free(&id("east-steel", 1), pieces(0)));
    assert_eq!(numbers(&inventory), "23");
    inventory.put(Resource { muster_seconds: 60, ..engine(3) });
    assert_eq!(numbers(&inventory), "32");
    assert!(inventory.remove(&id("east-steel", 2)).is_some());
    assert_eq!((numbers(&inventory), inventory.len()), ("3".to_owned(), 2));
    let old = Availability { reported_at: minutes_ago(10), holds_seconds: 60 };
    assert!(inventory.set_availability(&id("east-steel", 3), old));
    assert_eq!(numbers(&inventory), "");
    assert!(inventory.set_free(&id("east-steel", 1), pieces(1)));
    assert_eq!(numbers(&inventory), "1");
    assert!(
        !inventory.set_free(&id("east-steel", 2), pieces(1))
            && inventory.remove(&id("east-steel", 2)).is_none()
    );
}

#[test]
fn times_to_another_place_are_refused() {
    let (need, owners, none, policy) = (need(), owners(&[]), Attempts::new(), Policy::default());
    let travel = Travel::straight(north(1.0), Pace::default());
    let question =
        Question { need: &need, owners: &owners, attempts: &none, travel: &travel, policy: &policy };
    assert_eq!(rank(&inventory([]), question, 1).unwrap_err(), Mismatch::Destination);
}

#[test]
fn the_longest_times_do_not_overflow() {
    let most = Cost { muster: u32::MAX, travel: 1, ..Cost::default() };
    assert_eq!((most.total(), most.arrival()), (u32::MAX, u32::MAX));
    let mut slow = engine(1);
    (slow.muster_seconds, slow.place) = (u32::MAX, Some(north(-12_000_000.0)));
    slow.availability = Availability { reported_at: NOW, holds_seconds: u32::MAX };
    slow.rest = Some(Rest { since: NOW, wanted_seconds: u32::MAX });
    let owners = owners(&[("east-steel", online())]);
    assert_eq!(story(&inventory([slow]), &need(), &owners, 1).len(), 1);
}
