//! Commands: what somebody wants, who it is, and which attempt it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    id::{MemberId, PublicationName},
    mutual_aid::{
        action::AssignmentAction,
        command::{About, SelfDeployment, Submission, UnsolicitedOffer},
        id::{AgreementId, AssignmentId, CommandId, IncidentId, LineId, LineNumber, RequestId},
        incident::{IncidentFacts, NewIncident},
        request::WrittenRequest,
        term::{Basis, Channel},
    },
};
use uuid::Uuid;

use super::{
    case::Scope,
    escalation::{Deadline, Subject},
    incident::HaltCause,
    ledger::{LedgerKey, Terms},
    policy::Policy,
};

/// From whose numbers the key of a command is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// The hub's port for people: the id of the access token.
    Token(String),
    /// The member's node.
    Node(MemberId),
    /// The hub itself.
    System,
}

/// The idempotency key: unique within its origin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// From whose numbers.
    pub origin: Origin,
    /// The number.
    pub id: CommandId,
}

/// SHA-256 of what was asked, as it came, so that a key used twice for different things is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Of the bytes that came.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// The council's dispatcher.
    Dispatcher,
    /// People of a member.
    Member(MemberId),
    /// The hub itself.
    System,
}

/// Around a command: who, through what, when; and what a decision may not ask for itself.
#[derive(Clone, Debug)]
pub struct Context {
    /// The hub's time.
    pub now: Timestamp,
    /// When it happened, as told.
    pub occurred: Timestamp,
    /// Who, by name.
    pub actor: String,
    /// In what part.
    pub party: Party,
    /// The member for whom a dispatcher speaks.
    pub on_behalf_of: Option<MemberId>,
    /// Through what.
    pub channel: Channel,
    /// Random bytes; all ids that the decision needs are made from them.
    pub seed: [u8; 32],
    /// How long people have.
    pub policy: Policy,
    /// Takes the epoch check out, to show that the tests would notice.
    #[cfg(test)]
    pub(crate) ignore_epochs: bool,
}

impl Context {
    /// The hub acts by itself.
    #[must_use]
    pub fn system(now: Timestamp, seed: [u8; 32], policy: Policy) -> Self {
        Self {
            now,
            occurred: now,
            actor: "system".to_owned(),
            party: Party::System,
            on_behalf_of: None,
            channel: Channel::System,
            seed,
            policy,
            #[cfg(test)]
            ignore_epochs: false,
        }
    }

    /// Whether an answer to an order has to name its epoch: always, except where a test takes the rule out.
    pub(super) fn minds_epochs(&self) -> bool {
        #[cfg(test)]
        let minds = !self.ignore_epochs;
        #[cfg(not(test))]
        let minds = true;
        minds
    }
}

/// One attempt to change something.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Its key.
    pub key: Key,
    /// Of what came.
    pub fingerprint: Fingerprint,
    /// What is wanted.
    pub body: Body,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Opens an incident.
    OpenIncident(NewIncident),
    /// Replaces what is known of an incident.
    UpdateIncident {
        /// Which.
        incident: IncidentId,
        /// Its version.
        expected: u64,
        /// What is known.
        facts: IncidentFacts,
    },
    /// Closes an incident.
    CloseIncident {
        /// Which.
        incident: IncidentId,
        /// Its version.
        expected: u64,
        /// In words.
        note: String,
    },
    /// Stops a drill.
    HaltDrill {
        /// Which.
        incident: IncidentId,
        /// Why.
        cause: HaltCause,
    },
    /// Calls for help.
    Submit {
        /// Who asks.
        requester: MemberId,
        /// About what, and what is asked.
        submission: Box<Submission>,
        /// Keep it as a draft.
        draft: bool,
    },
    /// Submits a draft.
    SubmitDraft(Decided),
    /// Takes a request up, or verifies a P1 request.
    Accept(Decided),
    /// Does not take it up.
    Reject(Decided, String),
    /// Changes it.
    Amend(Decided, Box<WrittenRequest>),
    /// Ends it, because another reports the same.
    Merge {
        /// The one that ends.
        from: Decided,
        /// The one that goes on.
        into: Decided,
        /// Lines that the other takes over.
        carry: Vec<LineNumber>,
    },
    /// Ends the search and calls back what is out.
    StandDown(Decided, String),
    /// Closes it.
    Close(Decided),
    /// Writes down what was learnt.
    Review {
        /// Which.
        request: Decided,
        /// In words.
        text: String,
        /// What shall be done differently.
        lessons: Vec<String>,
    },
    /// Asks owners.
    Solicit {
        /// For which request.
        request: Decided,
        /// For which line.
        line: LineNumber,
        /// Whose resources.
        resources: Vec<PublicationName>,
        /// How much; none: what is missing.
        quantity: Option<u64>,
    },
    /// Orders a resource.
    Order(Box<OrderWish>),
    /// Does or reports something about an assignment.
    Act {
        /// What.
        action: AssignmentAction,
        /// The assignment's version, when it matters.
        expected: Option<u64>,
    },
    /// Offers help unasked.
    Offer(UnsolicitedOffer),
    /// Books aid that came without an order.
    SelfDeploy(SelfDeployment),
    /// Says what an owner lends now.
    SetTerms {
        /// Which ledger.
        ledger: LedgerKey,
        /// Its version; none for what the publication says.
        expected: Option<u64>,
        /// What the owner says.
        terms: Terms,
        /// What was used up or damaged is left out of the quota already.
        recount: bool,
    },
    /// A person of the owner has seen what it was told of an assignment.
    Seen(AssignmentId),
    /// Somebody was reached, or not.
    Reached(Reach),
    /// A deadline has come.
    Due(Deadline),
}

