//! Who asks.

use std::{collections::BTreeSet, str::FromStr};

pub use shouwang_pages::people::secret::SecretHash;
use shouwang_proto::id::{GroupId, MemberId};

/// What a caller may do; each role has its own rows in [`permission`](super::permission).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Searches and reads with the scope of one member.
    Member,
    /// Reads what the whole alliance may read, for a regulator.
    Regulator,
    /// Dispatches mutual aid.
    Dispatcher,
    /// Sits on the council: also reads what is for the council.
    Council,
    /// Runs the hub: invites, suspends, issues tokens.
    Operator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Member, Self::Regulator, Self::Dispatcher, Self::Council, Self::Operator];

    /// The role as the store keeps it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Regulator => "regulator",
            Self::Dispatcher => "dispatcher",
            Self::Council => "council",
            Self::Operator => "operator",
        }
    }
}

/// A text is not a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no role")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// By what somebody who asks is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// An access token, sent along with the call.
    Token,
    /// A person's session in a browser.
    Session,
}

/// Who asks, as the roster knew it when the call came in. Made by
/// [`RosterSnapshot::caller`](super::membership::RosterSnapshot::caller) or
/// [`RosterSnapshot::person`](super::membership::RosterSnapshot::person) for every call anew, never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Id of the access token, or of the account of a person who is signed in.
    pub token_id: String,
    /// By what it is known.
    pub proof: Proof,
    /// Who or what asks, for people and the audit log.
    pub label: String,
    /// What it may do.
    pub role: Role,
    /// The member whose scope it has; only with [`Role::Member`].
    pub member: Option<MemberId>,
    /// The groups whose publications it may see at this moment.
    pub groups: BTreeSet<GroupId>,
}

impl Caller {
    /// How the audit log names it.
    #[must_use]
    pub fn actor(&self) -> String {
        match self.proof {
            Proof::Token => format!("token/{} {}", self.token_id, self.label),
            Proof::Session => format!("accounts/{} {}", self.token_id, self.label),
        }
    }
}
