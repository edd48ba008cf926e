//! What a failed call means for the link.

use shouwang_proto::refusal::Refusal;
use shouwang_serving::dial::DialProblem;
use tonic::{Code, Status};

use super::{Ended, Next};

/// What the hub's refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The log has forked, or another node of this name went on: publishing stops until a person has looked.
    Forked,
    /// The hub says no to this node: suspended, revoked.
    Denied,
    /// Anything that may be better in a moment.
    Passing,
}

/// What a status means.
pub(super) fn meaning(status: &Status) -> Meaning {
    let Some(refusal) = Refusal::from_status(status) else {
        return match dial_problem(status) {
            Some(problem) if is_certificate(problem) => Meaning::Denied,
            Some(_) | None => Meaning::Passing,
        };
    };
    match refusal.reason.as_ref() {
        "LOG_FORKED" | "EPOCH_STALE" | "NODE_BEHIND" | "CHAIN_BROKEN" | "SIGNATURE_INVALID" => {
            Meaning::Forked
        }
        _ if matches!(refusal.code, Code::Unauthenticated | Code::PermissionDenied) => Meaning::Denied,
        _ => Meaning::Passing,
    }
}

/// The transport's trouble, if it was that.
pub(super) fn dial_problem(status: &Status) -> Option<DialProblem> {
    DialProblem::of(status)
}

/// Is it about this node's certificate?
pub(super) fn is_certificate(problem: DialProblem) -> bool {
    match problem {
        DialProblem::CertificateMissing
        | DialProblem::CertificateRefused
        | DialProblem::CertificateExpired => true,
        DialProblem::BadName
        | DialProblem::NameUnknown
        | DialProblem::Refused
        | DialProblem::TimedOut
        | DialProblem::NotTls
        | DialProblem::ServerUntrusted
        | DialProblem::ServerMisnamed
        | DialProblem::ServerExpired
        | DialProblem::Lost => false,
    }
}

/// Why, for people.
pub(super) fn words(status: &Status) -> String {
    match (Refusal::from_status(status), dial_problem(status)) {
        (Some(refusal), _) => refusal.to_string(),
        (None, Some(problem)) => problem.to_string(),
        (None, None) => {
            format!("the hub answered {:?}: {} （枢纽返回错误）", status.code(), status.message())
        }
    }
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        let next = match meaning(&status) {
            Meaning::Forked | Meaning::Denied => Next::AskSlowly,
            Meaning::Passing => Next::BackOff,
        };
        Self { problem: words(&status), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: Status, expected: Meaning) {
        assert_eq!(meaning(&status), expected, "{status:?}");
    }

    #[test]
    fn refusals_have_meanings() {
        check(Refusal::precondition("LOG_FORKED", "x").into(), Meaning::Forked);
        check(Refusal::precondition("EPOCH_STALE", "x").into(), Meaning::Forked);
        check(Refusal::denied("MEMBER_SUSPENDED", "x").into(), Meaning::Denied);
        check(Refusal::new(Code::Unauthenticated, "CERTIFICATE_REVOKED", "x").into(), Meaning::Denied);
        check(Refusal::new(Code::ResourceExhausted, "CREDIT_EXCEEDED", "x").into(), Meaning::Passing);
        check(Status::unavailable("shutting down"), Meaning::Passing);
        check(Status::internal("internal error E1"), Meaning::Passing);
    }
}
