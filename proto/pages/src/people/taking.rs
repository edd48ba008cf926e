//! What somebody types who takes a link, every wrong field at once. Pure.

use shouwang_proto::refusal::{Refusal, Violations};

use super::{
    account::{AccountState, Login, NAME},
    password::{self, Password},
};

/// What somebody types who takes a link.
#[derive(Clone, Default)]
pub struct Taking {
    /// The person's name; empty keeps the one in the invitation. Not asked for a new password.
    pub display_name: String,
    /// Login name; not asked for a new password.
    pub login: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Taking {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Taking").field("login", &self.login).finish_non_exhaustive()
    }
}

/// What was typed, and is good.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The person's name.
    pub display_name: String,
    /// Login name.
    pub login: Login,
    /// The password.
    pub password: Password,
}

impl Taking {
    /// Checks it against the account as it is: its name, and its state.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every wrong field.
    pub fn check(self, name: &str, state: &AccountState) -> Result<Taken, Refusal> {
        let Self { display_name, login, password } = self;
        let mut violations = Violations::new();
        let (display_name, login) = match state.credentials() {
            Some(known) => (name.to_owned(), Some(known.login.clone())),
            None => {
                let given = if display_name.trim().is_empty() { name } else { &display_name };
                let name = NAME.read("display_name", given, &mut violations);
                (name, violations.check("login", login.parse::<Login>()))
            }
        };
        let known = login.as_ref().map_or("", Login::as_str);
        let password = violations.check("password", password::check(&password, known));
        violations.finish(|| Some(Taken { display_name, login: login?, password: password? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_wrong_fields_are_named_and_an_empty_name_keeps_the_invited_one() {
        let typed = |login: &str, password: &str| Taking {
            display_name: String::new(),
            login: login.to_owned(),
            password: password.to_owned(),
        };
        let wrong = typed("王", "short").check("", &AccountState::Invited).unwrap_err();
        let fields: Vec<_> = wrong.violations.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(fields, ["display_name", "login", "password"]);
        let good = typed("wang.min", "kettle-otter-vivid").check("王敏", &AccountState::Invited).unwrap();
        assert_eq!((good.display_name.as_str(), good.login.as_str()), ("王敏", "wang.min"));
    }
}
