//! The board itself, and the same for a wall.

use std::cell::Cell;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use shouwang_pages::{Lang, age, icon, trouble::Trouble};

use super::{
    form::{Attempt, Maker},
    map_ground,
    map_view::Plan,
    picture::{self, Picture},
    task_view::TaskView,
    view::{IncidentView, Light},
};
use crate::{
    council::permission::rpc,
    web::{
        asked::{Asked, Knowing as _},
        route::{Route, to},
    },
};

/// Scripts of every page that follows what goes on.
pub(super) const SCRIPTS: &[&str] = &["htmx-2.0.11.min.js", "page.js", "live.js", "board.js"];

/// How new a page is, for its head and its script.
pub(super) struct Fresh {
    /// Number of the change up to which the page shows everything.
    pub(super) change: u64,
    /// When it was made, for machines and for people.
    pub(super) now: String,
    pub(super) time: String,
    /// Where it is made anew.
    pub(super) address: String,
    /// What is looked at; empty for the whole board.
    pub(super) name: String,
}

impl Fresh {
    pub(super) fn new(change: u64, now: Timestamp, address: String, name: String) -> Self {
        Self { change, now: now.to_string(), time: age::clock(now), address, name }
    }
}

#[derive(Template)]
#[template(path = "board/board.html")]
struct BoardPage {
    lang: Lang,
    fresh: Fresh,
    may_dispatch: bool,
    problem: String,
    is_done: bool,
    is_cut: bool,
    tasks: Vec<TaskView>,
    incidents: Vec<IncidentView>,
}

#[derive(Template)]
#[template(path = "board/wall.html")]
struct WallPage {
    lang: Lang,
    fresh: Fresh,
    is_cut: bool,
    tasks: Vec<TaskView>,
    incidents: Vec<IncidentView>,
    plan: Plan,
}

/// A key for a form: random, so that nobody else has it.
pub(super) fn key<R: Route>(asked: &Asked<R>) -> String {
    asked.site().world.random_id().to_string()
}

/// The board, after an attempt that was refused or without one.
pub(super) async fn board<R: Route>(asked: &Asked<R>, attempt: Option<Attempt>) -> Result<Response, Trouble> {
    let picture = picture::take(asked).await?;
    let status =
        attempt.as_ref().map_or(StatusCode::OK, |attempt| Trouble::from(attempt.refusal.clone()).status());
    let page = view(asked, &picture, attempt.as_ref());
    asked.base.page(status, asked.lang().say("board.title").to_owned(), &page, SCRIPTS)
}

fn view<R: Route>(asked: &Asked<R>, picture: &Picture, attempt: Option<&Attempt>) -> BoardPage {
    let (lang, now, roster) = (asked.lang(), asked.site().world.now(), asked.site().roster.snapshot());
    let light = Light { lang, now, roster: &roster, titles: &picture.titles };
    let key = || key(asked);
    let maker = Maker { lang, key: &key, attempt, placed: Cell::new(false) };
    let may_dispatch = asked.authorized::<rpc::CompleteTask>().is_ok();
    let tasks = picture.tasks(&light, &maker);
    let incidents = picture.incidents(&light, may_dispatch.then_some(&maker));
    BoardPage {
        lang,
        fresh: Fresh::new(picture.change, now, "/board".to_owned(), String::new()),
        may_dispatch,
        problem: maker.unplaced(),
        is_done: !asked.fields().first("done").is_empty(),
        is_cut: picture.is_cut,
        tasks,
        incidents,
    }
}

/// `GET /board`.
pub(in crate::web) async fn show(asked: Asked<to::ShowBoard>) -> Result<Response, Trouble> {
    board(&asked, None).await
}

/// `GET /board/wall`: for a screen on the wall, that nobody touches.
pub(in crate::web) async fn wall(asked: Asked<to::ShowWall>) -> Result<Response, Trouble> {
    let picture = picture::take(&asked).await?;
    // An empty board is calm: a plan of roads alone would only be in the way.
    let plan = if picture.incidents.is_empty() {
        Plan::default()
    } else {
        map_ground::draw(&asked, &picture, "").await?.0
    };
    let page = {
        let (lang, now, roster) = (asked.lang(), asked.site().world.now(), asked.site().roster.snapshot());
        let light = Light { lang, now, roster: &roster, titles: &picture.titles };
        let maker = Maker { lang, key: &String::new, attempt: None, placed: Cell::new(false) };
        WallPage {
            lang,
            fresh: Fresh::new(picture.change, now, "/board/wall".to_owned(), String::new()),
            is_cut: picture.is_cut,
            tasks: picture.tasks(&light, &maker),
            incidents: picture.incidents(&light, None),
            plan,
        }
    };
    asked.page(asked.lang().say("board.wall").to_owned(), &page, SCRIPTS)
}
