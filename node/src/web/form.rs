//! Between the fields of a form and a publication of the contract. Pure.
//!
//! A field has the path that the contract gives it (`resource.duty_contacts[0].phone`), so what a refusal says of a path
//! stands beside the field.

use shouwang_pages::{Fields, age};
use shouwang_proto::{
    publication::{Content, Kind, time_from_wire, time_to_wire},
    refusal::{Refusal, Violations},
    wire::{self, publication::Detail},
};

/// A row of a course's dates.
pub const SESSION: (&str, [&str; 4]) = ("course.sessions", ["starts_at", "ends_at", "place", "seats"]);
/// A row of a resource's contacts.
pub const CONTACT: (&str, [&str; 3]) = ("resource.duty_contacts", ["name", "phone", "duty"]);
/// Most rows that are looked at.
const MOST_ROWS: usize = 200;

/// The rows of a table in a form that are not empty.
#[must_use]
pub fn rows<const N: usize>(fields: &Fields, (table, names): (&str, [&str; N])) -> Vec<[String; N]> {
    let row = |index: usize| names.map(|name| fields.first(&at(table, index, name)).to_owned());
    (0..MOST_ROWS).map(row).filter(|row| row.iter().any(|value| !value.is_empty())).collect()
}

/// The path of a field in a row.
#[must_use]
pub fn at(table: &str, index: usize, name: &str) -> String {
    format!("{table}[{index}].{name}")
}

/// How many rows of a table are not empty.
#[must_use]
pub fn count<const N: usize>(fields: &Fields, table: (&str, [&str; N])) -> usize {
    rows(fields, table).len()
}

/// The same without empty rows of a table in between.
#[must_use]
pub fn renumbered<const N: usize>(fields: &Fields, table: (&str, [&str; N])) -> Fields {
    let kept = rows(fields, table);
    let mut fields = fields.without_prefix(&format!("{}[", table.0));
    for (index, row) in kept.iter().enumerate() {
        for (name, value) in table.1.iter().zip(row) {
            fields = fields.and(&at(table.0, index, name), value);
        }
    }
    fields
}

/// The same without empty rows in between, so that the number of a row is the one that the contract counts.
#[must_use]
pub fn compact(fields: &Fields) -> Fields {
    renumbered(&renumbered(fields, SESSION), CONTACT)
}

/// The publication that a compact form says.
///
/// # Errors
/// INVALID_ARGUMENT with every wrong field, of the form and of the contract.
pub fn read(kind: Kind, fields: &Fields) -> Result<wire::Publication, Refusal> {
    let mut wrong = Violations::new();
    let text = |name: &str| fields.first(name).to_owned();
    let detail = match kind {
        Kind::Practice => Detail::Practice(wire::Practice {
            hazards: fields.all("practice.hazards"),
            operations: fields.all("practice.operations"),
            standards: lines(fields.first("practice.standards")),
            evidence: text("practice.evidence"),
        }),
        Kind::Course => Detail::Course(course(fields, &mut wrong)),
        Kind::Resource => Detail::Resource(resource(fields, &mut wrong)),
    };
    let publication = wire::Publication {
        external_id: text("external_id"),
        title: text("title"),
        summary: text("summary"),
        body: text("body"),
        tags: parts(fields.first("tags")),
        sectors: fields.all("sectors"),
        language: text("language"),
        audience: parts(fields.first("audience")),
        detail: Some(detail),
        ..wire::Publication::default()
    };
    let known = wrong.clone().into_inner();
    if let Err(refusal) = Content::from_wire(publication.clone()) {
        // What could not even be read is said once.
        let more =
            refusal.violations.into_iter().filter(|more| known.iter().all(|one| one.field != more.field));
        more.for_each(|more| wrong.add(more.field, more.description));
    }
    wrong.finish(|| Some(publication))
}

fn course(fields: &Fields, wrong: &mut Violations) -> wire::Course {
    let session = |(index, [starts, ends, place, seats]): (usize, [String; 4])| {
        let mut moment = |name: &str, text: &str| {
            let time = age::from_input(text).ok_or("must be a day and a time （须为日期和时间）");
            wrong.check(at(SESSION.0, index, name), time).map(time_to_wire)
        };
        wire::CourseSession {
            starts_at: moment("starts_at", &starts),
            ends_at: moment("ends_at", &ends),
            place,
            seats: number(&at(SESSION.0, index, "seats"), &seats, wrong),
        }
    };
    let sessions = rows(fields, SESSION).into_iter().enumerate().map(session).collect();
    wire::Course {
        provider: fields.first("course.provider").to_owned(),
        attendees: fields.first("course.attendees").to_owned(),
        duration_hours: number_in("course.duration_hours", fields, wrong),
        format: fields.first("course.format").to_owned(),
        seats: number_in("course.seats", fields, wrong),
        sessions,
    }
}

