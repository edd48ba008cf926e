//! The page of a request.

use std::{cell::Cell, collections::BTreeMap};

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Lang, icon, trouble::Trouble};
use shouwang_proto::{
    mutual_aid::id::RequestId,
    wire::{
        self, AssignmentState, GetIncidentRequest, GetRequestRequest, ListAssignmentsRequest,
        ListCandidatesRequest, ListTimelineRequest, RequestState,
    },
};

use super::{
    arrived_form,
    board_page::{Fresh, SCRIPTS, key},
    form::{Attempt, Maker},
    line_forms::{Rival, may_give, may_take},
    request_view::{Material, Whole, whole},
    view::Light,
    words::member,
};
use crate::{
    council::permission::rpc,
    web::{
        asked::{Asked, Knowing as _},
        route::{Route, to},
    },
};

/// Candidates shown of a line.
const CANDIDATES: u32 = 10;
/// Lines for which candidates are sought at once.
const LINES: usize = 12;
/// Entries of the timeline at once.
const ENTRIES: u32 = 1_000;
/// Most pages of the timeline that are read.
const PAGES: usize = 10;

#[derive(Template)]
#[template(path = "board/request.html")]
struct RequestPage {
    lang: Lang,
    fresh: Fresh,
    problem: String,
    is_done: bool,
    /// Who else looks at it.
    others: String,
    /// The reader, so that the script does not show them to themselves.
    reader: String,
    of: Whole,
}

/// The request in the path. What cannot be a name is not there.
pub(super) fn name_in<R: Route>(asked: &Asked<R>) -> Result<String, Trouble> {
    let name = format!("requests/{}", asked.name("id"));
    RequestId::from_name(&name).map(RequestId::name).map_err(|_| Trouble::nowhere())
}

/// `GET /board/requests/{id}`.
pub(in crate::web) async fn show(asked: Asked<to::ShowAidRequest>) -> Result<Response, Trouble> {
    page(&asked, None).await
}

/// The page, after an attempt that was refused or without one.
pub(super) async fn page<R: Route>(asked: &Asked<R>, attempt: Option<Attempt>) -> Result<Response, Trouble> {
    let name = name_in(asked)?;
    let caller = asked.authorized::<rpc::GetRequest>()?;
    let (desk, reader) = (asked.site().aid.clone(), caller.label.clone());
    let change = desk.newest_change().await?;
    let request = desk.ask(caller, GetRequestRequest { name: name.clone() }).await?;
    desk.glance(&name, &reader);
    let material = material(asked, request).await?;
    let titles = material.assignments.iter().map(|one| (one.resource.clone(), desk.title_of(&one.resource)));
    let titles: BTreeMap<_, _> = titles.collect();
    let status =
        attempt.as_ref().map_or(StatusCode::OK, |attempt| Trouble::from(attempt.refusal.clone()).status());
    let shown = {
        let (lang, now, roster) = (asked.lang(), asked.site().world.now(), asked.site().roster.snapshot());
        let light = Light { lang, now, roster: &roster, titles: &titles };
        let key = || key(asked);
        let maker = Maker { lang, key: &key, attempt: attempt.as_ref(), placed: Cell::new(false) };
        let may_dispatch = asked.authorized::<rpc::Order>().is_ok();
        let of = whole(&light, may_dispatch.then_some(&maker), &material);
        let address = format!("/board/{name}");
        let others: Vec<_> = desk.lookers(&name).into_iter().filter(|who| *who != reader).collect();
        RequestPage {
            lang,
            fresh: Fresh::new(change, now, address, name.clone()),
            problem: maker.unplaced(),
            is_done: !asked.fields().first("done").is_empty(),
            others: others.join("、"),
            reader,
            of,
        }
    };
    let title = shown.of.view.title.clone();
    asked.base.page(status, title, &shown, SCRIPTS)
}

