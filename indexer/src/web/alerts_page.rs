//! Whom of the council an emergency calls and by which hooks, what became of the newest alerts, and a test.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use shouwang_pages::{
    Lang,
    age::Age,
    frame::Place,
    icon,
    shown::{Shown, shown},
    trouble::Trouble,
};
use shouwang_proto::{publication::DutyContact, refusal::Refusal};
use shouwang_serving::alerts::AlertChannel;

use super::{
    asked::{Asked, Knowing as _},
    council_nav,
    route::{Route, to},
};
use crate::{council::caller::Role, store::mutual_aid::alert::AlertRecord};

/// Alerts that are shown.
const NEWEST: u32 = 50;

struct AlertView {
    number: i64,
    channel: &'static str,
    what: String,
    light: &'static str,
    state: &'static str,
    when: Age,
    attempts: u64,
    problem: String,
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    lang: Lang,
    places: Vec<Place>,
    done: &'static str,
    problem: String,
    channels: Vec<&'static str>,
    people: Vec<DutyContact>,
    may_test: bool,
    alerts: Vec<AlertView>,
}

fn channel_words(lang: Lang, code: &str) -> &'static str {
    let hooks = [
        (AlertChannel::Command, "alerts.command"),
        (AlertChannel::Webhook, "alerts.webhook"),
        (AlertChannel::Mail, "alerts.mail"),
    ];
    let hook = hooks.iter().find(|(channel, _)| channel.code() == code);
    hook.and_then(|(_, key)| lang.find(key)).unwrap_or_default()
}

fn alert_view(lang: Lang, alert: AlertRecord, now: Timestamp) -> AlertView {
    let AlertRecord { number, channel, incident: _, who, note, due, attempts, outcome, problem } = alert;
    let (light, key, when) = match outcome.as_ref().map(|(code, at)| (code.as_str(), *at)) {
        Some(("delivered", at)) => ("on", "alerts.delivered", at),
        Some(("silenced", at)) => ("", "alerts.silenced", at),
        Some((_, at)) => ("disabled", "alerts.expired", at),
        None if attempts > 0 => ("late", "alerts.again", due),
        None => ("", "alerts.waiting", due),
    };
    AlertView {
        number,
        channel: channel_words(lang, &channel),
        what: format!("{note} · {who}"),
        light,
        state: lang.find(key).unwrap_or_default(),
        when: Age::of(lang, when, now),
        attempts,
        problem,
    }
}

async fn page<R: Route>(asked: &Asked<R>, done: Result<&'static str, Refusal>) -> Result<Response, Trouble> {
    let (lang, now, alerts) = (asked.lang(), asked.site().world.now(), &asked.site().alerts);
    let Shown { status, wrong: _, problem } = Shown::of(lang, done.as_ref().err());
    let newest = alerts.newest(NEWEST).await?;
    let channels = alerts.duty().channels.iter().map(|channel| channel_words(lang, channel.code()));
    let shown = AlertsPage {
        lang,
        places: council_nav::places("/alerts"),
        done: done.ok().and_then(|key| lang.find(key)).unwrap_or_default(),
        problem,
        channels: channels.collect(),
        people: alerts.duty().people.clone(),
        may_test: asked.person()?.account.post.role() == Role::Operator,
        alerts: newest.into_iter().map(|alert| alert_view(lang, alert, now)).collect(),
    };
    asked.base.page(status, lang.say("alerts.title").to_owned(), &shown, &[])
}

/// `GET /alerts`.
pub(super) async fn show(asked: Asked<to::ShowAlerts>) -> Result<Response, Trouble> {
    page(&asked, Ok("")).await
}

/// `POST /alerts/test`.
pub(super) async fn test(asked: Asked<to::TestAlerts>) -> Result<Response, Trouble> {
    let sent = shown(asked.site().alerts.test(&asked.person()?.caller).await)?;
    page(&asked, sent.map(|()| "alerts.test-done")).await
}
