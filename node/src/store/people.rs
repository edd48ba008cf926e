//! What becomes of people's accounts and sessions: each is one transaction with the line that says who did it.

use jiff::{SignedDuration, Timestamp};
use shouwang_pages::{
    people::{
        account::{AccountState, Credentials, Login, account_disabled, last_operator, login_taken},
        lockout::{Mistakes, Origin},
        secret::SecretHash,
        session::{DEVICE_LIFE, Session},
        signing_in::sign_in_failed,
        ticket::{Minted, Purpose, link_invalid},
    },
    store::{
        account::{account_activate, account_mistakes_set, account_password_set, account_signed_in},
        session::{
            device_find, device_mistakes_set, device_put, session_add, session_end, session_find,
            session_seen, sessions_end, sessions_sweep,
        },
        ticket::{set_up_waiting, ticket_use, tickets_cancel},
    },
};
use shouwang_serving::{
    execute,
    store::{StoreError, Tx},
};

use super::{
    NodeStore,
    account::{
        account_add, account_by_login, account_disable, account_find, accounts_all, link_add, ticket_find,
    },
};
use crate::people::account::{Account, Linked, Ticket};

/// No session lasts longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);

/// Who does something with an account, and when.
#[derive(Clone, Debug)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: &'static str,
}

impl Deed {
    async fn write(&self, tx: &mut Tx, account: &str) -> Result<(), StoreError> {
        execute!(
            tx,
            "insert into account_deed (at_ms, actor, action, account_id) values ($1, $2, $3, $4)",
            self.at.as_millisecond(),
            &self.actor,
            self.action,
            account,
        );
        Ok(())
    }
}

