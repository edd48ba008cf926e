//! The JSON API as an OpenAPI 3.1 document: paths and roles from the table of routes, shapes from the contract.

use serde_json::{Map, Value, json};
use shouwang_pages::route::{Method, Who};
use shouwang_proto::schema;

use super::route::{Row, TABLE};

/// What a route under `/api` takes and gives.
struct Operation {
    summary: &'static str,
    /// Values behind the path: name, type, what it is.
    query: &'static [(&'static str, &'static str, &'static str)],
    gives: Gives,
}

/// What a route answers.
enum Gives {
    /// A message of the contract.
    Message(&'static str),
    /// Something else, of this media type.
    Document(&'static str),
}

const PAGE: [(&str, &str, &str); 2] =
    [("page_size", "integer", "Most on a page."), ("page_token", "string", "From the previous answer.")];
const FILTERS: &[(&str, &str, &str)] = &[
    ("q", "string", "Words, pinyin, a GB number; empty: everything, the newest first."),
    ("kind", "array", "practice, course, resource."),
    ("member", "array", "Ids of members."),
    ("sector", "array", "Codes of the vocabulary."),
    ("hazard", "array", "Codes of the vocabulary."),
    ("operation", "array", "Codes of the vocabulary."),
    ("standard", "array", "Numbers of standards."),
    ("language", "array", "Languages, such as zh-CN."),
    ("tag", "array", "Tags."),
    ("literal", "string", "1: only the words as they are, without synonyms."),
    PAGE[0],
    PAGE[1],
];
const INCIDENTS: &[(&str, &str, &str)] = &[
    ("state", "array", "open, halted, closed."),
    ("mode", "array", "actual, exercise, test."),
    PAGE[0],
    PAGE[1],
];
const REQUESTS: &[(&str, &str, &str)] = &[
    ("incident", "string", "incidents/UUID."),
    ("requester", "string", "members/ID."),
    ("state", "array", "draft, submitted, open, standing-down, closed, reviewed, rejected, merged, expired."),
    ("mode", "array", "actual, exercise, test."),
    PAGE[0],
    PAGE[1],
];

/// What the table does not say of a route; a test finds the one that is missing.
fn operation(row: &Row) -> Option<Operation> {
    let message = |summary, query, name| Operation { summary, query, gives: Gives::Message(name) };
    let document = |summary, query, media| Operation { summary, query, gives: Gives::Document(media) };
    Some(match row.name {
        "ApiSearch" => message("Searches what the caller may see.", FILTERS, "SearchResponse"),
        "ApiPublication" => message("Reads a publication.", &[], "Publication"),
        "ApiMembers" => message("All members with their links.", &[], "ListMembersResponse"),
        "ApiMember" => message("One member with its link.", &[], "Member"),
        "ApiIncidents" => message("Incidents, the newest first.", INCIDENTS, "ListIncidentsResponse"),
        "ApiIncident" => message("One incident.", &[], "Incident"),
        "ApiIncidentCap" => document("An incident as a CAP 1.2 alert.", &[], "application/cap+xml"),
        "ApiIncidentFeed" => {
            document("Incidents as an Atom feed that leads to CAP alerts.", INCIDENTS, "application/atom+xml")
        }
        "ApiRequests" => {
            message("Requests for help, the most urgent first.", REQUESTS, "ListRequestsResponse")
        }
        "ApiRequest" => message("One request for help.", &[], "MutualAidRequest"),
        "ApiPublicationFeed" => {
            document("The newest publications as an Atom feed.", FILTERS, "application/atom+xml")
        }
        "ApiCourses" => document("Dates of courses as a calendar.", FILTERS, "text/calendar"),
        "ApiOpenApi" => document("This document.", &[], "application/json"),
        _ => return None,
    })
}

fn schema_of(kind: &str) -> Value {
    match kind {
        "array" => json!({ "type": "array", "items": { "type": "string" } }),
        plain => json!({ "type": plain }),
    }
}

fn parameters(row: &Row, operation: &Operation) -> Vec<Value> {
    let names = row.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let in_path = names
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let behind = operation.query.iter().map(|(name, kind, words)| {
        json!({ "name": name, "in": "query", "description": words, "schema": schema_of(kind) })
    });
    in_path.chain(behind).collect()
}

fn described(row: &Row, operation: &Operation) -> Value {
    let (media, schema) = match operation.gives {
        Gives::Message(name) => ("application/json", schema::reference(name)),
        Gives::Document("application/json") => ("application/json", json!({ "type": "object" })),
        Gives::Document(media) => (media, json!({ "type": "string" })),
    };
    let (roles, security) = match row.who {
        Who::Everybody => ("everybody".to_owned(), json!([{}])),
        Who::Roles(roles) => {
            let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
            (roles.join(", "), json!([{ "token": [] }, { "session": [] }]))
        }
    };
    json!({
        "operationId": row.name,
        "summary": operation.summary,
        "description": format!("For: {roles}."),
        "parameters": parameters(row, operation),
        "security": security,
        "responses": {
            "200": { "description": "The answer.", "content": { media: { "schema": schema } } },
            "default": { "$ref": "#/components/responses/Refused" },
        },
    })
}

/// The whole document, for a hub at this address.
pub(super) fn document(address: &str) -> Value {
    let (mut paths, mut names) = (Map::new(), Vec::new());
    for (row, operation) in TABLE.iter().filter_map(|row| Some((row, operation(row)?))) {
        if let Gives::Message(name) = operation.gives {
            names.push(name);
        }
        let method = match row.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        paths.insert(row.path.to_owned(), json!({ method: described(row, &operation) }));
    }
    let mut schemas = schema::schemas(names);
    let text = json!({ "type": "string" });
    let field = json!({ "type": "object", "properties": { "field": text, "description": text } });
    schemas.insert(
        "Error".to_owned(),
        json!({ "type": "object", "properties": { "error": {
            "type": "object",
            "properties": {
                "reason": { "type": "string", "description": "Stable, UPPER_SNAKE." },
                "message": { "type": "string", "description": "In English and Chinese." },
                "fields": { "type": "array", "items": field },
            },
        } } }),
    );
    let refused = json!({ "application/json": { "schema": schema::reference("Error") } });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Shouwang 守望",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The hub of a safety alliance, for programs. Answers are the messages of its gRPC contract as JSON.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": address }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "Refused": { "description": "Why not.", "content": refused } },
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "An access token." },
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-shouwang-session" },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shouwang_pages::route::Manner;

    #[test]
    fn every_route_for_programs_is_described_and_no_other() {
        let document = document("https://hub.example");
        let paths = document["paths"].as_object().unwrap();
        for row in TABLE {
            assert_eq!(operation(row).is_some(), row.manner == Manner::Api, "{}", row.name);
            assert_eq!(paths.contains_key(row.path), row.manner == Manner::Api, "{}", row.path);
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_name_in_a_path_is_a_parameter() {
        let document = document("https://hub.example");
        let text = document.to_string();
        for (start, found) in text.match_indices("#/components/") {
            let pointer = text[start + 1..].split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{found}: {pointer}");
        }
        for (path, item) in document["paths"].as_object().unwrap() {
            let parameters = item["get"]["parameters"].as_array().unwrap();
            let named = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(named, path.matches('{').count(), "{path}");
            assert!(item["get"]["responses"]["200"]["content"].is_object(), "{path}");
        }
        assert!(document["components"]["schemas"]["Publication"]["properties"]["title"].is_object());
    }
}
