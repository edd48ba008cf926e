//! What is particular to each kind of publication.

use jiff::{Timestamp, civil::Date};
use prost_types::Timestamp as WireTimestamp;

use super::{
    place::{DutyContact, Location},
    text::{TextRule, read_code, read_codes, read_lines},
};
use crate::{refusal::Violations, wire};

/// What is particular to the kind; see `publication.proto` for the limits of each field.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// 最佳实践
    Practice(Practice),
    /// 菜单课程
    Course(Course),
    /// 互援资源
    Resource(MutualAidResource),
}

/// A method with proof that it works.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Practice {
    /// Codes of the list `hazard`.
    pub hazards: Vec<String>,
    /// Codes of the list `operation`.
    pub operations: Vec<String>,
    /// Standards cited, as written.
    pub standards: Vec<String>,
    /// What was measured.
    pub evidence: String,
}

/// A course offered to other members.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Who gives it.
    pub provider: String,
    /// For whom it is.
    pub attendees: String,
    /// Length in hours.
    pub duration_hours: f64,
    /// Code of the list `course-format`.
    pub format: String,
    /// Seats of a session unless it says otherwise.
    pub seats: u32,
    /// Dates.
    pub sessions: Vec<Session>,
}

/// One date of a course.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Beginning.
    pub starts_at: Timestamp,
    /// End, later than the beginning.
    pub ends_at: Timestamp,
    /// Where.
    pub place: String,
    /// Seats; 0 means the course's number.
    pub seats: u32,
}

/// Something or somebody that can help in an emergency.
#[derive(Clone, Debug, PartialEq)]
pub struct MutualAidResource {
    /// Code of the list `resource-kind`.
    pub resource_kind: String,
    /// The owner's words for it.
    pub resource_type: String,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// How much there is.
    pub quantity: f64,
    /// UCUM unit.
    pub unit: String,
    /// Where it stands.
    pub location: Option<Location>,
    /// Minutes until it is ready to leave.
    pub muster_minutes: u32,
    /// Next inspection.
    pub inspection_due: Option<Date>,
    /// Who answers.
    pub duty_contacts: Vec<DutyContact>,
    /// May the council send it without asking?
    pub pre_authorised: bool,
    /// How much the owner keeps.
    pub floor: f64,
}

impl Detail {
    pub(super) fn read(detail: wire::publication::Detail, violations: &mut Violations) -> Self {
        match detail {
            wire::publication::Detail::Practice(practice) => {
                Self::Practice(Practice::read(practice, violations))
            }
            wire::publication::Detail::Course(course) => Self::Course(Course::read(course, violations)),
            wire::publication::Detail::Resource(resource) => {
                Self::Resource(MutualAidResource::read(resource, violations))
            }
        }
    }

    pub(super) fn to_wire(&self) -> wire::publication::Detail {
        match self {
            Self::Practice(practice) => wire::publication::Detail::Practice(practice.to_wire()),
            Self::Course(course) => wire::publication::Detail::Course(course.to_wire()),
            Self::Resource(resource) => wire::publication::Detail::Resource(resource.to_wire()),
        }
    }
}

impl Practice {
    fn read(practice: wire::Practice, violations: &mut Violations) -> Self {
        let wire::Practice { hazards, operations, standards, evidence } = practice;
        Self {
            hazards: read_codes("practice.hazards", "hazard", &hazards, 27, violations),
            operations: read_codes("practice.operations", "operation", &operations, 8, violations),
            standards: read_lines("practice.standards", &standards, 32, 80, violations),
            evidence: TextRule::lines(10_000).read("practice.evidence", &evidence, violations),
        }
    }

    fn to_wire(&self) -> wire::Practice {
        let Self { hazards, operations, standards, evidence } = self.clone();
        wire::Practice { hazards, operations, standards, evidence }
    }
}

impl Course {
    fn read(course: wire::Course, violations: &mut Violations) -> Self {
        let wire::Course { provider, attendees, duration_hours, format, seats, sessions } = course;
        within("course.duration_hours", duration_hours, 0.0, 1_000.0, violations);
        if !(1..=100_000).contains(&seats) {
            violations.add("course.seats", "must be 1 to 100000 （须为 1–100000）");
        }
        if sessions.len() > 200 {
            violations.add("course.sessions", "has more than 200 values （超过 200 项）");
        }
        Self {
            provider: TextRule::line(1, 200).read("course.provider", &provider, violations),
            attendees: TextRule::line(0, 500).read("course.attendees", &attendees, violations),
            duration_hours,
            format: read_code("course.format", "course-format", &format, violations).unwrap_or_default(),
            seats,
            sessions: sessions
                .into_iter()
                .take(200)
                .enumerate()
                .filter_map(|(index, session)| Session::read(index, session, violations))
                .collect(),
        }
    }

    fn to_wire(&self) -> wire::Course {
        let Self { provider, attendees, duration_hours, format, seats, sessions } = self.clone();
        let sessions = sessions.iter().map(Session::to_wire).collect();
        wire::Course { provider, attendees, duration_hours, format, seats, sessions }
    }
}

