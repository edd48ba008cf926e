//! What is particular to each kind, from the cells of a row.

use jiff::{civil::Date, tz};
use shouwang_proto::{
    publication::time_to_wire,
    wire::{self, publication::Detail},
};

use super::{
    column::Field,
    row::{Fields, Notes},
    table::Cell,
    value::{self, Wrong},
};

/// Hours that the park's clock is ahead of UTC; China has one time.
pub(super) const PARK_HOURS: i8 = 8;

pub(super) fn practice(fields: &Fields<'_>, notes: &mut Notes) -> wire::Practice {
    wire::Practice {
        hazards: fields.one(Field::Hazards, notes, value::codes),
        operations: fields.one(Field::Operations, notes, value::codes),
        standards: fields.one(Field::Standards, notes, value::list),
        evidence: fields.one(Field::Evidence, notes, value::prose),
    }
}

pub(super) fn course(fields: &Fields<'_>, notes: &mut Notes) -> wire::Course {
    let groups =
        fields.groups(&[Field::SessionStarts, Field::SessionEnds, Field::SessionPlace, Field::SessionSeats]);
    wire::Course {
        provider: fields.one(Field::Provider, notes, value::line),
        attendees: fields.one(Field::Attendees, notes, value::line),
        duration_hours: fields.one(Field::DurationHours, notes, |cell| {
            value::number(cell, &["小时", "学时", "课时", "h", "hours"])
        }),
        format: fields.one(Field::Format, notes, value::code),
        seats: fields.one(Field::Seats, notes, |cell| value::whole(cell, &["人", "名", "席"])),
        sessions: groups.into_iter().enumerate().map(|at| session(fields, (at.1, at.0), notes)).collect(),
    }
}

fn session(fields: &Fields<'_>, at: (usize, usize), notes: &mut Notes) -> wire::CourseSession {
    let starts = fields.take(Field::SessionStarts, at, notes, |cell, _| value::moment(cell).map(Some));
    let ends = fields.take(Field::SessionEnds, at, notes, |cell, _| value::moment(cell).map(Some));
    let day = starts.and_then(|(day, _)| day);
    let time = |given: Option<(Option<Date>, jiff::civil::Time)>| {
        let (own, time) = given?;
        // An end is often only a time, on the day of the beginning.
        let moment = own.or(day)?.to_datetime(time);
        moment
            .to_zoned(tz::offset(PARK_HOURS).to_time_zone())
            .ok()
            .map(|zoned| time_to_wire(zoned.timestamp()))
    };
    wire::CourseSession {
        starts_at: time(starts),
        ends_at: time(ends),
        place: fields.take(Field::SessionPlace, at, notes, |cell, _| value::line(cell)),
        seats: fields.take(Field::SessionSeats, at, notes, |cell, _| value::whole(cell, &["人", "名", "席"])),
    }
}

pub(super) fn resource(fields: &Fields<'_>, notes: &mut Notes) -> wire::MutualAidResource {
    let at = (0, 0);
    let contacts = fields.groups(&[Field::ContactName, Field::ContactPhone, Field::ContactDuty]);
    wire::MutualAidResource {
        resource_kind: fields.one(Field::ResourceKind, notes, value::code),
        resource_type: fields.one(Field::ResourceType, notes, value::line),
        capabilities: fields.one(Field::Capabilities, notes, value::list),
        quantity: fields.one(Field::Quantity, notes, |cell| value::number(cell, &[])),
        unit: fields.take(Field::Unit, at, notes, unit),
        location: location(fields, notes),
        muster_minutes: muster_minutes(fields, notes),
        inspection_due: fields.take(Field::InspectionDue, at, notes, inspection_due),
        duty_contacts: contacts
            .into_iter()
            .enumerate()
            .map(|at| contact(fields, (at.1, at.0), notes))
            .collect(),
        pre_authorised: fields.one(Field::PreAuthorised, notes, value::flag),
        floor: fields.one(Field::Floor, notes, |cell| value::number(cell, &[])),
    }
}

