//! The messages of EDXL Resource Messaging 1.0 (OASIS EDXL-RM-v1.0, 2008) about one exchange of aid: request, response,
//! requisition, commitment, report, return and release. All are one sequence of elements with rules of their own.
//!
//! Elements of the message live in [`NAMESPACE_MESSAGE`], elements of the common types in [`NAMESPACE`]. What the standard
//! allows and we have no use for (funding, radios, credentials, price quotes) is accepted on reading and not kept.

mod answer;
mod assignment;
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

words_of! {
    /// What a message is; also the name of its element.
    MessageKind: RequestResource = "RequestResource", ResponseToRequestResource = "ResponseToRequestResource",
    RequisitionResource = "RequisitionResource", CommitResource = "CommitResource",
    ReportResourceDeploymentStatus = "ReportResourceDeploymentStatus", RequestReturn = "RequestReturn",
    ReleaseResource = "ReleaseResource"
}
words_of! {
    /// What is answered.
    ResponseType: Accept = "Accept", Decline = "Decline", Provisional = "Provisional"
}

impl MessageKind {
    /// True for an answer: it names the message before, and says yes or no.
    #[must_use]
    pub fn is_answer(self) -> bool {
        matches!(self, Self::ResponseToRequestResource | Self::CommitResource)
    }
}

/// A message. Texts are empty when the element is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What it is.
    pub kind: MessageKind,
    /// Unique.
    pub message_id: String,
    /// When it was sent, to the second.
    pub sent: Timestamp,
    /// What it is about; our title, and the description after an empty line.
    pub description: String,
    /// The message that began the exchange; its own id.
    pub originating_message_id: String,
    /// The message before; empty for the first. An answer has to name what it answers.
    pub preceding_message_id: String,
    /// The incidents.
    pub incidents: Vec<IncidentInformation>,
    /// Whom to ask; at least one.
    pub contacts: Vec<Contact>,
    /// What is needed, promised or sent; at least one.
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

/// One kind of thing.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceInformation {
    /// Unique in the message.
    pub id: String,
    /// Yes or no; of an answer.
    pub response: Option<Response>,
    /// The resource; a no may leave it out.
    pub resource: Resource,
    /// How much; required where something is asked for or promised.
    pub quantity: Option<Quantity>,
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
    /// Where it is in its deployment.
    pub status: Option<Listed>,
}

/// Yes or no to one thing of the message before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The thing's id there.
    pub preceding: String,
    /// Yes or no.
    pub kind: ResponseType,
    /// Why, as codes.
    pub codes: Vec<Listed>,
    /// Why, in words.
    pub reason: String,
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
