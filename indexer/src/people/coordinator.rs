//! What happens to accounts: each loads, decides, saves with its audit row in one transaction. Signing in and being
//! signed in are in [`super::signing_in`].

use jiff::Timestamp;
use serde_json::json;
pub use shouwang_pages::people::taking::Taking;
use shouwang_pages::people::{
    account::{account_disabled, account_unknown, last_operator, login_taken},
    hashing::Hasher,
    lockout::Mistakes,
    strangers::Strangers,
    ticket::{self, Minted, Purpose, link_invalid},
};
use shouwang_proto::{clock::World, id::MemberId, refusal::Refusal};
use shouwang_serving::store::StoreError;

use super::account::{Account, AccountState, Credentials, Post};
use crate::{
    council::{
        audit::Deed,
        caller::{Caller, SecretHash},
        coordinator::member_unknown,
        roster::Roster,
    },
    store::{
        self, Store, Tx,
        audit::{audit_add, council_lock},
        roster::member_find,
    },
};

/// Whom to invite, checked for form.
#[derive(Clone, Debug)]
pub struct AccountWish {
    /// The person's name.
    pub display_name: String,
    /// What the person will be.
    pub post: Post,
    /// Whose; with the posts of a member only.
    pub member: Option<MemberId>,
}

/// A link with its secret.
pub type Linked = ticket::Linked<Account>;
/// A link as it is kept.
pub type Ticket = ticket::Ticket<Account>;

/// The people. A clone shares everything.
#[derive(Clone, Debug)]
pub struct People {
    pub(super) store: Store,
    pub(super) roster: Roster,
    pub(super) hasher: Hasher,
    pub(super) strangers: Strangers,
    pub(super) world: World,
}

impl People {
    /// Of this hub.
    #[must_use]
    pub fn new(store: Store, roster: Roster, world: World) -> Self {
        Self { hasher: Hasher::new(world.clone()), strangers: Strangers::default(), store, roster, world }
    }

    /// A link for the first operator, while nobody can sign in; none once somebody can. Links of earlier starts stop
    /// working.
    ///
    /// # Errors
    /// What the store said.
    pub async fn set_up(&self) -> Result<Option<Linked>, StoreError> {
        let now = self.world.now();
        let fresh = self.fresh_account(AccountWish {
            display_name: String::new(),
            post: Post::Operator,
            member: None,
        });
        let minted = self.mint(Purpose::SetUp);
        self.store
            .write(async move |tx| {
                council_lock(tx).await?;
                if store::account::account_any_active(tx).await? {
                    return Ok(None);
                }
                let account = match store::account::account_to_set_up(tx).await? {
                    Some(account) => account,
                    None => {
                        store::account::account_add(tx, &fresh).await?;
                        fresh
                    }
                };
                save(tx, minted, account, now).await.map(Some)
            })
            .await
    }

