//! Signing in and out.

use std::future::{Ready, ready};

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_serving::store::StoreError;

use crate::{
    Lang, asked::Asked, doorman::Doorman, icon, people::signing_in::Attempt, reply, trouble::Trouble,
};

#[derive(Template)]
#[template(path = "login.html")]
struct SignInPage {
    lang: Lang,
    login: String,
    next: String,
    problem: String,
}

fn page<H: Doorman, R>(
    asked: &Asked<H, R>,
    status: StatusCode,
    page: &SignInPage,
) -> Result<Response, Trouble> {
    let title = asked.lang().say("login.title").to_owned();
    asked.base.page(status, title, page, &[])
}

/// Where to go on to, when it is not the first page.
fn next_in(given: &str) -> String {
    match reply::own_path(given) {
        "/" => String::new(),
        path => path.to_owned(),
    }
}

/// `GET /login`.
pub fn show<H: Doorman, R>(asked: Asked<H, R>) -> Ready<Result<Response, Trouble>> {
    ready(form(&asked))
}

fn form<H: Doorman, R>(asked: &Asked<H, R>) -> Result<Response, Trouble> {
    let next = next_in(asked.fields().first("next"));
    if asked.is_signed_in() {
        return Ok(reply::see_other(reply::own_path(&next)));
    }
    let shown = SignInPage { lang: asked.lang(), login: String::new(), next, problem: String::new() };
    page(asked, StatusCode::OK, &shown)
}

/// Signs in with what a form said; `device` is forgotten for somebody who has just chosen a new password.
pub(crate) async fn enter<H: Doorman, R>(
    asked: &Asked<H, R>,
    login: String,
    password: String,
    keeps_device: bool,
    next: &str,
) -> Result<Response, StoreError> {
    let known = asked.base.known();
    let attempt = Attempt {
        login,
        password,
        address: asked.base.origin.address,
        device: known.device.filter(|_| keeps_device),
        session: known.session,
        agent: asked.agent().to_owned(),
    };
    let signed_in = asked.site().sign_in(attempt).await?;
    let mut response = reply::see_other(reply::own_path(next));
    for cookie in asked.base.cookies().signed_in(&signed_in) {
        reply::keep(&mut response, &cookie);
    }
    Ok(response)
}

/// `POST /login`.
///
/// # Errors
/// What the store said; a wrong password is answered on the page.
pub async fn sign_in<H: Doorman, R: 'static>(asked: Asked<H, R>) -> Result<Response, Trouble> {
    let login = asked.form.first("login").to_owned();
    let next = next_in(asked.form.first("next"));
    let password = asked.form.verbatim("password").to_owned();
    match enter(&asked, login.clone(), password, true, &next).await {
        Ok(response) => Ok(response),
        Err(StoreError::Refused(refusal)) => {
            let trouble = Trouble::from(refusal);
            let problem = trouble.words(asked.lang());
            page(&asked, trouble.status(), &SignInPage { lang: asked.lang(), login, next, problem })
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /logout`.
///
/// # Errors
/// What the store said.
pub async fn sign_out<H: Doorman, R: 'static>(asked: Asked<H, R>) -> Result<Response, Trouble> {
    if let Some(secret) = asked.base.known().session {
        asked.site().sign_out(&secret).await?;
    }
    let mut response = reply::see_other("/login");
    reply::keep(&mut response, &asked.base.cookies().signed_out());
    Ok(response)
}
