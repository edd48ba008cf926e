//! What comes in and what goes out when somebody signs in.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::refusal::Refusal;
use tonic::Code;

use super::{
    account::Credentials,
    hashing::Hasher,
    lockout::{self, Mistakes, Origin},
    session::Session,
    strangers::Strangers,
};

/// Characters kept of what a browser calls itself.
pub const AGENT: usize = 200;

/// Somebody who wants to sign in.
#[derive(Clone)]
pub struct Attempt {
    /// Login name as typed.
    pub login: String,
    /// Password as typed.
    pub password: String,
    /// Where the call comes from.
    pub address: IpAddr,
    /// The cookie of a browser that somebody signed in from before.
    pub device: Option<String>,
    /// The session that the browser has now: it ends, whoever's it is.
    pub session: Option<String>,
    /// What the browser calls itself.
    pub agent: String,
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Attempt").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What a browser gets that has signed in. Neither secret is anywhere else.
pub struct SignedIn<A> {
    /// Whose.
    pub account: A,
    /// For the session cookie.
    pub session: String,
    /// How long the cookie is kept.
    pub session_life: SignedDuration,
    /// For the device cookie.
    pub device: String,
    /// How long that is kept.
    pub device_life: SignedDuration,
}

impl<A> std::fmt::Debug for SignedIn<A> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SignedIn").finish_non_exhaustive()
    }
}

/// Where an attempt comes from: `known` are the mistakes at a browser that somebody signed in to this account from,
/// `account` those at the account, if there is one.
#[must_use]
pub fn origin(
    known: Option<Mistakes>,
    account: Option<Mistakes>,
    strangers: &Strangers,
    address: IpAddr,
) -> Origin {
    match (known, account) {
        (Some(mistakes), Some(_)) => Origin::KnownDevice(mistakes),
        (None, Some(account)) => Origin::Stranger { account, address: strangers.of(address) },
        (_, None) => Origin::Stranger { account: Mistakes::default(), address: strangers.of(address) },
    }
}

/// Is this the password? Nothing is looked at while one has to wait; without credentials, because there is no such account
/// or it is out of use, the same work is done for nothing.
///
/// # Errors
/// RESOURCE_EXHAUSTED (SIGN_IN_WAIT, SIGN_IN_BUSY).
pub async fn fits(
    hasher: &Hasher,
    (origin, has_duty): (Origin, bool),
    credentials: Option<&Credentials>,
    typed: String,
    now: Timestamp,
) -> Result<bool, Refusal> {
    let wait = lockout::wait(origin, has_duty, now);
    if wait > SignedDuration::ZERO {
        return Err(must_wait(wait));
    }
    hasher.fits(typed, credentials.map(|known| known.password_hash.as_str())).await
}

/// A session that begins now, of a browser that calls itself so.
#[must_use]
pub fn begin(id: String, account: String, agent: &str, now: Timestamp) -> Session {
    let agent = agent.chars().filter(|one| !one.is_control()).take(AGENT).collect();
    Session { id, account, began: now, seen: now, agent }
}

/// Wrong name, wrong password, or an account out of use, all alike.
#[must_use]
pub fn sign_in_failed() -> Refusal {
    Refusal::new(
        Code::Unauthenticated,
        "SIGN_IN_FAILED",
        "login name or password is wrong （登录名或密码不正确）",
    )
}

/// Too many mistakes: so long nothing is looked at.
fn must_wait(wait: SignedDuration) -> Refusal {
    // A second too long is better than a button that fails again.
    let seconds = wait.as_secs() + 1;
    Refusal::new(
        Code::ResourceExhausted,
        "SIGN_IN_WAIT",
        format!(
            "too many wrong attempts, try again in {seconds} seconds （错误次数较多，请 {seconds} 秒后再试）"
        ),
    )
}
