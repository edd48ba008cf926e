//! A person's own page: the password.

use std::future::{Ready, ready};

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Lang, icon, trouble::Trouble, wrong::Wrong};
use shouwang_serving::store::StoreError;

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
    done: &'static str,
    problem: String,
    wrong: Wrong,
}

fn page<R>(asked: &Asked<R>, done: &'static str, trouble: Option<&Trouble>) -> Result<Response, Trouble> {
    let (lang, present) = (asked.lang(), asked.visitor()?);
    let (status, wrong, problem) = match trouble {
        None => (StatusCode::OK, Wrong::default(), String::new()),
        Some(trouble) => (trouble.status(), trouble.wrong(lang), trouble.problem(lang)),
    };
    let shown = AccountPage {
        lang,
        name: present.account.display_name.clone(),
        post: post_words(lang, present.account.post),
        login: present.account.login().to_owned(),
        done: lang.find(done).unwrap_or_default(),
        problem,
        wrong,
    };
    asked.base.page(status, lang.say("account.title").to_owned(), &shown, &[])
}

/// `GET /account`.
pub(super) fn show(asked: Asked<to::ShowAccount>) -> Ready<Result<Response, Trouble>> {
    ready(page(&asked, "", None))
}

/// `POST /account/password`.
pub(super) async fn change_password(asked: Asked<to::ChangePassword>) -> Result<Response, Trouble> {
    let old = asked.form.verbatim("old_password").to_owned();
    let new = asked.form.verbatim("password");
    match asked.site().people.change_password(asked.visitor()?, old, new).await {
        Ok(()) => page(&asked, "account.password-done", None),
        Err(StoreError::Refused(refusal)) => page(&asked, "", Some(&refusal.into())),
        Err(other) => Err(other.into()),
    }
}
