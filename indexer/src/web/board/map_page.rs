//! The park's plan, and the same as a table.

use std::cell::Cell;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Fields, Lang, icon, trouble::Trouble};

use super::{
    board_page::{Fresh, SCRIPTS, key},
    closure_view,
    form::{Attempt, Form, Maker},
    map_ground,
    map_view::Plan,
    picture,
    view::Light,
};
use crate::{
    council::permission::rpc,
    web::{
        asked::{Asked, Knowing as _},
        route::{Route, to},
    },
};

#[derive(Template)]
#[template(path = "board/map.html")]
struct MapPage {
    lang: Lang,
    fresh: Fresh,
    problem: String,
    is_done: bool,
    plan: Plan,
    /// Lines for which candidates can be shown, and the chosen one.
    lines: Vec<(String, String)>,
    chosen: String,
    /// Closing an area, for those who may.
    close: Option<Form>,
}

/// `GET /board/map`.
pub(in crate::web) async fn show(asked: Asked<to::ShowMap>) -> Result<Response, Trouble> {
    page(&asked, None).await
}

/// The plan, after an attempt that was refused or without one.
pub(super) async fn page<R: Route>(asked: &Asked<R>, attempt: Option<Attempt>) -> Result<Response, Trouble> {
    let picture = picture::take(asked).await?;
    let chosen = asked.fields().first("line").to_owned();
    let (mut plan, closures) = map_ground::draw(asked, &picture, &chosen).await?;
    let status =
        attempt.as_ref().map_or(StatusCode::OK, |attempt| Trouble::from(attempt.refusal.clone()).status());
    let page = {
        let (lang, now, roster) = (asked.lang(), asked.site().world.now(), asked.site().roster.snapshot());
        let light = Light { lang, now, roster: &roster, titles: &picture.titles };
        let key = || key(asked);
        let maker = Maker { lang, key: &key, attempt: attempt.as_ref(), placed: Cell::new(false) };
        let may_close = asked.authorized::<rpc::AddClosure>().is_ok();
        let close = may_close.then(|| closure_view::form(&maker, &picture.incidents, now));
        for (area, closure) in plan.areas.iter_mut().zip(&closures).filter(|_| may_close) {
            area.form = Some(closure_view::open_again(&maker, closure));
        }
        let may_ask = asked.authorized::<rpc::ListCandidates>().is_ok();
        let lines = if may_ask { map_ground::lines(&light, &picture) } else { Vec::new() };
        let query =
            if chosen.is_empty() { String::new() } else { Fields::default().and("line", &chosen).query() };
        let fresh = Fresh::new(picture.change, now, format!("/board/map{query}"), String::new());
        let is_done = !asked.fields().first("done").is_empty();
        MapPage { lang, fresh, problem: maker.unplaced(), is_done, plan, lines, chosen, close }
    };
    asked.base.page(status, asked.lang().say("board.map").to_owned(), &page, SCRIPTS)
}
