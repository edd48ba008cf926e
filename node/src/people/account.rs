//! The member's own people at their node. Pure.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use shouwang_pages::people::{
    account::{AccountState, Credentials},
    lockout::Mistakes,
    session::Ages,
    ticket,
};

/// What a person is at the node. Everybody looks at everything, publishes, and may call for help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Post {
    /// Publishes.
    Publisher,
    /// Answers emergencies, too. Has duty: never locked out, never signed out for being idle.
    SafetyManager,
    /// Does all that and invites the others: in a small company there is one person for everything.
    Administrator,
}

impl Post {
    /// All.
    pub const ALL: [Self; 3] = [Self::Publisher, Self::SafetyManager, Self::Administrator];

    /// As the store and forms name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::SafetyManager => "safety-manager",
            Self::Administrator => "administrator",
        }
    }

    /// True when somebody may need this person at any moment.
    #[must_use]
    pub fn has_duty(self) -> bool {
        match self {
            Self::SafetyManager => true,
            Self::Publisher | Self::Administrator => false,
        }
    }

    /// How long a sign-in lasts. Who invites has most to lose by a browser left open; who has duty must not be asked for a
    /// password at night because the week was quiet.
    #[must_use]
    pub fn ages(self) -> Ages {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        match self {
            Self::Administrator => {
                Ages { absolute: SignedDuration::from_hours(12), idle: SignedDuration::from_mins(60) }
            }
            Self::SafetyManager => Ages { absolute: days(30), idle: days(30) },
            Self::Publisher => Ages { absolute: days(7), idle: SignedDuration::from_hours(12) },
        }
    }
}

/// A text is not a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no post this node knows （未知岗位）")]
pub struct UnknownPost;

impl FromStr for Post {
    type Err = UnknownPost;

    fn from_str(text: &str) -> Result<Self, UnknownPost> {
        Self::ALL.into_iter().find(|post| post.as_str() == text).ok_or(UnknownPost)
    }
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// The person's name; empty until the first administrator has said it.
    pub display_name: String,
    /// What the person is here.
    pub post: Post,
    /// Its state.
    pub state: AccountState,
    /// When it was made.
    pub created: Timestamp,
    /// When somebody last signed in.
    pub signed_in: Option<Timestamp>,
    /// Wrong passwords since the last right one, from where nobody knows the person.
    pub mistakes: Mistakes,
}

impl AsRef<AccountState> for Account {
    fn as_ref(&self) -> &AccountState {
        &self.state
    }
}

impl Account {
    /// The credentials, while it is active.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.state.credentials()
    }

    /// Login name; empty while it is not active.
    #[must_use]
    pub fn login(&self) -> &str {
        self.credentials().map_or("", |known| known.login.as_str())
    }

    /// Would nobody be left who can invite others, if this one were out of use?
    #[must_use]
    pub fn is_last_administrator(&self, all: &[Self]) -> bool {
        let runs = |account: &&Self| account.post == Post::Administrator && account.credentials().is_some();
        runs(&self) && all.iter().filter(runs).count() == 1
    }
}

/// A link as it is kept.
pub type Ticket = ticket::Ticket<Account>;
/// A link with its secret.
pub type Linked = ticket::Linked<Account>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_post_is_read_back_and_duty_is_not_signed_out_for_a_quiet_night() {
        for post in Post::ALL {
            assert_eq!(post.as_str().parse(), Ok(post));
            assert_eq!(post.has_duty(), post.ages().idle == post.ages().absolute);
        }
        assert_eq!("operator".parse::<Post>(), Err(UnknownPost));
    }

    #[test]
    fn the_last_administrator_is_known() {
        let account = |id: &str, post, is_active| Account {
            id: id.to_owned(),
            display_name: String::new(),
            post,
            state: if is_active {
                let login = "wang.min".parse().unwrap();
                AccountState::Active(Credentials { login, password_hash: String::new() })
            } else {
                AccountState::Invited
            },
            created: Timestamp::UNIX_EPOCH,
            signed_in: None,
            mistakes: Mistakes::default(),
        };
        let one = account("a", Post::Administrator, true);
        let invited = account("b", Post::Administrator, false);
        let publisher = account("c", Post::Publisher, true);
        let all = [one.clone(), invited.clone(), publisher.clone()];
        assert!(one.is_last_administrator(&all));
        assert!(!invited.is_last_administrator(&all) && !publisher.is_last_administrator(&all));
        let second = account("d", Post::Administrator, true);
        assert!(!one.is_last_administrator(&[one.clone(), second]));
    }
}
