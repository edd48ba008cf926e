//! The same for programs: JSON under `/api/v1`, with a token or a session. The answers are the contract's own messages.

use axum::response::Response;
use http::StatusCode;
use shouwang_pages::reply;
use shouwang_proto::json::{self, Contract};
use shouwang_serving::grpc;

use super::{asked::Asked, route::to, search_page, trouble::Trouble};
use crate::council::permission::rpc;

/// `GET /api/v1/search`: `q`, the filters of the page, `page_size`, `page_token`, `literal=1`. Answers a
/// `SearchResponse`.
pub(super) async fn search(asked: Asked<to::ApiSearch>) -> Result<Response, Trouble> {
    let fields = asked.fields();
    let mut question = search_page::question(fields);
    question.page_token = fields.first("page_token").to_owned();
    question.page_size = fields.first("page_size").parse().unwrap_or_default();
    answer(&asked.site().search.find(asked.authorized::<rpc::Search>()?, question).await?)
}

/// `GET /api/v1/publications/{member}/{record}`. Answers a `Publication`.
pub(super) async fn publication(asked: Asked<to::ApiPublication>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::GetPublication>()?;
    let name = format!("members/{}/publications/{}", asked.name("member"), asked.name("record"));
    answer(&asked.site().search.read(&caller, &name).await?)
}

fn answer<M: Contract>(message: &M) -> Result<Response, Trouble> {
    let value = json::value(message).map_err(|error| grpc::internal(&error))?;
    Ok(reply::json(StatusCode::OK, &value))
}
