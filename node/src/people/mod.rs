//! The member's own people in a browser: who has an account here and where they are signed in. It has nothing to do with
//! accounts at the hub, so it works while the hub is away.
//!
//! [`account`]: people and what they are here. Pure. The rest decides with the rules that hub and node share
//! ([`shouwang_pages::people`]), asks and saves.

pub mod account;

use shouwang_pages::people::{
    account::{AccountState, Credentials, Login, NAME},
    hashing::Hasher,
    lockout::{Mistakes, Origin},
    password,
    secret::SecretHash,
    session::{DEVICE_LIFE, Session},
    signing_in::{self, Attempt, sign_in_failed},
    strangers::Strangers,
    taking::Taking,
    ticket::{Minted, Purpose, link_invalid},
};
use shouwang_proto::{clock::World, refusal::Violations};
use shouwang_serving::store::StoreError;

use self::account::{Account, Linked, Post, Ticket};
use crate::store::{Deed, NodeStore};

/// What a browser gets that has signed in.
pub type SignedIn = signing_in::SignedIn<Account>;

/// Somebody who is signed in, at this moment.
#[derive(Clone, Debug)]
pub struct Present {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: Session,
}

/// The people. A clone shares everything.
#[derive(Clone, Debug)]
pub struct People {
    store: NodeStore,
    hasher: Hasher,
    strangers: Strangers,
    world: World,
}

impl People {
    /// Of this node.
    #[must_use]
    pub fn new(store: NodeStore, world: World) -> Self {
        Self { hasher: Hasher::new(world.clone()), strangers: Strangers::default(), store, world }
    }

    fn new_id(&self) -> String {
        self.world.random_id().to_string()
    }

    fn mint(&self, purpose: Purpose) -> Minted {
        Minted::new(self.new_id(), self.world.random(), purpose, self.world.now())
    }

    fn deed(&self, by: &Account, action: &'static str) -> Deed {
        Deed { at: self.world.now(), actor: format!("accounts/{} {}", by.id, by.display_name), action }
    }

    fn fresh(&self, display_name: String, post: Post) -> Account {
        Account {
            id: self.new_id(),
            display_name,
            post,
            state: AccountState::Invited,
            created: self.world.now(),
            signed_in: None,
            mistakes: Mistakes::default(),
        }
    }

    /// A link for the first administrator, while nobody can sign in; none once somebody can.
    ///
    /// # Errors
    /// What the store said.
    pub async fn set_up(&self) -> Result<Option<Linked>, StoreError> {
        let fresh = self.fresh(String::new(), Post::Administrator);
        self.store.people_set_up(fresh, self.mint(Purpose::SetUp), self.world.now()).await
    }

