//! How a node becomes the node of a member, and stays it.

use std::{fmt, sync::Arc};

use jiff::SignedDuration;
use serde_json::json;
use shouwang_proto::{
    clock::{World, from_millis},
    id::{AllianceId, MemberId},
    log::{
        Hash,
        key::{LogPublicKey, join_statement, renewal_statement},
    },
    refusal::Refusal,
};
use shouwang_serving::store::StoreError;

use super::{
    audit::Deed,
    authority::{Authority, CertificateRequest, IssuedCertificate},
    caller::SecretHash,
    challenge::Challenges,
    membership::{self, Invite, LogStart, MemberStanding, MemberState},
    roster::Roster,
};
use crate::store::{self, Store, Tx, hub::HubIdentity};

/// A certificate that was issued and not used is given again while it is good for at least so long.
const WORTH_GIVING_AGAIN: SignedDuration = SignedDuration::from_hours(24 * 20);

/// A node's wish to join, checked for form.
pub struct Join {
    /// The secret of the invite.
    pub token: String,
    /// The request as it was signed.
    pub request_der: Vec<u8>,
    /// The key in it.
    pub request: CertificateRequest,
    /// The node's log key.
    pub log_key: LogPublicKey,
    /// The log key's signature.
    pub log_key_proof: Vec<u8>,
}

impl fmt::Debug for Join {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Join").field("log_key", &self.log_key).finish_non_exhaustive()
    }
}

/// What a node that joined needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The member it is the node of.
    pub member: MemberId,
    /// The member's name.
    pub display_name: String,
    /// Its certificate and the root.
    pub certificate_pem: String,
}

/// A wish for a new certificate, checked for form.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// Whose.
    pub member: MemberId,
    /// From [`Enrolment::challenge`].
    pub challenge: Vec<u8>,
    /// The request as it was signed.
    pub request_der: Vec<u8>,
    /// The key in it.
    pub request: CertificateRequest,
    /// The log key's signature.
    pub signature: Vec<u8>,
}

/// Lets nodes in and renews their certificates. A clone shares everything.
#[derive(Clone, Debug)]
pub struct Enrolment {
    store: Store,
    roster: Roster,
    authority: Arc<Authority>,
    challenges: Challenges,
    alliance: AllianceId,
    world: World,
}

impl Enrolment {
    /// For this hub.
    #[must_use]
    pub fn new(
        store: Store,
        roster: Roster,
        authority: Arc<Authority>,
        hub: &HubIdentity,
        world: World,
    ) -> Self {
        let challenges = Challenges::new(hub.challenge_key);
        Self { store, roster, authority, challenges, alliance: hub.alliance.clone(), world }
    }

    /// The alliance.
    #[must_use]
    pub fn alliance(&self) -> &AllianceId {
        &self.alliance
    }

    /// The authority.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Joins. Asked again with the same invite and keys, the answer is the same.
    ///
    /// # Errors
    /// PERMISSION_DENIED (INVITE_INVALID, MEMBER_SUSPENDED), INVALID_ARGUMENT on `log_key_proof`; or what the store
    /// said.
    pub async fn join(&self, join: Join) -> Result<Joined, StoreError> {
        let statement = join_statement(&join.token, &join.request_der);
        check_proof(&join.log_key, &statement, &join.log_key_proof)?;
        let (authority, world) = (Arc::clone(&self.authority), self.world.clone());
        let joined = self
            .store
            .write(async move |tx| {
                Joining { tx, join: &join, authority: &authority, world: &world }.run().await
            })
            .await?;
        self.roster.refresh().await;
        Ok(joined)
    }

    /// A challenge that the member's log key has to sign.
    ///
    /// # Errors
    /// NOT_FOUND (MEMBER_UNKNOWN: also while no node has joined), PERMISSION_DENIED (MEMBER_SUSPENDED).
    pub fn challenge(&self, member: &MemberId) -> Result<Vec<u8>, Refusal> {
        let snapshot = self.roster.snapshot();
        renewable(member, snapshot.member(member))?;
        Ok(self.challenges.make(member, self.world.random(), self.world.now()))
    }

    /// A new certificate for whoever has the member's log key. The old certificate works until the new one is used.
    ///
    /// # Errors
    /// PERMISSION_DENIED (CHALLENGE_INVALID, MEMBER_SUSPENDED), NOT_FOUND (MEMBER_UNKNOWN); or what the store said.
    pub async fn renew(&self, renewal: Renewal) -> Result<String, StoreError> {
        if !self.challenges.holds(&renewal.member, &renewal.challenge, self.world.now()) {
            return Err(challenge_invalid().into());
        }
        let (authority, world) = (Arc::clone(&self.authority), self.world.clone());
        let pem = self.store.write(async move |tx| renew_in(tx, &renewal, &authority, &world).await).await?;
        self.roster.refresh().await;
        Ok(pem)
    }
}

/// A join inside its transaction.
struct Joining<'a> {
    tx: &'a mut Tx,
    join: &'a Join,
    authority: &'a Authority,
    world: &'a World,
}

