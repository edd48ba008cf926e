//! What may become of a member. Pure.

use jiff::Timestamp;
use shouwang_proto::{id::MemberId, log::key::LogPublicKey, refusal::Refusal};
use tonic::Code;

use super::{MemberStanding, MemberState, suspended};

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
            format!(
                "`{}` has joined already; to replace a lost node, say so （该成员已入网；如需更换节点请注明）",
                member.id
            ),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shouwang_proto::log::key::LogKey;

    use super::*;
    use crate::council::membership::LogKeyStanding;

    fn key(number: u8) -> LogPublicKey {
        LogKey::from_secret([number; 32]).public()
    }

    fn member(state: MemberState, joined: bool) -> MemberStanding {
        let log_keys =
            if joined { vec![LogKeyStanding { key: key(1), valid_from_seq: 1 }] } else { Vec::new() };
        MemberStanding {
            id: "jinsuo-chem".parse().unwrap(),
            display_name: "金索化工".to_owned(),
            state,
            groups: BTreeSet::new(),
            assigned_groups: BTreeSet::new(),
            log_key: joined.then(|| key(1)),
            log_keys,
            minimum_epoch: 3,
            created: Timestamp::UNIX_EPOCH,
            joined: joined.then_some(Timestamp::UNIX_EPOCH),
        }
    }

    #[test]
    fn who_may_be_invited() {
        let (invited, active) = (member(MemberState::Invited, false), member(MemberState::Active, true));
        let suspended = member(MemberState::Suspended, true);
        let cases = [
            (None, false, None),
            (None, true, Some("NODE_NOT_THERE")),
            (Some(&invited), false, None),
            (Some(&invited), true, Some("NODE_NOT_THERE")),
            (Some(&active), false, Some("MEMBER_ENROLLED")),
            (Some(&active), true, None),
            (Some(&suspended), false, Some("MEMBER_SUSPENDED")),
            (Some(&suspended), true, Some("MEMBER_SUSPENDED")),
        ];
        for (member, replace, reason) in cases {
            let found = may_invite(member, replace).err().map(|refusal| refusal.reason.into_owned());
            assert_eq!(found.as_deref(), reason, "{:?} {replace}", member.map(|member| member.state));
        }
    }

    #[test]
    fn a_suspension_taken_back_leads_to_where_it_came_from() {
        for (joined, state) in [(false, MemberState::Invited), (true, MemberState::Active)] {
            assert_eq!(reinstated(&member(MemberState::Suspended, joined)), state);
            assert_eq!(reinstated(&member(state, joined)), state);
        }
    }

    #[test]
    fn a_new_key_signs_from_the_next_entry_in_a_new_epoch() {
        let start = |member: &MemberStanding, number, known| {
            let LogStart { key_from_seq, minimum_epoch } = log_start(member, &key(number), known);
            (key_from_seq, minimum_epoch)
        };
        let (first, lost) = (member(MemberState::Invited, false), member(MemberState::Active, true));
        assert_eq!(start(&first, 1, (0, 0)), (Some(1), 3));
        assert_eq!(start(&lost, 2, (5, 90)), (Some(91), 6));
        assert_eq!(start(&lost, 2, (0, 0)), (Some(1), 3), "nothing was written yet, so nothing is shut out");
        assert_eq!(start(&lost, 1, (5, 90)), (None, 3), "the same key: the node has its log");
    }
}
