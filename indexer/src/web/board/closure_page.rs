//! Takes the forms of the plan: areas that are closed, and opened again.

use axum::response::Response;
use shouwang_pages::{reply, trouble::Trouble};
use shouwang_proto::{mutual_aid::id::ClosureId, refusal::Refusal, wire};

use super::{closure_view, command_page::attempt, map_page, sent::Sent};
use crate::{
    council::permission::{Rpc, rpc},
    mutual_aid::desk::Drawer,
    web::{
        asked::Asked,
        route::{Route, to},
    },
};

/// Does something that is shown on the plan.
async fn about_map<C: Drawer + Rpc, R: Route>(
    asked: &Asked<R>,
    message: Result<C::Question, Refusal>,
) -> Result<Response, Trouble> {
    match attempt::<C, R>(asked, message).await? {
        None => Ok(reply::see_other("/board/map?done=1")),
        refused => map_page::page(asked, refused).await,
    }
}

/// `POST /board/map/closures`.
pub(in crate::web) async fn add(asked: Asked<to::AddClosure>) -> Result<Response, Trouble> {
    about_map::<rpc::AddClosure, _>(&asked, closure_view::read(&asked.form)).await
}

/// `POST /board/map/closures/{id}/remove`.
pub(in crate::web) async fn remove(asked: Asked<to::RemoveClosure>) -> Result<Response, Trouble> {
    let name = format!("closures/{}", asked.name("id"));
    let name = ClosureId::from_name(&name).map_err(|_| Trouble::nowhere())?.name();
    let mut sent = Sent::new(&asked.form);
    let context = sent.context();
    let message = sent.finish(wire::RemoveClosureRequest { context, name });
    about_map::<rpc::RemoveClosure, _>(&asked, message).await
}
