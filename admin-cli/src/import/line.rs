//! Reads one line of an import: a flat JSON object becomes a publication, or everything that is wrong with it. Pure.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value};
use shouwang_proto::{
    publication::{Content, Kind, time_to_wire},
    refusal::{Violation, Violations},
    wire::{self, publication::Detail},
};

use super::fields::{Fields, kind_of};

/// Publications larger than this, in encoded bytes, are checked here before they travel: a message over the server's
/// limit would end the whole stream.
const CHECKED_HERE_BYTES: usize = 200 * 1024;

/// A line that can be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// What it says, without attachments.
    pub(crate) publication: wire::Publication,
    /// Files to attach, as written.
    pub(crate) attachments: Vec<PathBuf>,
}

/// Reads the bytes of a line to import (`None`: there were too many), which needs an `external_id`.
///
/// # Errors
/// Every wrong field; a line that is no JSON object is named as a whole, by an empty field name.
pub(crate) fn read_for_import(bytes: Option<&[u8]>) -> Result<Record, Vec<Violation>> {
    let object = object(bytes).map_err(|description| Violations::one("", description).into_inner())?;
    let unnamed = matches!(object.get("external_id"), None | Some(Value::Null));
    let read = read_object(object);
    if !unnamed {
        return read;
    }
    let mut wrong = Violations::one("external_id", "is required （必填）").into_inner();
    wrong.extend(read.err().unwrap_or_default());
    Err(wrong)
}

/// Reads a publication as a JSON text.
///
/// # Errors
/// As [`read_for_import`], without the need of an `external_id`.
pub(crate) fn read(bytes: Option<&[u8]>) -> Result<Record, Vec<Violation>> {
    let object = object(bytes).map_err(|description| Violations::one("", description).into_inner())?;
    read_object(object)
}

fn object(bytes: Option<&[u8]>) -> Result<Map<String, Value>, String> {
    let bytes = bytes.ok_or_else(|| "the line is longer than 1 MiB （该行超过 1 MiB）".to_owned())?;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to() + 1;
        format!("the line is not UTF-8 at byte {at} （第 {at} 字节不是 UTF-8 编码）")
    })?;
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let (column, why) = (error.column(), json_words(&error));
        format!("the line is not JSON at column {column}: {why} （第 {column} 列不是有效的 JSON）")
    })?;
    match value {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(format!("must be a JSON object, found {} （须为 JSON 对象）", kind_of(&value)))
        }
    }
}

/// The library's words end with its own line number, always 1 here and so misleading.
fn json_words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Reads a publication as a JSON object.
///
/// # Errors
/// Every wrong field.
pub(crate) fn read_object(object: Map<String, Value>) -> Result<Record, Vec<Violation>> {
    let mut wrong = Violations::new();
    let mut fields = Fields::new(object, "", &mut wrong);
    let kind = read_kind(&mut fields);
    let attachments = fields.texts("attachments").into_iter().map(PathBuf::from).collect();
    let mut publication = wire::Publication {
        external_id: fields.text("external_id"),
        title: fields.required_text("title"),
        summary: fields.text("summary"),
        body: fields.text("body"),
        tags: fields.texts("tags"),
        sectors: fields.texts("sectors"),
        language: fields.text("language"),
        audience: fields.texts("audience"),
        ..wire::Publication::default()
    };
    if let Some(kind) = kind {
        publication.detail = Some(read_detail(kind, &mut fields));
        fields.set_prefix("");
        fields.end();
    }
    let wrong = wrong.into_inner();
    if wrong.is_empty() && prost::Message::encoded_len(&publication) <= CHECKED_HERE_BYTES {
        return Ok(Record { publication, attachments });
    }
    // Something is wrong, or may be: say all of it at once, also what the server would find.
    let wrong = with_content(wrong, kind.is_some(), publication.clone());
    if wrong.is_empty() { Ok(Record { publication, attachments }) } else { Err(wrong) }
}

fn read_kind(fields: &mut Fields<'_>) -> Option<Kind> {
    let written = fields.required_text("kind");
    match written.parse() {
        Ok(kind) => Some(kind),
        Err(description) if !written.is_empty() => {
            fields.note("kind", description);
            None
        }
        Err(_) => None,
    }
}

/// Adds what the content's own rules find in fields that are not noted yet.
fn with_content(
    mut wrong: Vec<Violation>,
    kind_known: bool,
    publication: wire::Publication,
) -> Vec<Violation> {
    if let Err(refusal) = Content::from_wire(publication) {
        for found in refusal.violations {
            let noted = wrong.iter().any(|noted| found.field.starts_with(noted.field.as_str()))
                || (!kind_known && found.field == "kind");
            if !noted {
                wrong.push(found);
            }
        }
    }
    wrong
}

fn read_detail(kind: Kind, fields: &mut Fields<'_>) -> Detail {
    match kind {
        Kind::Practice => {
            fields.set_prefix("practice.");
            Detail::Practice(wire::Practice {
                hazards: fields.texts("hazards"),
                operations: fields.texts("operations"),
                standards: fields.texts("standards"),
                evidence: fields.text("evidence"),
            })
        }
        Kind::Course => {
            fields.set_prefix("course.");
            Detail::Course(wire::Course {
                provider: fields.required_text("provider"),
                attendees: fields.text("attendees"),
                duration_hours: fields.required_number("duration_hours"),
                format: fields.required_text("format"),
                seats: fields.required_whole("seats"),
                sessions: fields.objects("sessions", read_session),
            })
        }
        Kind::Resource => {
            fields.set_prefix("resource.");
            Detail::Resource(read_resource(fields))
        }
    }
}

fn read_session(fields: &mut Fields<'_>) -> wire::CourseSession {
    let mut time = |name: &str| {
        let written = fields.required_text(name);
        if written.is_empty() {
            return None;
        }
        let read = written.parse::<Timestamp>().ok();
        if read.is_none() {
            fields.note(name, "must be a time such as 2027-03-11T09:00:00+08:00 （须为带时区的时间）");
        }
        read.map(time_to_wire)
    };
    wire::CourseSession {
        starts_at: time("starts_at"),
        ends_at: time("ends_at"),
        place: fields.required_text("place"),
        seats: fields.whole("seats"),
    }
}

fn read_resource(fields: &mut Fields<'_>) -> wire::MutualAidResource {
    fields.require("duty_contacts");
    wire::MutualAidResource {
        resource_kind: fields.required_text("resource_kind"),
        resource_type: fields.required_text("resource_type"),
        capabilities: fields.texts("capabilities"),
        quantity: fields.required_number("quantity"),
        unit: fields.required_text("unit"),
        location: fields.object("location", |place| wire::Location {
            latitude: place.required_number("latitude"),
            longitude: place.required_number("longitude"),
            address: place.text("address"),
        }),
        muster_minutes: fields.required_whole("muster_minutes"),
        inspection_due: fields.text("inspection_due"),
        duty_contacts: fields.objects("duty_contacts", |contact| wire::DutyContact {
            name: contact.required_text("name"),
            phone: contact.required_text("phone"),
            duty: contact.text("duty"),
        }),
        pre_authorised: fields.flag("pre_authorised"),
        floor: fields.number("floor"),
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
