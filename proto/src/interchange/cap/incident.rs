//! Between our incidents and alerts.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use super::{
    Alert, Area, Category, Certainty, Info, MsgType, Named, ResponseType, Scope, Severity, Status, Urgency,
};
use crate::{
    publication::{time_from_wire, time_to_wire},
    refusal::{Refusal, Violations},
    vocabulary,
    wire::{Casualties, Incident, IncidentMode, IncidentState, Location},
};

/// `valueName` of the kind of accident.
const HAZARD: &str = "GB 6441-2025";
/// `valueName` of the level.
const LEVEL: &str = "令493 事故等级";
/// `valueName` of one substance.
const SUBSTANCE: &str = "substance";
/// `valueName` of people: injured, missing, dead.
const PEOPLE: [&str; 3] = ["injured", "missing", "dead"];
/// Who may read what leaves the alliance.
const RESTRICTION: &str = "安全生产联盟成员与应急管理部门";

/// To the second, as CAP writes times.
pub(super) fn whole(time: Timestamp) -> Timestamp {
    time.round(TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Trunc)).unwrap_or(time)
}

fn named(name: &str, value: impl Into<String>) -> Named {
    Named { name: name.to_owned(), value: value.into() }
}

impl Alert {
    /// The alert that tells of an incident.
    ///
    /// # Errors
    /// Every rule that it would break, such as a sender with spaces.
    pub fn from_incident(incident: &Incident, sender: &str, now: Timestamp) -> Result<Self, Refusal> {
        let status = match incident.mode() {
            IncidentMode::Exercise => Status::Exercise,
            IncidentMode::Test => Status::Test,
            IncidentMode::Actual => Status::Actual,
            IncidentMode::Unspecified => {
                return Err(Refusal::field("alert/status", "the incident has no mode （事件没有性质）"));
            }
        };
        let uuid = incident.name.rsplit('/').next().unwrap_or_default();
        let alert = Self {
            identifier: format!("{uuid}.{}", incident.version),
            sender: sender.to_owned(),
            sent: whole(now),
            status,
            msg_type: MsgType::Alert,
            source: String::new(),
            scope: Scope::Restricted,
            restriction: RESTRICTION.to_owned(),
            addresses: String::new(),
            codes: Vec::new(),
            note: String::new(),
            references: String::new(),
            incidents: uuid.to_owned(),
            infos: vec![info(incident)],
        };
        alert.check()?;
        Ok(alert)
    }

    /// The incident that an alert tells of, ready to be opened.
    ///
    /// # Errors
    /// What it lacks for that: a status of ours, a place, something to say.
    pub fn to_incident(&self) -> Result<Incident, Refusal> {
        let mut wrong = Violations::new();
        let mode = match self.status {
            Status::Actual => IncidentMode::Actual,
            Status::Exercise => IncidentMode::Exercise,
            Status::Test => IncidentMode::Test,
            Status::System | Status::Draft => {
                wrong.add(
                    "alert/status",
                    "must be Actual, Exercise or Test （须为 Actual、Exercise 或 Test）",
                );
                IncidentMode::Unspecified
            }
        };
        if matches!(self.msg_type, MsgType::Cancel | MsgType::Ack | MsgType::Error) {
            wrong.add("alert/msgType", "must be Alert or Update （须为 Alert 或 Update）");
        }
        let Some(info) =
            self.infos.iter().find(|info| info.language.starts_with("zh")).or(self.infos.first())
        else {
            wrong.add("alert/info", "is required （必填）");
            return Err(wrong.into_refusal());
        };
        let place = place(info);
        if place.is_none() {
            wrong.add("alert/info/area", "must say a polygon or a circle （须有多边形或圆）");
        }
        let incident = Incident {
            mode: mode as i32,
            title: title(info),
            place,
            accident_type: accident_type(info),
            accident_level: parameter(info, LEVEL).unwrap_or_default(),
            substances: info
                .parameters
                .iter()
                .filter(|one| one.name == SUBSTANCE)
                .map(|one| one.value.clone())
                .collect(),
            casualties: casualties(info),
            description: info.description.chars().take(2_000).collect(),
            occurred_at: Some(time_to_wire(info.onset.or(info.effective).unwrap_or(self.sent))),
            ..Incident::default()
        };
        wrong.finish(|| Some(incident))
    }
}

