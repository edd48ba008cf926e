//! A person's own page: where one is signed in, the password, and tokens for own programs.

use askama::Template;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use shouwang_pages::{
    Lang,
    age::{self, Age},
    browser, icon,
    people::session::Session,
    people_view::PasswordForm,
    shown::Shown,
    trouble::Trouble,
    wrong::Wrong,
};
use shouwang_proto::{
    publication::text::TextRule,
    refusal::{Refusal, Violations},
};
use shouwang_serving::store::StoreError;

use super::{
    asked::{Asked, Knowing as _, post_words},
    route::{Route, to},
};
use crate::store::session::OwnToken;

/// What a token is for, in the person's words.
const LABEL: TextRule = TextRule::line(1, 60);
/// How long a token may be asked for, in days.
const DAYS: [i64; 3] = [30, 90, 365];

struct SessionView {
    browser: String,
    began: Age,
    seen: Age,
    is_here: bool,
}

struct TokenView {
    id: String,
    label: String,
    created: Age,
    until: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    lang: Lang,
    name: String,
    post: &'static str,
    login: String,
    password: PasswordForm,
    done: &'static str,
    problem: String,
    secret: String,
    sessions: Vec<SessionView>,
    tokens: Vec<TokenView>,
    days: &'static [i64],
    wrong: Wrong,
}

/// What the page says of what was just done.
#[derive(Default)]
struct Outcome {
    /// Key of a message.
    done: &'static str,
    /// A new token.
    secret: String,
    /// What was refused.
    refused: Option<Refusal>,
}

async fn page<R: Route>(asked: &Asked<R>, outcome: Outcome) -> Result<Response, Trouble> {
    let (lang, now, present) = (asked.lang(), asked.site().world.now(), asked.person()?);
    let people = &asked.site().people;
    let sessions = people.sessions(&present.account).await?;
    let tokens = people.own_tokens(&present.account).await?;
    let Outcome { done, secret, refused } = outcome;
    let Shown { status, wrong, problem } = Shown::of(lang, refused.as_ref());
    let here = present.session.id.as_str();
    let known = present.account.credentials();
    let login = known.map_or_else(String::new, |known| known.login.as_str().to_owned());
    let shown = AccountPage {
        lang,
        name: present.account.display_name.clone(),
        post: post_words(lang, present.account.post),
        password: PasswordForm { lang, login: login.clone(), wrong: wrong.clone() },
        login,
        done: lang.find(done).unwrap_or_default(),
        problem,
        secret,
        sessions: sessions.into_iter().map(|session| session_view(lang, session, here, now)).collect(),
        tokens: tokens.into_iter().map(|token| token_view(lang, token, now)).collect(),
        days: &DAYS,
        wrong,
    };
    asked.base.page(status, lang.say("account.title").to_owned(), &shown, &["page.js"])
}

fn session_view(lang: Lang, session: Session, here: &str, now: Timestamp) -> SessionView {
    let Session { id, account: _, began, seen, agent } = session;
    SessionView {
        browser: browser::words(lang, &agent),
        began: Age::of(lang, began, now),
        seen: Age::of(lang, seen, now),
        is_here: id == here,
    }
}

fn token_view(lang: Lang, token: OwnToken, now: Timestamp) -> TokenView {
    let OwnToken { id, label, created, expires } = token;
    TokenView { id, label, created: Age::of(lang, created, now), until: age::day(expires) }
}

/// The page with what was refused on it; anything else goes on as it is.
async fn refused<R: Route>(asked: &Asked<R>, error: StoreError) -> Result<Response, Trouble> {
    match error {
        StoreError::Refused(refusal) => {
            page(asked, Outcome { refused: Some(refusal), ..Outcome::default() }).await
        }
        other @ (StoreError::Unavailable(_) | StoreError::Internal(_)) => Err(other.into()),
    }
}

/// `GET /account`.
pub(super) async fn show(asked: Asked<to::ShowAccount>) -> Result<Response, Trouble> {
    page(&asked, Outcome::default()).await
}

/// `POST /account/password`.
pub(super) async fn change_password(asked: Asked<to::ChangePassword>) -> Result<Response, Trouble> {
    let old = asked.form.verbatim("old_password").to_owned();
    let new = asked.form.verbatim("password");
    match asked.site().people.change_password(asked.person()?, old, new).await {
        Ok(()) => page(&asked, Outcome { done: "account.password-done", ..Outcome::default() }).await,
        Err(error) => refused(&asked, error).await,
    }
}

/// `POST /account/sessions/end`.
pub(super) async fn end_others(asked: Asked<to::EndOtherSessions>) -> Result<Response, Trouble> {
    asked.site().people.end_others(asked.person()?).await?;
    page(&asked, Outcome { done: "account.others-done", ..Outcome::default() }).await
}

/// `POST /account/tokens`.
pub(super) async fn make_token(asked: Asked<to::MakeToken>) -> Result<Response, Trouble> {
    let mut violations = Violations::new();
    let label = LABEL.read("label", asked.form.first("label"), &mut violations);
    let days = asked.form.first("days").parse().ok().filter(|days| DAYS.contains(days));
    let days = violations.check("days", days.ok_or("is not one of the choices （不在可选范围内）"));
    let checked = violations.finish(|| Some((label, days?)));
    let (label, days) = match checked {
        Ok(checked) => checked,
        Err(refusal) => return refused(&asked, refusal.into()).await,
    };
    let life = SignedDuration::from_hours(24 * days);
    match asked.site().people.make_token(&asked.person()?.account, label, life).await {
        Ok((secret, _)) => page(&asked, Outcome { secret, ..Outcome::default() }).await,
        Err(error) => refused(&asked, error).await,
    }
}

/// `POST /account/tokens/{id}/revoke`.
pub(super) async fn revoke_token(asked: Asked<to::RevokeToken>) -> Result<Response, Trouble> {
    asked.site().people.revoke_token(&asked.person()?.account, asked.name("id").to_owned()).await?;
    page(&asked, Outcome { done: "token.revoked", ..Outcome::default() }).await
}