    /// All accounts, the oldest first.
    ///
    /// # Errors
    /// What the store said.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.store.read(async |conn| store::account::accounts_all(conn).await).await
    }

    /// Invites a person.
    ///
    /// # Errors
    /// NOT_FOUND (MEMBER_UNKNOWN); or what the store said.
    pub async fn invite(&self, by: &Caller, wish: AccountWish) -> Result<Linked, StoreError> {
        let now = self.world.now();
        let account = self.fresh_account(wish);
        let minted = self.mint(Purpose::Invite);
        let detail = json!({
            "display_name": account.display_name, "post": account.post.as_str(), "member": account.member,
            "link": minted.id,
        });
        let deed = self.deed(by.actor(), "account.invite", account.name(), detail);
        self.store
            .write(async move |tx| {
                council_lock(tx).await?;
                if let Some(member) = &account.member
                    && member_find(tx, member).await?.is_none()
                {
                    return Err(member_unknown(member).into());
                }
                store::account::account_add(tx, &account).await?;
                audit_add(tx, &deed).await?;
                save(tx, minted, account, now).await
            })
            .await
    }

    /// A new link for somebody: another invitation, or a new password for who has forgotten it. Until it is taken, the
    /// old password works.
    ///
    /// # Errors
    /// NOT_FOUND (ACCOUNT_UNKNOWN), FAILED_PRECONDITION (ACCOUNT_DISABLED); or what the store said.
    pub async fn reset(&self, by: &Caller, id: String) -> Result<Linked, StoreError> {
        let now = self.world.now();
        let (invite, reset) = (self.mint(Purpose::Invite), self.mint(Purpose::Reset));
        let mut deed = self.deed(by.actor(), "account.reset", format!("accounts/{id}"), json!({}));
        self.store
            .write(async move |tx| {
                council_lock(tx).await?;
                let account = known(tx, &id).await?;
                let minted = match &account.state {
                    AccountState::Invited => invite,
                    AccountState::Active(_) => reset,
                    AccountState::Disabled => return Err(account_disabled().into()),
                };
                deed.detail = json!({ "link": minted.id, "purpose": minted.purpose.as_str() });
                audit_add(tx, &deed).await?;
                save(tx, minted, account, now).await
            })
            .await
    }

    /// Takes an account out of use: its sessions, tokens and links stop working at once. Again, nothing changes.
    ///
    /// # Errors
    /// NOT_FOUND (ACCOUNT_UNKNOWN), FAILED_PRECONDITION (LAST_OPERATOR: nobody could invite any more); or what the store
    /// said.
    pub async fn disable(&self, by: &Caller, id: String) -> Result<Account, StoreError> {
        let now = self.world.now();
        let deed = self.deed(by.actor(), "account.disable", format!("accounts/{id}"), json!({}));
        let account = self
            .store
            .write(async move |tx| {
                council_lock(tx).await?;
                let account = known(tx, &id).await?;
                if account.state == AccountState::Disabled {
                    return Ok(account);
                }
                keep_an_operator(&account, &store::account::accounts_all(tx).await?)?;
                store::account::tickets_cancel(tx, &id, now).await?;
                store::session::sessions_end(tx, &id, None).await?;
                store::account::account_disable(tx, &id, now).await?;
                audit_add(tx, &deed).await?;
                known(tx, &id).await
            })
            .await?;
        self.roster.refresh().await;
        Ok(account)
    }

    /// The link with this secret, if it works now.
    ///
    /// # Errors
    /// FAILED_PRECONDITION (LINK_INVALID); or what the store said.
    pub async fn ticket(&self, secret: &str) -> Result<Ticket, StoreError> {
        let hash = SecretHash::of(secret);
        let found = self.store.read(async move |conn| store::account::ticket_find(conn, hash).await).await?;
        let ticket = found.ok_or_else(link_invalid)?;
        ticket.check(self.world.now())?;
        Ok(ticket)
    }

    /// Takes a link: the account becomes active, or its password new and all its sessions end. The link is burned.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every wrong field; ALREADY_EXISTS (LOGIN_TAKEN); FAILED_PRECONDITION (LINK_INVALID);
    /// RESOURCE_EXHAUSTED (SIGN_IN_BUSY); or what the store said.
    pub async fn take(&self, secret: &str, taking: Taking) -> Result<Account, StoreError> {
        let ticket = self.ticket(secret).await?;
        let checked = taking.check(&ticket.account.display_name, &ticket.account.state)?;
        let password_hash = self.hasher.hash(checked.password).await?;
        let (now, hash) = (self.world.now(), SecretHash::of(secret));
        let credentials = Credentials { login: checked.login, password_hash };
        let name = checked.display_name;
        let actor = format!("{} {name}", ticket.account.name());
        let detail = json!({ "link": ticket.id, "purpose": ticket.purpose.as_str() });
        let deed = self.deed(actor, "account.take-link", ticket.account.name(), detail);
        self.store
            .write(async move |tx| {
                council_lock(tx).await?;
                // What was true before the password was hashed need not be true any more.
                let ticket = store::account::ticket_find(tx, hash).await?.ok_or_else(link_invalid)?;
                ticket.check(now)?;
                let id = &ticket.account.id;
                let others =
                    ticket.purpose == Purpose::SetUp && store::account::account_any_active(tx).await?;
                if others || !store::account::ticket_use(tx, &ticket.id, now).await? {
                    return Err(link_invalid().into());
                }
                if !store::account::account_activate(tx, id, &name, &credentials).await? {
                    return Err(login_taken().into());
                }
                store::session::sessions_end(tx, id, None).await?;
                audit_add(tx, &deed).await?;
                known(tx, id).await
            })
            .await
    }

    pub(super) fn deed(
        &self,
        actor: String,
        action: &'static str,
        subject: String,
        detail: serde_json::Value,
    ) -> Deed {
        Deed { at: self.world.now(), actor, action, subject, detail }
    }

    pub(super) fn new_id(&self) -> String {
        self.world.random_id().to_string()
    }

    fn fresh_account(&self, wish: AccountWish) -> Account {
        let AccountWish { display_name, post, member } = wish;
        let (id, created) = (self.new_id(), self.world.now());
        let (state, mistakes) = (AccountState::Invited, Mistakes::default());
        Account { id, display_name, post, member, state, created, signed_in: None, mistakes }
    }

    fn mint(&self, purpose: Purpose) -> Minted {
        Minted::new(self.new_id(), self.world.random(), purpose, self.world.now())
    }
}

async fn save(tx: &mut Tx, minted: Minted, account: Account, now: Timestamp) -> Result<Linked, StoreError> {
    store::account::ticket_add(tx, &minted, &account.id, now).await?;
    Ok(minted.linked(account))
}

/// Somebody has to be left who can invite others.
fn keep_an_operator(leaving: &Account, all: &[Account]) -> Result<(), Refusal> {
    let runs = |account: &&Account| account.post == Post::Operator && account.credentials().is_some();
    let is_last = runs(&leaving) && all.iter().filter(runs).count() == 1;
    if is_last { Err(last_operator()) } else { Ok(()) }
}

pub(super) async fn known(tx: &mut Tx, id: &str) -> Result<Account, StoreError> {
    let account = store::account::account_find(tx, id).await?;
    account.ok_or_else(|| account_unknown().into())
}
