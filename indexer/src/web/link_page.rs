//! The page behind a link that works once: the first operator's, an invitation, a new password.

use askama::Template;
use axum::response::Response;
use http::{StatusCode, header};
use shouwang_pages::{Lang, icon, reply};
use shouwang_serving::store::StoreError;

use super::{
    asked::{Asked, post_words},
    cookies,
    route::{Route, to},
    trouble::Trouble,
    wrong::Wrong,
};
use crate::people::{
    account::Account,
    coordinator::Taking,
    signing_in::Attempt,
    ticket::{Purpose, Ticket},
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
fn page<R: Route>(
    asked: &Asked<R>,
    status: StatusCode,
    ticket: &Ticket,
    typed: Taking,
    wrong: Wrong,
) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let (title, go, is_new) = match ticket.purpose {
        Purpose::SetUp => ("link.set-up", "link.set-up-go", true),
        Purpose::Invite => ("link.invite", "link.invite-go", true),
        Purpose::Reset => ("link.reset", "link.reset-go", false),
    };
    let Account { display_name, post, .. } = &ticket.account;
    let intro = match ticket.purpose {
        Purpose::SetUp => lang.say("link.set-up-intro").to_owned(),
        Purpose::Invite => {
            lang.fill("link.invite-intro", &[("name", display_name), ("post", &post_words(lang, *post))])
        }
        Purpose::Reset => lang.with("link.reset-intro", "name", display_name),
    };
    let login = ticket.account.credentials().map_or(typed.login, |known| known.login.as_str().to_owned());
    let typed_name = if typed.display_name.is_empty() { display_name.clone() } else { typed.display_name };
    let action = format!("/link/{}", asked.name("secret"));
    let shown = LinkPage { lang, title, intro, go, action, is_new, display_name: typed_name, login, wrong };
    asked.base.page(status, lang.say(title).to_owned(), &shown, &[])
}

/// `GET /link/{secret}`.
pub(super) async fn show(asked: Asked<to::ShowLink>) -> Result<Response, Trouble> {
    let ticket = asked.site().people.ticket(asked.name("secret")).await?;
    page(&asked, StatusCode::OK, &ticket, Taking::default(), Wrong::default())
}

/// `POST /link/{secret}`: takes the link and signs in with what was just chosen.
pub(super) async fn take(asked: Asked<to::TakeLink>) -> Result<Response, Trouble> {
    let people = &asked.site().people;
    let ticket = people.ticket(asked.name("secret")).await?;
    let typed = Taking {
        display_name: asked.form.first("display_name").to_owned(),
        login: asked.form.first("login").to_owned(),
        password: asked.form.verbatim("password").to_owned(),
    };
    let account = match people.take(asked.name("secret"), typed.clone()).await {
        Ok(account) => account,
        Err(StoreError::Refused(refusal)) if !refusal.violations.is_empty() => {
            let wrong = Wrong::of_refusal(asked.lang(), &refusal);
            return page(&asked, Trouble::from(refusal).status(), &ticket, typed, wrong);
        }
        Err(other) => return Err(other.into()),
    };
    let Some(credentials) = account.credentials() else { return Ok(reply::see_other("/login")) };
    let (base, known) = (&asked.base, cookies::read(&asked.base.headers, asked.base.origin.is_secure));
    let agent = base.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let signed_in = people
        .sign_in(Attempt {
            login: credentials.login.as_str().to_owned(),
            password: typed.password,
            address: base.origin.address,
            device: None,
            session: known.session,
            agent: agent.unwrap_or_default().to_owned(),
        })
        .await?;
    let mut response = reply::see_other("/");
    for cookie in cookies::signed_in(&signed_in, base.origin.is_secure) {
        reply::keep(&mut response, &cookie);
    }
    Ok(response)
}
