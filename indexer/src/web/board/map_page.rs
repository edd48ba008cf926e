//! The park's plan, and the same as a table.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use shouwang_pages::{Lang, icon, trouble::Trouble};
use shouwang_proto::wire;

use super::{
    board_page::{Fresh, SCRIPTS},
    map_view::{Ground, Plan, plan},
    picture,
    view::Light,
};
use crate::{
    council::permission::rpc,
    web::{
        asked::{Asked, Knowing as _},
        route::to,
    },
};

#[derive(Template)]
#[template(path = "board/map.html")]
struct MapPage {
    lang: Lang,
    fresh: Fresh,
    plan: Plan,
}

/// `GET /board/map`.
pub(in crate::web) async fn show(asked: Asked<to::ShowMap>) -> Result<Response, Trouble> {
    let desk = &asked.site().aid;
    let picture = picture::take(&asked).await?;
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
        let fresh = Fresh::new(picture.change, now, "/board/map".to_owned(), String::new());
        MapPage { lang, fresh, plan: plan(&light, &ground) }
    };
    asked.page(asked.lang().say("board.map").to_owned(), &page, SCRIPTS)
}
