//! The administrator's page of people: invite, new link, out of use.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use shouwang_pages::{
    Lang,
    age::{self, Age},
    icon,
    people::account::AccountState,
    trouble::Trouble,
    wrong::Wrong,
};
use shouwang_serving::store::StoreError;

use super::{
    asked::{Asked, post_words},
    form_view::Choice,
    route::to,
};
use crate::people::account::{Account, Linked, Post};

struct LinkView {
    name: String,
    address: String,
    until: String,
}

struct AccountView {
    id: String,
    name: String,
    post: &'static str,
    login: String,
    state: &'static str,
    state_label: &'static str,
    signed_in: Option<Age>,
    can_reset: bool,
    reset_key: &'static str,
}

#[derive(Template)]
#[template(path = "own_people.html")]
struct PeoplePage {
    lang: Lang,
    problem: String,
    link: Option<LinkView>,
    display_name: String,
    posts: Vec<Choice>,
    accounts: Vec<AccountView>,
    wrong: Wrong,
}

async fn page<R>(asked: &Asked<R>, done: Result<Option<Linked>, StoreError>) -> Result<Response, Trouble> {
    let (lang, now) = (asked.lang(), asked.site().world.now());
    let accounts = asked.site().people.accounts().await?;
    let (status, link, wrong, problem) = match done {
        Ok(linked) => {
            let link = linked.map(|linked| LinkView {
                address: format!("{}{}", asked.site().address, linked.path()),
                until: age::exact(linked.expires),
                name: linked.account.display_name,
            });
            (StatusCode::OK, link, Wrong::default(), String::new())
        }
        Err(StoreError::Refused(refusal)) => {
            let trouble = Trouble::from(refusal);
            (trouble.status(), None, trouble.wrong(lang), trouble.problem(lang))
        }
        Err(other) => return Err(other.into()),
    };
    // After a refusal the form keeps what was typed; after an invitation it is ready for the next one.
    let typed = |name: &str| if wrong.any() { asked.form.first(name) } else { "" };
    let chosen = match typed("post") {
        "" => Post::SafetyManager.as_str(),
        post => post,
    };
    let shown = PeoplePage {
        lang,
        problem,
        link,
        display_name: typed("display_name").to_owned(),
        posts: Post::ALL.map(|post| Choice::new(post.as_str(), post_words(lang, post), &[chosen])).into(),
        accounts: accounts.iter().map(|account| account_view(lang, account, now)).collect(),
        wrong,
    };
    asked.base.page(status, lang.say("people.title").to_owned(), &shown, &["page.js"])
}

fn account_view(lang: Lang, account: &Account, now: Timestamp) -> AccountView {
    let (state_key, can_reset, reset_key) = match account.state {
        AccountState::Invited => ("people.invited", true, "people.new-invitation"),
        AccountState::Active(_) => ("people.active", true, "people.new-password"),
        AccountState::Disabled => ("people.disabled", false, "people.new-password"),
    };
    AccountView {
        id: account.id.clone(),
        name: account.display_name.clone(),
        post: post_words(lang, account.post),
        login: account.login().to_owned(),
        state: account.state.as_str(),
        state_label: lang.find(state_key).unwrap_or_default(),
        signed_in: account.signed_in.map(|time| Age::of(lang, time, now)),
        can_reset,
        reset_key,
    }
}

/// `GET /people`.
pub(super) async fn show(asked: Asked<to::ShowPeople>) -> Result<Response, Trouble> {
    page(&asked, Ok(None)).await
}

/// `POST /people`.
pub(super) async fn invite(asked: Asked<to::InvitePerson>) -> Result<Response, Trouble> {
    let by = &asked.visitor()?.account;
    let invited =
        asked.site().people.invite(by, asked.form.first("display_name"), asked.form.first("post")).await;
    page(&asked, invited.map(Some)).await
}

/// `POST /people/{id}/link`.
pub(super) async fn relink(asked: Asked<to::RelinkPerson>) -> Result<Response, Trouble> {
    let linked = asked.site().people.relink(&asked.visitor()?.account, asked.name("id")).await;
    page(&asked, linked.map(Some)).await
}

/// `POST /people/{id}/disable`.
pub(super) async fn disable(asked: Asked<to::DisablePerson>) -> Result<Response, Trouble> {
    let done = asked.site().people.disable(&asked.visitor()?.account, asked.name("id")).await;
    page(&asked, done.map(|()| None)).await
}
