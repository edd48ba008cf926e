//! One incident in several alerts: the first tells of it, each later one replaces those before and names them, and the one
//! of its end cancels them.

use jiff::Timestamp;

use super::{Alert, MsgType, incident::whole};
use crate::{
    interchange::forms,
    publication::time_from_wire,
    refusal::Refusal,
    wire::{Incident, IncidentState, TimelineEntry},
};

/// What an incident's timeline says when something in an alert has changed.
const TOLD: [&str; 4] = ["INCIDENT_OPENED", "INCIDENT_UPDATED", "DRILL_HALTED", "INCIDENT_CLOSED"];

/// An alert that was sent, or could have been: the same whenever it is made from the same timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its identifier.
    pub identifier: String,
    /// When.
    pub at: Timestamp,
    /// What happened then, in words.
    pub words: String,
}

/// The alerts that an incident's timeline calls for, oldest first.
#[must_use]
pub fn sent_for(incident: &Incident, timeline: &[TimelineEntry]) -> Vec<Sent> {
    let uuid = incident.name.rsplit('/').next().unwrap_or_default();
    let told = timeline.iter().filter(|entry| TOLD.contains(&entry.event.as_str()));
    (1..)
        .zip(told)
        .map(|(number, entry)| Sent {
            identifier: format!("{uuid}.{number}"),
            at: whole(entry.recorded_at.as_ref().and_then(time_from_wire).unwrap_or(Timestamp::UNIX_EPOCH)),
            words: entry.text_zh.clone(),
        })
        .collect()
}

impl Alert {
    /// The newest alert of an incident, with references to those before: an Update, and a Cancel when it is closed; the
    /// first one is an Alert.
    ///
    /// # Errors
    /// Every rule that it would break, such as a sender with spaces; a timeline that does not tell of the incident.
    pub fn newest(incident: &Incident, timeline: &[TimelineEntry], sender: &str) -> Result<Self, Refusal> {
        let mut earlier = sent_for(incident, timeline);
        let Some(Sent { identifier, at, words }) = earlier.pop() else {
            let words = "does not tell of the incident （时间线中没有该事件的记录）";
            return Err(Refusal::field("timeline", words));
        };
        let first = Self::from_incident(incident, sender, at)?;
        let msg_type = match (earlier.is_empty(), incident.state()) {
            (true, _) => MsgType::Alert,
            (false, IncidentState::Closed) => MsgType::Cancel,
            (false, IncidentState::Unspecified | IncidentState::Open | IncidentState::Halted) => {
                MsgType::Update
            }
        };
        let references: Vec<_> = (earlier.iter())
            .map(|sent| format!("{sender},{},{}", sent.identifier, forms::write_time(sent.at)))
            .collect();
        let note = if msg_type == MsgType::Alert { String::new() } else { words };
        let alert = Self { identifier, msg_type, note, references: references.join(" "), ..first };
        alert.check()?;
        Ok(alert)
    }
}
