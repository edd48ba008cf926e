//! The council's and the operator's deeds: each loads, decides, saves with its audit row in one transaction, and
//! brings the roster up to date.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shouwang_proto::{
    clock::World,
    id::{GroupId, MemberId},
    refusal::Refusal,
};
use shouwang_serving::store::StoreError;
use uuid::Uuid;

use super::{
    audit::Deed,
    caller::{Caller, Role, SecretHash},
    membership::{self, Invite, MemberStanding, MemberState},
    roster::Roster,
    thesaurus::{GROUPS_LIMIT, ThesaurusBook, ThesaurusGroup},
};
use crate::store::{
    self, Store, Tx,
    audit::{audit_add, council_lock},
    enrolment::NewToken,
    roster::member_find,
};

/// Whom to invite, checked for form.
#[derive(Clone, Debug)]
pub struct InviteWish {
    /// The member.
    pub member: MemberId,
    /// Its name; none keeps the one it has.
    pub display_name: Option<String>,
    /// Its groups; none keeps those it has.
    pub groups: Option<BTreeSet<GroupId>>,
    /// How long the invite works.
    pub life: SignedDuration,
    /// True: the member's node was lost.
    pub replace_node: bool,
}

/// An invite with its secret, which is nowhere else.
pub struct Invited {
    /// The member as it stands now.
    pub member: MemberStanding,
    /// 128 random bits, hexadecimal.
    pub secret: String,
    /// When the invite ends.
    pub expires: Timestamp,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Invited").field("member", &self.member.id).finish_non_exhaustive()
    }
}

/// For whom a token is, checked for form.
#[derive(Clone, Debug)]
pub struct TokenWish {
    /// Who or what will use it.
    pub label: String,
    /// What it may do.
    pub role: Role,
    /// The member whose scope it has; with [`Role::Member`] only.
    pub member: Option<MemberId>,
    /// How long it works.
    pub life: SignedDuration,
}

/// A token with its secret, which is nowhere else.
pub struct IssuedToken {
    /// Its id, for revoking.
    pub id: String,
    /// 256 random bits, hexadecimal.
    pub secret: String,
    /// When it ends.
    pub expires: Timestamp,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("IssuedToken").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Does what the council and the operator decide. A clone shares everything.
#[derive(Clone, Debug)]
pub struct Council {
    store: Store,
    roster: Roster,
    thesaurus: ThesaurusBook,
    world: World,
}

impl Council {
    /// For this hub.
    #[must_use]
    pub fn new(store: Store, roster: Roster, thesaurus: ThesaurusBook, world: World) -> Self {
        Self { store, roster, thesaurus, world }
    }

    /// The members now.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The thesaurus now.
    #[must_use]
    pub fn thesaurus(&self) -> &ThesaurusBook {
        &self.thesaurus
    }

    fn deed(&self, by: &Caller, action: &'static str, subject: String, detail: serde_json::Value) -> Deed {
        Deed { at: self.world.now(), actor: by.actor(), action, subject, detail }
    }

    /// Invites a member, making it if it is new; its earlier invites stop working.
    ///
    /// # Errors
    /// As [`membership::may_invite`]; INVALID_ARGUMENT when a new member has no name; or what the store said.
    pub async fn invite(&self, by: &Caller, wish: InviteWish) -> Result<Invited, StoreError> {
        let now = self.world.now();
        let secret = hex::encode(self.world.random::<16>());
        let invite = Invite {
            id: self.new_id(),
            member: wish.member.clone(),
            replace_node: wish.replace_node,
            expires: later(now, wish.life),
            used: false,
            cancelled: false,
        };
        let expires = invite.expires;
        let detail = json!({
            "invite": invite.id, "expires": expires, "replaces": wish.replace_node,
            "display_name": wish.display_name, "groups": wish.groups,
        });
        let deed = self.deed(by, "member.invite", wish.member.name(), detail);
        let hash = SecretHash::of(&secret);
        let member = self
            .store
            .write(async move |tx| {
                council_lock(tx).await?;
                let member = member_find(tx, &wish.member).await?;
                membership::may_invite(member.as_ref(), wish.replace_node)?;
                let known = member.map(|member| member.display_name);
                let name = wish.display_name.or(known).ok_or_else(name_missing)?;
                store::roster::member_put(tx, &wish.member, &name, now).await?;
                if let Some(groups) = &wish.groups {
                    store::roster::member_groups_set(tx, &wish.member, groups).await?;
                }
                store::enrolment::invite_add(tx, &invite, hash, now).await?;
                audit_add(tx, &deed).await?;
                member_known(tx, &wish.member).await
            })
            .await?;
        self.roster.refresh().await;
        Ok(Invited { member, secret, expires })
    }

