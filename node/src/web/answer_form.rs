//! Answers to notices, as forms send them.

use axum::response::Response;
use shouwang_pages::{reply, trouble::Trouble};
use shouwang_proto::{
    refusal::{Refusal, Violations},
    wire::{self, inbox_service_server::InboxService as _},
};
use tonic::Request;

use super::{
    SiteParts,
    act::{Act, Tried},
    aid_page,
    asked::Asked,
    route::to,
};

/// What a form says.
fn read(asked: &Asked<to::Answer>, act: Option<Act>) -> Result<wire::AnswerRequest, Trouble> {
    let form = &asked.form;
    let mut wrong = Violations::new();
    let Some(act) = act else {
        return Err(Refusal::field("act", "is none that can be answered （没有这种回答）").into());
    };
    let action = act.read(form, &mut wrong);
    let action = wire::AssignmentAction {
        assignment: form.first("assignment").to_owned(),
        epoch: form.first("epoch").parse().unwrap_or_default(),
        action: Some(action),
    };
    let action = wrong.finish(|| Some(action))?;
    let context = wire::OwnContext {
        request_id: SiteParts::key_in(form.first("key")),
        actor: asked.visitor()?.account.display_name.clone(),
        occurred_at: None,
    };
    Ok(wire::AnswerRequest { context: Some(context), action: Some(action) })
}

/// `POST /aid/answer`. The same form sent again is taken once, by its key.
pub(super) async fn answer(asked: Asked<to::Answer>) -> Result<Response, Trouble> {
    let act = Act::of_code(asked.form.first("act"));
    let said = match read(&asked, act) {
        Ok(request) => {
            asked.site().inbox.answer(Request::new(request)).await.map(drop).map_err(Trouble::from)
        }
        Err(trouble) => Err(trouble),
    };
    match said {
        Ok(()) => Ok(reply::see_other("/aid?done=said")),
        Err(trouble @ Trouble::Refused(_)) => {
            let tried = Tried {
                assignment: asked.form.first("assignment").to_owned(),
                act,
                typed: asked.form.clone(),
                wrong: trouble.wrong(asked.lang()),
            };
            aid_page::page(&asked, Some((&tried, &trouble))).await
        }
        Err(other) => Err(other),
    }
}

/// `POST /aid/seen`. Of a seen one it changes nothing.
pub(super) async fn seen(asked: Asked<to::MarkSeen>) -> Result<Response, Trouble> {
    let request = wire::MarkSeenRequest {
        name: asked.form.first("notice").to_owned(),
        actor: asked.visitor()?.account.display_name.clone(),
    };
    asked.site().inbox.mark_seen(Request::new(request)).await?;
    Ok(reply::see_other("/aid"))
}
