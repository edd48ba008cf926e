//! The Common Alerting Protocol 1.2 (OASIS CAP-v1.2, 2010).

mod check;
mod exchange;
mod incident;
mod read;
mod write;

use jiff::Timestamp;

pub use self::exchange::{Sent, sent_for};
pub use super::forms::Point;
use super::forms::words_of;

/// The namespace of CAP 1.2.
pub const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

words_of! {
    /// Whether it is real.
    Status: Actual = "Actual", Exercise = "Exercise", System = "System", Test = "Test", Draft = "Draft"
}
words_of! {
    /// What the message does.
    MsgType: Alert = "Alert", Update = "Update", Cancel = "Cancel", Ack = "Ack", Error = "Error"
}
words_of! {
    /// For whom it is.
    Scope: Public = "Public", Restricted = "Restricted", Private = "Private"
}
words_of! {
    /// What the event is about.
    Category: Geo = "Geo", Met = "Met", Safety = "Safety", Security = "Security", Rescue = "Rescue", Fire = "Fire",
    Health = "Health", Env = "Env", Transport = "Transport", Infra = "Infra", Cbrne = "CBRNE", Other = "Other"
}
words_of! {
    /// What to do.
    ResponseType: Shelter = "Shelter", Evacuate = "Evacuate", Prepare = "Prepare", Execute = "Execute",
    Avoid = "Avoid", Monitor = "Monitor", Assess = "Assess", AllClear = "AllClear", None = "None"
}
words_of! {
    /// How soon.
    Urgency: Immediate = "Immediate", Expected = "Expected", Future = "Future", Past = "Past", Unknown = "Unknown"
}
words_of! {
    /// How bad.
    Severity: Extreme = "Extreme", Severe = "Severe", Moderate = "Moderate", Minor = "Minor", Unknown = "Unknown"
}
words_of! {
    /// How sure.
    Certainty: Observed = "Observed", Likely = "Likely", Possible = "Possible", Unlikely = "Unlikely",
    Unknown = "Unknown"
}

/// A message. Texts are empty and lists have nothing in them when the element is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Unique among the sender's; no spaces, commas, `<` or `&`.
    pub identifier: String,
    /// Who sends it; no spaces, commas, `<` or `&`.
    pub sender: String,
    /// When, to the second.
    pub sent: Timestamp,
    /// Whether it is real.
    pub status: Status,
    /// What it does.
    pub msg_type: MsgType,
    /// Where it comes from.
    pub source: String,
    /// For whom it is.
    pub scope: Scope,
    /// For scope Restricted: who may read it.
    pub restriction: String,
    /// For scope Private: to whom it goes.
    pub addresses: String,
    /// Codes for special handling.
    pub codes: Vec<String>,
    /// About the message itself.
    pub note: String,
    /// Earlier messages, `sender,identifier,sent` apart by spaces.
    pub references: String,
    /// Names of incidents, apart by spaces.
    pub incidents: String,
    /// What it says.
    pub infos: Vec<Info>,
}

/// What a message says, in one language.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// Language, RFC 3066; empty: en-US.
    pub language: String,
    /// At least one.
    pub categories: Vec<Category>,
    /// The event in words.
    pub event: String,
    /// What to do.
    pub response_types: Vec<ResponseType>,
    /// How soon.
    pub urgency: Urgency,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub certainty: Certainty,
    /// For whom.
    pub audience: String,
    /// Codes of the event.
    pub event_codes: Vec<Named>,
    /// When it takes effect.
    pub effective: Option<Timestamp>,
    /// When the event begins or began.
    pub onset: Option<Timestamp>,
    /// When it is of no use any more.
    pub expires: Option<Timestamp>,
    /// Who says it, for people.
    pub sender_name: String,
    /// Headline.
    pub headline: String,
    /// Description.
    pub description: String,
    /// What people shall do.
    pub instruction: String,
    /// A page with more.
    pub web: String,
    /// Whom to ask.
    pub contact: String,
    /// Values of the sender's own.
    pub parameters: Vec<Named>,
    /// Files.
    pub resources: Vec<Resource>,
    /// Where.
    pub areas: Vec<Area>,
}

/// A value with the name of its scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// `valueName`.
    pub name: String,
    /// `value`.
    pub value: String,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub description: String,
    /// Media type.
    pub mime_type: String,
    /// Bytes.
    pub size: Option<u64>,
    /// Where it lies.
    pub uri: String,
    /// Its bytes in Base64.
    pub deref_uri: String,
    /// SHA-1, hexadecimal.
    pub digest: String,
}

/// A place.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// In words.
    pub description: String,
    /// At least four points each, the last like the first.
    pub polygons: Vec<Vec<Point>>,
    /// Centre and radius in kilometres.
    pub circles: Vec<(Point, f64)>,
    /// Codes of the place.
    pub geocodes: Vec<Named>,
    /// Feet above sea level.
    pub altitude: Option<f64>,
    /// Feet above sea level; only with `altitude`.
    pub ceiling: Option<f64>,
}
