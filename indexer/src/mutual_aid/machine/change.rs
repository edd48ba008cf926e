//! What a decision saves, and what it answers.

use serde::{Deserialize, Serialize};
use shouwang_proto::{
    mutual_aid::{
        id::{AssignmentId, IncidentId, RequestId},
        notice::Notice,
        term::Outcome,
    },
    refusal::{Refusal, Violation},
};
use tonic::Code;

use super::{
    assignment::Assignment,
    command::Body,
    escalation::{Standing, Subject},
    incident::Incident,
    ledger::{Ledger, LedgerKey},
    request::Request,
    timeline::Entry,
};

/// Something to save. All of one decision are saved in one transaction, in this order.
#[expect(
    clippy::large_enum_variant,
    reason = "a change lives as long as its transaction, and there are few of them"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A new or changed incident.
    Incident(Saved<Incident>),
    /// A new or changed request, with its lines.
    Request(Saved<Request>),
    /// A new or changed assignment.
    Assignment(Saved<Assignment>),
    /// A new or changed ledger.
    Ledger(Saved<Ledger>),
    /// A timeline entry: inserted, never changed.
    Entry(Entry),
    /// A row of the outbox for one member.
    Notice(Box<Notice>),
    /// A call to people of the council, for the hub's own alert hooks; queued, never sent inside the transaction.
    Page(Page),
    /// The deadlines and tasks of a subject: they replace those it had.
    Standing(Subject, Standing),
}

/// A thing and the version it was decided from: the row must still have it. 0: the row must not exist.
///
/// A request's and an incident's version does not rise when only its escalation steps or its sequence do.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved<T> {
    /// The version decided from.
    pub was: u64,
    /// What it is now.
    pub now: T,
}

/// Whom of the council to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Whom {
    /// The dispatcher on duty.
    Duty,
    /// The deputy.
    Deputy,
    /// Everybody.
    Council,
}

impl Whom {
    /// In Chinese and English.
    #[must_use]
    pub fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Duty => ("值班调度员", "the dispatcher on duty"),
            Self::Deputy => ("副值班", "the deputy"),
            Self::Council => ("理事会全体", "the whole council"),
        }
    }
}

/// A call to people of the council.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Whom.
    pub whom: Whom,
    /// The incident.
    pub incident: Option<IncidentId>,
    /// What it is about.
    pub about: Subject,
    /// False in drills and tests for what would only disturb.
    pub real: bool,
    /// Needless as soon as somebody has taken up the request.
    pub until_taken_up: bool,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// What follows from a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What to save; empty when nothing changes.
    pub changes: Vec<Change>,
    /// What to answer. A refusal here comes with changes: a late word is in the timeline all the same.
    pub answer: Answer,
    /// What the hub itself has to decide next, in the same transaction, each from a freshly loaded case.
    pub then: Vec<Body>,
}

/// The answer to a command, kept under its key and given again when the command comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, when refused or noted.
    pub because: Option<Because>,
    /// The incident concerned.
    pub incident: Option<IncidentId>,
    /// The request concerned.
    pub request: Option<RequestId>,
    /// The assignments concerned, the one that was meant first.
    pub assignments: Vec<AssignmentId>,
    /// The ledger concerned.
    pub ledger: Option<LedgerKey>,
}

/// A refusal, or why something was only noted, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// Number of the gRPC code.
    pub code: i32,
    /// Stable reason.
    pub reason: String,
    /// In words.
    pub message: String,
    /// Wrong fields: field and description.
    pub fields: Vec<(String, String)>,
}

impl Answer {
    /// Done.
    #[must_use]
    pub fn accepted() -> Self {
        Self {
            outcome: Outcome::Accepted,
            because: None,
            incident: None,
            request: None,
            assignments: Vec::new(),
            ledger: None,
        }
    }

    /// A refusal, to be kept under the command's key.
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        Self { outcome: Outcome::Refused, because: Some(Because::of(refusal)), ..Self::accepted() }
    }

    /// The refusal to answer with, when it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        let because = self.because.as_ref().filter(|_| self.outcome == Outcome::Refused)?;
        Some(because.refusal())
    }
}

impl Because {
    /// As kept.
    #[must_use]
    pub fn of(refusal: &Refusal) -> Self {
        let fields =
            refusal.violations.iter().map(|wrong| (wrong.field.clone(), wrong.description.clone())).collect();
        Self {
            code: refusal.code.into(),
            reason: refusal.reason.clone().into_owned(),
            message: refusal.message.clone(),
            fields,
        }
    }

    /// As it was.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let violations = self.fields.iter().cloned();
        Refusal {
            code: Code::from_i32(self.code),
            reason: self.reason.clone().into(),
            message: self.message.clone(),
            violations: violations.map(|(field, description)| Violation { field, description }).collect(),
        }
    }
}