/// A request and the version it was read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Which.
    pub request: RequestId,
    /// Its version.
    pub expected: u64,
}

/// What a dispatcher orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderWish {
    /// For which request, in which version.
    pub request: Decided,
    /// For which line.
    pub line: LineNumber,
    /// What.
    pub resource: PublicationName,
    /// How much.
    pub quantity: u64,
    /// On what ground.
    pub basis: Basis,
    /// The agreement in force that covers it, handed in; a basis AGREEMENT needs one.
    pub agreement: Option<AgreementId>,
    /// The ledger's version; none: only that enough is free counts.
    pub expected_ledger: Option<u64>,
    /// Let more be sent than is asked for.
    pub overcommit: bool,
    /// Seconds until it can be on the scene.
    pub eta_seconds: Option<u32>,
    /// What to take it from, and why.
    pub preempt: Option<Preempt>,
    /// The next candidates in words, handed in for the words of a refusal.
    pub alternatives: Vec<String>,
}

/// Takes a resource from requests of lower priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preempt {
    /// The assignments that lose it.
    pub from: Vec<AssignmentId>,
    /// Why.
    pub reason: String,
}

/// Whether somebody was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The incident.
    pub incident: IncidentId,
    /// The request.
    pub request: Option<RequestId>,
    /// The assignment.
    pub assignment: Option<AssignmentId>,
    /// Who.
    pub who: String,
    /// Through what.
    pub channel: Channel,
    /// True when it was.
    pub reached: bool,
    /// About what, or what was said; may be empty.
    pub note: String,
}

impl Command {
    /// What follows from this command, as a command of the hub itself; the same each time.
    #[must_use]
    pub fn follow_up(&self, index: usize, body: Body) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"shouwang mutual aid follow-up");
        hash.update(self.key.id.uuid().as_bytes());
        hash.update(index.to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        let id = CommandId::from_uuid(uuid::Builder::from_custom_bytes(id).into_uuid());
        Self { key: Key { origin: Origin::System, id }, fingerprint: Fingerprint(digest), body }
    }

    /// A deadline that has come, as a command: its key is made from the deadline, so that it fires once.
    #[must_use]
    pub fn due(deadline: Deadline) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"shouwang mutual aid deadline");
        hash.update(format!("{deadline:?}"));
        let digest: [u8; 32] = hash.finalize().into();
        let id = Uuid::from_slice(&digest[..16]).unwrap_or_default();
        Self {
            key: Key { origin: Origin::System, id: CommandId::from_uuid(id) },
            fingerprint: Fingerprint(digest),
            body: Body::Due(deadline),
        }
    }
}

impl Body {
    /// What has to be loaded to decide.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::default();
        match self {
            Self::OpenIncident(_) => {}
            Self::UpdateIncident { incident, .. } => drop(scope.incidents_alone.insert(*incident)),
            Self::CloseIncident { incident, .. } | Self::HaltDrill { incident, .. } => {
                scope.incidents.insert(*incident);
            }
            Self::Submit { submission, .. } => {
                if let About::Known(incident) = &submission.about {
                    scope.incidents_alone.insert(*incident);
                }
                scope.open_drills = true;
            }
            Self::SubmitDraft(decided) | Self::Amend(decided, _) => {
                scope.requests.insert(decided.request);
                scope.open_drills = true;
            }
            Self::Accept(decided)
            | Self::Reject(decided, _)
            | Self::StandDown(decided, _)
            | Self::Close(decided)
            | Self::Review { request: decided, .. } => drop(scope.requests.insert(decided.request)),
            Self::Merge { from, into, .. } => scope.requests.extend([from.request, into.request]),
            Self::Solicit { request, resources, .. } => {
                scope.requests.insert(request.request);
                scope.resources.extend(resources.iter().cloned());
            }
            Self::Order(wish) => {
                scope.requests.insert(wish.request.request);
                scope.resources.insert(wish.resource.clone());
                let victims = wish.preempt.iter().flat_map(|preempt| &preempt.from);
                scope.assignments.extend(victims);
            }
            Self::Act { action, .. } => drop(scope.assignments.insert(action.assignment)),
            Self::Offer(offer) => scope.line(offer.line, &offer.resource),
            Self::SelfDeploy(deployment) => scope.line(deployment.line, &deployment.resource),
            Self::SetTerms { ledger, .. } => drop(scope.ledgers.insert(ledger.clone())),
            Self::Seen(assignment) => drop(scope.assignments.insert(*assignment)),
            Self::Reached(reach) => drop(scope.incidents_alone.insert(reach.incident)),
            Self::Due(deadline) => match &deadline.subject {
                Subject::Incident(incident) => drop(scope.incidents_alone.insert(*incident)),
                Subject::Request(request) => drop(scope.requests.insert(*request)),
                Subject::Assignment(assignment) => drop(scope.assignments.insert(*assignment)),
                Subject::Ledger(ledger) => drop(scope.ledgers.insert(ledger.clone())),
            },
        }
        scope
    }
}

impl Scope {
    fn line(&mut self, line: LineId, resource: &PublicationName) {
        self.requests.insert(line.request);
        self.resources.insert(resource.clone());
    }
}
