//! Ways, closures, clouds, and the search against one that cannot be wrong.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::{
    Affected, Basis, Closure, EdgeDraft, Effect, Leg, NodeDraft, Pace, Plume, Roads, RoadsDraft, SNAP_METRES,
    Travel,
};
use crate::mutual_aid::matching::place::Place;

/// Degrees of one step of the test grid: about 950 m to the east, 1,112 m to the north.
const STEP: f64 = 0.01;

fn at(row: usize, column: usize) -> Place {
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let place = Place::new(31.3 + row as f64 * STEP, 120.75 + column as f64 * STEP).unwrap();
    place
}

fn node(row: usize, column: usize) -> NodeDraft {
    NodeDraft {
        id: format!("{row}{column}"),
        latitude: at(row, column).latitude(),
        longitude: at(row, column).longitude(),
        ..NodeDraft::default()
    }
}

fn edge(from: (usize, usize), to: (usize, usize), seconds: f64) -> EdgeDraft {
    let (begin, end) = (at(from.0, from.1), at(to.0, to.1));
    let length_m = begin.metres_to(end);
    EdgeDraft {
        id: format!("{}{}-{}{}", from.0, from.1, to.0, to.1),
        from: format!("{}{}", from.0, from.1),
        to: format!("{}{}", to.0, to.1),
        length_m,
        speed_kmh: length_m / seconds * 3.6,
        both_ways: true,
        ..EdgeDraft::default()
    }
}

/// ```text
/// 10 ─100─ 11 ─100─ 12
/// │                 │
/// 60                60
/// │                 │
/// 00 ─ 90─ 01 ─ 90─ 02      20 s at the gate 01
/// ```
fn park() -> Arc<Roads> {
    let mut nodes: Vec<_> = (0..6).map(|number| node(number / 3, number % 3)).collect();
    nodes[1].gate_seconds = 20.0;
    let edges = vec![
        edge((0, 0), (0, 1), 90.0),
        edge((0, 1), (0, 2), 90.0),
        edge((1, 0), (1, 1), 100.0),
        edge((1, 1), (1, 2), 100.0),
        edge((0, 0), (1, 0), 60.0),
        edge((0, 2), (1, 2), 60.0),
    ];
    Arc::new(Roads::build(RoadsDraft { nodes, edges }).unwrap())
}

/// Seconds, gates, basis from 00 to 02.
#[track_caller]
fn check(closures: &[Closure], plumes: &[Plume], expected: Option<(u32, u32)>) {
    let roads = park();
    let conditions = roads.conditions(closures, plumes).unwrap();
    let travel = Travel::on(&roads, &conditions, at(0, 2), Pace::default());
    let leg = travel.leg(at(0, 0));
    let expected = expected.map(|(travel_seconds, gate_seconds)| Leg {
        travel_seconds,
        gate_seconds,
        basis: Basis::Roads,
    });
    // Lengths and speeds are rounded up to the millisecond, so a drive may take a second more.
    let near = |leg: Leg, expected: Leg| {
        leg.gate_seconds == expected.gate_seconds
            && leg.basis == expected.basis
            && (0..=1).contains(&(i64::from(leg.travel_seconds) - i64::from(expected.travel_seconds)))
    };
    assert!(
        leg.zip(expected).map_or(leg == expected, |(leg, expected)| near(leg, expected)),
        "{leg:?} instead of {expected:?}"
    );
}

fn plume(low: (f64, f64), high: (f64, f64), effect: Effect) -> Plume {
    let corner = |row: f64, column: f64| Place::new(31.3 + row * STEP, 120.75 + column * STEP).unwrap();
    let corners =
        [corner(low.0, low.1), corner(low.0, high.1), corner(high.0, high.1), corner(high.0, low.1)];
    Plume::new(&corners, effect).unwrap()
}

#[test]
fn closures_and_clouds_hold_at_once() {
    let shut = |id: &str| Closure::Edge(id.to_owned());
    let gate = || Closure::Node("01".to_owned());
    check(&[], &[], Some((180, 20)));
    check(&[shut("00-01")], &[], Some((320, 0)));
    check(&[gate()], &[], Some((320, 0)));
    check(&[gate(), shut("10-11")], &[], None);
    // A cloud over the middle of the lower road, touching neither end of it.
    let cloud = |effect| plume((-0.2, 0.4), (0.2, 0.6), effect);
    check(&[], &[cloud(Effect::Blocked)], Some((320, 0)));
    check(&[], &[cloud(Effect::Slowed(200))], Some((270, 20)));
    check(&[], &[cloud(Effect::Slowed(300))], Some((320, 0)));
    check(&[], &[cloud(Effect::Slowed(150)), cloud(Effect::Slowed(200))], Some((270, 20)));
    check(&[shut("00-01")], &[cloud(Effect::Slowed(200))], Some((320, 0)));
    // A cloud between the roads touches nothing.
    check(&[], &[plume((0.3, 0.4), (0.7, 1.6), Effect::Blocked)], Some((180, 20)));
}

