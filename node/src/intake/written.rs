//! A publication as cells: the other way round.

use jiff::tz;
use shouwang_proto::{
    publication::{Kind, time_from_wire},
    vocabulary,
    wire::{self, publication::Detail},
};

use super::{
    column::{Column, Field},
    columns::COLUMNS,
    detail::PARK_HOURS,
    workbook::CELL_CHARACTERS,
};

/// The columns of a table of these publications, each with the number of its group. Without a kind they are those of all kinds.
pub(super) fn columns(
    kind: Option<Kind>,
    publications: &[wire::Publication],
) -> Vec<(&'static Column, usize)> {
    let groups = |field: Field| publications.iter().map(|one| groups(one, field)).max().unwrap_or(0).max(1);
    let wanted = |column: &&Column| match kind {
        Some(kind) => column.field != Field::Kind && column.is_of(kind),
        None => true,
    };
    let mut out: Vec<(&'static Column, usize)> = Vec::new();
    let wanted: Vec<&'static Column> = COLUMNS.iter().filter(wanted).collect();
    // Columns of a group stand together: name, phone, duty, then the next name.
    for run in wanted.chunk_by(|left, right| left.groups > 1 && left.groups == right.groups) {
        let most = run
            .iter()
            .map(|column| if column.groups > 1 { groups(column.field) } else { 1 })
            .max()
            .unwrap_or(1);
        out.extend((0..most).flat_map(|group| run.iter().map(move |column| (*column, group))));
    }
    out
}

/// How many groups of a field a publication has.
fn groups(publication: &wire::Publication, field: Field) -> usize {
    match (&publication.detail, field) {
        (_, Field::Body) => usize::from(publication.body.chars().count() > CELL_CHARACTERS) + 1,
        (Some(Detail::Course(course)), Field::SessionStarts) => course.sessions.len(),
        (Some(Detail::Resource(resource)), Field::ContactName) => resource.duty_contacts.len(),
        _ => 0,
    }
}

/// The kind of a publication.
pub(super) fn kind_of(publication: &wire::Publication) -> Option<Kind> {
    publication.detail.as_ref().map(|detail| match detail {
        Detail::Practice(_) => Kind::Practice,
        Detail::Course(_) => Kind::Course,
        Detail::Resource(_) => Kind::Resource,
    })
}

/// What stands in a cell; empty when the publication has no such value.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other fields belong to one kind each")]
pub(super) fn cell(publication: &wire::Publication, column: &Column, group: usize) -> String {
    let wire::Publication {
        external_id,
        title,
        summary,
        body,
        tags,
        sectors,
        language,
        audience,
        detail,
        ..
    } = publication;
    match column.field {
        Field::Kind => kind_of(publication).map(|kind| kind.labels().0.to_owned()).unwrap_or_default(),
        Field::ExternalId => external_id.clone(),
        Field::Title => title.clone(),
        Field::Summary => summary.clone(),
        Field::Body => part(body, group),
        Field::Tags => lines(tags),
        Field::Sectors => names(column, sectors),
        Field::Language => language.clone(),
        Field::Audience => lines(audience),
        _ => match detail {
            Some(Detail::Practice(practice)) => practice_cell(practice, column),
            Some(Detail::Course(course)) => course_cell(course, column, group),
            Some(Detail::Resource(resource)) => resource_cell(resource, column, group),
            None => String::new(),
        },
    }
}

/// The first or the second part of a text that is longer than a cell can hold; the seam is where no space would be lost.
fn part(text: &str, part: usize) -> String {
    if text.chars().count() <= CELL_CHARACTERS {
        return if part == 0 { text.to_owned() } else { String::new() };
    }
    let is_seam = |(at, _): &(usize, char)| {
        let (before, after) = text.split_at(*at);
        !before.ends_with(char::is_whitespace) && !after.starts_with(char::is_whitespace)
    };
    let within = text.char_indices().take(CELL_CHARACTERS).collect::<Vec<_>>();
    let seam = within.into_iter().rev().find(is_seam).map_or(0, |(at, _)| at);
    let (first, rest) = text.split_at(seam);
    (if part == 0 { first } else { rest }).to_owned()
}

/// One value a line: values may have commas.
fn lines(values: &[String]) -> String {
    values.join("\n")
}

/// Chinese names of codes; a code that is no longer in the list stays as it is.
fn names(column: &Column, codes: &[String]) -> String {
    let name = |code: &String| match vocabulary::term(column.list.unwrap_or_default(), code) {
        Some(term) => term.zh.clone(),
        None => code.clone(),
    };
    lines(&codes.iter().map(name).collect::<Vec<_>>())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other fields belong to other kinds, and their cells are empty"
)]
fn practice_cell(practice: &wire::Practice, column: &Column) -> String {
    match column.field {
        Field::Hazards => names(column, &practice.hazards),
        Field::Operations => names(column, &practice.operations),
        Field::Standards => lines(&practice.standards),
        Field::Evidence => practice.evidence.clone(),
        _ => String::new(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other fields belong to other kinds, and their cells are empty"
)]
fn course_cell(course: &wire::Course, column: &Column, group: usize) -> String {
    let session = course.sessions.get(group);
    let time = |time: Option<&prost_types::Timestamp>| {
        let zone = tz::offset(PARK_HOURS).to_time_zone();
        let time = time
            .and_then(time_from_wire)
            .map(|time| time.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string());
        time.unwrap_or_default()
    };
    match column.field {
        Field::Provider => course.provider.clone(),
        Field::Attendees => course.attendees.clone(),
        Field::DurationHours => course.duration_hours.to_string(),
        Field::Format => names(column, std::slice::from_ref(&course.format)),
        Field::Seats => course.seats.to_string(),
        Field::SessionStarts => time(session.and_then(|session| session.starts_at.as_ref())),
        Field::SessionEnds => time(session.and_then(|session| session.ends_at.as_ref())),
        Field::SessionPlace => session.map(|session| session.place.clone()).unwrap_or_default(),
        Field::SessionSeats => session
            .filter(|session| session.seats > 0)
            .map(|session| session.seats.to_string())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other fields belong to other kinds, and their cells are empty"
)]
fn resource_cell(resource: &wire::MutualAidResource, column: &Column, group: usize) -> String {
    let contact = resource.duty_contacts.get(group);
    let place = resource.location.as_ref();
    match column.field {
        Field::ResourceKind => names(column, std::slice::from_ref(&resource.resource_kind)),
        Field::ResourceType => resource.resource_type.clone(),
        Field::Capabilities => lines(&resource.capabilities),
        Field::Quantity => resource.quantity.to_string(),
        Field::Unit => resource.unit.clone(),
        Field::MusterMinutes => resource.muster_minutes.to_string(),
        Field::InspectionDue => resource.inspection_due.clone(),
        Field::ContactName => contact.map(|contact| contact.name.clone()).unwrap_or_default(),
        Field::ContactPhone => contact.map(|contact| contact.phone.clone()).unwrap_or_default(),
        Field::ContactDuty => contact.map(|contact| contact.duty.clone()).unwrap_or_default(),
        Field::Address => place.map(|place| place.address.clone()).unwrap_or_default(),
        Field::Latitude => place.map(|place| place.latitude.to_string()).unwrap_or_default(),
        Field::Longitude => place.map(|place| place.longitude.to_string()).unwrap_or_default(),
        Field::PreAuthorised => (if resource.pre_authorised { "是" } else { "否" }).to_owned(),
        Field::Floor => resource.floor.to_string(),
        _ => String::new(),
    }
}
