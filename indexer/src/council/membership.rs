//! The roster as a value, and what follows from it. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use jiff::Timestamp;
use shouwang_proto::{
    id::{GroupId, MemberId},
    log::key::LogPublicKey,
    refusal::Refusal,
};
use tonic::Code;

use super::caller::{Caller, Role, SecretHash};

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
        self.log_keys.iter().rev().find(|standing| standing.valid_from_seq <= seq).map(|standing| &standing.key)
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

/// Everything that decides who may do what, at one version.
#[derive(Clone, Debug, Default)]
pub struct RosterSnapshot {
    /// Rises with every change.
    pub version: u64,
    members: BTreeMap<MemberId, MemberStanding>,
    certificates: BTreeMap<String, CertificateStanding>,
    tokens: BTreeMap<SecretHash, TokenStanding>,
}

impl RosterSnapshot {
    /// A snapshot of these. Certificates are keyed by their serial in lower-case hexadecimal.
    #[must_use]
    pub fn new(
        version: u64,
        members: impl IntoIterator<Item = MemberStanding>,
        certificates: BTreeMap<String, CertificateStanding>,
        tokens: BTreeMap<SecretHash, TokenStanding>,
    ) -> Self {
        let members = members.into_iter().map(|member| (member.id.clone(), member)).collect();
        Self { version, members, certificates, tokens }
    }

    /// One member.
    #[must_use]
    pub fn member(&self, id: &MemberId) -> Option<&MemberStanding> {
        self.members.get(id)
    }

    /// The member whose certificate this is, if the certificate is on the allow-list. The member may be suspended;
    /// whoever asks has to look.
    #[must_use]
    pub fn by_serial(&self, serial: &str) -> Option<&MemberStanding> {
        self.members.get(&self.certificates.get(serial)?.member)
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
        self.certificates.values().filter(|standing| standing.member == *id).map(|standing| standing.not_after).max()
    }

    /// All members, by id.
    pub fn members(&self) -> impl Iterator<Item = &MemberStanding> {
        self.members.values()
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
                format!("this access token ended {}; ask the operator for a new one （访问令牌已过期）", token.expires),
            ));
        }
        Ok(Caller {
            token_id: token.id.clone(),
            label: token.label.clone(),
            role: token.role,
            member: token.member.clone(),
            groups: self.groups_of(token)?,
        })
    }

    /// The groups a token may see, from the roster as it is now, never from the token.
    fn groups_of(&self, token: &TokenStanding) -> Result<BTreeSet<GroupId>, Refusal> {
        match (token.role, &token.member) {
            (Role::Member, Some(id)) => match self.member(id) {
                Some(member) if member.state == MemberState::Suspended => Err(suspended(id)),
                Some(member) => Ok(member.groups.clone()),
                None => Ok(BTreeSet::new()),
            },
            (Role::Member, None) => Ok(BTreeSet::new()),
            (Role::Council, _) => Ok(BTreeSet::from([GroupId::alliance(), GroupId::council()])),
            // Running the hub is not a reason to read what is for the council.
            (Role::Regulator | Role::Dispatcher | Role::Operator, _) => Ok(BTreeSet::from([GroupId::alliance()])),
        }
    }
}

/// Nothing works for a suspended member.
pub(crate) fn suspended(id: &MemberId) -> Refusal {
    Refusal::denied(
        "MEMBER_SUSPENDED",
        format!("member `{id}` is suspended; ask the operator of the alliance （成员已被暂停，请联系联盟管理员）"),
    )
}

/// An invite, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Its id.
    pub id: String,
    /// Who may join with it.
    pub member: MemberId,
    /// True: the node that joins takes the place of a lost one.
    pub replace_node: bool,
    /// When it ends.
    pub expires: Timestamp,
    /// True once a node joined with it.
    pub used: bool,
    /// True once the operator took it back, or made a newer one.
    pub cancelled: bool,
}

impl Invite {
    /// Whether a node may join with it for the first time.
    ///
    /// # Errors
    /// PERMISSION_DENIED (INVITE_INVALID): the same answer whatever is wrong, so that nobody learns what a secret was
    /// for; the words name all that is worth checking.
    pub fn admit(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.used || self.cancelled || self.expires <= now { Err(invite_invalid()) } else { Ok(()) }
    }
}

/// An invite that does not work, for whatever reason.
pub(crate) fn invite_invalid() -> Refusal {
    Refusal::denied(
        "INVITE_INVALID",
        "this invite is unknown, used, expired or cancelled; ask the operator for a new one \
         （邀请无效：不存在、已使用、已过期或已取消，请向管理员索取新的邀请）",
    )
}

/// Whether a member may be invited as it stands.
///
/// # Errors
/// ALREADY_EXISTS (MEMBER_ENROLLED) when it has a node that is not to be replaced, PERMISSION_DENIED
/// (MEMBER_SUSPENDED), FAILED_PRECONDITION (NODE_NOT_THERE) when there is no node to replace.
pub fn may_invite(member: Option<&MemberStanding>, replace_node: bool) -> Result<(), Refusal> {
    match member {
        Some(member) if member.state == MemberState::Suspended => Err(suspended(&member.id)),
        Some(member) if member.joined.is_some() && !replace_node => Err(Refusal::new(
            Code::AlreadyExists,
            "MEMBER_ENROLLED",
            format!("`{}` has joined already; to replace a lost node, say so （该成员已入网；如需更换节点请注明）", member.id),
        )),
        Some(member) if member.joined.is_some() => Ok(()),
        Some(_) | None if replace_node => Err(Refusal::precondition(
            "NODE_NOT_THERE",
            "this member has no node yet, so there is none to replace （该成员尚无节点，无法更换）",
        )),
        Some(_) | None => Ok(()),
    }
}

/// The state after a suspension is taken back.
#[must_use]
pub fn reinstated(member: &MemberStanding) -> MemberState {
    match (member.state, member.joined) {
        (MemberState::Suspended, Some(_)) => MemberState::Active,
        (MemberState::Suspended, None) => MemberState::Invited,
        (state, _) => state,
    }
}

/// From where on a joining node's key signs, and in which epoch it may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogStart {
    /// The first seq the key signs; none when the member has this key already.
    pub key_from_seq: Option<u64>,
    /// The member's minimum epoch.
    pub minimum_epoch: u64,
}

/// What joining means for the member's log, of which the hub has everything up to `(epoch, seq)`.
///
/// A first node begins at seq 1. A node that replaces a lost one fetches the old entries from the hub, which stay
/// signed by the old key, and goes on with its own key in a new epoch: so the hub takes the new key from the next seq
/// on, and refuses every epoch up to the one it knows, should the lost node come back. A replaced node that still has
/// its log key has its log too: only its certificate changes.
#[must_use]
pub fn log_start(member: &MemberStanding, key: &LogPublicKey, (epoch, seq): (u64, u64)) -> LogStart {
    if member.log_key.as_ref() == Some(key) {
        return LogStart { key_from_seq: None, minimum_epoch: member.minimum_epoch };
    }
    let minimum_epoch = match (&member.log_key, seq) {
        (None, _) | (_, 0) => member.minimum_epoch,
        (Some(_), _) => member.minimum_epoch.max(epoch + 1),
    };
    LogStart { key_from_seq: Some(seq + 1), minimum_epoch }
}
