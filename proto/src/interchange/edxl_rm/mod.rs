//! The RequestResource message of EDXL Resource Messaging 1.0 (OASIS EDXL-RM-v1.0, 2008).
//!
//! Elements of the message live in [`NAMESPACE_MESSAGE`], elements of the common types in [`NAMESPACE`]. What the standard
//! allows and we have no use for (funding, radios, credentials, price quotes) is accepted on reading and not kept.

mod check;
mod read;
mod request;
mod write;

use jiff::Timestamp;

pub use super::forms::Point;
use super::forms::words_of;

/// Namespace of the common types.
pub const NAMESPACE: &str = "urn:oasis:names:tc:emergency:EDXL:RM:1.0";
/// Namespace of the messages.
pub const NAMESPACE_MESSAGE: &str = "urn:oasis:names:tc:emergency:EDXL:RM:1.0:msg";
/// Namespace of geometry.
const NAMESPACE_GML: &str = "http://www.opengis.net/gml";

words_of! {
    /// In what part somebody can be asked.
    ContactRole: Sender = "Sender", Requester = "Requester", SubjectMatterExpert = "SubjectMatterExpert",
    Approver = "Approver", RespondingOrg = "RespondingOrg", Owner = "Owner"
}
words_of! {
    /// What a schedule is about.
    ScheduleType: RequestedArrival = "RequestedArrival", EstimatedArrival = "EstimatedArrival",
    ActualArrival = "ActualArrival", RequestedDeparture = "RequestedDeparture",
    EstimatedDeparture = "EstimatedDeparture", ActualDeparture = "ActualDeparture",
    RequestedReturnDeparture = "RequestedReturnDeparture", EstimatedReturnDeparture = "EstimatedReturnDeparture",
    ActualReturnDeparture = "ActualReturnDeparture", RequestedReturnArrival = "RequestedReturnArrival",
    EstimatedReturnArrival = "EstimatedReturnArrival", ActualReturnArrival = "ActualReturnArrival",
    BeginAvailable = "BeginAvailable", EndAvailable = "EndAvailable", Committed = "Committed", Current = "Current",
    ReportTo = "ReportTo", Route = "Route"
}

/// A RequestResource message. Texts are empty when the element is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestResource {
    /// Unique.
    pub message_id: String,
    /// When it was sent, to the second.
    pub sent: Timestamp,
    /// What it is about; our title, and the description after an empty line.
    pub description: String,
    /// The message that began the exchange; its own id.
    pub originating_message_id: String,
    /// The message before; empty for the first.
    pub preceding_message_id: String,
    /// The incidents.
    pub incidents: Vec<IncidentInformation>,
    /// Whom to ask; at least one.
    pub contacts: Vec<Contact>,
    /// What is needed; at least one.
    pub resources: Vec<ResourceInformation>,
}

/// An incident; one of the two is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentInformation {
    /// Its id.
    pub id: String,
    /// In words.
    pub description: String,
}

/// Whom to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// In words; ours are `name; phone; duty`.
    pub description: String,
    /// In what part.
    pub role: Option<ContactRole>,
}

/// One kind of thing that is needed.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceInformation {
    /// Unique in the message.
    pub id: String,
    /// The resource.
    pub resource: Resource,
    /// How much.
    pub quantity: Quantity,
    /// Where and when.
    pub schedules: Vec<Schedule>,
}

/// What is needed; an id, a name or a type is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// `ResourceID`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Option<Listed>,
    /// Key words.
    pub keywords: Vec<Listed>,
    /// In words.
    pub description: String,
}

/// Values of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// URN of the list.
    pub list: String,
    /// At least one.
    pub values: Vec<String>,
}

/// How much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// In words.
    Text(String),
    /// A whole number, with its unit where there is one.
    Measured {
        /// The number.
        amount: u64,
        /// The unit, from a list.
        unit: Option<Listed>,
    },
}

/// Where and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// What it is about.
    pub kind: ScheduleType,
    /// When.
    pub time: Option<Timestamp>,
    /// Where, in words.
    pub place: String,
    /// Where, in degrees.
    pub point: Option<Point>,
}
