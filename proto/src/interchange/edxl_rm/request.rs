//! Between our requests and RequestResource messages.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use super::{
    Contact, ContactRole, IncidentInformation, Listed, Message, MessageKind, Quantity, Resource,
    ResourceInformation, Schedule, ScheduleType,
};
use crate::{
    publication::{time_from_wire, time_to_wire},
    refusal::{Refusal, Violations},
    vocabulary,
    wire::{DutyContact, Incident, Location, MutualAidRequest, NeedLine, RequestPriority},
};

/// Our list of kinds of resources.
pub(super) const KINDS: &str = "urn:x-shouwang:resource-kind";
/// One thing that it must be able to do.
const CAPABILITY: &str = "urn:x-shouwang:capability";
/// Less than this is of no use.
const MINIMUM: &str = "urn:x-shouwang:minimum";
/// P1, P2 or P3.
const PRIORITY: &str = "urn:x-shouwang:priority";
/// Units of measure.
const UCUM: &str = "urn:oid:2.16.840.1.113883.6.8";

pub(super) fn whole(time: Timestamp) -> Timestamp {
    time.round(TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Trunc)).unwrap_or(time)
}

pub(super) fn listed(list: &str, value: impl Into<String>) -> Listed {
    Listed { list: list.to_owned(), values: vec![value.into()] }
}

impl Message {
    /// The message that asks for what a request asks for.
    ///
    /// # Errors
    /// Every rule that it would break, such as a request without lines.
    pub fn from_request(
        request: &MutualAidRequest,
        incident: &Incident,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let place = request.place.as_ref().or(incident.place.as_ref());
        let description = [request.title.as_str(), request.description.as_str()];
        let description: Vec<&str> = description.into_iter().filter(|part| !part.is_empty()).collect();
        let message_id = request_id(request);
        let message = Self {
            kind: MessageKind::RequestResource,
            originating_message_id: message_id.clone(),
            message_id,
            sent: whole(now),
            description: description.join("\n\n"),
            preceding_message_id: String::new(),
            incidents: vec![IncidentInformation {
                id: incident.name.clone(),
                description: incident.title.clone(),
            }],
            contacts: request.contact.iter().map(contact).collect(),
            resources: request
                .lines
                .iter()
                .filter(|line| line.requested > 0)
                .map(|line| needed(line, request.priority(), place))
                .collect(),
        };
        message.check()?;
        Ok(message)
    }

    /// The request for what a message asks for; incident and requester are the importer's to say.
    ///
    /// # Errors
    /// What it lacks for that: a phone number, a whole number, a name for what is needed.
    pub fn to_request(&self) -> Result<MutualAidRequest, Refusal> {
        let mut wrong = Violations::new();
        if self.kind != MessageKind::RequestResource {
            wrong.add("document", "must be a RequestResource （须为 RequestResource）");
        }
        let mut parts = self.description.splitn(2, '\n');
        let first_need =
            self.resources.first().map(|needed| needed.resource.name.as_str()).unwrap_or_default();
        let title = parts.next().map(str::trim).filter(|title| !title.is_empty()).unwrap_or(first_need);
        let description = parts.next().unwrap_or_default().trim();
        let contact = self.contacts.iter().find_map(duty_contact);
        if contact.is_none() {
            wrong.add(
                "RequestResource/ContactInformation",
                "must say a telephone number in ContactDescription （联系说明中须有电话号码）",
            );
        }
        let lines: Vec<NeedLine> = self
            .resources
            .iter()
            .enumerate()
            .map(|(index, needed)| line(index, needed, &mut wrong))
            .collect();
        let request = MutualAidRequest {
            title: title.chars().take(100).collect(),
            description: description.chars().take(2_000).collect(),
            priority: self.priority() as i32,
            place: self.resources.iter().flat_map(|needed| &needed.schedules).find_map(location),
            contact,
            lines,
            ..MutualAidRequest::default()
        };
        wrong.finish(|| Some(request))
    }

    /// Ours when the message carries it; P2 of other systems, so that a person decides whether it is life in danger.
    fn priority(&self) -> RequestPriority {
        let keywords = self.resources.iter().flat_map(|needed| &needed.resource.keywords);
        let said =
            keywords.filter(|keyword| keyword.list == PRIORITY).find_map(|keyword| keyword.values.first());
        match said.map(String::as_str) {
            Some("P1") => RequestPriority::P1,
            Some("P3") => RequestPriority::P3,
            Some(_) | None => RequestPriority::P2,
        }
    }
}

/// The id of the message that asks for what a request asks for.
pub(super) fn request_id(request: &MutualAidRequest) -> String {
    let uuid = request.name.rsplit('/').next().unwrap_or_default();
    format!("urn:uuid:{uuid}:{}", request.version)
}

pub(super) fn contact(contact: &DutyContact) -> Contact {
    let DutyContact { name, phone, duty } = contact;
    let parts: Vec<&str> =
        [name, phone, duty].into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    Contact { description: parts.join("; "), role: Some(ContactRole::Requester) }
}