impl NodeStore {
    /// A link for the first administrator, while nobody can sign in. Links of earlier starts stop working.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people_set_up(
        &self,
        fresh: Account,
        minted: Minted,
        now: Timestamp,
    ) -> Result<Option<Linked>, StoreError> {
        self.store
            .write(async move |tx| {
                let all = accounts_all(tx).await?;
                if all.iter().any(|account| account.credentials().is_some()) {
                    return Ok(None);
                }
                let waiting = set_up_waiting(tx).await?;
                let known = all.into_iter().find(|account| waiting.as_ref() == Some(&account.id));
                let account = match known {
                    Some(account) => account,
                    None => {
                        account_add(tx, &fresh).await?;
                        fresh
                    }
                };
                link_add(tx, minted, account, now).await.map(Some)
            })
            .await
    }

    /// All accounts, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people_all(&self) -> Result<Vec<Account>, StoreError> {
        self.store.read(async |conn| accounts_all(conn).await).await
    }

    /// Adds an invited account with its link.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people_invite(
        &self,
        account: Account,
        minted: Minted,
        deed: Deed,
    ) -> Result<Linked, StoreError> {
        self.store
            .write(async move |tx| {
                account_add(tx, &account).await?;
                deed.write(tx, &account.id).await?;
                link_add(tx, minted, account, deed.at).await
            })
            .await
    }

    /// Another link: an invitation for who has not taken the first, a new password for who has one.
    ///
    /// # Errors
    /// NOT_FOUND (ACCOUNT_UNKNOWN), FAILED_PRECONDITION (ACCOUNT_DISABLED); [`StoreError`].
    pub async fn people_relink(
        &self,
        id: String,
        invite: Minted,
        reset: Minted,
        deed: Deed,
    ) -> Result<Linked, StoreError> {
        self.store
            .write(async move |tx| {
                let account = account_find(tx, &id).await?;
                let minted = match &account.state {
                    AccountState::Invited => invite,
                    AccountState::Active(_) => reset,
                    AccountState::Disabled => return Err(account_disabled().into()),
                };
                deed.write(tx, &id).await?;
                link_add(tx, minted, account, deed.at).await
            })
            .await
    }

    /// Takes an account out of use, with its sessions and links. Again, nothing changes.
    ///
    /// # Errors
    /// NOT_FOUND (ACCOUNT_UNKNOWN), FAILED_PRECONDITION (LAST_OPERATOR); [`StoreError`].
    pub async fn people_disable(&self, id: String, deed: Deed) -> Result<(), StoreError> {
        self.store
            .write(async move |tx| {
                let account = account_find(tx, &id).await?;
                if account.state == AccountState::Disabled {
                    return Ok(());
                }
                if account.is_last_administrator(&accounts_all(tx).await?) {
                    return Err(last_operator().into());
                }
                tickets_cancel(tx, &id, deed.at).await?;
                sessions_end(tx, &id, None).await?;
                account_disable(tx, &id).await?;
                deed.write(tx, &id).await
            })
            .await
    }

    /// The link with this secret, whether it works or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people_ticket(&self, secret: SecretHash) -> Result<Option<Ticket>, StoreError> {
        self.store.read(async move |conn| ticket_find(conn, secret).await).await
    }

    /// Burns a link: the account becomes active, or its password new and all its sessions end.
    ///
    /// # Errors
    /// ALREADY_EXISTS (LOGIN_TAKEN), FAILED_PRECONDITION (LINK_INVALID); [`StoreError`].
    pub async fn people_take(
        &self,
        secret: SecretHash,
        name: String,
        credentials: Credentials,
        deed: Deed,
    ) -> Result<(), StoreError> {
        self.store
            .write(async move |tx| {
                // What was true before the password was hashed need not be true any more.
                let ticket = ticket_find(tx, secret).await?.ok_or_else(link_invalid)?;
                ticket.check(deed.at)?;
                let id = &ticket.account.id;
                let is_late = ticket.purpose == Purpose::SetUp
                    && accounts_all(tx).await?.iter().any(|account| account.credentials().is_some());
                if is_late || !ticket_use(tx, &ticket.id, deed.at).await? {
                    return Err(link_invalid().into());
                }
                if !account_activate(tx, id, &name, &credentials).await? {
                    return Err(login_taken().into());
                }
                sessions_end(tx, id, None).await?;
                deed.write(tx, id).await
            })
            .await
    }

    /// The account with this name, and the mistakes at this browser if it is one of the account's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people_find(
        &self,
        login: Login,
        device: Option<SecretHash>,
    ) -> Result<(Option<Account>, Option<Mistakes>), StoreError> {
        self.store
            .read(async move |conn| {
                let account = account_by_login(conn, &login).await?;
                let known = match (device, &account) {
                    (Some(device), Some(account)) => device_find(conn, device, &account.id).await?,
                    (None, _) | (_, None) => None,
                };
                Ok((account, known))
            })
            .await
    }

    /// Notes one more mistake, at the browser if that is known, else at the account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people_mistake(
        &self,
        account: String,
        origin: Origin,
        device: Option<SecretHash>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store
            .write(async move |tx| match (origin, device) {
                (Origin::KnownDevice(mistakes), Some(device)) => {
                    device_mistakes_set(tx, device, mistakes.and_one(now)).await
                }
                (Origin::KnownDevice(mistakes), None) | (Origin::Stranger { account: mistakes, .. }, _) => {
                    account_mistakes_set(tx, &account, mistakes.and_one(now)).await
                }
            })
            .await
    }

    /// Begins a session, in place of the one that the browser had.
    ///
    /// # Errors
    /// UNAUTHENTICATED (SIGN_IN_FAILED) when the account was taken out of use a moment ago; [`StoreError`].
    pub async fn session_begin(
        &self,
        secret: SecretHash,
        session: Session,
        device: SecretHash,
        ended: Option<SecretHash>,
    ) -> Result<(), StoreError> {
        self.store
            .write(async move |tx| {
                if let Some(ended) = ended {
                    session_end(tx, ended).await?;
                }
                if account_find(tx, &session.account).await?.credentials().is_none() {
                    return Err(sign_in_failed().into());
                }
                let before = |life| session.began.checked_sub(life).unwrap_or(Timestamp::MIN);
                sessions_sweep(tx, before(LONGEST), before(DEVICE_LIFE)).await?;
                session_add(tx, secret, &session).await?;
                device_put(tx, device, &session.account, session.began).await?;
                account_signed_in(tx, &session.account, session.began).await
            })
            .await
    }

    /// The session with this secret and its account, whether they count or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session_find(&self, secret: SecretHash) -> Result<Option<(Session, Account)>, StoreError> {
        self.store
            .read(async move |conn| {
                let Some(session) = session_find(conn, secret).await? else { return Ok(None) };
                let account = account_find(conn, &session.account).await?;
                Ok(Some((session, account)))
            })
            .await
    }

    /// Notes that the person is still there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session_seen(&self, id: String, now: Timestamp) -> Result<(), StoreError> {
        self.store.write(async move |tx| session_seen(tx, &id, now).await).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session_end(&self, secret: SecretHash) -> Result<(), StoreError> {
        self.store.write(async move |tx| session_end(tx, secret).await).await
    }

    /// Changes a password; all sessions but this one end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people_password(
        &self,
        account: String,
        hash: String,
        session: String,
        deed: Deed,
    ) -> Result<(), StoreError> {
        self.store
            .write(async move |tx| {
                account_password_set(tx, &account, &hash).await?;
                sessions_end(tx, &account, Some(&session)).await?;
                deed.write(tx, &account).await
            })
            .await
    }
}