fn resource(fields: &Fields, wrong: &mut Violations) -> wire::MutualAidResource {
    let contact = |[name, phone, duty]: [String; 3]| wire::DutyContact { name, phone, duty };
    let unit = match fields.first("resource.unit") {
        "" => "1",
        unit => unit,
    };
    wire::MutualAidResource {
        resource_kind: fields.first("resource.resource_kind").to_owned(),
        resource_type: fields.first("resource.resource_type").to_owned(),
        capabilities: lines(fields.first("resource.capabilities")),
        quantity: number_in("resource.quantity", fields, wrong),
        unit: unit.to_owned(),
        location: place("resource.location", fields, wrong),
        muster_minutes: number_in("resource.muster_minutes", fields, wrong),
        inspection_due: fields.first("resource.inspection_due").to_owned(),
        duty_contacts: rows(fields, CONTACT).into_iter().map(contact).collect(),
        pre_authorised: fields.has("resource.pre_authorised", "yes"),
        floor: number_in("resource.floor", fields, wrong),
    }
}

/// A place, when any of its fields is filled in.
pub fn place(field: &str, fields: &Fields, wrong: &mut Violations) -> Option<wire::Location> {
    let [latitude, longitude, address] =
        ["latitude", "longitude", "address"].map(|name| format!("{field}.{name}"));
    let is_said = [&latitude, &longitude, &address].iter().any(|name| !fields.first(name).is_empty());
    is_said.then(|| wire::Location {
        latitude: needed(&latitude, fields, wrong),
        longitude: needed(&longitude, fields, wrong),
        address: fields.first(&address).to_owned(),
    })
}

fn needed(field: &str, fields: &Fields, wrong: &mut Violations) -> f64 {
    if fields.first(field).is_empty() {
        wrong.add(field, "is required with an address （填了地址时必填）");
    }
    number_in(field, fields, wrong)
}

fn number_in<T: std::str::FromStr + Default>(field: &str, fields: &Fields, wrong: &mut Violations) -> T {
    number(field, fields.first(field), wrong)
}

/// A number as people type it; nothing is 0.
pub fn number<T: std::str::FromStr + Default>(field: &str, text: &str, wrong: &mut Violations) -> T {
    let plain: String = text.chars().filter(|one| !one.is_whitespace()).map(narrow).collect();
    if plain.is_empty() {
        return T::default();
    }
    wrong.check(field, plain.parse().map_err(|_| "must be a number （须为数字）")).unwrap_or_default()
}

