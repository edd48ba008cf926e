//! The park's plan, and the same as a table.

use std::{cell::Cell, collections::BTreeMap};

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Lang, icon, trouble::Trouble};
use shouwang_proto::wire;

use super::{
    board_page::{Fresh, SCRIPTS, key},
    closure_view,
    form::{Attempt, Form, Maker},
    map_view::{Ground, Plan, plan},
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
    /// Closing an area, for those who may.
    close: Option<Form>,
}

/// `GET /board/map`.
pub(in crate::web) async fn show(asked: Asked<to::ShowMap>) -> Result<Response, Trouble> {
    page(&asked, None).await
}

/// The plan, after an attempt that was refused or without one.
pub(super) async fn page<R: Route>(asked: &Asked<R>, attempt: Option<Attempt>) -> Result<Response, Trouble> {
    let desk = &asked.site().aid;
    let picture = picture::take(asked).await?;
    let caller = asked.authorized::<rpc::ListClosures>()?;
    let closures = desk.ask(caller.clone(), wire::ListClosuresRequest::default()).await?.closures;
    let roads = desk.roads(caller).await?;
    let stands = picture
        .assignments
        .iter()
        .filter_map(|one| desk.place_of(&one.resource).map(|place| (one.resource.clone(), place)));
    let wanted = picture.requests.iter().filter_map(|request| {
        let incident = picture.incidents.iter().find(|incident| incident.name == request.incident);
        let place = request.place.clone().or_else(|| incident.and_then(|incident| incident.place.clone()));
        Some((request.name.clone(), place?))
    });
    let (stands, wanted): (BTreeMap<_, _>, BTreeMap<_, _>) = (stands.collect(), wanted.collect());
    let status =
        attempt.as_ref().map_or(StatusCode::OK, |attempt| Trouble::from(attempt.refusal.clone()).status());
    let page = {
        let (lang, now, roster) = (asked.lang(), asked.site().world.now(), asked.site().roster.snapshot());
        let light = Light { lang, now, roster: &roster, titles: &picture.titles };
        let ground = Ground {
            roads: roads.as_ref(),
            closures: &closures,
            incidents: &picture.incidents,
            assignments: &picture.assignments,
            stands: &stands,
            wanted: &wanted,
        };
        let mut plan = plan(&light, &ground);
        let key = || key(asked);
        let maker = Maker { lang, key: &key, attempt: attempt.as_ref(), placed: Cell::new(false) };
        let may_close = asked.authorized::<rpc::AddClosure>().is_ok();
        let close = may_close.then(|| closure_view::form(&maker, &picture.incidents, now));
        for (area, closure) in plan.areas.iter_mut().zip(&closures).filter(|_| may_close) {
            area.form = Some(closure_view::open_again(&maker, closure));
        }
        let fresh = Fresh::new(picture.change, now, "/board/map".to_owned(), String::new());
        let is_done = !asked.fields().first("done").is_empty();
        MapPage { lang, fresh, problem: maker.unplaced(), is_done, plan, close }
    };
    asked.base.page(status, asked.lang().say("board.map").to_owned(), &page, SCRIPTS)
}
