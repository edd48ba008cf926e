//! The roster as a value, and what follows from it; `rules` for what may become of a member. Pure.

mod rules;

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    sync::Arc,
};

use jiff::Timestamp;
use shouwang_proto::{
    id::{GroupId, MemberId},
    log::key::LogPublicKey,
    refusal::Refusal,
};
use tonic::Code;

use super::caller::{Caller, Proof, Role, SecretHash};
pub(crate) use rules::invite_invalid;
pub use rules::{Invite, LogStart, log_start, may_invite, reinstated};

/// The life of a member at the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// Invited; no node has joined yet.
    Invited,
    /// A node has joined.
    Active,
    /// Suspended by the operator: nothing of it works and nothing of it shows, and nothing is deleted.
    Suspended,
}

impl MemberState {
    /// The state as the store keeps it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A text is not a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no state of a member")]
pub struct UnknownState;

impl FromStr for MemberState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        [Self::Invited, Self::Active, Self::Suspended]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownState)
    }
}

/// A log key and from where in the log on it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogKeyStanding {
    /// The key.
    pub key: LogPublicKey,
    /// The first seq it signs.
    pub valid_from_seq: u64,
}

/// A member as it stands at the hub now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberStanding {
    /// Its id.
    pub id: MemberId,
    /// Its name as people write it.
    pub display_name: String,
    /// Its state.
    pub state: MemberState,
    /// The groups whose publications it may see now: `alliance` and those assigned while it is active, else none.
    pub groups: BTreeSet<GroupId>,
    /// The groups that the operator put it in, whatever its state.
    pub assigned_groups: BTreeSet<GroupId>,
    /// The newest log key; none before a node joined.
    pub log_key: Option<LogPublicKey>,
    /// All log keys it ever had, by the seq from which they sign; the newest last.
    pub log_keys: Vec<LogKeyStanding>,
    /// The lowest epoch in which its node may write. Raised when the node is replaced, so that the old one, should it
    /// come back, cannot go on.
    pub minimum_epoch: u64,
    /// When it was first invited.
    pub created: Timestamp,
    /// When its node joined.
    pub joined: Option<Timestamp>,
}

impl MemberStanding {
    /// The key that an entry at `seq` has to be signed with.
    #[must_use]
    pub fn log_key_at(&self, seq: u64) -> Option<&LogPublicKey> {
        self.log_keys
            .iter()
            .rev()
            .find(|standing| standing.valid_from_seq <= seq)
            .map(|standing| &standing.key)
    }

    /// True when its links, tokens and publications count.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == MemberState::Active
    }
}

/// A certificate on the allow-list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateStanding {
    /// Whose.
    pub member: MemberId,
    /// When it ends.
    pub not_after: Timestamp,
    /// True once a link was opened with it.
    pub seen: bool,
}

/// An access token that is not revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenStanding {
    /// Its id.
    pub id: String,
    /// Who or what uses it.
    pub label: String,
    /// What it may do.
    pub role: Role,
    /// The member whose scope it has; only with [`Role::Member`].
    pub member: Option<MemberId>,
    /// When it ends.
    pub expires: Timestamp,
}

/// What changed since an earlier version. A certificate or token without standing is revoked.
#[derive(Clone, Debug, Default)]
pub struct RosterChanges {
    /// The version after them.
    pub version: u64,
    /// Members as they stand now.
    pub members: Vec<MemberStanding>,
    /// Certificates by their serial in lower-case hexadecimal.
    pub certificates: Vec<(String, Option<CertificateStanding>)>,
    /// Tokens by the hash of their secret.
    pub tokens: Vec<(SecretHash, Option<TokenStanding>)>,
}

/// Everything that decides who may do what, at one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterSnapshot {
    /// Rises with every change.
    pub version: u64,
    members: BTreeMap<MemberId, Arc<MemberStanding>>,
    certificates: BTreeMap<String, CertificateStanding>,
    tokens: BTreeMap<SecretHash, TokenStanding>,
}

impl RosterSnapshot {
    /// The snapshot after these changes. A snapshot of all is the empty one with all as changes.
    #[must_use]
    pub fn with(&self, changes: RosterChanges) -> Self {
        let RosterChanges { version, members, certificates, tokens } = changes;
        let mut next = Self { version, ..self.clone() };
        next.members.extend(members.into_iter().map(|member| (member.id.clone(), Arc::new(member))));
        for (serial, standing) in certificates {
            match standing {
                Some(standing) => next.certificates.insert(serial, standing),
                None => next.certificates.remove(&serial),
            };
        }
        for (hash, standing) in tokens {
            match standing {
                Some(standing) => next.tokens.insert(hash, standing),
                None => next.tokens.remove(&hash),
            };
        }
        next
    }

    /// One member.
    #[must_use]
    pub fn member(&self, id: &MemberId) -> Option<&MemberStanding> {
        self.members.get(id).map(Arc::as_ref)
    }