impl Joining<'_> {
    async fn run(mut self) -> Result<Joined, StoreError> {
        store::audit::council_lock(self.tx).await?;
        let hash = SecretHash::of(&self.join.token);
        let invite = store::enrolment::invite_find(self.tx, hash).await?;
        let invite = invite.ok_or_else(membership::invite_invalid)?;
        let member = store::roster::member_find(self.tx, &invite.member).await?;
        let member = member.ok_or_else(membership::invite_invalid)?;
        if member.state == MemberState::Suspended {
            return Err(membership::suspended(&member.id).into());
        }
        let pem = match self.pem_given_before(&invite, &member).await? {
            Some(pem) => pem,
            None => self.join_now(&invite, &member).await?,
        };
        Ok(Joined { member: member.id, display_name: member.display_name, certificate_pem: pem })
    }

    /// The certificate that was issued on this invite for these very keys.
    async fn pem_given_before(
        &mut self,
        invite: &Invite,
        member: &MemberStanding,
    ) -> Result<Option<String>, StoreError> {
        let given = store::enrolment::certificate_of_invite(self.tx, &invite.id).await?;
        let same = |given: &store::enrolment::CertificateRow| {
            given.public_key == self.join.request.public_key() && member.log_key == Some(self.join.log_key)
        };
        Ok(given.filter(same).map(|given| given.pem))
    }

    async fn join_now(&mut self, invite: &Invite, member: &MemberStanding) -> Result<String, StoreError> {
        let now = self.world.now();
        invite.admit(now)?;
        if !store::enrolment::invite_use(self.tx, &invite.id, now).await? {
            return Err(membership::invite_invalid().into());
        }
        if invite.replace_node {
            let all = store::enrolment::Revoked::All;
            store::enrolment::certificates_revoke(self.tx, &member.id, all, now).await?;
        }
        let log = membership::log_start(
            member,
            &self.join.log_key,
            store::log::cursor_position(self.tx, &member.id).await?,
        );
        if let Some(seq) = log.key_from_seq {
            store::roster::log_key_add(self.tx, &member.id, &self.join.log_key, seq, now).await?;
        }
        let issued = issue(self.authority, &member.id, &self.join.request, self.world)?;
        let key = self.join.request.public_key();
        store::enrolment::certificate_add(self.tx, &member.id, &issued, &key, Some(&invite.id), now).await?;
        store::roster::member_joined(self.tx, &member.id, log.minimum_epoch, now).await?;
        store::audit::audit_add(self.tx, &self.deed(invite, &issued, log)).await?;
        Ok(issued.chain_pem)
    }

    fn deed(&self, invite: &Invite, issued: &IssuedCertificate, log: LogStart) -> Deed {
        Deed {
            at: self.world.now(),
            actor: format!("invite/{}", invite.id),
            action: "member.join",
            subject: invite.member.name(),
            detail: json!({
                "certificate": issued.serial,
                "log_key": hex::encode(self.join.log_key.id().0),
                "log_key_from_seq": log.key_from_seq,
                "minimum_epoch": log.minimum_epoch,
                "replaces": invite.replace_node,
            }),
        }
    }
}

async fn renew_in(
    tx: &mut Tx,
    renewal: &Renewal,
    authority: &Authority,
    world: &World,
) -> Result<String, StoreError> {
    store::audit::council_lock(tx).await?;
    let now = world.now();
    let member = store::roster::member_find(tx, &renewal.member).await?;
    // The key as it is now: one that was replaced in the meantime renews nothing.
    let key = renewable(&renewal.member, member.as_ref())?;
    let statement = renewal_statement(&renewal.challenge, &renewal.request_der);
    if !key.verifies(&statement, &renewal.signature) {
        return Err(challenge_invalid().into());
    }
    let public_key = renewal.request.public_key();
    if let Some(given) = store::enrolment::certificate_unseen(tx, &renewal.member).await?
        && given.public_key == public_key
        && from_millis(given.not_after_ms).duration_since(now) >= WORTH_GIVING_AGAIN
    {
        return Ok(given.pem);
    }
    let unseen = store::enrolment::Revoked::Unseen;
    store::enrolment::certificates_revoke(tx, &renewal.member, unseen, now).await?;
    let issued = issue(authority, &renewal.member, &renewal.request, world)?;
    store::enrolment::certificate_add(tx, &renewal.member, &issued, &public_key, None, now).await?;
    let deed = Deed {
        at: now,
        actor: format!("log-key/{}", hex::encode(key.id().0)),
        action: "member.renew",
        subject: renewal.member.name(),
        detail: json!({ "certificate": issued.serial }),
    };
    store::audit::audit_add(tx, &deed).await?;
    Ok(issued.chain_pem)
}

/// The log key that renews for this member.
fn renewable(id: &MemberId, member: Option<&MemberStanding>) -> Result<LogPublicKey, Refusal> {
    let unknown = || {
        Refusal::not_found(
            "MEMBER_UNKNOWN",
            format!("`{id}` is no member with a node; join first （没有该成员的节点，请先入网）"),
        )
    };
    let member = member.ok_or_else(unknown)?;
    if member.state == MemberState::Suspended {
        return Err(membership::suspended(id));
    }
    member.log_key.ok_or_else(unknown)
}

fn check_proof(key: &LogPublicKey, statement: &Hash, proof: &[u8]) -> Result<(), Refusal> {
    if key.verifies(statement, proof) {
        return Ok(());
    }
    Err(Refusal::field(
        "log_key_proof",
        "is not the log key's signature over this join （不是日志密钥对本次入网的签名）",
    ))
}

fn challenge_invalid() -> Refusal {
    Refusal::denied(
        "CHALLENGE_INVALID",
        "the challenge is not ours or too old, or it is not signed by the member's log key; begin again \
         （挑战无效、已过期或签名不符，请重新开始）",
    )
}

fn issue(
    authority: &Authority,
    member: &MemberId,
    request: &CertificateRequest,
    world: &World,
) -> Result<IssuedCertificate, StoreError> {
    authority.issue_node(member, request, world.random(), world.now()).map_err(|error| {
        tracing::error!(%error, %member, "a certificate could not be issued");
        StoreError::Unavailable("the certificate authority failed".to_owned())
    })
}
