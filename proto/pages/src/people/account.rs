//! Login names, credentials, and the life of an account. Pure.

use std::str::FromStr;

use shouwang_proto::{publication::text::TextRule, refusal::Refusal};

/// Shortest and longest login name.
pub const LOGIN_LENGTH: std::ops::RangeInclusive<usize> = 3..=40;
/// A person's name.
pub const NAME: TextRule = TextRule::line(1, 60);

/// The life of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// Invited; nobody has taken the link yet.
    Invited,
    /// Somebody signs in with it.
    Active(Credentials),
    /// Taken out of use by who runs the server. The login name stays taken.
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

impl AccountState {
    /// The credentials, while it is active.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        match self {
            Self::Active(credentials) => Some(credentials),
            Self::Invited | Self::Disabled => None,
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

/// There is no such account.
#[must_use]
pub fn account_unknown() -> Refusal {
    Refusal::not_found("ACCOUNT_UNKNOWN", "there is no such account （没有该账号）")
}

/// Nothing is done with an account that is out of use.
#[must_use]
pub fn account_disabled() -> Refusal {
    Refusal::precondition("ACCOUNT_DISABLED", "this account is out of use （该账号已停用）")
}

/// Somebody has to be left who can invite others.
#[must_use]
pub fn last_operator() -> Refusal {
    Refusal::precondition(
        "LAST_OPERATOR",
        "this is the last operator; invite another one first （这是最后一名管理员，请先邀请另一名）",
    )
}

/// Somebody else has this login name.
#[must_use]
pub fn login_taken() -> Refusal {
    let mut refusal = Refusal::field("login", "is taken, choose another one （已被使用，请换一个）");
    refusal.reason = "LOGIN_TAKEN".into();
    refusal.code = tonic::Code::AlreadyExists;
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_is_plain() {
        let login = |text: &str| text.parse::<Login>().map(|login| login.as_str().to_owned());
        assert_eq!(login(" Wang.Min "), Ok("wang.min".to_owned()));
        assert_eq!(login("13951234567"), Ok("13951234567".to_owned()));
        for bad in ["ab", "-ab", "王敏", "a b c", "a/b/c", &"a".repeat(41)] {
            assert_eq!(login(bad), Err(BadLogin), "{bad}");
        }
    }
}
