//! Changes what a request says and asks for.

use std::borrow::Cow;

use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{reply, trouble::Trouble};
use shouwang_proto::wire::{GetRequestRequest, MutualAidRequest};

use super::{
    amend_view,
    board_page::key,
    command_page::attempt,
    form::Attempt,
    new_page::{Fold, NewPage},
    new_view::typed,
    request_page::name_in,
};
use crate::{
    council::permission::rpc,
    web::{
        asked::{Asked, Knowing as _},
        route::{Route, to},
    },
};

/// `GET /board/requests/{id}/amend`.
pub(in crate::web) async fn show(asked: Asked<to::ShowAmendAid>) -> Result<Response, Trouble> {
    page(&asked, None).await
}

/// `POST /board/requests/{id}/amend`.
pub(in crate::web) async fn amend(asked: Asked<to::AmendAid>) -> Result<Response, Trouble> {
    let name = name_in(&asked)?;
    let message = amend_view::read(&asked.form, &name);
    match attempt::<rpc::AmendRequest, _>(&asked, message).await? {
        None => Ok(reply::see_other(&format!("/board/{name}?done=1"))),
        refused => page(&asked, refused).await,
    }
}

async fn page<R: Route>(asked: &Asked<R>, attempt: Option<Attempt>) -> Result<Response, Trouble> {
    let (lang, name) = (asked.lang(), name_in(asked)?);
    let caller = asked.authorized::<rpc::GetRequest>()?;
    let request = asked.site().aid.ask(caller, GetRequestRequest { name: name.clone() }).await?;
    let mut page = NewPage {
        lang,
        heading: lang.with("board.amend.title", "title", &request.title),
        back: format!("/board/{name}"),
        action: format!("/board/{name}/amend"),
        go: "board.amend.go",
        problem: String::new(),
        hidden: hidden(asked, &request, attempt.as_ref()),
        incident: Vec::new(),
        more: Fold { inputs: Vec::new() },
        legend: "board.amend.facts",
        request: amend_view::request_inputs(lang, &request),
        lines: Fold::each(amend_view::line_inputs(lang, &request)),
    };
    let title = lang.say("board.amend").to_owned();
    let Some(Attempt { fields, refusal }) = attempt else {
        return asked.base.page(StatusCode::OK, title, &page, &[]);
    };
    page.request = typed(lang, page.request, &fields, &refusal);
    for line in &mut page.lines {
        line.inputs = typed(lang, std::mem::take(&mut line.inputs), &fields, &refusal);
    }
    let trouble = Trouble::from(refusal);
    page.problem = trouble.words(lang);
    asked.base.page(trouble.status(), title, &page, &[])
}

/// What was typed from an older version stays of that version: it would replace what somebody else has changed since.
fn hidden<R: Route>(
    asked: &Asked<R>,
    request: &MutualAidRequest,
    attempt: Option<&Attempt>,
) -> Vec<(Cow<'static, str>, String)> {
    let version =
        attempt.map(|attempt| attempt.fields.first("version")).filter(|version| !version.is_empty());
    let version = version.map_or_else(|| request.version.to_string(), str::to_owned);
    let own = [("key", key(asked)), ("version", version)].map(|(name, value)| (name.into(), value));
    let lines = amend_view::hidden(request).into_iter().map(|(name, value)| (name.into(), value));
    own.into_iter().chain(lines).collect()
}
