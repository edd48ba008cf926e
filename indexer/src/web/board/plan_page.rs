//! Joint plans: asked for, looked at with costs and reasons, ordered whole or by line. A plan holds nothing.

use std::{cell::Cell, collections::BTreeMap};

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Fields, Lang, icon, reply, trouble::Trouble};
use shouwang_proto::{
    mutual_aid::{id::PlanId, term::Basis},
    wire::{
        Assignment, GetRequestRequest, ListAssignmentsRequest, MutualAidRequest, PlanLineResult, PlanProposal,
    },
};
use shouwang_serving::store::StoreError;

use super::{
    board_page::key,
    form::{Attempt, Form, Maker},
    plan_view::{self, PlanView, Proposed},
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
#[template(path = "board/plans.html")]
struct PlansPage {
    lang: Lang,
    ask: Form,
}

#[derive(Template)]
#[template(path = "board/plan.html")]
struct PlanPage {
    lang: Lang,
    problem: String,
    is_done: bool,
    of: PlanView,
}

/// `GET /board/plans`.
pub(in crate::web) fn start(asked: Asked<to::ShowPlans>) -> std::future::Ready<Result<Response, Trouble>> {
    std::future::ready(asking(&asked, None))
}

/// `POST /board/plans`: makes a plan and leads to it.
pub(in crate::web) async fn propose(asked: Asked<to::ProposePlan>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::ProposePlan>()?;
    let proposed = match plan_view::read_ask(&asked.form) {
        Ok(question) => asked.site().aid.ask(caller, question).await,
        Err(refusal) => Err(refusal.into()),
    };
    match proposed {
        Ok(plan) => {
            let ground = Fields::default().and("basis", asked.form.first("basis"));
            Ok(reply::see_other(&format!("/board/{}{}", plan.name, ground.query())))
        }
        Err(StoreError::Refused(refusal)) => {
            asking(&asked, Some(Attempt { fields: asked.form.clone(), refusal }))
        }
        Err(other) => Err(other.into()),
    }
}

fn asking<R: Route>(asked: &Asked<R>, attempt: Option<Attempt>) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let key = || key(asked);
    let maker = Maker { lang, key: &key, attempt: attempt.as_ref(), placed: Cell::new(false) };
    let shown = PlansPage { lang, ask: plan_view::ask(&maker) };
    let status =
        attempt.as_ref().map_or(StatusCode::OK, |attempt| Trouble::from(attempt.refusal.clone()).status());
    asked.base.page(status, lang.say("board.plan").to_owned(), &shown, &[])
}

/// `GET /board/plans/{id}`.
pub(in crate::web) async fn show(asked: Asked<to::ShowPlan>) -> Result<Response, Trouble> {
    page(&asked, &[], None).await
}

/// `POST /board/plans/{id}`: orders lines, each for itself, and shows what became of each.
pub(in crate::web) async fn apply(asked: Asked<to::ApplyPlan>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::ApplyPlan>()?;
    let applied = match plan_view::read_apply(&asked.form, &name_in(&asked)?) {
        Ok(message) => asked.site().aid.ask(caller, message).await,
        Err(refusal) => Err(refusal.into()),
    };
    match applied {
        Ok(applied) => page(&asked, &applied.results, None).await,
        Err(StoreError::Refused(refusal)) => {
            page(&asked, &[], Some(Attempt { fields: asked.form.clone(), refusal })).await
        }
        Err(other) => Err(other.into()),
    }
}

/// The plan in the path.
fn name_in<R: Route>(asked: &Asked<R>) -> Result<String, Trouble> {
    let name = format!("plans/{}", asked.name("id"));
    PlanId::from_name(&name).map(PlanId::name).map_err(|_| Trouble::nowhere())
}

async fn page<R: Route>(
    asked: &Asked<R>,
    results: &[PlanLineResult],
    attempt: Option<Attempt>,
) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let caller = asked.authorized::<rpc::ProposePlan>()?;
    let plan = asked.site().aid.plan(caller, &name_in(asked)?).await?;
    let (requests, assignments) = planned(asked, &plan).await?;
    let status =
        attempt.as_ref().map_or(StatusCode::OK, |attempt| Trouble::from(attempt.refusal.clone()).status());
    let ground = asked.fields().first("basis").parse::<Basis>().map(Basis::code).unwrap_or_default();
    let shown = {
        let (now, roster) = (asked.site().world.now(), asked.site().roster.snapshot());
        let light = Light { lang, now, roster: &roster, titles: &BTreeMap::new() };
        let key = || key(asked);
        let maker = Maker { lang, key: &key, attempt: attempt.as_ref(), placed: Cell::new(false) };
        let proposed =
            Proposed { plan: &plan, requests: &requests, assignments: &assignments, results, basis: ground };
        let of = plan_view::plan(&light, &maker, &proposed);
        let is_done = results.iter().any(|result| result.assignment.is_some());
        PlanPage { lang, problem: maker.unplaced(), is_done, of }
    };
    asked.base.page(status, lang.say("board.plan").to_owned(), &shown, &["page.js"])
}

/// The requests of a plan as they are now, and what is under way for them.
async fn planned<R: Route>(
    asked: &Asked<R>,
    plan: &PlanProposal,
) -> Result<(Vec<MutualAidRequest>, Vec<Assignment>), Trouble> {
    let desk = &asked.site().aid;
    let (mut requests, mut assignments) = (Vec::new(), Vec::new());
    for planned in &plan.requests {
        let name = planned.request.clone();
        let question = GetRequestRequest { name: name.clone() };
        requests.push(desk.ask(asked.authorized::<rpc::GetRequest>()?, question).await?);
        let question = ListAssignmentsRequest { request: name, page_size: 1_000, ..Default::default() };
        let caller = asked.authorized::<rpc::ListAssignments>()?;
        assignments.extend(desk.ask(caller, question).await?.assignments);
    }
    Ok((requests, assignments))
}