    /// Suspends a member and cancels its invites. Suspending it again changes nothing.
    ///
    /// # Errors
    /// NOT_FOUND (MEMBER_UNKNOWN); or what the store said.
    pub async fn suspend(
        &self,
        by: &Caller,
        id: MemberId,
        reason: String,
    ) -> Result<MemberStanding, StoreError> {
        let now = self.world.now();
        let deed = self.deed(by, "member.suspend", id.name(), json!({ "reason": reason }));
        self.change_member(id, async move |tx, member| {
            if member.state == MemberState::Suspended {
                return Ok(());
            }
            store::enrolment::invites_cancel(tx, &member.id, now).await?;
            store::roster::member_state_set(tx, &member.id, MemberState::Suspended).await?;
            audit_add(tx, &deed).await
        })
        .await
    }

    /// Takes a suspension back. Of a member that is not suspended, nothing changes.
    ///
    /// # Errors
    /// NOT_FOUND (MEMBER_UNKNOWN); or what the store said.
    pub async fn reinstate(&self, by: &Caller, id: MemberId) -> Result<MemberStanding, StoreError> {
        let deed = self.deed(by, "member.reinstate", id.name(), json!({}));
        self.change_member(id, async move |tx, member| {
            if member.state != MemberState::Suspended {
                return Ok(());
            }
            store::roster::member_state_set(tx, &member.id, membership::reinstated(&member)).await?;
            audit_add(tx, &deed).await
        })
        .await
    }

    /// Replaces the groups of a member.
    ///
    /// # Errors
    /// NOT_FOUND (MEMBER_UNKNOWN); or what the store said.
    pub async fn set_groups(
        &self,
        by: &Caller,
        id: MemberId,
        groups: BTreeSet<GroupId>,
    ) -> Result<MemberStanding, StoreError> {
        let deed = self.deed(by, "member.set-groups", id.name(), json!({ "groups": groups }));
        self.change_member(id, async move |tx, member| {
            if member.assigned_groups == groups {
                return Ok(());
            }
            store::roster::member_groups_set(tx, &member.id, &groups).await?;
            audit_add(tx, &deed).await
        })
        .await
    }

    /// Changes a member that exists and answers how it stands then.
    async fn change_member<F>(&self, id: MemberId, change: F) -> Result<MemberStanding, StoreError>
    where
        F: AsyncFnOnce(&mut Tx, MemberStanding) -> Result<(), StoreError> + Send + 'static,
    {
        let member = self
            .store
            .write(async move |tx| {
                council_lock(tx).await?;
                let member = member_known(tx, &id).await?;
                change(tx, member).await?;
                member_known(tx, &id).await
            })
            .await?;
        self.roster.refresh().await;
        Ok(member)
    }

    /// Issues an access token.
    ///
    /// # Errors
    /// NOT_FOUND (MEMBER_UNKNOWN), PERMISSION_DENIED (MEMBER_SUSPENDED); or what the store said.
    pub async fn issue_token(&self, by: &Caller, wish: TokenWish) -> Result<IssuedToken, StoreError> {
        let now = self.world.now();
        let (id, secret) = (self.new_id(), hex::encode(self.world.random::<32>()));
        let (expires, hash) = (later(now, wish.life), SecretHash::of(&secret));
        let detail = json!({
            "label": wish.label, "role": wish.role.as_str(), "member": wish.member, "expires": expires,
        });
        let deed = self.deed(by, "token.issue", format!("tokens/{id}"), detail);
        let token_id = id.clone();
        self.store
            .write(async move |tx| {
                council_lock(tx).await?;
                let TokenWish { label, role, member, life: _ } = &wish;
                if let Some(member) = member
                    && member_known(tx, member).await?.state == MemberState::Suspended
                {
                    return Err(membership::suspended(member).into());
                }
                let (role, member) = (*role, member.as_ref());
                let (id, secret_hash, account) = (&*token_id, hash, None);
                let token = NewToken { id, secret_hash, label, role, member, account, expires };
                store::enrolment::token_add(tx, &token, now).await?;
                audit_add(tx, &deed).await
            })
            .await?;
        self.roster.refresh().await;
        Ok(IssuedToken { id, secret, expires })
    }

