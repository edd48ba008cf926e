//! Links that work once: the first operator's, an invitation, a new password. Pure.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::refusal::Refusal;

use super::account::AccountState;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first operator, while nobody else can sign in.
    SetUp,
    /// Somebody invited chooses login name and password.
    Invite,
    /// Somebody who has an account chooses a new password.
    Reset,
}

impl Purpose {
    /// All.
    pub const ALL: [Self; 3] = [Self::SetUp, Self::Invite, Self::Reset];

    /// As the store keeps it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "setup",
            Self::Invite => "invite",
            Self::Reset => "reset",
        }
    }

    /// How long it works.
    #[must_use]
    pub fn life(self) -> SignedDuration {
        match self {
            Self::SetUp | Self::Reset => SignedDuration::from_hours(24),
            Self::Invite => SignedDuration::from_hours(72),
        }
    }
}

/// A text is not a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no purpose of a link")]
pub struct UnknownPurpose;

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, UnknownPurpose> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(UnknownPurpose)
    }
}

/// A link with its secret, which is nowhere else.
pub struct Linked<A> {
    /// The account as it stands now.
    pub account: A,
    /// What the link is for.
    pub purpose: Purpose,
    /// 256 random bits, hexadecimal.
    pub secret: String,
    /// When it ends.
    pub expires: Timestamp,
}

impl<A> Linked<A> {
    /// The path of the page that takes it.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/link/{}", self.secret)
    }
}

impl<A> std::fmt::Debug for Linked<A> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Linked").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// A link that is not saved yet.
pub struct Minted {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub purpose: Purpose,
    /// 256 random bits, hexadecimal.
    pub secret: String,
    /// When it ends.
    pub expires: Timestamp,
}

impl Minted {
    /// A link with what chance gave.
    #[must_use]
    pub fn new(id: String, secret: [u8; 32], purpose: Purpose, now: Timestamp) -> Self {
        let expires = now.checked_add(purpose.life()).unwrap_or(Timestamp::MAX);
        Self { id, purpose, secret: hex::encode(secret), expires }
    }

    /// The link of this account, for who takes it.
    #[must_use]
    pub fn linked<A>(self, account: A) -> Linked<A> {
        let Self { id: _, purpose, secret, expires } = self;
        Linked { account, purpose, secret, expires }
    }
}

impl std::fmt::Debug for Minted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Minted").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A link as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket<A> {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Whose.
    pub account: A,
    /// When it ends.
    pub expires: Timestamp,
    /// True once it was used or another one took its place.
    pub is_spent: bool,
}

impl<A> Ticket<A> {
    /// The same link, of this account.
    #[must_use]
    pub fn of<B>(self, account: B) -> Ticket<B> {
        let Self { id, purpose, account: _, expires, is_spent } = self;
        Ticket { id, purpose, account, expires, is_spent }
    }
}

impl<A: AsRef<AccountState>> Ticket<A> {
    /// May it be used now?
    ///
    /// # Errors
    /// FAILED_PRECONDITION (LINK_INVALID): used, replaced, too old, or the account is not as it was. One answer for all,
    /// so that a link tells nothing to somebody who found it.
    pub fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        let fits = match (self.account.as_ref(), self.purpose) {
            (AccountState::Invited, Purpose::SetUp | Purpose::Invite) => true,
            (AccountState::Active(_), Purpose::Reset) => true,
            (AccountState::Invited, Purpose::Reset)
            | (AccountState::Active(_), Purpose::SetUp | Purpose::Invite)
            | (AccountState::Disabled, _) => false,
        };
        if fits && !self.is_spent && now < self.expires { Ok(()) } else { Err(link_invalid()) }
    }
}

/// The link does not work, for whatever reason.
#[must_use]
pub fn link_invalid() -> Refusal {
    Refusal::precondition(
        "LINK_INVALID",
        "this link has been used, has ended, or never was one; ask the operator for a new one \
         （链接已使用、已过期或无效，请联系管理员重新发送）",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::account::Credentials;

    struct Somebody(AccountState);

    impl AsRef<AccountState> for Somebody {
        fn as_ref(&self) -> &AccountState {
            &self.0
        }
    }

    fn ticket(state: AccountState, purpose: Purpose) -> Ticket<Somebody> {
        let expires = Timestamp::UNIX_EPOCH + purpose.life();
        Ticket { id: "t".to_owned(), purpose, account: Somebody(state), expires, is_spent: false }
    }

    #[test]
    fn a_link_fits_one_state_of_its_account() {
        let active = || {
            let login = "wang.min".parse().unwrap();
            AccountState::Active(Credentials { login, password_hash: String::new() })
        };
        let works = |state, purpose| ticket(state, purpose).check(Timestamp::UNIX_EPOCH).is_ok();
        for purpose in Purpose::ALL {
            assert_eq!(purpose.as_str().parse(), Ok(purpose));
            assert_eq!(works(AccountState::Invited, purpose), purpose != Purpose::Reset);
            assert_eq!(works(active(), purpose), purpose == Purpose::Reset);
            assert!(!works(AccountState::Disabled, purpose));
        }
    }

    #[test]
    fn a_link_works_once_and_not_for_ever() {
        let invite = ticket(AccountState::Invited, Purpose::Invite);
        let last = invite.expires - SignedDuration::from_millis(1);
        assert!(invite.check(last).is_ok() && invite.check(invite.expires).is_err());
        let spent = Ticket { is_spent: true, ..invite };
        assert_eq!(spent.check(last).unwrap_err().reason, "LINK_INVALID");
    }
}