/// What belongs to the request.
async fn material<R: Route>(asked: &Asked<R>, request: wire::MutualAidRequest) -> Result<Material, Trouble> {
    let desk = &asked.site().aid;
    let question = GetIncidentRequest { name: request.incident.clone() };
    let incident = desk.ask(asked.authorized::<rpc::GetIncident>()?, question).await?;
    let question =
        ListAssignmentsRequest { request: request.name.clone(), page_size: 1_000, ..Default::default() };
    let assignments = desk.ask(asked.authorized::<rpc::ListAssignments>()?, question).await?.assignments;
    let candidates = candidates(asked, &request).await?;
    let rivals = rivals(asked, &request).await?;
    let entries = entries(asked, &request).await?;
    let lent = match asked.authorized::<rpc::BookSelfDeployment>() {
        Ok(caller) if arrived_form::is_open(&request) => {
            let kinds = request.lines.iter().map(|line| line.resource_kind.as_str()).collect();
            desk.lent(&caller, &kinds)
        }
        Ok(_) | Err(_) => Vec::new(),
    };
    let roster = asked.site().roster.snapshot();
    let lent = lent.into_iter().map(|(name, title)| {
        let words = format!("{} · {title}", member(&roster, &name));
        (name, words)
    });
    let lent = lent.collect();
    Ok(Material { incident, request, assignments, candidates, rivals, entries, lent })
}

/// What less urgent requests hold and has not departed, for those who may order.
async fn rivals<R: Route>(asked: &Asked<R>, request: &wire::MutualAidRequest) -> Result<Vec<Rival>, Trouble> {
    if !may_take(request) || asked.authorized::<rpc::Order>().is_err() {
        return Ok(Vec::new());
    }
    let desk = &asked.site().aid;
    let states = [AssignmentState::Held, AssignmentState::Committed, AssignmentState::Mobilising];
    let question = ListAssignmentsRequest {
        states: states.map(i32::from).into(),
        page_size: 1_000,
        ..ListAssignmentsRequest::default()
    };
    let held = desk.ask(asked.authorized::<rpc::ListAssignments>()?, question).await?.assignments;
    let mut others = BTreeMap::new();
    for name in held.iter().map(|one| &one.request) {
        if !others.contains_key(name) {
            let question = GetRequestRequest { name: name.clone() };
            let other = desk.ask(asked.authorized::<rpc::GetRequest>()?, question).await?;
            others.insert(name.clone(), other);
        }
    }
    let rival = |assignment: wire::Assignment| {
        let other = others.get(&assignment.request).filter(|other| may_give(other, request))?;
        Some(Rival { assignment, title: other.title.clone(), priority: other.priority })
    };
    Ok(held.into_iter().filter_map(rival).collect())
}

/// Who could help with what is missing, for those who may ask.
async fn candidates<R: Route>(
    asked: &Asked<R>,
    request: &wire::MutualAidRequest,
) -> Result<BTreeMap<u32, wire::ListCandidatesResponse>, Trouble> {
    let mut found = BTreeMap::new();
    let is_sought = request.state() == RequestState::Open;
    let missing = request.fulfilment.iter().filter(|met| is_sought && met.missing > 0);
    for met in missing.take(LINES) {
        let Ok(caller) = asked.authorized::<rpc::ListCandidates>() else { break };
        let question = ListCandidatesRequest {
            request: request.name.clone(),
            line: met.line,
            page_size: CANDIDATES,
            with_excluded: true,
            ..ListCandidatesRequest::default()
        };
        found.insert(met.line, asked.site().aid.ask(caller, question).await?);
    }
    Ok(found)
}

/// What has happened with the request, oldest first.
async fn entries<R: Route>(
    asked: &Asked<R>,
    request: &wire::MutualAidRequest,
) -> Result<Vec<wire::TimelineEntry>, Trouble> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let question = ListTimelineRequest {
            name: request.name.clone(),
            page_size: ENTRIES,
            page_token: std::mem::take(&mut page_token),
        };
        let page = asked.site().aid.ask(asked.authorized::<rpc::ListTimeline>()?, question).await?;
        found.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(found)
}