    /// Revokes an access token.
    ///
    /// # Errors
    /// NOT_FOUND (TOKEN_UNKNOWN: also when it was revoked before); or what the store said.
    pub async fn revoke_token(&self, by: &Caller, id: String) -> Result<(), StoreError> {
        let now = self.world.now();
        let mut deed = self.deed(by, "token.revoke", format!("tokens/{id}"), json!({}));
        self.store
            .write(async move |tx| {
                council_lock(tx).await?;
                let label = store::enrolment::token_revoke(tx, &id, now).await?.ok_or_else(|| {
                    Refusal::not_found(
                        "TOKEN_UNKNOWN",
                        "there is no such token, or it is revoked （令牌不存在或已撤销）",
                    )
                })?;
                deed.detail = json!({ "label": label });
                audit_add(tx, &deed).await
            })
            .await?;
        self.roster.refresh().await;
        Ok(())
    }

    /// Adds a group of synonyms (no id), or replaces one.
    ///
    /// # Errors
    /// NOT_FOUND (THESAURUS_GROUP_UNKNOWN), RESOURCE_EXHAUSTED (THESAURUS_FULL); or what the store said.
    pub async fn put_group(
        &self,
        by: &Caller,
        id: Option<Uuid>,
        terms: Vec<String>,
    ) -> Result<ThesaurusGroup, StoreError> {
        let now = self.world.now();
        let group = ThesaurusGroup { id: id.unwrap_or_else(|| self.world.random_id()), terms };
        let detail = json!({ "terms": group.terms });
        let deed = self.deed(by, "thesaurus.put", format!("thesaurus/{}", group.id), detail);
        let added = group.clone();
        self.store
            .write(async move |tx| {
                council_lock(tx).await?;
                if id.is_some() {
                    if !store::thesaurus::thesaurus_replace(tx, &group, now).await? {
                        return Err(group_unknown().into());
                    }
                } else if store::thesaurus::thesaurus_count(tx).await? >= GROUPS_LIMIT {
                    return Err(thesaurus_full().into());
                } else {
                    store::thesaurus::thesaurus_add(tx, &group, now).await?;
                }
                audit_add(tx, &deed).await
            })
            .await?;
        self.thesaurus.refresh().await;
        Ok(added)
    }

    /// Removes a group of synonyms.
    ///
    /// # Errors
    /// NOT_FOUND (THESAURUS_GROUP_UNKNOWN); or what the store said.
    pub async fn delete_group(&self, by: &Caller, id: Uuid) -> Result<(), StoreError> {
        let deed = self.deed(by, "thesaurus.delete", format!("thesaurus/{id}"), json!({}));
        self.store
            .write(async move |tx| {
                council_lock(tx).await?;
                if !store::thesaurus::thesaurus_delete(tx, id).await? {
                    return Err(group_unknown().into());
                }
                audit_add(tx, &deed).await
            })
            .await?;
        self.thesaurus.refresh().await;
        Ok(())
    }

    fn new_id(&self) -> String {
        self.world.random_id().to_string()
    }
}

async fn member_known(tx: &mut Tx, id: &MemberId) -> Result<MemberStanding, StoreError> {
    Ok(member_find(tx, id).await?.ok_or_else(|| member_unknown(id))?)
}

/// There is no such member.
pub(crate) fn member_unknown(id: &MemberId) -> Refusal {
    Refusal::not_found("MEMBER_UNKNOWN", format!("there is no member `{id}` （没有该成员）"))
}

fn name_missing() -> Refusal {
    Refusal::field("display_name", "is required for a new member （新成员必填）")
}

fn group_unknown() -> Refusal {
    Refusal::not_found("THESAURUS_GROUP_UNKNOWN", "there is no such group of synonyms （没有该同义词组）")
}

fn thesaurus_full() -> Refusal {
    Refusal::new(
        tonic::Code::ResourceExhausted,
        "THESAURUS_FULL",
        format!("the thesaurus holds {GROUPS_LIMIT} groups at most （同义词组已达上限）"),
    )
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
