//! The administrator's page of people: invite, new link, out of use.

use axum::response::Response;
use jiff::Timestamp;
use shouwang_pages::{
    Lang,
    age::Age,
    choice::Choice,
    people_view::{AccountView, LinkView, PeoplePage, StateView},
    shown::{Shown, shown},
    trouble::Trouble,
};
use shouwang_serving::store::StoreError;

use super::{
    asked::{Asked, post_words},
    route::to,
};
use crate::people::account::{Account, Linked, Post};

async fn page<R>(asked: &Asked<R>, done: Result<Option<Linked>, StoreError>) -> Result<Response, Trouble> {
    let (lang, site) = (asked.lang(), asked.site());
    let (accounts, done) = (site.people.accounts().await?, shown(done)?);
    let Shown { status, wrong, problem } = Shown::of(lang, done.as_ref().err());
    // After a refusal the form keeps what was typed; after an invitation it is ready for the next one.
    let typed = |name: &str| if wrong.any() { asked.form.first(name) } else { "" };
    let chosen = match typed("post") {
        "" => Post::SafetyManager.as_str(),
        post => post,
    };
    let link = done.ok().flatten();
    let now = site.world.now();
    let shown = PeoplePage {
        lang,
        problem,
        link: link.map(|linked| LinkView::of(&linked, &linked.account.display_name, &site.address)),
        display_name: typed("display_name").to_owned(),
        posts: Post::ALL.map(|post| Choice::new(post.as_str(), post_words(lang, post), &[chosen])).into(),
        members: None,
        accounts: accounts.iter().map(|account| account_view(lang, account, now)).collect(),
        wrong,
    };
    asked.base.page(status, lang.say("people.title").to_owned(), &shown, &["page.js"])
}

fn account_view(lang: Lang, account: &Account, now: Timestamp) -> AccountView {
    AccountView {
        id: account.id.clone(),
        name: account.display_name.clone(),
        post: post_words(lang, account.post),
        member: String::new(),
        state: StateView::of(lang, &account.state),
        signed_in: account.signed_in.map(|time| Age::of(lang, time, now)),
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
