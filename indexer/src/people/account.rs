//! People and what they are here. Pure.

use std::str::FromStr;

use jiff::Timestamp;
use shouwang_proto::{id::MemberId, refusal::Violations};

use crate::council::caller::Role;

/// Shortest and longest login name.
pub const LOGIN_LENGTH: std::ops::RangeInclusive<usize> = 3..=40;

/// What a person is in the alliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Post {
    /// Publishes for a member; publishing itself happens at the member's own node. At the hub the same as a safety
    /// manager: in an emergency everybody of a member may call for help.
    Publisher,
    /// Looks after safety at a member.
    SafetyManager,
    /// Dispatches mutual aid, and has duty: never locked out, never signed out for being idle.
    Dispatcher,
    /// Sits on the council.
    Council,
    /// Reads for a regulator.
    Regulator,
    /// Runs the hub.
    Operator,
}

impl Post {
    /// All.
    pub const ALL: [Self; 6] = [
        Self::Publisher,
        Self::SafetyManager,
        Self::Dispatcher,
        Self::Council,
        Self::Regulator,
        Self::Operator,
    ];

    /// As the store, forms and messages name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::SafetyManager => "safety-manager",
            Self::Dispatcher => "dispatcher",
            Self::Council => "council",
            Self::Regulator => "regulator",
            Self::Operator => "operator",
        }
    }

    /// What it may ask at the hub.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Publisher | Self::SafetyManager => Role::Member,
            Self::Dispatcher => Role::Dispatcher,
            Self::Council => Role::Council,
            Self::Regulator => Role::Regulator,
            Self::Operator => Role::Operator,
        }
    }

    /// True when somebody may need this person at any moment.
    #[must_use]
    pub fn has_duty(self) -> bool {
        match self {
            Self::Dispatcher => true,
            Self::Publisher | Self::SafetyManager | Self::Council | Self::Regulator | Self::Operator => false,
        }
    }
}

/// A text is not a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no post this hub knows （未知岗位）")]
pub struct UnknownPost;

impl FromStr for Post {
    type Err = UnknownPost;

    fn from_str(text: &str) -> Result<Self, UnknownPost> {
        Self::ALL.into_iter().find(|post| post.as_str() == text).ok_or(UnknownPost)
    }
}

/// The life of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// Invited; nobody has taken the link yet.
    Invited,
    /// Somebody signs in with it.
    Active(Credentials),
    /// Taken out of use by the operator. The login name stays taken.
    Disabled,
}

impl AccountState {
    /// As the store and messages name it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active(_) => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// How a person proves to be the one.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Login name.
    pub login: Login,
    /// Argon2id, in PHC form.
    pub password_hash: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credentials").field("login", &self.login).finish_non_exhaustive()
    }
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// The person's name.
    pub display_name: String,
    /// What the person is here.
    pub post: Post,
    /// Whose; with the posts of a member only.
    pub member: Option<MemberId>,
    /// Its state.
    pub state: AccountState,
    /// When it was made.
    pub created: Timestamp,
    /// When somebody last signed in.
    pub signed_in: Option<Timestamp>,
    /// Wrong passwords since the last right one, from where nobody knows the person.
    pub failures: u32,
    /// When the last of them was.
    pub failed: Option<Timestamp>,
}

impl Account {
    /// How messages and the audit log name it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("accounts/{}", self.id)
    }

    /// The credentials, while it is active.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        match &self.state {
            AccountState::Active(credentials) => Some(credentials),
            AccountState::Invited | AccountState::Disabled => None,
        }
    }
}

/// A login name: lower-case letters, digits, `.`, `-`, `_`, `@`; or a telephone number, which is one too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Login(String);

impl Login {
    /// The name as it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text is not a login name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have 3 to 40 letters, digits or . - _ @, and begin with a letter or digit （须为 3 至 40 个字母、数字或 . - _ @，以字母或数字开头）"
)]
pub struct BadLogin;

impl FromStr for Login {
    type Err = BadLogin;

    /// Upper case is read as lower case, so that nobody fails for a capital letter.
    fn from_str(text: &str) -> Result<Self, BadLogin> {
        let name = text.trim().to_ascii_lowercase();
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
        let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        if begins && LOGIN_LENGTH.contains(&name.len()) && name.bytes().all(good) {
            Ok(Self(name))
        } else {
            Err(BadLogin)
        }
    }
}

/// Checks that a member is named exactly when the post needs one.
pub fn check_member(post: Option<Post>, member: Option<&MemberId>, violations: &mut Violations) {
    let needs_one = post.map(|post| post.role() == Role::Member);
    match (needs_one, member) {
        (Some(true), None) => violations.add("member", "is required for this post （该岗位须选所属单位）"),
        (Some(false), Some(_)) => violations.add("member", "is not for this post （该岗位不属于某个单位）"),
        (Some(true), Some(_)) | (Some(false), None) | (None, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_post_is_read_back_and_has_a_role() {
        for post in Post::ALL {
            assert_eq!(post.as_str().parse(), Ok(post));
        }
        assert_eq!("boss".parse::<Post>(), Err(UnknownPost));
        assert_eq!(Post::ALL.iter().filter(|post| post.has_duty()).count(), 1);
    }

    #[test]
    fn a_login_name_is_plain() {
        let login = |text: &str| text.parse::<Login>().map(|login| login.as_str().to_owned());
        assert_eq!(login(" Wang.Min "), Ok("wang.min".to_owned()));
        assert_eq!(login("13951234567"), Ok("13951234567".to_owned()));
        for bad in ["ab", "-ab", "王敏", "a b c", "a/b/c", &"a".repeat(41)] {
            assert_eq!(login(bad), Err(BadLogin), "{bad}");
        }
    }

    #[test]
    fn members_people_need_their_member_and_no_others() {
        let member: MemberId = "hengrui-foundry".parse().unwrap();
        for post in Post::ALL {
            let wrong = |member| {
                let mut violations = Violations::new();
                check_member(Some(post), member, &mut violations);
                !violations.is_empty()
            };
            let needs_one = post.role() == Role::Member;
            assert_eq!((wrong(None), wrong(Some(&member))), (needs_one, !needs_one), "{post:?}");
        }
    }
}
