//! Asks the desk for everything that the park's plan shows.

use std::collections::BTreeMap;

use shouwang_pages::trouble::Trouble;
use shouwang_proto::wire::{self, RequestState};

use super::{
    forms,
    map_spots::{self, Scene},
    map_view::{self, Ground, Plan},
    picture::Picture,
    view::Light,
    words::tail,
};
use crate::{
    council::permission::rpc,
    mutual_aid::desk::traffic::Traffic,
    web::{
        asked::{Asked, Knowing as _},
        route::Route,
    },
};

/// Candidates shown of the chosen line.
const CANDIDATES: u32 = 8;

/// The lines that still want something: `request:number`, and what they are called.
pub(super) fn lines(light: &Light<'_>, picture: &Picture) -> Vec<(String, String)> {
    let open = picture.requests.iter().filter(|request| request.state() == RequestState::Open);
    let of = |request: &wire::MutualAidRequest| {
        let wanting = request.lines.iter().zip(&request.fulfilment).filter(|(_, met)| met.missing > 0);
        let line = |(line, met): (&wire::NeedLine, &wire::LineFulfilment)| {
            let words = [&*request.title, &line.what, &forms::missing(light.lang, line, met)].join(" · ");
            (format!("{}:{}", tail(&request.name), line.number), words)
        };
        wanting.map(line).collect::<Vec<_>>()
    };
    open.flat_map(of).collect()
}

/// Who could help with the line that was chosen, for those who may ask; none for a line that wants nothing any more.
async fn offers<'a, R: Route>(
    asked: &Asked<R>,
    picture: &'a Picture,
    chosen: &str,
) -> Result<Option<(&'a wire::MutualAidRequest, wire::ListCandidatesResponse)>, Trouble> {
    let Ok(caller) = asked.authorized::<rpc::ListCandidates>() else { return Ok(None) };
    let Some((id, number)) = chosen.split_once(':') else { return Ok(None) };
    let wanting = |request: &&wire::MutualAidRequest| {
        let mut met = request.fulfilment.iter().filter(|met| met.missing > 0);
        request.state() == RequestState::Open
            && tail(&request.name) == id
            && met.any(|met| met.line.to_string() == number)
    };
    let Some(request) = picture.requests.iter().find(wanting) else { return Ok(None) };
    let question = wire::ListCandidatesRequest {
        request: request.name.clone(),
        line: number.parse().unwrap_or_default(),
        page_size: CANDIDATES,
        ..wire::ListCandidatesRequest::default()
    };
    Ok(Some((request, asked.site().aid.ask(caller, question).await?)))
}

/// The plan with the candidates of the chosen line, and what is closed there.
pub(super) async fn draw<R: Route>(
    asked: &Asked<R>,
    picture: &Picture,
    chosen: &str,
) -> Result<(Plan, Vec<wire::Closure>), Trouble> {
    let desk = &asked.site().aid;
    let caller = asked.authorized::<rpc::ListClosures>()?;
    let closures = desk.ask(caller.clone(), wire::ListClosuresRequest::default()).await?.closures;
    let roads = desk.roads(caller.clone()).await?;
    let offers = offers(asked, picture, chosen).await?;
    let candidates = offers.iter().flat_map(|(_, found)| &found.candidates).map(|one| &one.resource);
    let resources = picture.assignments.iter().map(|one| &one.resource).chain(candidates);
    let stands = resources.filter_map(|name| desk.place_of(name).map(|place| (name.clone(), place)));
    let stands: BTreeMap<_, _> = stands.collect();
    let (lang, now, roster) = (asked.lang(), asked.site().world.now(), asked.site().roster.snapshot());
    let light = Light { lang, now, roster: &roster, titles: &picture.titles };
    let scene = Scene {
        incidents: &picture.incidents,
        requests: &picture.requests,
        assignments: &picture.assignments,
        stands: &stands,
        chosen: offers.as_ref().map(|(request, found)| (*request, found)),
    };
    let found = map_spots::find(&light, &scene);
    let traffic: Traffic = desk.traffic(caller, &found.trips()).await?;
    let ground = Ground { roads: roads.as_ref(), closures: &closures, found, traffic: &traffic };
    Ok((map_view::plan(&light, ground), closures))
}
