//! What people of a member say at their own node, on its way to the hub.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    action::{AssignmentAction, Offer, read_quantity},
    id::{CommandId, IncidentId, LineId, LineNumber, NoticeId, RequestId},
    incident::NewIncident,
    request::WrittenRequest,
    term::Channel,
};
use crate::{
    id::PublicationName,
    publication::{read_time, text::TextRule},
    refusal::{Refusal, Violations},
    wire::{self, member_command::Word as Wire},
};

/// A word of a member's people. The wire message is kept beside it, byte for byte, because that is what is sent again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberCommand {
    /// Made by the node; the idempotency key at the hub.
    pub id: CommandId,
    /// Who said it.
    pub actor: String,
    /// When, by the node's clock.
    pub occurred: Timestamp,
    /// Through what.
    pub channel: Channel,
    /// What.
    pub word: Word,
}

/// What a member's people can say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Word {
    /// About an assignment.
    Action(AssignmentAction),
    /// A call for help.
    Submission(Box<Submission>),
    /// Help offered unasked.
    Offer(UnsolicitedOffer),
    /// A person has seen a notice.
    Seen(NoticeId),
    /// Aid that came without an order.
    SelfDeployment(SelfDeployment),
}

/// The incident that a call for help is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum About {
    /// One that is known.
    Known(IncidentId),
    /// One to open.
    New(Box<NewIncident>),
}

/// A call for help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// About what.
    pub about: About,
    /// What is asked for.
    pub request: WrittenRequest,
}

/// Help offered unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsolicitedOffer {
    /// For which line.
    pub line: LineId,
    /// With what.
    pub resource: PublicationName,
    /// How much and when.
    pub offer: Offer,
}

/// Aid that came without an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfDeployment {
    /// For which line.
    pub line: LineId,
    /// What came.
    pub resource: PublicationName,
    /// How much.
    pub quantity: u64,
    /// True on the scene, false on the way.
    pub on_scene: bool,
    /// In words.
    pub note: String,
}

impl MemberCommand {
    /// Reads a message.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with all wrong fields.
    pub fn from_wire(command: wire::MemberCommand) -> Result<Self, Refusal> {
        let mut violations = Violations::new();
        let wire::MemberCommand { command_id, actor, occurred_at, channel, word } = command;
        let id = violations.check("command_id", command_id.parse::<CommandId>());
        let actor = TextRule::line(1, 60).read("actor", &actor, &mut violations);
        let occurred = read_time("occurred_at", occurred_at, &mut violations);
        let channel = violations.check("channel", Channel::from_wire(channel));
        let word = match word {
            Some(word) => Word::read(word, &mut violations),
            None => {
                violations.add("word", "is required （必填）");
                None
            }
        };
        violations
            .finish(|| Some(Self { id: id?, actor, occurred: occurred?, channel: channel?, word: word? }))
    }
}

impl Word {
    fn read(word: Wire, violations: &mut Violations) -> Option<Self> {
        match word {
            Wire::Action(action) => AssignmentAction::read("action", action, violations).map(Self::Action),
            Wire::Submission(submission) => Submission::read("submission", submission, violations)
                .map(|submission| Self::Submission(Box::new(submission))),
            Wire::Offer(offer) => UnsolicitedOffer::read("offer", offer, violations).map(Self::Offer),
            Wire::SeenNotice(name) => {
                violations.check("seen_notice", NoticeId::from_name(&name)).map(Self::Seen)
            }
            Wire::SelfDeployment(deployment) => {
                SelfDeployment::read("self_deployment", deployment, violations).map(Self::SelfDeployment)
            }
        }
    }
}

impl Submission {
    /// Reads the message of the field `field`. None when something is wrong, which is then noted.
    #[must_use]
    pub fn read(
        field: &str,
        submission: wire::RequestSubmission,
        violations: &mut Violations,
    ) -> Option<Self> {
        let wire::RequestSubmission { incident, new_incident, request } = submission;
        let at = |name: &str| format!("{field}.{name}");
        let about = match (incident.is_empty(), new_incident) {
            (false, None) => {
                violations.check(at("incident"), IncidentId::from_name(&incident)).map(About::Known)
            }
            (true, Some(new)) => {
                NewIncident::read(&at("new_incident"), new, violations).map(|new| About::New(Box::new(new)))
            }
            (true, None) | (false, Some(_)) => {
                violations.add(at("incident"), "or new_incident is required, not both （二者须填其一）");
                None
            }
        };
        let Some(request) = request else {
            violations.add(at("request"), "is required （必填）");
            return None;
        };
        let request = WrittenRequest::read(&at("request"), request, false, violations);
        Some(Self { about: about?, request: request? })
    }
}

impl UnsolicitedOffer {
    /// Reads the message of the field `field`. None when something is wrong, which is then noted.
    #[must_use]
    pub fn read(field: &str, message: wire::UnsolicitedOffer, violations: &mut Violations) -> Option<Self> {
        let wire::UnsolicitedOffer { request, line, resource, offer } = message;
        let line = read_line(field, &request, line, violations);
        let resource = violations.check(format!("{field}.resource"), resource.parse());
        let Some(offer) = offer else {
            violations.add(format!("{field}.offer"), "is required （必填）");
            return None;
        };
        let offer = Offer::read(&format!("{field}.offer"), offer, violations);
        Some(Self { line: line?, resource: resource?, offer: offer? })
    }
}

impl SelfDeployment {
    /// Reads the message of the field `field`. None when something is wrong, which is then noted.
    #[must_use]
    pub fn read(field: &str, message: wire::SelfDeployment, violations: &mut Violations) -> Option<Self> {
        let wire::SelfDeployment { request, line, resource, quantity, on_scene, note } = message;
        let line = read_line(field, &request, line, violations);
        let resource = violations.check(format!("{field}.resource"), resource.parse());
        let quantity = read_quantity(&format!("{field}.quantity"), quantity, violations);
        let note = TextRule::lines(500).read(&format!("{field}.note"), &note, violations);
        Some(Self { line: line?, resource: resource?, quantity: quantity?, on_scene, note })
    }
}

/// Reads a line by its request's name and its number.
fn read_line(field: &str, request: &str, line: u32, violations: &mut Violations) -> Option<LineId> {
    let request = violations.check(format!("{field}.request"), RequestId::from_name(request));
    let number = LineNumber::new(line).ok_or("must be the number of a line, from 1 （须为行号）");
    let number = violations.check(format!("{field}.line"), number);
    Some(LineId { request: request?, number: number? })
}
