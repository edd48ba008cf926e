//! Takes the forms of the board. What is done leads back to the page; what is refused shows the page with the words of the
//! refusal in the form, and what was typed.

use axum::response::Response;
use shouwang_pages::{reply, trouble::Trouble};
use shouwang_proto::{
    mutual_aid::id::{AssignmentId, IncidentId},
    refusal::Refusal,
    wire,
};
use shouwang_serving::store::StoreError;

use super::{
    arrived_form, board_page,
    form::Attempt,
    line_forms,
    request_page::{self, name_in},
    sent::{self, Sent},
};
use crate::{
    council::permission::{Rpc, rpc},
    mutual_aid::desk::Drawer,
    web::{
        asked::{Asked, Knowing as _},
        route::{Route, to},
    },
};

type Page = Result<Response, Trouble>;

/// Asks the desk for what a form says; what was refused comes back with what was typed.
pub(super) async fn attempt<C: Drawer + Rpc, R: Route>(
    asked: &Asked<R>,
    message: Result<C::Question, Refusal>,
) -> Result<Option<Attempt>, Trouble> {
    let caller = asked.authorized::<C>()?;
    let done = match message {
        Ok(message) => asked.site().aid.ask(caller, message).await.map(drop),
        Err(refusal) => Err(refusal.into()),
    };
    match done {
        Ok(()) => Ok(None),
        Err(StoreError::Refused(refusal)) => Ok(Some(Attempt { fields: asked.form.clone(), refusal })),
        Err(other) => Err(other.into()),
    }
}

/// Does something about a request, and shows it.
async fn about_request<C: Drawer + Rpc, R: Route>(
    asked: &Asked<R>,
    message: impl FnOnce(&str) -> Result<C::Question, Refusal>,
) -> Page {
    let name = name_in(asked)?;
    match attempt::<C, R>(asked, message(&name)).await? {
        None => Ok(reply::see_other(&format!("/board/{name}?done=1"))),
        refused => request_page::page(asked, refused).await,
    }
}

/// Does something that is shown on the board.
async fn about_board<C: Drawer + Rpc, R: Route>(
    asked: &Asked<R>,
    message: Result<C::Question, Refusal>,
) -> Page {
    match attempt::<C, R>(asked, message).await? {
        None => Ok(reply::see_other("/board?done=1")),
        refused => board_page::board(asked, refused).await,
    }
}

/// `POST /board/requests/{id}/accept`.
pub(in crate::web) async fn accept(asked: Asked<to::AcceptAid>) -> Page {
    let message = |name: &str| {
        let mut sent = Sent::new(&asked.form);
        let (context, expected_version) = (sent.context(), sent.number("version"));
        sent.finish(wire::AcceptRequestRequest { context, name: name.to_owned(), expected_version })
    };
    about_request::<rpc::AcceptRequest, _>(&asked, message).await
}

/// `POST /board/requests/{id}/reject`.
pub(in crate::web) async fn reject(asked: Asked<to::RejectAid>) -> Page {
    let message = |name: &str| {
        let mut sent = Sent::new(&asked.form);
        let (context, expected_version) = (sent.context(), sent.number("version"));
        let (name, reason) = (name.to_owned(), sent.text("reason"));
        sent.finish(wire::RejectRequestRequest { context, name, expected_version, reason })
    };
    about_request::<rpc::RejectRequest, _>(&asked, message).await
}

/// `POST /board/requests/{id}/stand-down`.
pub(in crate::web) async fn stand_down(asked: Asked<to::StandDownAid>) -> Page {
    let message = |name: &str| {
        let mut sent = Sent::new(&asked.form);
        let (context, expected_version) = (sent.context(), sent.number("version"));
        let (name, reason) = (name.to_owned(), sent.text("reason"));
        sent.finish(wire::StandDownRequestRequest { context, name, expected_version, reason })
    };
    about_request::<rpc::StandDownRequest, _>(&asked, message).await
}