fn info(incident: &Incident) -> Info {
    let over = incident.state() == IncidentState::Closed;
    let hazard = vocabulary::term("hazard", &incident.accident_type);
    let event = hazard.map_or(incident.accident_type.as_str(), |term| term.zh.as_str());
    let mut parameters = Vec::new();
    if !incident.accident_level.is_empty() {
        parameters.push(named(LEVEL, &incident.accident_level));
    }
    parameters.extend(incident.substances.iter().map(|substance| named(SUBSTANCE, substance)));
    if let Some(Casualties { injured, missing, dead }) = incident.casualties {
        let counts = PEOPLE.iter().zip([injured, missing, dead]);
        parameters.extend(counts.map(|(name, count)| named(name, count.to_string())));
    }
    Info {
        language: "zh-CN".to_owned(),
        categories: categories(&incident.accident_type),
        event: if event.is_empty() { incident.title.clone() } else { event.to_owned() },
        response_types: vec![if over { ResponseType::AllClear } else { ResponseType::Assess }],
        urgency: if over { Urgency::Past } else { Urgency::Immediate },
        severity: severity(&incident.accident_level),
        certainty: Certainty::Observed,
        audience: String::new(),
        event_codes: vec![named(HAZARD, &incident.accident_type)],
        effective: None,
        onset: incident.occurred_at.as_ref().and_then(time_from_wire).map(whole),
        expires: None,
        sender_name: String::new(),
        headline: incident.title.clone(),
        description: incident.description.clone(),
        instruction: String::new(),
        web: String::new(),
        contact: String::new(),
        parameters,
        resources: Vec::new(),
        areas: incident.place.iter().map(area).collect(),
    }
}

fn area(place: &Location) -> Area {
    let centre = (place.latitude, place.longitude);
    let words = if place.address.is_empty() { "现场".to_owned() } else { place.address.clone() };
    Area {
        description: words,
        polygons: Vec::new(),
        circles: vec![(centre, 0.0)],
        geocodes: Vec::new(),
        altitude: None,
        ceiling: None,
    }
}

fn categories(accident_type: &str) -> Vec<Category> {
    match accident_type {
        "fire" | "other-solid-explosion" => vec![Category::Fire, Category::Safety],
        "leak" | "poisoning" | "asphyxiation" => vec![Category::Cbrne, Category::Safety],
        "landslide" | "collapse" => vec![Category::Geo, Category::Safety],
        "road-rail-vehicle" => vec![Category::Transport, Category::Safety],
        _ => vec![Category::Safety],
    }
}

fn severity(level: &str) -> Severity {
    match vocabulary::term("accident-level", level).map_or(level, |term| term.zh.as_str()) {
        "特别重大" | "特别重大事故" => Severity::Extreme,
        "重大" | "重大事故" => Severity::Severe,
        "较大" | "较大事故" => Severity::Moderate,
        "一般" | "一般事故" => Severity::Minor,
        _ => Severity::Unknown,
    }
}

fn title(info: &Info) -> String {
    let said = if info.headline.is_empty() { &info.event } else { &info.headline };
    said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect()
}

/// Our own code when the alert carries it, else the nearest that its categories say.
fn accident_type(info: &Info) -> String {
    let code = info.event_codes.iter().find(|code| code.name == HAZARD).map(|code| code.value.as_str());
    let known = code.and_then(|code| vocabulary::code_of("hazard", code));
    let said = || vocabulary::code_of("hazard", &info.event);
    let near = || {
        info.categories.iter().find_map(|category| match category {
            Category::Fire => Some("fire"),
            Category::Cbrne => Some("leak"),
            Category::Transport => Some("road-rail-vehicle"),
            Category::Geo
            | Category::Met
            | Category::Safety
            | Category::Security
            | Category::Rescue
            | Category::Health
            | Category::Env
            | Category::Infra
            | Category::Other => None,
        })
    };
    known.or_else(said).or_else(near).unwrap_or("other").to_owned()
}

fn parameter(info: &Info, name: &str) -> Option<String> {
    info.parameters.iter().find(|one| one.name == name).map(|one| one.value.clone())
}

fn casualties(info: &Info) -> Option<Casualties> {
    let [injured, missing, dead] =
        PEOPLE.map(|name| parameter(info, name).and_then(|count| count.parse().ok()));
    injured.or(missing).or(dead)?;
    Some(Casualties {
        injured: injured.unwrap_or_default(),
        missing: missing.unwrap_or_default(),
        dead: dead.unwrap_or_default(),
    })
}

/// The first circle's centre, or the middle of the first polygon's corners.
fn place(info: &Info) -> Option<Location> {
    let of = |area: &Area| {
        let circle = area.circles.first().map(|(centre, _)| *centre);
        let middle = || {
            let corners =
                area.polygons.first().map(|points| points.split_last().map_or(&[][..], |(_, rest)| rest))?;
            let count = u32::try_from(corners.len()).ok().filter(|count| *count > 0).map(f64::from)?;
            let (north, east) =
                corners.iter().fold((0.0, 0.0), |(north, east), point| (north + point.0, east + point.1));
            Some((north / count, east / count))
        };
        let (latitude, longitude) = circle.or_else(middle)?;
        Some(Location { latitude, longitude, address: area.description.chars().take(200).collect() })
    };
    info.areas.iter().find_map(of)
}
