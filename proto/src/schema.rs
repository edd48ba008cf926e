//! Messages of the contract as JSON Schemas (2020-12, as OpenAPI 3.1 takes them): the shapes that [`crate::json`] prints,
//! with the words of the `.proto` files.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::json::POOL;

/// Where the schemas stand in a document.
const PLACE: &str = "#/components/schemas/";

/// Schemas of these messages of the contract and of everything in them, by name without the package. A name that is in no
/// `.proto` file is left out.
#[must_use]
pub fn schemas<'a>(names: impl IntoIterator<Item = &'a str>) -> Map<String, Value> {
    let mut found = BTreeMap::new();
    let mut next: Vec<Kind> = Vec::new();
    for name in names {
        next.extend(POOL.get_message_by_name(&format!("shouwang.v1.{name}")).map(Kind::Message));
    }
    let mut seen = BTreeSet::new();
    while let Some(kind) = next.pop() {
        if let Some(message) = kind.as_message()
            && seen.insert(message.full_name().to_owned())
        {
            next.extend(message.fields().map(|field| field.kind()).filter(is_named));
            found.insert(name_of(message.full_name()), object(message));
        }
        if let Some(list) = kind.as_enum()
            && seen.insert(list.full_name().to_owned())
        {
            found.insert(name_of(list.full_name()), words(list));
        }
    }
    found.into_iter().collect()
}

/// A reference to one of them.
#[must_use]
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PLACE}{name}") })
}

/// Has it a schema of its own? What Google defines is written in a way of its own.
fn is_named(kind: &Kind) -> bool {
    kind.as_enum().is_some()
        || kind
            .as_message()
            .is_some_and(|message| !message.full_name().starts_with("google.") && !message.is_map_entry())
}

fn name_of(full: &str) -> String {
    full.strip_prefix("shouwang.v1.").unwrap_or(full).to_owned()
}

/// What the `.proto` file says above the thing at this path of it.
fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let place = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    let said = place.map_or("", |location| location.leading_comments());
    said.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn described(mut schema: Value, words: String) -> Value {
    if let (Some(schema), false) = (schema.as_object_mut(), words.is_empty()) {
        schema.insert("description".to_owned(), words.into());
    }
    schema
}

fn object(message: &MessageDescriptor) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in message.fields() {
        // A field that cannot be unset is always printed.
        if !field.supports_presence() {
            required.push(field.name().to_owned());
        }
        let words = comment(&field.parent_file(), field.path());
        properties.insert(field.name().to_owned(), described(value(&field), words));
    }
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    described(schema, comment(&message.parent_file(), message.path()))
}

fn words(list: &EnumDescriptor) -> Value {
    let names: Vec<_> = list.values().map(|value| value.name().to_owned()).collect();
    described(json!({ "type": "string", "enum": names }), comment(&list.parent_file(), list.path()))
}

fn value(field: &FieldDescriptor) -> Value {
    let kind = field.kind();
    if let Some(entry) = kind.as_message().filter(|message| message.is_map_entry()) {
        let value = single(&entry.map_entry_value_field().kind());
        return json!({ "type": "object", "additionalProperties": value });
    }
    if field.is_list() { json!({ "type": "array", "items": single(&kind) }) } else { single(&kind) }
}

fn single(kind: &Kind) -> Value {
    match kind {
        Kind::Double | Kind::Float => json!({ "type": "number" }),
        Kind::Int32 | Kind::Int64 | Kind::Sint32 | Kind::Sint64 | Kind::Sfixed32 | Kind::Sfixed64 => {
            json!({ "type": "integer" })
        }
        Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64 => {
            json!({ "type": "integer", "minimum": 0 })
        }
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::String => json!({ "type": "string" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::Enum(list) => reference(&name_of(list.full_name())),
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => json!({ "type": "string", "format": "date-time" }),
            "google.protobuf.Duration" => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?s$" }),
            own if is_named(kind) => reference(&name_of(own)),
            _ => json!({}),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{json, wire};

    #[test]
    fn a_schema_says_what_is_printed() {
        let schemas = schemas(["SearchResponse", "No"]);
        let response = &schemas["SearchResponse"];
        assert_eq!(response["properties"]["hits"]["items"], reference("SearchHit"));
        assert_eq!(response["properties"]["index_time"]["format"], "date-time");
        assert!(
            response["properties"]["total"]["description"].as_str().is_some_and(|words| !words.is_empty())
        );
        assert!(schemas["PublicationKind"]["enum"].as_array().unwrap().len() > 3);
        let printed = json::value(&wire::SearchResponse::default()).unwrap();
        for name in response["required"].as_array().unwrap() {
            assert!(printed.get(name.as_str().unwrap()).is_some(), "{name} is not printed: {printed}");
        }
        for name in printed.as_object().unwrap().keys() {
            assert!(response["properties"].get(name).is_some(), "{name} is not described");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schemas = schemas(["ListRequestsResponse", "Publication", "Incident"]);
        let text = serde_json::to_string(&schemas).unwrap();
        let mut checked = 0;
        for (start, _) in text.match_indices(PLACE) {
            let name = text[start + PLACE.len()..].split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
            checked += 1;
        }
        assert!(checked > 20, "{checked}");
        assert!(!text.contains("\"google."), "what Google defines has no schema of its own");
    }
}
