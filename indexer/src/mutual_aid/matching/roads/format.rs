//! The text format of roads: one JSON object a line.

use serde::Deserialize;
use serde_json::Value;

use super::{EdgeDraft, Fault, NodeDraft, RoadsDraft};

/// A line before its fields are looked at: unknown and repeated fields are already refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    node: Option<Value>,
    latitude: Option<Value>,
    longitude: Option<Value>,
    gate_seconds: Option<Value>,
    edge: Option<Value>,
    from: Option<Value>,
    to: Option<Value>,
    length_m: Option<Value>,
    speed_kmh: Option<Value>,
    both_ways: Option<Value>,
}

/// Reads the fields of one line and notes what is wrong.
struct Fields<'a> {
    line: usize,
    faults: &'a mut Vec<Fault>,
}

impl Fields<'_> {
    fn say(&mut self, field: &str, words: impl Into<String>) {
        self.faults.push(Fault { line: self.line, field: field.to_owned(), words: words.into() });
    }

    fn text(&mut self, field: &str, value: Option<Value>) -> String {
        match value {
            Some(Value::String(text)) => return text,
            Some(_) => self.say(field, "must be a text （须为文本）"),
            None => self.say(field, "is required （必填）"),
        }
        String::new()
    }

    fn number(&mut self, field: &str, value: Option<Value>, default: Option<f64>) -> f64 {
        match (value.as_ref().map(Value::as_f64), default) {
            (Some(Some(number)), _) => return number,
            (Some(None), _) => self.say(field, "must be a number （须为数字）"),
            (None, Some(default)) => return default,
            (None, None) => self.say(field, "is required （必填）"),
        }
        0.0
    }

    fn flag(&mut self, field: &str, value: Option<Value>) -> bool {
        match value {
            Some(Value::Bool(flag)) => flag,
            None => false,
            Some(_) => {
                self.say(field, "must be true or false （须为 true 或 false）");
                false
            }
        }
    }

    /// Fields that belong to the other sort of line.
    fn strangers(&mut self, of: &str, fields: [(&str, &Option<Value>); 5]) {
        for (field, value) in fields {
            if value.is_some() {
                self.say(field, format!("does not belong to {of} （此行不应有该字段）"));
            }
        }
    }
}

/// All lines that can be read, and what is wrong with the others.
pub(super) fn read(text: &str) -> (RoadsDraft, Vec<Fault>) {
    let (mut draft, mut faults) = (RoadsDraft::default(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let before = faults.len();
        let mut fields = Fields { line: index + 1, faults: &mut faults };
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        match serde_json::from_str::<Line>(content) {
            Err(error) => fields.say("", json_words(&error)),
            Ok(line) => match (line.node.is_some(), line.edge.is_some()) {
                (true, false) => nodes.push(node(line, &mut fields)),
                (false, true) => edges.push(edge(line, &mut fields)),
                (true, true) => {
                    fields.say("edge", "a line is a node or an edge （一行只能是节点或路段之一）")
                }
                (false, false) => fields.say("", "has neither `node` nor `edge` （缺少 node 或 edge）"),
            },
        }
        if faults.len() == before {
            draft.nodes.append(&mut nodes);
            draft.edges.append(&mut edges);
        }
    }
    (draft, faults)
}

fn node(line: Line, fields: &mut Fields<'_>) -> NodeDraft {
    let Line { node, latitude, longitude, gate_seconds, edge: _, from, to, length_m, speed_kmh, both_ways } =
        line;
    fields.strangers(
        "a node",
        [
            ("from", &from),
            ("to", &to),
            ("length_m", &length_m),
            ("speed_kmh", &speed_kmh),
            ("both_ways", &both_ways),
        ],
    );
    NodeDraft {
        line: fields.line,
        id: fields.text("node", node),
        latitude: fields.number("latitude", latitude, None),
        longitude: fields.number("longitude", longitude, None),
        gate_seconds: fields.number("gate_seconds", gate_seconds, Some(0.0)),
    }
}

fn edge(line: Line, fields: &mut Fields<'_>) -> EdgeDraft {
    let Line { node, latitude, longitude, gate_seconds, edge, from, to, length_m, speed_kmh, both_ways } =
        line;
    fields.strangers(
        "an edge",
        [
            ("node", &node),
            ("latitude", &latitude),
            ("longitude", &longitude),
            ("gate_seconds", &gate_seconds),
            ("", &None),
        ],
    );
    EdgeDraft {
        line: fields.line,
        id: fields.text("edge", edge),
        from: fields.text("from", from),
        to: fields.text("to", to),
        length_m: fields.number("length_m", length_m, None),
        speed_kmh: fields.number("speed_kmh", speed_kmh, None),
        both_ways: fields.flag("both_ways", both_ways),
    }
}

/// What is wrong with a line that is no object with known fields; the line number of the parser is always 1.
fn json_words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    format!("{words}, column {} （不是有效的 JSON 对象，第 {} 列）", error.column(), error.column())
}