fn unit(cell: &Cell, remark: &mut dyn FnMut(&str)) -> Result<String, Wrong> {
    let (unit, translated) = value::unit(cell)?;
    if translated {
        let written = value::code(cell)?;
        remark(&format!("“{written}” was taken as `{unit}` （“{written}”按 {unit} 计）"));
    }
    Ok(unit)
}

fn inspection_due(cell: &Cell, remark: &mut dyn FnMut(&str)) -> Result<String, Wrong> {
    if ["无", "/", "-", "—", "长期"].contains(&cell.text().as_str()) {
        return Ok(String::new());
    }
    let (day, from_number) = value::day(cell)?;
    if from_number {
        let written = cell.text();
        remark(&format!("the number {written} was read as {day} （数字 {written} 按日期 {day} 读取）"));
    }
    Ok(day.to_string())
}

/// The contract takes 0 for “at once”; an empty cell does not mean that.
fn muster_minutes(fields: &Fields<'_>, notes: &mut Notes) -> u32 {
    if !fields.has(Field::MusterMinutes) {
        notes.wrong.add("resource.muster_minutes", "is required （必填）");
    }
    fields.one(Field::MusterMinutes, notes, |cell| value::whole(cell, &["分钟", "分", "min", "minutes"]))
}

fn location(fields: &Fields<'_>, notes: &mut Notes) -> Option<wire::Location> {
    let (has_latitude, has_longitude) = (fields.has(Field::Latitude), fields.has(Field::Longitude));
    if !has_latitude && !has_longitude {
        return None;
    }
    let address = fields.one(Field::Address, notes, value::line);
    for (has, path) in
        [(has_latitude, "resource.location.latitude"), (has_longitude, "resource.location.longitude")]
    {
        if !has {
            notes.wrong.add(path, "is required （必填）");
        }
    }
    let degrees =
        |field, notes: &mut Notes| fields.one(field, notes, |cell| value::number(cell, &["°", "度"]));
    Some(wire::Location {
        latitude: degrees(Field::Latitude, notes),
        longitude: degrees(Field::Longitude, notes),
        address,
    })
}

fn contact(fields: &Fields<'_>, at: (usize, usize), notes: &mut Notes) -> wire::DutyContact {
    wire::DutyContact {
        name: fields.take(Field::ContactName, at, notes, |cell, _| value::line(cell)),
        phone: fields.take(Field::ContactPhone, at, notes, |cell, remark| {
            let (phone, said) = value::phone(cell)?;
            said.into_iter().for_each(remark);
            Ok(phone)
        }),
        duty: fields.take(Field::ContactDuty, at, notes, |cell, _| value::line(cell)),
    }
}

/// A place needs degrees; an address without them goes into the text, where people find it.
pub(super) fn keep_address(publication: &mut wire::Publication, fields: &Fields<'_>, notes: &mut Notes) {
    if fields.has(Field::Latitude) || fields.has(Field::Longitude) {
        return;
    }
    let address = fields.one(Field::Address, notes, value::line);
    if address.is_empty() {
        return;
    }
    let body = &mut publication.body;
    if !body.is_empty() {
        body.push('\n');
    }
    body.push_str(&format!("地址：{address}"));
    notes.remarks.add(
        "resource.location",
        "has no latitude and longitude, so the address was put into the body and distances cannot be told （缺少经纬度：地址已写入正文，无法计算距离）",
    );
}

/// Lists of resources have one name, which is both title and type.
pub(super) fn stand_in(publication: &mut wire::Publication, notes: &mut Notes) {
    let wire::Publication { title, detail, .. } = publication;
    let Some(Detail::Resource(resource)) = detail else { return };
    let taken = "was taken from the other name （取自另一名称列）";
    if title.is_empty() && !resource.resource_type.is_empty() {
        title.clone_from(&resource.resource_type);
        notes.remarks.add("title", taken);
    } else if resource.resource_type.is_empty() && !title.is_empty() {
        resource.resource_type.clone_from(title);
        notes.remarks.add("resource.resource_type", taken);
    }
}