    /// All accounts, the oldest first.
    ///
    /// # Errors
    /// What the store said.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.store.people_all().await
    }

    /// Invites a person.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every wrong field; or what the store said.
    pub async fn invite(&self, by: &Account, name: &str, post: &str) -> Result<Linked, StoreError> {
        let mut violations = Violations::new();
        let name = NAME.read("display_name", name, &mut violations);
        let post = violations.check("post", post.parse::<Post>());
        let account = violations.finish(|| Some(self.fresh(name, post?)))?;
        let deed = self.deed(by, "invite");
        self.store.people_invite(account, self.mint(Purpose::Invite), deed).await
    }

    /// A new link for somebody. Until it is taken, the old password works.
    ///
    /// # Errors
    /// NOT_FOUND (ACCOUNT_UNKNOWN), FAILED_PRECONDITION (ACCOUNT_DISABLED); or what the store said.
    pub async fn relink(&self, by: &Account, id: &str) -> Result<Linked, StoreError> {
        let (invite, reset) = (self.mint(Purpose::Invite), self.mint(Purpose::Reset));
        self.store.people_relink(id.to_owned(), invite, reset, self.deed(by, "link")).await
    }

    /// Takes an account out of use.
    ///
    /// # Errors
    /// NOT_FOUND (ACCOUNT_UNKNOWN), FAILED_PRECONDITION (LAST_OPERATOR); or what the store said.
    pub async fn disable(&self, by: &Account, id: &str) -> Result<(), StoreError> {
        self.store.people_disable(id.to_owned(), self.deed(by, "disable")).await
    }

    /// The link with this secret, if it works now.
    ///
    /// # Errors
    /// FAILED_PRECONDITION (LINK_INVALID); or what the store said.
    pub async fn ticket(&self, secret: &str) -> Result<Ticket, StoreError> {
        let ticket = self.store.people_ticket(SecretHash::of(secret)).await?.ok_or_else(link_invalid)?;
        ticket.check(self.world.now())?;
        Ok(ticket)
    }

    /// Takes a link, and answers the login name.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every wrong field; ALREADY_EXISTS (LOGIN_TAKEN); FAILED_PRECONDITION (LINK_INVALID);
    /// RESOURCE_EXHAUSTED (SIGN_IN_BUSY); or what the store said.
    pub async fn take(&self, secret: &str, typed: Taking) -> Result<String, StoreError> {
        let Ticket { account, .. } = self.ticket(secret).await?;
        let taken = typed.check(&account.display_name, &account.state)?;
        let password_hash = self.hasher.hash(taken.password).await?;
        let login = taken.login.as_str().to_owned();
        let deed = self.deed(&Account { display_name: taken.display_name.clone(), ..account }, "take-link");
        let credentials = Credentials { login: taken.login, password_hash };
        self.store.people_take(SecretHash::of(secret), taken.display_name, credentials, deed).await?;
        Ok(login)
    }

    /// Signs somebody in.
    ///
    /// # Errors
    /// UNAUTHENTICATED (SIGN_IN_FAILED), RESOURCE_EXHAUSTED (SIGN_IN_WAIT, SIGN_IN_BUSY); or what the store said.
    pub async fn sign_in(&self, attempt: Attempt) -> Result<SignedIn, StoreError> {
        let Attempt { login, password, address, device, session, agent } = attempt;
        let now = self.world.now();
        let device_hash = device.as_deref().map(SecretHash::of);
        let (account, known) = match login.parse::<Login>() {
            Ok(login) => self.store.people_find(login, device_hash).await?,
            Err(_) => (None, None),
        };
        let mistakes = account.as_ref().map(|account| account.mistakes);
        let origin = signing_in::origin(known, mistakes, &self.strangers, address);
        let has_duty = account.as_ref().is_some_and(|account| account.post.has_duty());
        let credentials = account.as_ref().and_then(Account::credentials);
        let fits = signing_in::fits(&self.hasher, (origin, has_duty), credentials, password, now).await?;
        match account {
            Some(account) if fits => self.admit(account, device, session, &agent).await,
            account => {
                self.strangers.note(address, now);
                if let Some(account) = account {
                    self.store.people_mistake(account.id, origin, device_hash, now).await?;
                }
                Err(sign_in_failed().into())
            }
        }
    }

    async fn admit(
        &self,
        account: Account,
        device: Option<String>,
        ended: Option<String>,
        agent: &str,
    ) -> Result<SignedIn, StoreError> {
        let secret = hex::encode(self.world.random::<32>());
        let device = device.unwrap_or_else(|| hex::encode(self.world.random::<32>()));
        let session = signing_in::begin(self.new_id(), account.id.clone(), agent, self.world.now());
        let ended = ended.as_deref().map(SecretHash::of);
        self.store.session_begin(SecretHash::of(&secret), session, SecretHash::of(&device), ended).await?;
        let session_life = account.post.ages().absolute;
        Ok(SignedIn { account, session: secret, session_life, device, device_life: DEVICE_LIFE })
    }

    /// Who this session is, if it counts now. Looked up at every request, so that what was ended a moment ago is ended.
    ///
    /// # Errors
    /// What the store said.
    pub async fn present(&self, secret: &str) -> Result<Option<Present>, StoreError> {
        let Some((session, account)) = self.store.session_find(SecretHash::of(secret)).await? else {
            return Ok(None);
        };
        let now = self.world.now();
        if account.credentials().is_none() || !session.holds(account.post.ages(), now) {
            return Ok(None);
        }
        if session.is_worth_noting(now) {
            self.store.session_seen(session.id.clone(), now).await?;
        }
        Ok(Some(Present { account, session }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// What the store said.
    pub async fn sign_out(&self, secret: &str) -> Result<(), StoreError> {
        self.store.session_end(SecretHash::of(secret)).await
    }

    /// Changes the person's own password; all other sessions end.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every wrong field; RESOURCE_EXHAUSTED (SIGN_IN_WAIT, SIGN_IN_BUSY); or what the store said.
    pub async fn change_password(&self, present: &Present, old: String, new: &str) -> Result<(), StoreError> {
        let Present { account, session } = present;
        let now = self.world.now();
        let Some(known) = account.credentials() else { return Err(sign_in_failed().into()) };
        // A browser left open must not be a place to guess from.
        let origin = (Origin::KnownDevice(account.mistakes), false);
        let mut violations = Violations::new();
        if !signing_in::fits(&self.hasher, origin, Some(known), old, now).await? {
            let origin = Origin::Stranger { account: account.mistakes, address: Mistakes::default() };
            self.store.people_mistake(account.id.clone(), origin, None, now).await?;
            violations.add("old_password", "is not your password （当前密码不正确）");
        }
        let checked = violations.check("password", password::check(new, known.login.as_str()));
        let checked = violations.finish(|| checked)?;
        let hash = self.hasher.hash(checked).await?;
        let deed = self.deed(account, "password");
        self.store.people_password(account.id.clone(), hash, session.id.clone(), deed).await
    }
}
