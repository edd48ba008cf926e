//! The page behind a link that works once: the first operator's, an invitation, a new password.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_serving::store::StoreError;

use crate::{
    Lang,
    asked::Asked,
    doorman::{Doorman, Guest},
    icon,
    people::{taking::Taking, ticket::Purpose},
    reply, sign_in_page,
    trouble::Trouble,
    wrong::Wrong,
};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    lang: Lang,
    title: &'static str,
    intro: String,
    go: &'static str,
    action: String,
    is_new: bool,
    display_name: String,
    login: String,
    wrong: Wrong,
}

/// The page for a link, with what was typed so far.
fn page<H: Doorman, R>(
    asked: &Asked<H, R>,
    status: StatusCode,
    guest: Guest,
    typed: Taking,
    wrong: Wrong,
) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let Guest { purpose, display_name, login, post } = guest;
    let (title, go, is_new) = match purpose {
        Purpose::SetUp => ("link.set-up", "link.set-up-go", true),
        Purpose::Invite => ("link.invite", "link.invite-go", true),
        Purpose::Reset => ("link.reset", "link.reset-go", false),
    };
    let intro = match purpose {
        Purpose::SetUp => lang.say(H::SET_UP).to_owned(),
        Purpose::Invite => lang.fill("link.invite-intro", &[("name", &display_name), ("post", &post)]),
        Purpose::Reset => lang.with("link.reset-intro", "name", &display_name),
    };
    let login = login.unwrap_or(typed.login);
    let display_name = if typed.display_name.is_empty() { display_name } else { typed.display_name };
    let action = format!("/link/{}", asked.name("secret"));
    let shown = LinkPage { lang, title, intro, go, action, is_new, display_name, login, wrong };
    asked.base.page(status, lang.say(title).to_owned(), &shown, &[])
}

/// `GET /link/{secret}`.
///
/// # Errors
/// FAILED_PRECONDITION (LINK_INVALID); or what the store said.
pub async fn show<H: Doorman, R: 'static>(asked: Asked<H, R>) -> Result<Response, Trouble> {
    let guest = asked.site().guest(asked.name("secret"), asked.lang()).await?;
    page(&asked, StatusCode::OK, guest, Taking::default(), Wrong::default())
}

/// `POST /link/{secret}`: takes the link and signs in with what was just chosen.
///
/// # Errors
/// As [`show`]; wrong fields are answered on the page.
pub async fn take<H: Doorman, R: 'static>(asked: Asked<H, R>) -> Result<Response, Trouble> {
    let guest = asked.site().guest(asked.name("secret"), asked.lang()).await?;
    let typed = Taking {
        display_name: asked.form.first("display_name").to_owned(),
        login: asked.form.first("login").to_owned(),
        password: asked.form.verbatim("password").to_owned(),
    };
    let login = match asked.site().take(asked.name("secret"), typed.clone()).await {
        Ok(login) => login,
        Err(StoreError::Refused(refusal)) if !refusal.violations.is_empty() => {
            let wrong = Wrong::of_refusal(asked.lang(), &refusal);
            return page(&asked, Trouble::from(refusal).status(), guest, typed, wrong);
        }
        Err(other) => return Err(other.into()),
    };
    let Some(login) = login else { return Ok(reply::see_other("/login")) };
    Ok(sign_in_page::enter(&asked, login, typed.password, false, "/").await?)
}