/// `POST /board/requests/{id}/close`.
pub(in crate::web) async fn close(asked: Asked<to::CloseAid>) -> Page {
    let message = |name: &str| {
        let mut sent = Sent::new(&asked.form);
        let (context, expected_version) = (sent.context(), sent.number("version"));
        sent.finish(wire::CloseRequestRequest { context, name: name.to_owned(), expected_version })
    };
    about_request::<rpc::CloseRequest, _>(&asked, message).await
}

/// `POST /board/requests/{id}/review`.
pub(in crate::web) async fn review(asked: Asked<to::ReviewAid>) -> Page {
    about_request::<rpc::ReviewRequest, _>(&asked, |name| sent::review(&asked.form, name)).await
}

/// `POST /board/requests/{id}/order`.
pub(in crate::web) async fn order(asked: Asked<to::OrderAid>) -> Page {
    about_request::<rpc::Order, _>(&asked, |name| sent::order(&asked.form, name)).await
}

/// `POST /board/requests/{id}/solicit`.
pub(in crate::web) async fn solicit(asked: Asked<to::SolicitAid>) -> Page {
    about_request::<rpc::Solicit, _>(&asked, |name| sent::solicit(&asked.form, name)).await
}

/// `POST /board/requests/{id}/offer`.
pub(in crate::web) async fn offer(asked: Asked<to::OfferAid>) -> Page {
    about_request::<rpc::OfferUnsolicited, _>(&asked, |name| line_forms::read_offer(&asked.form, name)).await
}

/// `POST /board/requests/{id}/self-deployed`.
pub(in crate::web) async fn book(asked: Asked<to::BookAid>) -> Page {
    about_request::<rpc::BookSelfDeployment, _>(&asked, |name| arrived_form::read(&asked.form, name)).await
}

/// `POST /board/requests/{id}/assignments/{assignment}`.
pub(in crate::web) async fn act(asked: Asked<to::ActOnAid>) -> Page {
    let name = format!("assignments/{}", asked.name("assignment"));
    let name = AssignmentId::from_name(&name).map_err(|_| Trouble::nowhere())?.name();
    let question = wire::GetAssignmentRequest { name: name.clone() };
    let caller = asked.authorized::<rpc::GetAssignment>()?;
    let assignment = asked.site().aid.ask(caller, question).await?;
    if assignment.request != name_in(&asked)? {
        return Err(Trouble::nowhere());
    }
    let message = |_: &str| sent::act(&asked.form, &name, &assignment.resource);
    about_request::<rpc::ActOnAssignment, _>(&asked, message).await
}

/// `POST /board/tasks`.
pub(in crate::web) async fn task(asked: Asked<to::CompleteAidTask>) -> Page {
    about_board::<rpc::CompleteTask, _>(&asked, sent::task(&asked.form)).await
}

/// The incident in the path.
pub(super) fn incident_in<R: Route>(asked: &Asked<R>) -> Result<String, Trouble> {
    let name = format!("incidents/{}", asked.name("id"));
    IncidentId::from_name(&name).map(IncidentId::name).map_err(|_| Trouble::nowhere())
}

/// `POST /board/incidents/{id}/report`.
pub(in crate::web) async fn report(asked: Asked<to::ReportIncident>) -> Page {
    let question = wire::GetIncidentRequest { name: incident_in(&asked)? };
    let incident = asked.site().aid.ask(asked.authorized::<rpc::GetIncident>()?, question).await?;
    about_board::<rpc::UpdateIncident, _>(&asked, sent::report(&asked.form, incident)).await
}

/// `POST /board/incidents/{id}/close`.
pub(in crate::web) async fn close_incident(asked: Asked<to::CloseIncident>) -> Page {
    let name = incident_in(&asked)?;
    let mut sent = Sent::new(&asked.form);
    let (context, expected_version) = (sent.context(), sent.number("version"));
    let note = sent.text("note");
    let message = sent.finish(wire::CloseIncidentRequest { context, name, expected_version, note });
    about_board::<rpc::CloseIncident, _>(&asked, message).await
}
