//! The file of a road graph: one JSON object a line, junctions and roads in any order; numbered for the wire.
//!
//! ```text
//! {"node": "gate-2", "latitude": 31.3121, "longitude": 120.7523, "gate_seconds": 20}
//! {"edge": "huagong-road-1", "from": "gate-2", "to": "n17", "length_m": 240, "speed_kmh": 30, "both_ways": true}
//! ```

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use shouwang_proto::{
    refusal::{Violation, Violations},
    wire::{ChangeContext, RoadEdge, RoadNode, UploadRoadGraphRequest},
};

use crate::failure::{Failure, Outcome};

/// Most junctions or roads in one message; the contract's limit.
const PIECE: usize = 10_000;

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Node(NodeLine),
    Edge(EdgeLine),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeLine {
    node: String,
    latitude: f64,
    longitude: f64,
    #[serde(default)]
    gate_seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EdgeLine {
    #[serde(rename = "edge")]
    _id: String,
    from: String,
    to: String,
    length_m: f64,
    speed_kmh: f64,
    #[serde(default)]
    both_ways: bool,
}

/// A graph as the wire wants it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Graph {
    pub(super) nodes: Vec<RoadNode>,
    pub(super) edges: Vec<RoadEdge>,
}

/// Reads a file of any size that fits the contract's limits.
pub(super) fn load(path: &Path) -> Outcome<Graph> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    read(&text).map_err(Failure::fields)
}

/// Reads the text of a graph.
///
/// # Errors
/// Every wrong line, named `line N`.
pub(crate) fn read(text: &str) -> Result<Graph, Vec<Violation>> {
    let mut wrong = Violations::new();
    let mut graph = Graph::default();
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let mut edges = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let place = format!("line {}", index + 1);
        match serde_json::from_str::<Line>(content) {
            Err(_) => wrong.add(place, "is neither a junction nor a road （既不是路口也不是路段）"),
            Ok(Line::Node(NodeLine { node, latitude, longitude, gate_seconds })) => {
                let id = u32::try_from(graph.nodes.len()).unwrap_or(u32::MAX).saturating_add(1);
                if numbers.insert(node, id).is_some() {
                    wrong.add(place.clone(), "names a junction for the second time （路口重名）");
                }
                let Some(gate_seconds) = wait(gate_seconds) else {
                    wrong.add(place, "gate_seconds must be 0 to 3600 （门岗等候须为 0–3600 秒）");
                    continue;
                };
                graph.nodes.push(RoadNode { id, latitude, longitude, gate_seconds });
            }
            Ok(Line::Edge(edge)) => edges.push((place, edge)),
        }
    }
    for (place, edge) in edges {
        match (numbers.get(&edge.from), numbers.get(&edge.to), metres(edge.length_m), speed(edge.speed_kmh)) {
            (Some(from), Some(to), Some(length_metres), Some(speed_kmh)) => graph.edges.push(RoadEdge {
                from: *from,
                to: *to,
                length_metres,
                speed_kmh,
                one_way: !edge.both_ways,
            }),
            (None, _, _, _) | (_, None, _, _) => {
                wrong.add(place, "leads to a junction that is not there （路口不存在）");
            }
            (_, _, None, _) => wrong.add(place, "length_m must be 1 to 100000 （长度须为 1–100000 米）"),
            (_, _, _, None) => wrong.add(place, "speed_kmh must be 1 to 120 （速度须为 1–120 km/h）"),
        }
    }
    if wrong.is_empty() { Ok(graph) } else { Err(wrong.into_inner()) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
fn metres(length: f64) -> Option<u32> {
    (0.5..=100_000.0).contains(&length).then(|| length.round() as u32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
fn speed(kmh: f64) -> Option<u32> {
    (1.0..=120.0).contains(&kmh).then(|| kmh.round() as u32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
fn wait(seconds: f64) -> Option<u32> {
    (0.0..=3_600.0).contains(&seconds).then(|| seconds.round() as u32)
}

impl Graph {
    /// The messages of the upload: all junctions before the roads between them, the context in the first.
    pub(crate) fn messages(self, context: ChangeContext) -> Vec<UploadRoadGraphRequest> {
        let nodes = self.nodes.chunks(PIECE).map(|nodes| (nodes.to_vec(), Vec::new()));
        let edges = self.edges.chunks(PIECE).map(|edges| (Vec::new(), edges.to_vec()));
        let mut context = Some(context);
        let mut messages: Vec<_> = nodes
            .chain(edges)
            .map(|(nodes, edges)| UploadRoadGraphRequest {
                nodes,
                edges,
                context: context.take(),
                complete: false,
            })
            .collect();
        if messages.is_empty() {
            messages.push(UploadRoadGraphRequest {
                context: context.take(),
                ..UploadRoadGraphRequest::default()
            });
        }
        if let Some(last) = messages.last_mut() {
            last.complete = true;
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_park_is_read_and_sent_in_order() {
        let graph = read(crate::demo::park::ROADS).unwrap();
        assert!(graph.nodes.len() > 10 && graph.edges.len() > 10);
        let context = ChangeContext { request_id: "x".to_owned(), ..ChangeContext::default() };
        let messages = graph.clone().messages(context);
        assert_eq!(messages.len(), 2);
        assert!(messages[0].context.is_some() && messages[1].context.is_none());
        assert_eq!(
            (messages[0].nodes.len(), messages[1].edges.len()),
            (graph.nodes.len(), graph.edges.len())
        );
    }

    #[test]
    fn every_wrong_line_is_named() {
        let text = "# park\n{\"node\":\"a\",\"latitude\":1,\"longitude\":2}\n{\"node\":\"a\",\"latitude\":1,\"longitude\":2}\n\
            {\"edge\":\"e\",\"from\":\"a\",\"to\":\"b\",\"length_m\":1,\"speed_kmh\":30}\nx\n\
            {\"edge\":\"f\",\"from\":\"a\",\"to\":\"a\",\"length_m\":0,\"speed_kmh\":30}\n\
            {\"node\":\"g\",\"latitude\":1,\"longitude\":2,\"gate_seconds\":20}\n\
            {\"node\":\"h\",\"latitude\":1,\"longitude\":2,\"gate_seconds\":-1}\n";
        let wrong: Vec<String> = read(text).unwrap_err().into_iter().map(|one| one.field).collect();
        assert_eq!(wrong, ["line 3", "line 5", "line 8", "line 4", "line 6"]);
    }
}
