//! The text format and its mistakes.

use super::super::{Closure, EdgeDraft, Effect, NodeDraft, Plume, PlumeError, Roads, RoadsDraft};
use crate::mutual_aid::matching::place::Place;

const PARK: &str = r#"
# Two gates and a crossing.
{"node": "west", "latitude": 31.3, "longitude": 120.75}
{"node": "gate", "latitude": 31.3, "longitude": 120.76, "gate_seconds": 20}
{"node": "east", "latitude": 31.3, "longitude": 120.77}

{"edge": "w-g", "from": "west", "to": "gate", "length_m": 960, "speed_kmh": 36, "both_ways": true}
{"edge": "g-e", "from": "gate", "to": "east", "length_m": 960, "speed_kmh": 36}
"#;

#[test]
fn a_park_is_read() {
    let roads = Roads::parse(PARK).unwrap();
    assert_eq!(roads.node_count(), 3);
    let (west, east) = (roads.node("west").unwrap(), roads.node("east").unwrap());
    let open = roads.conditions(&[], &[]).unwrap();
    let to_east = roads.reach(&open, east);
    assert_eq!((to_east.millis(west), to_east.gate_millis(west)), (Some(96_000 + 20_000 + 96_000), 20_000));
    assert_eq!(roads.reach(&open, west).millis(east), None, "one way only");
    let route: Vec<_> = to_east.route(west).iter().filter_map(|node| roads.node_id(*node)).collect();
    assert_eq!(route, ["west", "gate", "east"]);
    assert_eq!(roads.edge_between(west, roads.node("gate").unwrap()), Some("w-g"));
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let faults: Vec<_> = Roads::parse(text).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(faults, expected);
}

#[test]
fn every_mistake_is_named_with_line_and_field() {
    check("", &["line 0: has no node （没有任何节点）"]);
    check(
        r#"{"node": "a", "latitude": 91, "longitude": "east"}
{"node": 7, "latitude": 1}
{"node": "b", "latitude": 1, "longitude": 1, "speed_kmh": 3, "color": "red"}
{"node": "b", "latitude": 1, "longitude": 1, "speed_kmh": 3}
{"edge": "e", "node": "b"}
{"lat": 3}
{}
not json
{"edge": "e", "from": "a", "to": "b", "length_m": null, "speed_kmh": 30, "both_ways": "yes"}"#,
        &[
            "line 1, longitude: must be a number （须为数字）",
            "line 2, node: must be a text （须为文本）",
            "line 2, longitude: is required （必填）",
            "line 3: unknown field `color`, expected one of `node`, `latitude`, `longitude`, `gate_seconds`, `edge`, \
             `from`, `to`, `length_m`, `speed_kmh`, `both_ways`, column 68 （不是有效的 JSON 对象，第 68 列）",
            "line 4, speed_kmh: does not belong to a node （此行不应有该字段）",
            "line 5, edge: a line is a node or an edge （一行只能是节点或路段之一）",
            "line 6: unknown field `lat`, expected one of `node`, `latitude`, `longitude`, `gate_seconds`, `edge`, \
             `from`, `to`, `length_m`, `speed_kmh`, `both_ways`, column 6 （不是有效的 JSON 对象，第 6 列）",
            "line 7: has neither `node` nor `edge` （缺少 node 或 edge）",
            "line 8: expected ident, column 2 （不是有效的 JSON 对象，第 2 列）",
            "line 9, length_m: is required （必填）",
            "line 9, both_ways: must be true or false （须为 true 或 false）",
        ],
    );
}