impl Session {
    fn read(index: usize, session: wire::CourseSession, violations: &mut Violations) -> Option<Self> {
        let wire::CourseSession { starts_at, ends_at, place, seats } = session;
        let at = |field: &str| format!("course.sessions[{index}].{field}");
        let starts_at = read_time(&at("starts_at"), starts_at, violations);
        let ends_at = read_time(&at("ends_at"), ends_at, violations);
        let place = TextRule::line(1, 200).read(&at("place"), &place, violations);
        if seats > 100_000 {
            violations.add(at("seats"), "must be at most 100000 （最多 100000）");
        }
        let (starts_at, ends_at) = (starts_at?, ends_at?);
        if ends_at <= starts_at {
            violations.add(at("ends_at"), "must be later than starts_at （须晚于开始时间）");
        }
        Some(Self { starts_at, ends_at, place, seats })
    }

    fn to_wire(&self) -> wire::CourseSession {
        wire::CourseSession {
            starts_at: Some(time_to_wire(self.starts_at)),
            ends_at: Some(time_to_wire(self.ends_at)),
            place: self.place.clone(),
            seats: self.seats,
        }
    }
}

impl MutualAidResource {
    fn read(resource: wire::MutualAidResource, violations: &mut Violations) -> Self {
        let wire::MutualAidResource {
            resource_kind,
            resource_type,
            capabilities,
            quantity,
            unit,
            location,
            muster_minutes,
            inspection_due,
            duty_contacts,
            pre_authorised,
            floor,
        } = resource;
        within("resource.quantity", quantity, 0.0, 1e9, violations);
        if !(0.0..=quantity).contains(&floor) {
            violations.add("resource.floor", "must be 0 up to the quantity （须在 0 与数量之间）");
        }
        if muster_minutes > 10_080 {
            violations.add("resource.muster_minutes", "must be at most 10080 （最多 10080 分钟）");
        }
        if !(1..=10).contains(&duty_contacts.len()) {
            violations.add("resource.duty_contacts", "must have 1 to 10 contacts （须有 1–10 位值班联系人）");
        }
        if !is_unit(&unit) {
            violations.add("resource.unit", "must be a UCUM unit such as 1, kg, L, m3 （须为 UCUM 单位）");
        }
        Self {
            resource_kind: read_code("resource.resource_kind", "resource-kind", &resource_kind, violations)
                .unwrap_or_default(),
            resource_type: TextRule::line(1, 100).read("resource.resource_type", &resource_type, violations),
            capabilities: read_lines("resource.capabilities", &capabilities, 32, 100, violations),
            quantity,
            unit,
            location: location.map(|location| Location::read("resource.location", location, violations)),
            muster_minutes,
            inspection_due: read_date("resource.inspection_due", &inspection_due, violations),
            duty_contacts: duty_contacts
                .into_iter()
                .take(10)
                .enumerate()
                .map(|(index, contact)| {
                    DutyContact::read(&format!("resource.duty_contacts[{index}]"), contact, violations)
                })
                .collect(),
            pre_authorised,
            floor,
        }
    }

    fn to_wire(&self) -> wire::MutualAidResource {
        let Self {
            resource_kind,
            resource_type,
            capabilities,
            quantity,
            unit,
            location,
            muster_minutes,
            inspection_due,
            duty_contacts,
            pre_authorised,
            floor,
        } = self.clone();
        wire::MutualAidResource {
            resource_kind,
            resource_type,
            capabilities,
            quantity,
            unit,
            location: location.as_ref().map(Location::to_wire),
            muster_minutes,
            inspection_due: inspection_due.map(|date| date.to_string()).unwrap_or_default(),
            duty_contacts: duty_contacts.iter().map(DutyContact::to_wire).collect(),
            pre_authorised,
            floor,
        }
    }
}

/// UCUM's case-sensitive codes are visible ASCII without spaces (UCUM §1–2); at most 16 here.
pub(crate) fn is_unit(unit: &str) -> bool {
    (1..=16).contains(&unit.len()) && unit.bytes().all(|byte| byte.is_ascii_graphic())
}

/// More than `low` and at most `high`; NaN and infinities are neither.
fn within(field: &str, value: f64, low: f64, high: f64, violations: &mut Violations) {
    if !(value > low && value <= high) {
        violations.add(
            field,
            format!("must be more than {low} and at most {high} （须大于 {low} 且不超过 {high}）"),
        );
    }
}

pub(crate) fn read_time(
    field: &str,
    time: Option<WireTimestamp>,
    violations: &mut Violations,
) -> Option<Timestamp> {
    let Some(time) = time else {
        violations.add(field, "is required （必填）");
        return None;
    };
    violations.check(field, time_from_wire(&time).ok_or("is not a time of this calendar （时间无效）"))
}

fn read_date(field: &str, date: &str, violations: &mut Violations) -> Option<Date> {
    if date.is_empty() {
        return None;
    }
    let parsed =
        date.parse::<Date>().map_err(|_| "must be a day such as 2027-03-31 （须为日期，如 2027-03-31）");
    violations.check(field, parsed)
}

/// A time as the wire has it.
#[must_use]
pub fn time_to_wire(time: Timestamp) -> WireTimestamp {
    WireTimestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

/// A time from the wire; `None` when it is outside the calendar or malformed.
#[must_use]
pub fn time_from_wire(time: &WireTimestamp) -> Option<Timestamp> {
    (0..1_000_000_000).contains(&time.nanos).then_some(())?;
    Timestamp::new(time.seconds, time.nanos).ok()
}