#[test]
fn a_destination_in_the_cloud_is_cut_off_and_says_so() {
    let roads = park();
    let over = plume((-0.1, 1.9), (0.1, 2.1), Effect::Blocked);
    let conditions = roads.conditions(&[], &[over]).unwrap();
    let travel = Travel::on(&roads, &conditions, at(0, 2), Pace::default());
    assert!(travel.is_cut_off() && travel.leg(at(0, 0)).is_none());
    let staging = Travel::on(&roads, &conditions, at(0, 1), Pace::default());
    assert!(!staging.is_cut_off() && staging.leg(at(0, 0)).is_some());
}

#[test]
fn off_the_graph_it_is_an_estimate_and_says_so() {
    let roads = park();
    let open = roads.conditions(&[], &[]).unwrap();
    let travel = Travel::on(&roads, &open, at(0, 2), Pace::default());
    // 4 degrees of a hundredth to the east of the destination: 3.8 km, by 1.35 at 30 km/h.
    let far = at(0, 6);
    let seconds = (far.metres_to(at(0, 2)) * 1.35 / 30.0 * 3.6).ceil();
    let leg = travel.leg(far).unwrap();
    assert_eq!((leg.gate_seconds, leg.basis), (0, Basis::StraightLine));
    assert!((f64::from(leg.travel_seconds) - seconds).abs() < 0.5);
    assert_eq!(leg.basis.labels().0, "直线估算");
    // Nothing is on the graph when the destination is not.
    let outside = Travel::on(&roads, &open, far, Pace::default());
    assert_eq!(
        (outside.basis(), outside.leg(at(0, 0)).unwrap().basis),
        (Basis::StraightLine, Basis::StraightLine)
    );
    assert!(outside.reach().is_none());
}

#[test]
fn the_last_metres_count() {
    let roads = park();
    let open = roads.conditions(&[], &[]).unwrap();
    let beside = |place: Place, metres: f64| {
        Place::new(place.latitude() + metres / 111_195.08, place.longitude()).unwrap()
    };
    let travel = Travel::on(&roads, &open, beside(at(0, 2), 100.0), Pace::default());
    let leg = travel.leg(beside(at(0, 0), -200.0)).unwrap();
    // 300 m at 10 km/h are 108 s.
    assert!((288..=290).contains(&leg.travel_seconds), "{leg:?}");
    let snap = roads.snap(beside(at(0, 0), 299.0)).unwrap();
    assert_eq!(snap.node, roads.node("00").unwrap());
    assert!((snap.metres - 299.0).abs() < 0.1);
    assert_eq!(roads.snap(beside(at(0, 0), SNAP_METRES + 1.0)), None);
}

#[test]
fn a_node_without_road_catches_nobody() {
    let mut nodes = vec![node(0, 0), node(0, 1), node(0, 2)];
    nodes[2].longitude = nodes[0].longitude + 0.0001;
    let roads = Roads::build(RoadsDraft { nodes, edges: vec![edge((0, 0), (0, 1), 90.0)] }).unwrap();
    let on_it = Place::new(at(0, 0).latitude(), at(0, 0).longitude() + 0.0001).unwrap();
    assert_eq!(roads.snap(on_it).unwrap().node, roads.node("00").unwrap());
}

/// Bellman and Ford, straight from the description: seconds in milliseconds from every node to one.
fn slowly(draft: &RoadsDraft, shut_edges: &[String], shut_nodes: &[String], to: &str) -> Vec<Option<u32>> {
    let index = |id: &str| draft.nodes.iter().position(|node| node.id == id).unwrap();
    let mut found = vec![None; draft.nodes.len()];
    found[index(to)] = Some(0);
    for _ in 0..draft.nodes.len() {
        for edge in draft.edges.iter().filter(|edge| !shut_edges.contains(&edge.id)) {
            let ways = [(&edge.from, &edge.to), (&edge.to, &edge.from)];
            for (from, to) in ways.into_iter().take(1 + usize::from(edge.both_ways)) {
                if shut_nodes.contains(from) || shut_nodes.contains(to) {
                    continue;
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "small in this test"
                )]
                let millis = |seconds: f64| (seconds * 1000.0).ceil() as u32;
                let drive = millis(edge.length_m / edge.speed_kmh * 3.6);
                let wait = millis(draft.nodes[index(to)].gate_seconds);
                if let Some(rest) = found[index(to)] {
                    let total = rest + wait + drive;
                    let from = &mut found[index(from)];
                    *from = Some(from.map_or(total, |before: u32| before.min(total)));
                }
            }
        }
    }
    found
}