#[test]
fn what_cannot_be_is_refused() {
    check(
        r#"{"node": "a", "latitude": 91, "longitude": 1}
{"node": "b", "latitude": 1, "longitude": -180.5, "gate_seconds": -1}
{"node": "c", "latitude": 1, "longitude": 1}
{"node": "c", "latitude": 1, "longitude": 1.01}
{"node": "", "latitude": 1, "longitude": 1.02}
{"node": "d", "latitude": 1, "longitude": 1.01}
{"edge": "c-d", "from": "c", "to": "d", "length_m": 1112, "speed_kmh": 30, "both_ways": true}
{"edge": "c-d", "from": "c", "to": "x", "length_m": 0, "speed_kmh": 131}
{"edge": "d-d", "from": "d", "to": "d", "length_m": 5, "speed_kmh": 30}
{"edge": "d-c", "from": "d", "to": "c", "length_m": 1200, "speed_kmh": 30}
{"edge": "slip", "from": "c", "to": "d", "length_m": 111.2, "speed_kmh": 30}"#,
        &[
            "line 1, latitude: latitude must be -90 to 90 degrees （纬度须为 -90 至 90 度）",
            "line 2, gate_seconds: must be 0 to 3600 （须在 0 与 3600 之间）",
            "line 2, longitude: longitude must be -180 to 180 degrees （经度须为 -180 至 180 度）",
            "line 4, node: `c` stands twice （节点重复）",
            "line 5, node: must have 1 to 64 characters （须为 1–64 个字符）",
            "line 8, length_m: must be more than 0 and at most 100000 （须大于 0 且不超过 100000）",
            "line 8, speed_kmh: must be 1 to 130 （须在 1 与 130 之间）",
            "line 8, to: no node `x` （没有此节点）",
            "line 8, edge: `c-d` stands twice （路段重复）",
            "line 9, to: leads back to its own beginning （起点与终点相同）",
            "line 10: is a second edge the same way （同方向路段重复）",
            "line 11: is a second edge the same way （同方向路段重复）",
            "line 11, length_m: is shorter than the straight line of 1112 m （短于直线距离 1112 米）",
        ],
    );
}

#[test]
fn numbers_that_are_none_are_refused() {
    let node = |id: &str, longitude| NodeDraft {
        id: id.to_owned(),
        latitude: 1.0,
        longitude,
        ..NodeDraft::default()
    };
    let edge = |length_m, speed_kmh| EdgeDraft {
        id: "e".to_owned(),
        from: "a".to_owned(),
        to: "b".to_owned(),
        length_m,
        speed_kmh,
        ..EdgeDraft::default()
    };
    let fields = |nodes: Vec<NodeDraft>, edges: Vec<EdgeDraft>| -> Vec<String> {
        let faults = Roads::build(RoadsDraft { nodes, edges }).unwrap_err();
        faults.into_iter().map(|fault| fault.field).collect()
    };
    let (good, nan) = (|| vec![node("a", 1.0), node("b", 1.001)], f64::NAN);
    assert!(Roads::build(RoadsDraft { nodes: good(), edges: vec![edge(120.0, 30.0)] }).is_ok());
    assert_eq!(fields(vec![node("a", nan)], vec![]), ["longitude"]);
    assert_eq!(fields(vec![node("a", f64::INFINITY)], vec![]), ["longitude"]);
    assert_eq!(fields(good(), vec![edge(nan, 30.0)]), ["length_m"]);
    assert_eq!(fields(good(), vec![edge(120.0, nan)]), ["speed_kmh"]);
    assert_eq!(fields(good(), vec![edge(f64::INFINITY, -0.0)]), ["length_m", "speed_kmh"]);
    let waits = NodeDraft { gate_seconds: nan, ..node("c", 1.0) };
    assert_eq!(fields(vec![waits], vec![]), ["gate_seconds"]);
}

#[test]
fn a_closure_that_names_nothing_is_not_overlooked() {
    let roads = Roads::parse(PARK).unwrap();
    let closures = ["w-g", "nowhere", "gate"].map(|id| Closure::Edge(id.to_owned()));
    let faults: Vec<_> =
        roads.conditions(&closures, &[]).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "line 2, edge: no edge `nowhere` on the map （路网中没有此项）",
            "line 3, edge: no edge `gate` on the map （路网中没有此项）",
        ]
    );
}

#[test]
fn a_plume_is_an_area() {
    let corners: Vec<_> =
        [(1.0, 1.0), (1.0, 2.0), (2.0, 2.0)].map(|(lat, lon)| Place::new(lat, lon).unwrap()).to_vec();
    assert!(Plume::new(&corners, Effect::Slowed(250)).is_ok());
    assert_eq!(Plume::new(&corners[..2], Effect::Blocked), Err(PlumeError::Corners));
    assert_eq!(Plume::new(&corners, Effect::Slowed(99)), Err(PlumeError::Slowness));
    let mut wide = corners.clone();
    wide.push(Place::new(0.0, -179.0).unwrap());
    assert_eq!(Plume::new(&wide, Effect::Blocked), Err(PlumeError::TooWide));
    let triangle = Plume::new(&corners, Effect::Blocked).unwrap();
    let contains = |latitude, longitude| triangle.contains(Place::new(latitude, longitude).unwrap());
    assert!(contains(1.2, 1.8) && !contains(1.8, 1.2) && !contains(3.0, 1.5));
}
