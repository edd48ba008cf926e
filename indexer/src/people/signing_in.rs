//! Signing in, being signed in, signing out.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
pub use shouwang_pages::people::signing_in::Attempt;
use shouwang_pages::people::{
    lockout::{Mistakes, Origin},
    password,
    session::{DEVICE_LIFE, Session},
    signing_in::{self, sign_in_failed},
};
use shouwang_proto::refusal::Violations;
use shouwang_serving::store::StoreError;

use super::{
    account::{Account, Login},
    coordinator::People,
};
use crate::{
    council::caller::{Caller, SecretHash},
    store::{self, audit::audit_add},
};

/// What a browser gets that has signed in.
pub type SignedIn = signing_in::SignedIn<Account>;

/// Somebody who is signed in, at this moment.
#[derive(Clone, Debug)]
pub struct Present {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// As everything else at the hub knows callers.
    pub caller: Caller,
}

impl People {
    /// Signs somebody in.
    ///
    /// # Errors
    /// UNAUTHENTICATED (SIGN_IN_FAILED: wrong name, wrong password, or an account out of use, all alike);
    /// RESOURCE_EXHAUSTED (SIGN_IN_WAIT: too many mistakes; SIGN_IN_BUSY); or what the store said.
    pub async fn sign_in(&self, attempt: Attempt) -> Result<SignedIn, StoreError> {
        let Attempt { login, password, address, device, session, agent } = attempt;
        let now = self.world.now();
        let device_hash = device.as_deref().map(SecretHash::of);
        let (account, known) = self.find(&login, device_hash).await?;
        let mistakes = account.as_ref().map(|account| account.mistakes);
        let origin = signing_in::origin(known, mistakes, &self.strangers, address);
        let has_duty = account.as_ref().is_some_and(|account| account.post.has_duty());
        let credentials = account.as_ref().and_then(Account::credentials);
        let fits = signing_in::fits(&self.hasher, (origin, has_duty), credentials, password, now).await?;
        match account {
            Some(account) if fits => self.admit(account, device, session, &agent).await,
            account => {
                self.note_mistake(account, origin, device_hash, address, now).await?;
                Err(sign_in_failed().into())
            }
        }
    }

    /// The account with this name, and the mistakes at this browser if it is one of the account's.
    async fn find(
        &self,
        login: &str,
        device: Option<SecretHash>,
    ) -> Result<(Option<Account>, Option<Mistakes>), StoreError> {
        let Ok(login) = login.parse::<Login>() else { return Ok((None, None)) };
        self.store
            .read(async move |conn| {
                let account = store::account::account_by_login(conn, &login).await?;
                let known = match (device, &account) {
                    (Some(device), Some(account)) => {
                        store::session::device_find(conn, device, &account.id).await?
                    }
                    (None, _) | (_, None) => None,
                };
                Ok((account, known))
            })
            .await
    }

    async fn note_mistake(
        &self,
        account: Option<Account>,
        origin: Origin,
        device: Option<SecretHash>,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.strangers.note(address, now);
        let Some(account) = account else { return Ok(()) };
        metrics::counter!("shouwang_sign_ins_failed_total").increment(1);
        self.store
            .write(async move |tx| match (origin, device) {
                (Origin::KnownDevice(mistakes), Some(device)) => {
                    store::session::device_mistakes_set(tx, device, mistakes.and_one(now)).await
                }
                (Origin::KnownDevice(_), None) => Ok(()),
                (Origin::Stranger { account: mistakes, .. }, _) => {
                    store::account::account_mistakes_set(tx, &account.id, mistakes.and_one(now)).await
                }
            })
            .await
    }

    async fn admit(
        &self,
        account: Account,
        device: Option<String>,
        ended: Option<String>,
        agent: &str,
    ) -> Result<SignedIn, StoreError> {
        let now = self.world.now();
        let secret = hex::encode(self.world.random::<32>());
        let device = device.unwrap_or_else(|| hex::encode(self.world.random::<32>()));
        let session = signing_in::begin(self.new_id(), account.id.clone(), agent, now);
        let session_life = account.post.ages().absolute;
        let oldest = now.checked_sub(SignedDuration::from_hours(24 * 8)).unwrap_or(now);
        let unused = now.checked_sub(DEVICE_LIFE).unwrap_or(now);
        let (hash, device_hash) = (SecretHash::of(&secret), SecretHash::of(&device));
        let ended = ended.as_deref().map(SecretHash::of);
        let actor = format!("{} {}", account.name(), account.display_name);
        let deed = self.deed(actor, "account.sign-in", account.name(), json!({ "session": session.id }));
        let id = account.id.clone();
        self.store
            .write(async move |tx| {
                store::session::sessions_sweep(tx, oldest, unused).await?;
                if let Some(ended) = ended {
                    store::session::session_end(tx, ended).await?;
                }
                // The password may be right and the account taken out of use a moment ago.
                let account = store::account::account_find(tx, &id).await?;
                if account.is_none_or(|account| account.credentials().is_none()) {
                    return Err(sign_in_failed().into());
                }
                store::session::session_add(tx, hash, &session).await?;
                store::session::device_put(tx, device_hash, &id, now).await?;
                store::account::account_signed_in(tx, &id, now).await?;
                audit_add(tx, &deed).await
            })
            .await?;
        Ok(SignedIn { account, session: secret, session_life, device, device_life: DEVICE_LIFE })
    }