prop_compose! {
    fn any_roads()(count in 1_usize..14)(
        gates in prop::collection::vec(prop_oneof![3 => Just(0.0), 1 => 1.0..60.0], count),
        ways in prop::collection::btree_map((0..count, 0..count), (20.0_f64..400.0, prop::bool::weighted(0.3)), 0..40),
    ) -> RoadsDraft {
        let nodes = gates.into_iter().enumerate().map(|(number, gate_seconds)| {
            NodeDraft { gate_seconds, ..node(number / 10, number % 10) }
        });
        let place = |number: usize| (number / 10, number % 10);
        let edges = ways.iter().filter(|((from, to), _)| from != to).map(|(&(from, to), &(seconds, both))| {
            let mut edge = edge(place(from), place(to), 1.0);
            // From 1 to 130 km/h, whatever the distance.
            edge.speed_kmh = (edge.length_m / seconds * 3.6).clamp(1.0, 130.0);
            edge.both_ways = both && !ways.contains_key(&(to, from));
            edge
        });
        RoadsDraft { nodes: nodes.collect(), edges: edges.collect() }
    }
}

proptest! {
    #[test]
    fn the_search_finds_what_bellman_and_ford_find(
        draft in any_roads(),
        destination in any::<prop::sample::Index>(),
        shut in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..5),
    ) {
        let roads = Roads::build(draft.clone()).unwrap();
        let (mut shut_edges, mut shut_nodes) = (Vec::new(), Vec::new());
        for (is_edge, index) in shut {
            if is_edge && !draft.edges.is_empty() {
                shut_edges.push(index.get(&draft.edges).id.clone());
            } else if !is_edge {
                shut_nodes.push(index.get(&draft.nodes).id.clone());
            }
        }
        let closures: Vec<_> = shut_edges.iter().cloned().map(Closure::Edge)
            .chain(shut_nodes.iter().cloned().map(Closure::Node)).collect();
        let conditions = roads.conditions(&closures, &[]).unwrap();
        let to = &destination.get(&draft.nodes).id;
        let reach = roads.reach(&conditions, roads.node(to).unwrap());
        let expected = slowly(&draft, &shut_edges, &shut_nodes, to);
        for (node, expected) in draft.nodes.iter().zip(expected) {
            let number = roads.node(&node.id).unwrap();
            prop_assert_eq!(reach.millis(number), expected, "from {}", &node.id);
            // The way that is shown takes the time that is said, and its gates are those that are counted.
            let route = reach.route(number);
            prop_assert_eq!(route.is_empty(), expected.is_none());
            for step in route.windows(2) {
                let edge = roads.edge_between(step[0], step[1]).unwrap().to_owned();
                prop_assert!(!shut_edges.contains(&edge));
            }
            let gates: f64 = route.iter().skip(1)
                .map(|on| (draft.nodes[*on as usize].gate_seconds * 1000.0).ceil()).sum();
            prop_assert!((f64::from(reach.gate_millis(number)) - gates).abs() < 0.5);
        }
    }

    #[test]
    fn the_grid_finds_the_nearest_node(
        scattered in prop::collection::vec((31.29_f64..31.31, 120.74_f64..120.76), 2..60),
        latitude in 31.285_f64..31.315, longitude in 120.735_f64..120.765,
    ) {
        let nodes: Vec<_> = scattered.iter().enumerate().map(|(number, (latitude, longitude))| NodeDraft {
            id: number.to_string(), latitude: *latitude, longitude: *longitude, ..NodeDraft::default()
        }).collect();
        let edges = (1..nodes.len()).map(|number| EdgeDraft {
            id: number.to_string(), from: "0".to_owned(), to: number.to_string(),
            length_m: 9_000.0, speed_kmh: 30.0, ..EdgeDraft::default()
        }).collect();
        let places: Vec<_> = nodes.iter().map(|node| Place::new(node.latitude, node.longitude).unwrap()).collect();
        let roads = Roads::build(RoadsDraft { nodes, edges }).unwrap();
        let place = Place::new(latitude, longitude).unwrap();
        let nearest = places.iter().map(|node| node.metres_to(place)).fold(f64::MAX, f64::min);
        match roads.snap(place) {
            Some(snap) => prop_assert!((snap.metres - nearest).abs() < 1e-6),
            None => prop_assert!(nearest > SNAP_METRES),
        }
    }

    #[test]
    fn a_road_that_has_a_point_in_the_cloud_is_touched(
        corners in prop::collection::vec((0.0_f64..1.0, 0.0_f64..1.0), 3..8),
        from in (-0.5_f64..1.5, -0.5_f64..1.5), to in (-0.5_f64..1.5, -0.5_f64..1.5),
    ) {
        let place = |(row, column): (f64, f64)| Place::new(31.3 + row * STEP, 120.75 + column * STEP).unwrap();
        let corners: Vec<_> = corners.into_iter().map(place).collect();
        let plume = Plume::new(&corners, Effect::Blocked).unwrap();
        let nodes = [("a", from), ("b", to)].map(|(id, at)| NodeDraft {
            id: id.to_owned(), latitude: place(at).latitude(), longitude: place(at).longitude(), ..NodeDraft::default()
        });
        let edge = EdgeDraft {
            id: "e".to_owned(), from: "a".to_owned(), to: "b".to_owned(), length_m: 9_000.0, speed_kmh: 30.0,
            ..EdgeDraft::default()
        };
        let roads = Roads::build(RoadsDraft { nodes: nodes.to_vec(), edges: vec![edge] }).unwrap();
        let conditions = roads.conditions(&[], std::slice::from_ref(&plume)).unwrap();
        let is_blocked = roads.reach(&conditions, 1).millis(0).is_none();
        let has_point_inside = (0..=1_000).any(|step| {
            let part = f64::from(step) / 1_000.0;
            plume.contains(place((from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)))
        });
        // Sampling may miss the tip of a corner, so only one direction can be demanded exactly.
        prop_assert!(is_blocked || !has_point_inside);
        if is_blocked && !has_point_inside {
            let [low, high] = [f64::min, f64::max].map(|pick| {
                corners.iter().map(|corner| corner.latitude()).reduce(pick).unwrap()
            });
            let (a, b) = (place(from).latitude(), place(to).latitude());
            prop_assert!(a.max(b) >= low && a.min(b) <= high);
        }
    }
}

