//! A person's own page: the password.

use std::future::{Ready, ready};

use askama::Template;
use axum::response::Response;
use shouwang_pages::{
    Lang, icon,
    people_view::PasswordForm,
    shown::{Shown, shown},
    trouble::Trouble,
};
use shouwang_proto::refusal::Refusal;

use super::{
    asked::{Asked, post_words},
    route::to,
};

#[derive(Template)]
#[template(path = "own_account.html")]
struct AccountPage {
    lang: Lang,
    name: String,
    post: &'static str,
    login: String,
    password: PasswordForm,
    done: &'static str,
    problem: String,
}

fn page<R>(asked: &Asked<R>, done: Result<&'static str, Refusal>) -> Result<Response, Trouble> {
    let (lang, present) = (asked.lang(), asked.visitor()?);
    let Shown { status, wrong, problem } = Shown::of(lang, done.as_ref().err());
    let login = present.account.login().to_owned();
    let shown = AccountPage {
        lang,
        name: present.account.display_name.clone(),
        post: post_words(lang, present.account.post),
        login: login.clone(),
        password: PasswordForm { lang, login, wrong },
        done: done.ok().and_then(|key| lang.find(key)).unwrap_or_default(),
        problem,
    };
    asked.base.page(status, lang.say("account.title").to_owned(), &shown, &[])
}

/// `GET /account`.
pub(super) fn show(asked: Asked<to::ShowAccount>) -> Ready<Result<Response, Trouble>> {
    ready(page(&asked, Ok("")))
}

/// `POST /account/password`.
pub(super) async fn change_password(asked: Asked<to::ChangePassword>) -> Result<Response, Trouble> {
    let old = asked.form.verbatim("old_password").to_owned();
    let new = asked.form.verbatim("password");
    let changed = shown(asked.site().people.change_password(asked.visitor()?, old, new).await)?;
    page(&asked, changed.map(|()| "account.password-done"))
}