/// Name, number and duty of a description: ours, or anything with a telephone number in it.
fn duty_contact(contact: &Contact) -> Option<DutyContact> {
    let parts: Vec<&str> = contact.description.split([';', '；']).map(str::trim).collect();
    if let [name, phone, rest @ ..] = parts.as_slice()
        && is_phone(phone)
    {
        let duty = rest.join(" ");
        return Some(DutyContact { name: (*name).to_owned(), phone: (*phone).to_owned(), duty });
    }
    let of_number = |shown: char| shown.is_ascii_digit() || matches!(shown, '+' | '-');
    let phone = contact
        .description
        .split(|shown: char| !of_number(shown))
        .filter(|part| is_phone(part))
        .max_by_key(|part| part.len())?;
    let name = contact.description.replace(phone, " ");
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(60).collect();
    let name = if name.is_empty() { "联系人".to_owned() } else { name };
    Some(DutyContact { name, phone: phone.to_owned(), duty: String::new() })
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (3..=32).contains(&text.len())
        && digits >= 3
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b' '))
}

pub(super) fn needed(
    line: &NeedLine,
    priority: RequestPriority,
    place: Option<&Location>,
) -> ResourceInformation {
    let mut keywords = Vec::new();
    let level = match priority {
        RequestPriority::P1 => Some("P1"),
        RequestPriority::P2 => Some("P2"),
        RequestPriority::P3 => Some("P3"),
        RequestPriority::Unspecified => None,
    };
    keywords.extend(level.map(|level| listed(PRIORITY, level)));
    if line.minimum > 0 {
        keywords.push(listed(MINIMUM, line.minimum.to_string()));
    }
    keywords.extend(line.capabilities.iter().map(|able| listed(CAPABILITY, able)));
    let schedule = Schedule {
        kind: ScheduleType::RequestedArrival,
        time: line.needed_by.as_ref().and_then(time_from_wire).map(whole),
        place: place.map(|place| place.address.clone()).unwrap_or_default(),
        point: place.map(|place| (place.latitude, place.longitude)),
    };
    let kind = Some(line.resource_kind.as_str()).filter(|kind| !kind.is_empty());
    ResourceInformation {
        id: element_id(line.number),
        response: None,
        resource: Resource {
            id: String::new(),
            name: line.what.clone(),
            kind: kind.map(|kind| listed(KINDS, kind)),
            keywords,
            description: String::new(),
            status: None,
        },
        quantity: Some(measured(line.requested, &line.unit)),
        schedules: vec![schedule],
    }
}

/// The id of a line's element.
pub(super) fn element_id(line: u32) -> String {
    format!("{line:03}")
}

/// So much of a UCUM unit.
pub(super) fn measured(amount: u64, unit: &str) -> Quantity {
    let unit = Some(unit).filter(|unit| !unit.is_empty()).map(|unit| listed(UCUM, unit));
    Quantity::Measured { amount, unit }
}

fn line(index: usize, needed: &ResourceInformation, wrong: &mut Violations) -> NeedLine {
    let path = format!("RequestResource/ResourceInformation[{}]", index + 1);
    let resource = &needed.resource;
    let values = |list: &str| {
        let keywords = resource.keywords.iter().filter(move |keyword| keyword.list == list);
        keywords.flat_map(|keyword| keyword.values.iter().cloned()).collect::<Vec<_>>()
    };
    let kind_value = resource.kind.as_ref().and_then(|kind| kind.values.first()).map(String::as_str);
    let kind = kind_value.and_then(|value| vocabulary::code_of("resource-kind", value));
    let what = [resource.name.as_str(), kind_value.unwrap_or_default(), resource.description.as_str()];
    let what = what.into_iter().find(|words| !words.is_empty()).unwrap_or_default();
    let what: String = what.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect();
    if what.is_empty() {
        wrong.add(format!("{path}/Resource/Name"), "is required to say what is needed （须说明所需资源）");
    }
    let (requested, unit) = match &needed.quantity {
        Some(Quantity::Measured { amount, unit }) => {
            let unit = unit.as_ref().and_then(|unit| unit.values.first()).cloned();
            (*amount, unit.unwrap_or_else(|| "1".to_owned()))
        }
        Some(Quantity::Text(text)) => (text.trim().parse().unwrap_or_default(), "1".to_owned()),
        None => (0, "1".to_owned()),
    };
    if requested == 0 {
        let field = format!("{path}/AssignmentInformation/Quantity");
        wrong.add(field, "must be a whole number, more than 0 （须为大于 0 的整数）");
    }
    let arrival = needed.schedules.iter().find(|schedule| schedule.kind == ScheduleType::RequestedArrival);
    NeedLine {
        resource_kind: kind.unwrap_or("equipment").to_owned(),
        what,
        capabilities: values(CAPABILITY),
        requested,
        minimum: values(MINIMUM).first().and_then(|least| least.parse().ok()).unwrap_or_default(),
        unit,
        needed_by: arrival.and_then(|schedule| schedule.time).map(time_to_wire),
        ..NeedLine::default()
    }
}

fn location(schedule: &Schedule) -> Option<Location> {
    let (latitude, longitude) = schedule.point?;
    Some(Location { latitude, longitude, address: schedule.place.chars().take(200).collect() })
}