#[test]
fn a_way_is_drawn_over_its_crossings_and_what_is_closed_is_named() {
    let roads = park();
    let open = roads.conditions(&[], &[]).unwrap();
    let to_gate = |conditions| Travel::on(&roads, conditions, at(0, 2), Pace::default());
    let way = to_gate(&open).way(at(0, 0)).unwrap();
    assert_eq!(way.bends, [at(0, 0), at(0, 0), at(0, 1), at(0, 2), at(0, 2)]);
    assert_eq!((way.leg.gate_seconds, way.leg.basis), (20, Basis::Roads));
    assert!(way.metres.abs_diff(1_900) < 20, "{}", way.metres);
    assert_eq!(roads.affected(&open), Affected::default());

    let shut = roads.conditions(&[Closure::Edge("00-01".to_owned())], &[]).unwrap();
    let around = to_gate(&shut).way(at(0, 0)).unwrap();
    assert_eq!(around.bends[1..5], [at(0, 0), at(1, 0), at(1, 1), at(1, 2)]);
    assert_eq!(roads.affected(&shut), Affected { blocked: vec![[at(0, 0), at(0, 1)]], slowed: Vec::new() });

    let smoke = [(1.1, -0.1), (0.9, -0.1), (0.9, 1.1), (1.1, 1.1)]
        .map(|(row, column)| Place::new(31.3 + row * STEP, 120.75 + column * STEP).unwrap());
    let slow = Plume::new(&smoke, Effect::Slowed(300)).unwrap();
    let slowed = roads.affected(&roads.conditions(&[], &[slow]).unwrap());
    assert!(slowed.blocked.is_empty() && slowed.slowed.contains(&[at(1, 0), at(1, 1)]), "{slowed:?}");
    let gone = roads.conditions(&[Closure::Node("02".to_owned())], &[]).unwrap();
    assert_eq!(to_gate(&gone).way(at(0, 0)), None);
    let guessed = Travel::straight(at(0, 2), Pace::default()).way(at(0, 0)).unwrap();
    assert_eq!((guessed.bends.len(), guessed.leg.basis), (2, Basis::StraightLine));
}
