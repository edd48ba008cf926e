//! What the pages of people and of one's own account show at both servers: who there is, a link that is shown once, and the
//! form for another password. Pure.

use askama::Template;

use crate::{
    Lang,
    age::{self, Age},
    choice::Choice,
    icon,
    people::{account::AccountState, ticket::Linked},
    wrong::Wrong,
};

/// The page of people: invite, new link, out of use.
#[derive(Clone, Debug, Template)]
#[template(path = "people.html")]
pub struct PeoplePage {
    /// Language.
    pub lang: Lang,
    /// What was refused; empty when nothing was.
    pub problem: String,
    /// A link that was just made.
    pub link: Option<LinkView>,
    /// What was typed as the name of the next person.
    pub display_name: String,
    /// What the next person can be.
    pub posts: Vec<Choice>,
    /// Whose the next person can be; none where all are of one member.
    pub members: Option<Vec<Choice>>,
    /// Who there is.
    pub accounts: Vec<AccountView>,
    /// What is wrong with which field.
    pub wrong: Wrong,
}

/// A link that is shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// Whose.
    pub name: String,
    /// Where it leads.
    pub address: String,
    /// How long it works.
    pub until: String,
}

impl LinkView {
    /// The link of somebody with this name, at pages whose address begins so.
    #[must_use]
    pub fn of<A>(linked: &Linked<A>, name: &str, site: &str) -> Self {
        let address = format!("{site}{}", linked.path());
        Self { name: name.to_owned(), address, until: age::exact(linked.expires) }
    }
}

/// A person in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// The account's id.
    pub id: String,
    /// The person's name.
    pub name: String,
    /// What the person is.
    pub post: &'static str,
    /// Whose; empty when of none.
    pub member: String,
    /// How it stands with the account.
    pub state: StateView,
    /// When somebody last signed in.
    pub signed_in: Option<Age>,
}

/// How it stands with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateView {
    /// Login name; empty when there is none yet.
    pub login: String,
    /// As the styles name it.
    pub code: &'static str,
    /// In words.
    pub label: &'static str,
    /// True when there can be another link, and an end.
    pub can_reset: bool,
    /// What another link is for.
    pub reset: &'static str,
}

impl StateView {
    /// Of this state.
    #[must_use]
    pub fn of(lang: Lang, state: &AccountState) -> Self {
        let (label, can_reset, reset) = match state {
            AccountState::Invited => ("people.invited", true, "people.new-invitation"),
            AccountState::Active(_) => ("people.active", true, "people.new-password"),
            AccountState::Disabled => ("people.disabled", false, "people.new-password"),
        };
        Self {
            login: state.credentials().map_or_else(String::new, |known| known.login.as_str().to_owned()),
            code: state.as_str(),
            label: lang.say(label),
            can_reset,
            reset: lang.say(reset),
        }
    }
}

/// The form for another password, on the page of one's own account.
#[derive(Clone, Debug, Template)]
#[template(path = "password.html")]
pub struct PasswordForm {
    /// Language.
    pub lang: Lang,
    /// Login name, for what keeps passwords.
    pub login: String,
    /// What is wrong with which field.
    pub wrong: Wrong,
}
