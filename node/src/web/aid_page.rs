//! The emergency page: what is asked of this member, what can be answered now, where its teams are.

use std::collections::BTreeSet;

use askama::Template;
use axum::{body::Body, response::Response};
use http::StatusCode;
use jiff::Timestamp;
use shouwang_pages::{Lang, icon, reply, trouble::Trouble};
use shouwang_proto::wire::{
    self, inbox_service_server::InboxService as _, publishing_service_server::PublishingService as _,
};
use tonic::Request;

use super::{
    act::Tried,
    aid_view::{Card, Desk, Said},
    asked::Asked,
    route::to,
    shelf_page::LinkView,
};
use crate::people::account::Post;

/// Notices that are looked at; the hub lets a member have far fewer open.
const NOTICES: u32 = 200;
/// Words shown below the cards.
const WORDS: u32 = 10;
/// Scripts of the page.
const SCRIPTS: &[&str] = &["htmx-2.0.11.min.js", "page.js", "live.js", "aid.js"];
/// Seconds after which ages are said anew.
const AGED: i64 = 60;

#[derive(Template)]
#[template(path = "aid_now.html")]
struct AidNow {
    lang: Lang,
    change: u64,
    minute: i64,
    link: LinkView,
    cards: Vec<Card>,
    said: Vec<Said>,
    answers: bool,
    problem: String,
}

#[derive(Template)]
#[template(path = "aid.html")]
struct AidPage {
    lang: Lang,
    done: &'static str,
    now: String,
    /// True for those who may say that a team went.
    answers: bool,
}

/// The minute that the ages on the page belong to.
fn minute(now: Timestamp) -> i64 {
    now.as_second() / AGED
}

/// What the page shows of this moment.
async fn now_of<R>(asked: &Asked<R>, tried: Option<&Tried>, problem: String) -> Result<AidNow, Trouble> {
    let (lang, site) = (asked.lang(), asked.site());
    // Before the rows are read: what changes meanwhile is shown once more.
    let change = *site.inbox.store.inbox_changed().borrow();
    let ask = |open_only, page_size| {
        let question = wire::ListNoticesRequest { page_size, open_only, ..Default::default() };
        site.inbox.list_notices(Request::new(question))
    };
    let open = ask(true, 1_000).await?.into_inner().items;
    let items = ask(false, NOTICES).await?.into_inner().items;
    let question = wire::ListCommandsRequest { page_size: WORDS, ..Default::default() };
    let commands = site.inbox.list_commands(Request::new(question)).await?.into_inner().commands;
    let status =
        site.publishing.get_node_status(Request::new(wire::GetNodeStatusRequest {})).await?.into_inner();
    let open: BTreeSet<String> = open.into_iter().filter_map(|item| Some(item.notice?.name)).collect();
    let desk = Desk {
        lang,
        now: site.world.now(),
        own: &status.member_id,
        open: &open,
        answers: asked.visitor()?.account.post != Post::Publisher,
        tried,
    };
    Ok(AidNow {
        lang,
        change,
        minute: minute(desk.now),
        link: LinkView::of(lang, &status, desk.now),
        cards: desk.cards(&items, || site.key()),
        said: commands.iter().map(|command| desk.said(command)).collect(),
        answers: desk.answers,
        problem,
    })
}

/// The page with what was just tried and refused.
pub(super) async fn page<R>(
    asked: &Asked<R>,
    tried: Option<(&Tried, &Trouble)>,
) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let status = tried.map_or(StatusCode::OK, |(_, trouble)| trouble.status());
    let problem = tried.map(|(_, trouble)| trouble.problem(lang)).unwrap_or_default();
    let now = now_of(asked, tried.map(|(tried, _)| tried), problem).await?;
    let done = match asked.fields().first("done") {
        "said" => "aid.done-said",
        "call" => "aid.done-call",
        _ => "",
    };
    let shown =
        AidPage { lang, done: lang.find(done).unwrap_or_default(), answers: now.answers, now: now.render()? };
    asked.base.page(status, lang.say("aid.title").to_owned(), &shown, SCRIPTS)
}

/// `GET /aid`.
pub(super) async fn show(asked: Asked<to::ShowAid>) -> Result<Response, Trouble> {
    page(&asked, None).await
}

/// `GET /aid/now`: the page after `change`, as it is read in `minute`; 204 while it would say the same.
pub(super) async fn now(asked: Asked<to::ShowAidNow>) -> Result<Response, Trouble> {
    let known = |name: &str| asked.fields().first(name).parse().ok();
    let newest = *asked.site().inbox.store.inbox_changed().borrow();
    let minute = minute(asked.site().world.now());
    if known("change") == i64::try_from(newest).ok() && known("minute") == Some(minute) {
        let mut nothing = Response::new(Body::empty());
        *nothing.status_mut() = StatusCode::NO_CONTENT;
        return Ok(nothing);
    }
    let now = now_of(&asked, None, String::new()).await?;
    Ok(reply::html(StatusCode::OK, now.render()?, &asked.base.headers))
}
