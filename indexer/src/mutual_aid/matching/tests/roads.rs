//! The ranking on a map.

use std::sync::Arc;

use super::super::{
    eligibility::{Mismatch, Policy, Question},
    inventory::Inventory,
    need::{Mode, Need},
    place::Place,
    ranking::rank,
    resource::{Attempts, Resource},
    roads::{Closure, Conditions, EdgeDraft, NodeDraft, Pace, Roads, RoadsDraft, Travel},
    trial::{engine, id, need, online, owners},
};

/// A street of three crossings, a kilometre apart: `0`, `1` with a gate of 20 s, `2`; 36 km/h.
fn street() -> Arc<Roads> {
    let nodes = (0..3).map(|number| NodeDraft {
        id: number.to_string(),
        latitude: at(number).latitude(),
        longitude: at(number).longitude(),
        gate_seconds: if number == 1 { 20.0 } else { 0.0 },
        ..NodeDraft::default()
    });
    let edges = (0..2).map(|number| EdgeDraft {
        id: format!("{number}-{}", number + 1),
        from: number.to_string(),
        to: (number + 1).to_string(),
        length_m: 1_000.0,
        speed_kmh: 36.0,
        both_ways: true,
        ..EdgeDraft::default()
    });
    Arc::new(Roads::build(RoadsDraft { nodes: nodes.collect(), edges: edges.collect() }).unwrap())
}

fn at(number: i32) -> Place {
    Place::new(31.3, 120.75 + f64::from(number) * 0.01).unwrap()
}

fn need_at(number: i32) -> Need {
    Need { destination: at(number), ..need() }
}

/// `id: travel+gate, metres, basis` of every candidate, then the words of every exclusion.
fn story(inventory: &Inventory, roads: &Arc<Roads>, now: &Conditions, need: &Need) -> Vec<String> {
    let (policy, owners, none) = (Policy::default(), owners(&[("east-steel", online())]), Attempts::new());
    let travel = Travel::on(roads, now, need.destination, Pace::default());
    let question = Question { need, owners: &owners, attempts: &none, travel: &travel, policy: &policy };
    let ranking = rank(inventory, question, 64).unwrap();
    let candidates = ranking.candidates().iter().map(|one| {
        let (cost, metres) = (one.cost, one.metres.unwrap());
        format!(
            "{}: {}+{}, {metres} m, {}",
            one.id.record.as_bytes()[0],
            cost.travel,
            cost.gate,
            one.basis.code()
        )
    });
    let excluded = ranking.excluded().map(|(resource, _)| {
        let words: Vec<_> = ranking.explain(&resource.id).unwrap().iter().map(|why| why.words().0).collect();
        format!("{}: {}", resource.id.record.as_bytes()[0], words.join("，"))
    });
    candidates.chain(excluded).collect()
}

#[test]
fn times_come_from_the_map_and_closures_hold_at_once() {
    let roads = street();
    let mut inventory = Inventory::new(Mode::Actual, Some(Arc::clone(&roads)));
    let far = Place::new(31.35, 120.75).unwrap();
    for (number, place) in [(1, at(0)), (2, at(1)), (3, far)] {
        inventory.put(Resource { place: Some(place), ..engine(number) });
    }
    let open = roads.conditions(&[], &[]).unwrap();
    let expected = ["2: 100+0, 1000 m, ROADS", "1: 200+20, 2000 m, ROADS", "3: 952+0, 7932 m, STRAIGHT_LINE"];
    assert_eq!(story(&inventory, &roads, &open, &need_at(2)), expected);
    let shut = roads.conditions(&[Closure::Edge("0-1".to_owned())], &[]).unwrap();
    let expected = ["2: 100+0, 1000 m, ROADS", "3: 952+0, 7932 m, STRAIGHT_LINE", "1: 无路可达"];
    assert_eq!(story(&inventory, &roads, &shut, &need_at(2)), expected);
    let shut = roads.conditions(&[Closure::Node("2".to_owned())], &[]).unwrap();
    let cut_off = "无路可达：目的地各路均封闭，请改选集结点";
    let expected =
        ["3: 952+0, 7932 m, STRAIGHT_LINE".to_owned(), format!("1: {cut_off}"), format!("2: {cut_off}")];
    assert_eq!(story(&inventory, &roads, &shut, &need_at(2)), expected);
}

#[test]
fn another_map_places_everything_anew() {
    let roads = street();
    let mut inventory = Inventory::new(Mode::Actual, None);
    inventory.put(Resource { place: Some(at(0)), ..engine(1) });
    let open = roads.conditions(&[], &[]).unwrap();
    let (need, owners, none, policy) = (need_at(1), owners(&[]), Attempts::new(), Policy::default());
    let travel = Travel::on(&roads, &open, need.destination, Pace::default());
    let question =
        Question { need: &need, owners: &owners, attempts: &none, travel: &travel, policy: &policy };
    assert_eq!(rank(&inventory, question, 1).unwrap_err(), Mismatch::Roads);
    inventory.set_roads(Some(Arc::clone(&roads)));
    assert_eq!(story(&inventory, &roads, &open, &need), ["1: 100+20, 1000 m, ROADS"]);
    inventory.set_roads(Some(street()));
    assert_eq!(rank(&inventory, question, 1).unwrap_err(), Mismatch::Roads, "another map that looks alike");
    assert!(inventory.get(&id("east-steel", 1)).is_some());
}
