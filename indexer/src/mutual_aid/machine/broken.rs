//! Why a decision ends without a change.

use std::fmt;

use shouwang_proto::refusal::Refusal;

/// What is stored does not agree with itself. Nobody's fault who asked: logged, and answered without detail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state of mutual aid is inconsistent: {0}")]
pub struct Broken(String);

impl Broken {
    /// In words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// Why nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Meant for the caller.
    Refused(Refusal),
    /// Internal.
    Broken(Broken),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(formatter),
            Self::Broken(broken) => broken.fmt(formatter),
        }
    }
}