    /// Who this session is, if it counts now. Looked up at every request, so that what was ended a moment ago is ended.
    ///
    /// # Errors
    /// PERMISSION_DENIED (MEMBER_SUSPENDED); or what the store said.
    pub async fn present(&self, secret: &str) -> Result<Option<Present>, StoreError> {
        let hash = SecretHash::of(secret);
        let found = self
            .store
            .read(async move |conn| {
                let Some(session) = store::session::session_find(conn, hash).await? else { return Ok(None) };
                let account = store::account::account_find(conn, &session.account).await?;
                Ok(account.map(|account| (session, account)))
            })
            .await?;
        let now = self.world.now();
        let Some((session, account)) = found else { return Ok(None) };
        if account.credentials().is_none() || !session.holds(account.post.ages(), now) {
            return Ok(None);
        }
        if session.is_worth_noting(now) {
            let id = session.id.clone();
            self.store.write(async move |tx| store::session::session_seen(tx, &id, now).await).await?;
        }
        let (role, member) = (account.post.role(), account.member.as_ref());
        let caller = self.roster.snapshot().person(&account.id, &account.display_name, role, member)?;
        Ok(Some(Present { account, session, caller }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// What the store said.
    pub async fn sign_out(&self, secret: &str) -> Result<(), StoreError> {
        let hash = SecretHash::of(secret);
        self.store.write(async move |tx| store::session::session_end(tx, hash).await).await
    }

    /// Where the person is signed in now, the newest first.
    ///
    /// # Errors
    /// What the store said.
    pub async fn sessions(&self, account: &Account) -> Result<Vec<Session>, StoreError> {
        let (id, ages, now) = (account.id.clone(), account.post.ages(), self.world.now());
        let all = self.store.read(async move |conn| store::session::sessions_of(conn, &id).await).await?;
        Ok(all.into_iter().filter(|session| session.holds(ages, now)).collect())
    }

    /// Ends all sessions of the person but this one, and forgets all browsers.
    ///
    /// # Errors
    /// What the store said.
    pub async fn end_others(&self, present: &Present) -> Result<u64, StoreError> {
        let (account, session) = (present.account.id.clone(), present.session.id.clone());
        let deed = self.deed(
            present.caller.actor(),
            "account.end-sessions",
            present.account.name(),
            json!({ "kept": session }),
        );
        self.store
            .write(async move |tx| {
                audit_add(tx, &deed).await?;
                store::session::sessions_end(tx, &account, Some(&session)).await
            })
            .await
    }

    /// Changes the person's own password; all other sessions end.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every wrong field; RESOURCE_EXHAUSTED (SIGN_IN_WAIT, SIGN_IN_BUSY); or what the store said.
    pub async fn change_password(&self, present: &Present, old: String, new: &str) -> Result<(), StoreError> {
        let now = self.world.now();
        let Some(known) = present.account.credentials() else { return Err(sign_in_failed().into()) };
        // A browser left open must not be a place to guess from.
        let mistakes = present.account.mistakes;
        let origin = (Origin::KnownDevice(mistakes), false);
        let mut violations = Violations::new();
        if !signing_in::fits(&self.hasher, origin, Some(known), old, now).await? {
            let id = present.account.id.clone();
            let more = mistakes.and_one(now);
            self.store
                .write(async move |tx| store::account::account_mistakes_set(tx, &id, more).await)
                .await?;
            violations.add("old_password", "is not your password （当前密码不正确）");
        }
        let checked = violations.check("password", password::check(new, known.login.as_str()));
        let checked = violations.finish(|| checked)?;
        let hash = self.hasher.hash(checked).await?;
        let (account, session) = (present.account.id.clone(), present.session.id.clone());
        let deed = self.deed(present.caller.actor(), "account.password", present.account.name(), json!({}));
        self.store
            .write(async move |tx| {
                store::account::account_password_set(tx, &account, &hash).await?;
                store::session::sessions_end(tx, &account, Some(&session)).await?;
                audit_add(tx, &deed).await
            })
            .await
    }
}
