//! The same for programs: JSON under `/api/v1`, with a token or a session. The answers are the contract's own messages.

use std::str::FromStr;

use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Fields, reply, trouble::Trouble};
use shouwang_proto::{
    json::{self, Contract},
    mutual_aid::term::{IncidentState, Mode, RequestState},
    wire,
};
use shouwang_serving::grpc;

use super::{
    asked::{Asked, Knowing as _},
    openapi,
    route::to,
    search_page,
};
use crate::council::permission::rpc;

/// `GET /api/v1/search`: `q`, the filters of the page, `page_size`, `page_token`, `literal=1`. Answers a
/// `SearchResponse`.
pub(super) async fn search(asked: Asked<to::ApiSearch>) -> Result<Response, Trouble> {
    let fields = asked.fields();
    let mut question = search_page::question(fields);
    question.page_token = fields.first("page_token").to_owned();
    question.page_size = size(fields);
    answer(&asked.site().search.find(asked.authorized::<rpc::Search>()?, question).await?)
}

/// `GET /api/v1/publications/{member}/{record}`. Answers a `Publication`.
pub(super) async fn publication(asked: Asked<to::ApiPublication>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::GetPublication>()?;
    let name = format!("members/{}/publications/{}", asked.name("member"), asked.name("record"));
    answer(&asked.site().search.read(&caller, &name).await?)
}

/// `GET /api/v1/members`. Answers a `ListMembersResponse` with all of them.
pub(super) async fn members(asked: Asked<to::ApiMembers>) -> Result<Response, Trouble> {
    let members = asked.site().council.everybody(&asked.authorized::<rpc::ListMembers>()?);
    answer(&wire::ListMembersResponse { members, next_page_token: String::new() })
}

/// `GET /api/v1/members/{member}`. Answers a `Member`.
pub(super) async fn member(asked: Asked<to::ApiMember>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::GetMember>()?;
    let name = format!("members/{}", asked.name("member"));
    answer(&asked.site().council.get_member(&caller, wire::GetMemberRequest { name }).await?)
}

/// Words of a filter as the contract numbers them. One that is none is handed on, to be refused by name.
fn terms<T: FromStr, W: Into<i32>>(words: Vec<String>, number: fn(T) -> W) -> Vec<i32> {
    words.iter().map(|word| word.parse().map_or(i32::MAX, |term| number(term).into())).collect()
}

/// What was asked for on a page of a list.
fn size(fields: &Fields) -> u32 {
    fields.first("page_size").parse().unwrap_or_default()
}

/// The incidents that these fields ask for.
pub(super) fn incidents_asked(fields: &Fields) -> wire::ListIncidentsRequest {
    wire::ListIncidentsRequest {
        states: terms(fields.all("state"), IncidentState::to_wire),
        modes: terms(fields.all("mode"), Mode::to_wire),
        page_size: size(fields),
        page_token: fields.first("page_token").to_owned(),
    }
}

/// `GET /api/v1/incidents`: `state`, `mode`, `page_size`, `page_token`. Answers a `ListIncidentsResponse`.
pub(super) async fn incidents(asked: Asked<to::ApiIncidents>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::ListIncidents>()?;
    answer(&asked.site().aid.ask(caller, incidents_asked(asked.fields())).await?)
}

/// `GET /api/v1/incidents/{id}`. Answers an `Incident`.
pub(super) async fn incident(asked: Asked<to::ApiIncident>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::GetIncident>()?;
    let name = format!("incidents/{}", asked.name("id"));
    answer(&asked.site().aid.ask(caller, wire::GetIncidentRequest { name }).await?)
}

/// `GET /api/v1/requests`: `incident`, `requester`, `state`, `mode`, `page_size`, `page_token`. Answers a
/// `ListRequestsResponse`.
pub(super) async fn requests(asked: Asked<to::ApiRequests>) -> Result<Response, Trouble> {
    let (caller, fields) = (asked.authorized::<rpc::ListRequests>()?, asked.fields());
    let message = wire::ListRequestsRequest {
        incident: fields.first("incident").to_owned(),
        requester: fields.first("requester").to_owned(),
        states: terms(fields.all("state"), RequestState::to_wire),
        modes: terms(fields.all("mode"), Mode::to_wire),
        page_size: size(fields),
        page_token: fields.first("page_token").to_owned(),
    };
    answer(&asked.site().aid.ask(caller, message).await?)
}

/// `GET /api/v1/requests/{id}`. Answers a `MutualAidRequest`.
pub(super) async fn request(asked: Asked<to::ApiRequest>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::GetRequest>()?;
    let name = format!("requests/{}", asked.name("id"));
    answer(&asked.site().aid.ask(caller, wire::GetRequestRequest { name }).await?)
}

/// `GET /api/v1/openapi.json`. What there is here, for programs that read it.
pub(super) async fn open_api(asked: Asked<to::ApiOpenApi>) -> Result<Response, Trouble> {
    Ok(reply::json(StatusCode::OK, &openapi::document(&asked.site().address)))
}

fn answer<M: Contract>(message: &M) -> Result<Response, Trouble> {
    let value = json::value(message).map_err(|error| grpc::internal(&error))?;
    Ok(reply::json(StatusCode::OK, &value))
}
