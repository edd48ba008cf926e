//! Signing in and out.

use std::future::{Ready, ready};

use askama::Template;
use axum::response::Response;
use http::{StatusCode, header};
use shouwang_pages::{Lang, icon, reply};
use shouwang_serving::store::StoreError;

use super::{
    asked::Asked,
    cookies,
    route::{Route, to},
    trouble::Trouble,
};
use crate::people::signing_in::Attempt;

#[derive(Template)]
#[template(path = "login.html")]
struct SignInPage {
    lang: Lang,
    login: String,
    next: String,
    problem: String,
}

fn page<R: Route>(asked: &Asked<R>, status: StatusCode, page: &SignInPage) -> Result<Response, Trouble> {
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
pub(super) fn show(asked: Asked<to::ShowSignIn>) -> Ready<Result<Response, Trouble>> {
    ready(form(&asked))
}

fn form(asked: &Asked<to::ShowSignIn>) -> Result<Response, Trouble> {
    let next = next_in(asked.fields().first("next"));
    if asked.is_signed_in() {
        return Ok(reply::see_other(reply::own_path(&next)));
    }
    let shown = SignInPage { lang: asked.lang(), login: String::new(), next, problem: String::new() };
    page(asked, StatusCode::OK, &shown)
}

/// `POST /login`.
pub(super) async fn sign_in(asked: Asked<to::SignIn>) -> Result<Response, Trouble> {
    let login = asked.form.first("login").to_owned();
    let next = next_in(asked.form.first("next"));
    let (base, known) = (&asked.base, cookies::read(&asked.base.headers, asked.base.origin.is_secure));
    let agent = base.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let attempt = Attempt {
        login: login.clone(),
        password: asked.form.verbatim("password").to_owned(),
        address: base.origin.address,
        device: known.device,
        session: known.session,
        agent: agent.unwrap_or_default().to_owned(),
    };
    match asked.site().people.sign_in(attempt).await {
        Ok(signed_in) => {
            let mut response = reply::see_other(reply::own_path(&next));
            for cookie in cookies::signed_in(&signed_in, base.origin.is_secure) {
                reply::keep(&mut response, &cookie);
            }
            Ok(response)
        }
        Err(StoreError::Refused(refusal)) => {
            let trouble = Trouble::from(refusal);
            let problem = trouble.words(asked.lang());
            page(&asked, trouble.status(), &SignInPage { lang: asked.lang(), login, next, problem })
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /logout`.
pub(super) async fn sign_out(asked: Asked<to::SignOut>) -> Result<Response, Trouble> {
    let is_secure = asked.base.origin.is_secure;
    if let Some(secret) = cookies::read(&asked.base.headers, is_secure).session {
        asked.site().people.sign_out(&secret).await?;
    }
    let mut response = reply::see_other("/login");
    reply::keep(&mut response, &cookies::signed_out(is_secure));
    Ok(response)
}
