//! People and what they are here. Pure.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
pub use shouwang_pages::people::account::{AccountState, BadLogin, Credentials, LOGIN_LENGTH, Login};
use shouwang_pages::people::{lockout::Mistakes, session::Ages};
use shouwang_proto::{id::MemberId, refusal::Violations};

use crate::council::caller::Role;

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

    /// How long a sign-in lasts. Who runs the hub has most to lose by a browser left open; who has duty must not be asked
    /// for a password because a night was quiet.
    #[must_use]
    pub fn ages(self) -> Ages {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        match self {
            Self::Operator => {
                Ages { absolute: SignedDuration::from_hours(12), idle: SignedDuration::from_mins(60) }
            }
            Self::Dispatcher => Ages { absolute: days(7), idle: days(7) },
            Self::Publisher | Self::SafetyManager | Self::Council | Self::Regulator => {
                Ages { absolute: days(7), idle: SignedDuration::from_hours(12) }
            }
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
    pub mistakes: Mistakes,
}

impl AsRef<AccountState> for Account {
    fn as_ref(&self) -> &AccountState {
        &self.state
    }
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
        self.state.credentials()
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
    fn duty_is_not_signed_out_for_a_quiet_night() {
        let ages = Post::Dispatcher.ages();
        assert_eq!(ages.idle, ages.absolute);
        assert_eq!(Post::Operator.ages().idle, SignedDuration::from_mins(60));
        assert_eq!(Post::SafetyManager.ages().idle, SignedDuration::from_hours(12));
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