/// Full-width digits, points and signs as their ordinary ones.
fn narrow(character: char) -> char {
    match u32::from(character) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(character),
        _ => character,
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn parts(text: &str) -> Vec<String> {
    let parts = text.split([',', '，', '、', ';', '；', '\n']).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The form of a publication that is there.
#[must_use]
pub fn write(publication: &wire::Publication) -> Fields {
    let wire::Publication { external_id, title, summary, body, tags, sectors, language, audience, .. } =
        publication;
    // Everybody is what an empty field means.
    let audience: Vec<&str> = audience.iter().map(String::as_str).filter(|one| *one != "alliance").collect();
    let mut fields = Fields::default()
        .and("external_id", external_id)
        .and("title", title)
        .and("summary", summary)
        .and("body", body)
        .and("tags", &tags.join("，"))
        .and("language", language)
        .and("audience", &audience.join("，"));
    for sector in sectors {
        fields = fields.and("sectors", sector);
    }
    match &publication.detail {
        Some(Detail::Practice(practice)) => write_practice(fields, practice),
        Some(Detail::Course(course)) => write_course(fields, course),
        Some(Detail::Resource(resource)) => write_resource(fields, resource),
        None => fields,
    }
}

fn write_practice(mut fields: Fields, practice: &wire::Practice) -> Fields {
    for hazard in &practice.hazards {
        fields = fields.and("practice.hazards", hazard);
    }
    for operation in &practice.operations {
        fields = fields.and("practice.operations", operation);
    }
    fields
        .and("practice.standards", &practice.standards.join("\n"))
        .and("practice.evidence", &practice.evidence)
}

fn write_course(fields: Fields, course: &wire::Course) -> Fields {
    let mut fields = fields
        .and("course.provider", &course.provider)
        .and("course.attendees", &course.attendees)
        .and("course.duration_hours", &course.duration_hours.to_string())
        .and("course.format", &course.format)
        .and("course.seats", &course.seats.to_string());
    let moment = |time: &Option<prost_types::Timestamp>| {
        time.as_ref().and_then(time_from_wire).map(age::input).unwrap_or_default()
    };
    for (index, session) in course.sessions.iter().enumerate() {
        let at = |name: &str| at(SESSION.0, index, name);
        fields = fields
            .and(&at("starts_at"), &moment(&session.starts_at))
            .and(&at("ends_at"), &moment(&session.ends_at))
            .and(&at("place"), &session.place);
        if session.seats > 0 {
            fields = fields.and(&at("seats"), &session.seats.to_string());
        }
    }
    fields
}

fn write_resource(fields: Fields, resource: &wire::MutualAidResource) -> Fields {
    let mut fields = fields
        .and("resource.resource_kind", &resource.resource_kind)
        .and("resource.resource_type", &resource.resource_type)
        .and("resource.capabilities", &resource.capabilities.join("\n"))
        .and("resource.quantity", &resource.quantity.to_string())
        .and("resource.unit", &resource.unit)
        .and("resource.muster_minutes", &resource.muster_minutes.to_string())
        .and("resource.inspection_due", &resource.inspection_due);
    if resource.floor > 0.0 {
        fields = fields.and("resource.floor", &resource.floor.to_string());
    }
    if resource.pre_authorised {
        fields = fields.and("resource.pre_authorised", "yes");
    }
    if let Some(place) = &resource.location {
        fields = write_place(fields, "resource.location", place);
    }
    for (index, contact) in resource.duty_contacts.iter().enumerate() {
        let at = |name: &str| at(CONTACT.0, index, name);
        fields = fields
            .and(&at("name"), &contact.name)
            .and(&at("phone"), &contact.phone)
            .and(&at("duty"), &contact.duty);
    }
    fields
}

/// A place in a form.
#[must_use]
pub fn write_place(fields: Fields, field: &str, place: &wire::Location) -> Fields {
    fields
        .and(&format!("{field}.latitude"), &place.latitude.to_string())
        .and(&format!("{field}.longitude"), &place.longitude.to_string())
        .and(&format!("{field}.address"), &place.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().fold(Fields::default(), |fields, (name, value)| fields.and(name, value))
    }

    fn course() -> Fields {
        fields(&[
            ("title", "动火作业监护"),
            ("tags", "动火，监护"),
            ("course.provider", "衡瑞铸造"),
            ("course.duration_hours", "１.５"),
            ("course.format", "on-site"),
            ("course.seats", "20"),
            ("course.sessions[2].starts_at", "2027-03-01T09:00"),
            ("course.sessions[2].ends_at", "2027-03-01T10:30"),
            ("course.sessions[2].place", "一号车间"),
        ])
    }

    #[test]
    fn a_form_becomes_a_publication_and_back() {
        let typed = compact(&course());
        let publication = read(Kind::Course, &typed).unwrap();
        assert_eq!(publication.tags, ["动火", "监护"]);
        let Some(Detail::Course(read_course)) = &publication.detail else { panic!("no course") };
        assert_eq!((read_course.duration_hours, read_course.sessions.len()), (1.5, 1));
        let again = write(&publication);
        assert_eq!(again.first("course.sessions[0].starts_at"), "2027-03-01T09:00");
        assert_eq!(read(Kind::Course, &again).unwrap(), publication);
    }

    #[test]
    fn a_resource_goes_both_ways() {
        let typed = fields(&[
            ("title", "泡沫消防车"),
            ("resource.resource_kind", "vehicle"),
            ("resource.resource_type", "泡沫消防车"),
            ("resource.capabilities", "AFFF 6%\n举高"),
            ("resource.quantity", "2"),
            ("resource.muster_minutes", "5"),
            ("resource.location.latitude", "31.2"),
            ("resource.location.longitude", "121.5"),
            ("resource.duty_contacts[0].name", "值班室"),
            ("resource.duty_contacts[0].phone", "0512-555 0110"),
            ("resource.pre_authorised", "yes"),
        ]);
        let publication = read(Kind::Resource, &typed).unwrap();
        assert_eq!(read(Kind::Resource, &write(&publication)).unwrap(), publication);
    }

    #[test]
    fn every_wrong_field_is_named_by_its_path_once() {
        let typed = compact(
            &course()
                .without("title")
                .without("course.seats")
                .and("course.seats", "many")
                .and("course.sessions[4].place", "二号车间"),
        );
        let refusal = read(Kind::Course, &typed).unwrap_err();
        let mut wrong: Vec<_> = refusal.violations.iter().map(|one| one.field.as_str()).collect();
        wrong.sort_unstable();
        let expected =
            ["course.seats", "course.sessions[1].ends_at", "course.sessions[1].starts_at", "title"];
        assert_eq!(wrong, expected, "row 4 is the second that is not empty");
        assert_eq!(typed.first("course.sessions[1].place"), "二号车间");
    }

    #[test]
    fn an_address_needs_its_degrees() {
        let typed = fields(&[("x.address", "园区路 1 号")]);
        let mut wrong = Violations::new();
        place("x", &typed, &mut wrong);
        assert_eq!(wrong.into_inner().len(), 2);
        assert_eq!(place("x", &Fields::default(), &mut Violations::new()), None);
    }
}
