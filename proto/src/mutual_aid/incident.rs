//! What is told of an event.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::term::Mode;
use crate::{
    id::MemberId,
    publication::{
        Location, read_time,
        text::{TextRule, read_code, read_lines},
        time_to_wire,
    },
    refusal::Violations,
    wire,
};

/// People hurt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Casualties {
    /// Hurt.
    pub injured: u32,
    /// Missing or trapped.
    pub missing: u32,
    /// Dead.
    pub dead: u32,
}

/// An authority that was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityReport {
    /// Whom, 1 to 60 characters.
    pub authority: String,
    /// When.
    pub reported: Timestamp,
    /// Who told them, and their number for it; at most 200 characters.
    pub note: String,
}

/// What is known of an incident, and may change; see `mutual_aid.proto` for the limits of each field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentFacts {
    /// Title.
    pub title: String,
    /// Where.
    pub place: Location,
    /// Code of the list `hazard`.
    pub accident_type: String,
    /// Code of the list `accident-level`, once somebody can say.
    pub accident_level: Option<String>,
    /// What leaks, burns or is near.
    pub substances: Vec<String>,
    /// People hurt.
    pub casualties: Casualties,
    /// In words.
    pub description: String,
    /// The member where it happens; none on public ground.
    pub member: Option<MemberId>,
    /// Authorities told.
    pub reports: Vec<AuthorityReport>,
}

/// An incident to open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewIncident {
    /// Mode, for ever.
    pub mode: Mode,
    /// When it happened or was seen.
    pub occurred: Timestamp,
    /// What is known.
    pub facts: IncidentFacts,
}

impl NewIncident {
    /// Reads the message of the field `field`; output-only fields are ignored. None when something is wrong, which is
    /// then noted.
    #[must_use]
    pub fn read(field: &str, incident: wire::Incident, violations: &mut Violations) -> Option<Self> {
        let mode = violations.check(format!("{field}.mode"), Mode::from_wire(incident.mode));
        let occurred = read_time(&format!("{field}.occurred_at"), incident.occurred_at, violations);
        let facts = IncidentFacts::read(field, incident, violations);
        Some(Self { mode: mode?, occurred: occurred?, facts: facts? })
    }
}

impl IncidentFacts {
    /// Reads what may change of the message of the field `field`; the rest is ignored. None when something is wrong,
    /// which is then noted.
    #[must_use]
    pub fn read(field: &str, incident: wire::Incident, violations: &mut Violations) -> Option<Self> {
        let at = |name: &str| format!("{field}.{name}");
        let level = incident.accident_level.trim();
        let accident_level = if level.is_empty() {
            None
        } else {
            read_code(&at("accident_level"), "accident-level", level, violations)
        };
        let member = if incident.member.is_empty() {
            None
        } else {
            violations.check(at("member"), MemberId::from_name(&incident.member))
        };
        if incident.place.is_none() {
            violations.add(at("place"), "is required （必填）");
        }
        if incident.reports.len() > 16 {
            violations.add(at("reports"), "has more than 16 values （超过 16 项）");
        }
        let reports = incident.reports.into_iter().take(16).enumerate();
        Some(Self {
            title: TextRule::line(1, 100).read(&at("title"), &incident.title, violations),
            accident_type: read_code(&at("accident_type"), "hazard", &incident.accident_type, violations)
                .unwrap_or_default(),
            accident_level,
            substances: read_lines(&at("substances"), &incident.substances, 16, 60, violations),
            casualties: incident.casualties.map_or_else(Casualties::default, Casualties::read),
            description: TextRule::lines(2_000).read(&at("description"), &incident.description, violations),
            member,
            reports: reports
                .filter_map(|(index, report)| {
                    AuthorityReport::read(&at(&format!("reports[{index}]")), report, violations)
                })
                .collect(),
            place: incident.place.map(|place| Location::read(&at("place"), place, violations))?,
        })
    }
}

impl Casualties {
    fn read(casualties: wire::Casualties) -> Self {
        let wire::Casualties { injured, missing, dead } = casualties;
        Self { injured, missing, dead }
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(self) -> wire::Casualties {
        let Self { injured, missing, dead } = self;
        wire::Casualties { injured, missing, dead }
    }
}

impl AuthorityReport {
    fn read(field: &str, report: wire::AuthorityReport, violations: &mut Violations) -> Option<Self> {
        let wire::AuthorityReport { authority, report_time, note } = report;
        let authority = TextRule::line(1, 60).read(&format!("{field}.authority"), &authority, violations);
        let note = TextRule::line(0, 200).read(&format!("{field}.note"), &note, violations);
        let reported = read_time(&format!("{field}.report_time"), report_time, violations)?;
        Some(Self { authority, reported, note })
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self) -> wire::AuthorityReport {
        let Self { authority, reported, note } = self.clone();
        wire::AuthorityReport { authority, report_time: Some(time_to_wire(reported)), note }
    }
}