    /// The member whose certificate this is, if the certificate is on the allow-list. The member may be suspended;
    /// whoever asks has to look.
    #[must_use]
    pub fn by_serial(&self, serial: &str) -> Option<&MemberStanding> {
        self.member(&self.certificates.get(serial)?.member)
    }

    /// What is known of a certificate on the allow-list.
    #[must_use]
    pub fn certificate(&self, serial: &str) -> Option<&CertificateStanding> {
        self.certificates.get(serial)
    }

    /// The serials on the allow-list.
    pub fn serials(&self) -> impl Iterator<Item = &str> {
        self.certificates.keys().map(String::as_str)
    }

    /// When the newest certificate of a member ends.
    #[must_use]
    pub fn certificate_ends(&self, id: &MemberId) -> Option<Timestamp> {
        self.certificates
            .values()
            .filter(|standing| standing.member == *id)
            .map(|standing| standing.not_after)
            .max()
    }

    /// All members, by id.
    pub fn members(&self) -> impl Iterator<Item = &MemberStanding> {
        self.members.values().map(Arc::as_ref)
    }

    /// The member a link with this certificate is for.
    ///
    /// # Errors
    /// UNAUTHENTICATED (CERTIFICATE_REVOKED) when the certificate is not on the allow-list, PERMISSION_DENIED
    /// (MEMBER_SUSPENDED).
    pub fn admit_link(&self, serial: &str) -> Result<&MemberStanding, Refusal> {
        let member = self.by_serial(serial).ok_or_else(|| {
            Refusal::new(
                Code::Unauthenticated,
                "CERTIFICATE_REVOKED",
                "this certificate is not, or no longer, on the alliance's list （证书不在联盟名单上或已吊销）",
            )
        })?;
        match member.state {
            MemberState::Suspended => Err(suspended(&member.id)),
            MemberState::Active | MemberState::Invited => Ok(member),
        }
    }

    /// Who calls with this token.
    ///
    /// # Errors
    /// UNAUTHENTICATED (TOKEN_INVALID: unknown or revoked; TOKEN_EXPIRED), PERMISSION_DENIED (MEMBER_SUSPENDED).
    pub fn caller(&self, secret: &str, now: Timestamp) -> Result<Caller, Refusal> {
        let token = self.tokens.get(&SecretHash::of(secret)).ok_or_else(|| {
            Refusal::new(
                Code::Unauthenticated,
                "TOKEN_INVALID",
                "this access token is unknown or revoked; ask the operator for one （访问令牌无效或已撤销）",
            )
        })?;
        if token.expires <= now {
            return Err(Refusal::new(
                Code::Unauthenticated,
                "TOKEN_EXPIRED",
                format!(
                    "this access token ended {}; ask the operator for a new one （访问令牌已过期）",
                    token.expires
                ),
            ));
        }
        Ok(Caller {
            token_id: token.id.clone(),
            proof: Proof::Token,
            label: token.label.clone(),
            role: token.role,
            member: token.member.clone(),
            groups: self.groups_of(token.role, token.member.as_ref())?,
        })
    }

    /// A person who is signed in, with the scope that a token of the same role has at this moment.
    ///
    /// # Errors
    /// PERMISSION_DENIED (MEMBER_SUSPENDED).
    pub fn person(
        &self,
        account_id: &str,
        name: &str,
        role: Role,
        member: Option<&MemberId>,
    ) -> Result<Caller, Refusal> {
        Ok(Caller {
            token_id: account_id.to_owned(),
            proof: Proof::Session,
            label: name.to_owned(),
            role,
            member: member.cloned(),
            groups: self.groups_of(role, member)?,
        })
    }

    /// The groups a role may see, from the roster as it is now, never from a token.
    fn groups_of(&self, role: Role, member: Option<&MemberId>) -> Result<BTreeSet<GroupId>, Refusal> {
        match (role, member) {
            (Role::Member, Some(id)) => match self.member(id) {
                Some(member) if member.state == MemberState::Suspended => Err(suspended(id)),
                Some(member) => Ok(member.groups.clone()),
                None => Ok(BTreeSet::new()),
            },
            (Role::Member, None) => Ok(BTreeSet::new()),
            (Role::Council, _) => Ok(BTreeSet::from([GroupId::alliance(), GroupId::council()])),
            // Running the hub is not a reason to read what is for the council.
            (Role::Regulator | Role::Dispatcher | Role::Operator, _) => {
                Ok(BTreeSet::from([GroupId::alliance()]))
            }
        }
    }
}

/// Nothing works for a suspended member.
pub(crate) fn suspended(id: &MemberId) -> Refusal {
    Refusal::denied(
        "MEMBER_SUSPENDED",
        format!(
            "member `{id}` is suspended; ask the operator of the alliance （成员已被暂停，请联系联盟管理员）"
        ),
    )
}
