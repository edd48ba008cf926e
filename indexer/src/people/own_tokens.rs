//! The tokens that people make for their own programs. They have the role and scope of the person, never more.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shouwang_pages::people::account::account_disabled;
use shouwang_proto::refusal::Refusal;
use shouwang_serving::store::StoreError;

use super::{
    account::Account,
    coordinator::{People, known},
};
use crate::{
    council::caller::SecretHash,
    store::{
        self,
        audit::{audit_add, council_lock},
        enrolment::NewToken,
        session::OwnToken,
    },
};

/// Most tokens that a person may have at once.
const OWN_TOKENS: usize = 20;

impl People {
    /// The tokens that a person made.
    ///
    /// # Errors
    /// What the store said.
    pub async fn own_tokens(&self, account: &Account) -> Result<Vec<OwnToken>, StoreError> {
        let id = account.id.clone();
        self.store.read(async move |conn| store::session::own_tokens(conn, &id).await).await
    }

    /// Makes a token for the person's own programs, with the person's own role: its secret and its id.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED (TOKENS_FULL); or what the store said.
    pub async fn make_token(
        &self,
        account: &Account,
        label: String,
        life: SignedDuration,
    ) -> Result<(String, String), StoreError> {
        let now = self.world.now();
        let (id, secret) = (self.new_id(), hex::encode(self.world.random::<32>()));
        let (token_id, secret_hash) = (id.clone(), SecretHash::of(&secret));
        let expires = now.checked_add(life).unwrap_or(Timestamp::MAX);
        let detail = json!({ "label": label, "role": account.post.role().as_str(), "expires": expires });
        let actor = format!("{} {}", account.name(), account.display_name);
        let deed = self.deed(actor, "token.make", format!("tokens/{id}"), detail);
        let account = account.clone();
        self.store
            .write(async move |tx| {
                council_lock(tx).await?;
                // The account may have been taken out of use since the page was shown.
                if known(tx, &account.id).await?.credentials().is_none() {
                    return Err(account_disabled().into());
                }
                if store::session::own_tokens(tx, &account.id).await?.len() >= OWN_TOKENS {
                    return Err(tokens_full().into());
                }
                let token = NewToken {
                    id: &token_id,
                    secret_hash,
                    label: &label,
                    role: account.post.role(),
                    member: account.member.as_ref(),
                    account: Some(&account.id),
                    expires,
                };
                store::enrolment::token_add(tx, &token, now).await?;
                audit_add(tx, &deed).await
            })
            .await?;
        self.roster.refresh().await;
        Ok((secret, id))
    }

    /// Revokes one of the person's own tokens. One that is not there any more, or never was the person's, changes
    /// nothing.
    ///
    /// # Errors
    /// What the store said.
    pub async fn revoke_token(&self, account: &Account, id: String) -> Result<(), StoreError> {
        let now = self.world.now();
        let actor = format!("{} {}", account.name(), account.display_name);
        let deed = self.deed(actor, "token.revoke", format!("tokens/{id}"), json!({}));
        let account = account.id.clone();
        self.store
            .write(async move |tx| {
                let own = store::session::own_tokens(tx, &account).await?;
                if own.iter().any(|token| token.id == id) {
                    store::enrolment::token_revoke(tx, &id, now).await?;
                    audit_add(tx, &deed).await?;
                }
                Ok(())
            })
            .await?;
        self.roster.refresh().await;
        Ok(())
    }
}

fn tokens_full() -> Refusal {
    Refusal::new(
        tonic::Code::ResourceExhausted,
        "TOKENS_FULL",
        format!("you have {OWN_TOKENS} tokens; revoke one first （已有 {OWN_TOKENS} 个令牌，请先撤销一个）"),
    )
}
