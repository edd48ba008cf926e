//! Merging two requests that report the same: side by side, and never without a person.

use std::{cell::Cell, collections::BTreeMap};

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Lang, icon, reply, trouble::Trouble};
use shouwang_proto::wire::{
    GetIncidentRequest, GetRequestRequest, ListRequestsRequest, MutualAidRequest, RequestState,
};

use super::{
    board_page::key,
    command_page::attempt,
    form::{Attempt, Maker},
    merge_view::{self, Side, is_mergeable, side},
    request_page::name_in,
    view::Light,
};
use crate::{
    council::permission::rpc,
    web::{
        asked::{Asked, Knowing as _},
        route::{Route, to},
    },
};

/// Most requests beside which one is put.
const OTHERS: u32 = 100;

#[derive(Template)]
#[template(path = "board/merge.html")]
struct MergePage {
    lang: Lang,
    back: String,
    problem: String,
    own: Side,
    others: Vec<Side>,
}

/// `GET /board/requests/{id}/merge`.
pub(in crate::web) async fn show(asked: Asked<to::ShowMergeAid>) -> Result<Response, Trouble> {
    page(&asked, None).await
}

/// `POST /board/requests/{id}/merge`: leads to the one that goes on.
pub(in crate::web) async fn merge(asked: Asked<to::MergeAid>) -> Result<Response, Trouble> {
    let message = merge_view::read(&asked.form, &name_in(&asked)?);
    let into = asked.form.first("into").to_owned();
    match attempt::<rpc::MergeRequest, _>(&asked, message).await? {
        None => Ok(reply::see_other(&format!("/board/{into}?done=1"))),
        refused => page(&asked, refused).await,
    }
}

async fn page<R: Route>(asked: &Asked<R>, attempt: Option<Attempt>) -> Result<Response, Trouble> {
    let (lang, desk, name) = (asked.lang(), &asked.site().aid, name_in(asked)?);
    let question = GetRequestRequest { name: name.clone() };
    let request = desk.ask(asked.authorized::<rpc::GetRequest>()?, question).await?;
    let question = GetIncidentRequest { name: request.incident.clone() };
    let incident = desk.ask(asked.authorized::<rpc::GetIncident>()?, question).await?;
    let others = others(asked, &request).await?;
    let status =
        attempt.as_ref().map_or(StatusCode::OK, |attempt| Trouble::from(attempt.refusal.clone()).status());
    let shown = {
        let (now, roster) = (asked.site().world.now(), asked.site().roster.snapshot());
        let light = Light { lang, now, roster: &roster, titles: &BTreeMap::new() };
        let key = || key(asked);
        let maker = Maker { lang, key: &key, attempt: attempt.as_ref(), placed: Cell::new(false) };
        let may = is_mergeable(&request);
        let beside = |other: &MutualAidRequest| {
            let form = may.then(|| merge_view::form(&maker, &request, other));
            side(&light, &incident, other, form)
        };
        let others = others.iter().map(beside).collect();
        let own = side(&light, &incident, &request, None);
        MergePage { lang, back: format!("/board/{name}"), problem: maker.unplaced(), own, others }
    };
    asked.base.page(status, lang.say("board.merge").to_owned(), &shown, &[])
}

/// The other requests of the incident with which it may be merged.
async fn others<R: Route>(
    asked: &Asked<R>,
    request: &MutualAidRequest,
) -> Result<Vec<MutualAidRequest>, Trouble> {
    let question = ListRequestsRequest {
        incident: request.incident.clone(),
        states: vec![RequestState::Submitted.into(), RequestState::Open.into()],
        page_size: OTHERS,
        ..ListRequestsRequest::default()
    };
    let caller = asked.authorized::<rpc::ListRequests>()?;
    let mut found = asked.site().aid.ask(caller, question).await?.requests;
    found.retain(|other| other.name != request.name);
    Ok(found)
}
