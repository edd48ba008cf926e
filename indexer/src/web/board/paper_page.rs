//! Papers to take away: the mission order (调令) for printing, and documents for other dispatch systems.

use askama::Template;
use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use shouwang_pages::{Lang, age, icon, trouble::Trouble};
use shouwang_proto::{
    interchange::{cap, edxl_rm},
    mutual_aid::{
        id::AssignmentId,
        term::{Basis, Mode},
    },
    publication::time_from_wire,
    wire,
};

use super::{
    command_page::incident_in,
    request_page::name_in,
    words::{self, amount, said, tail},
};
use crate::{
    council::permission::rpc,
    web::{
        asked::{Asked, Knowing as _},
        route::to,
    },
};

/// Who sends our documents: stable, and unlike any mail address.
const SENDER: &str = "shouwang";

#[derive(Template)]
#[template(path = "board/order.html")]
struct OrderPage {
    lang: Lang,
    number: String,
    /// What kind of drill it is for; empty when it is real.
    drill: &'static str,
    /// Key and text of what stands on the sheet.
    facts: Vec<(&'static str, String)>,
    request: String,
}

/// `GET /board/assignments/{id}/order`.
pub(in crate::web) async fn order(asked: Asked<to::ShowMissionOrder>) -> Result<Response, Trouble> {
    let name = format!("assignments/{}", asked.name("id"));
    let name = AssignmentId::from_name(&name).map_err(|_| Trouble::nowhere())?.name();
    let question = wire::GetMissionOrderRequest { name };
    let caller = asked.authorized::<rpc::GetMissionOrder>()?;
    let order = asked.site().aid.ask(caller, question).await?;
    let page = order_page(asked.lang(), order);
    asked.page(page.number.clone(), &page, &["page.js"])
}

fn order_page(lang: Lang, order: wire::MissionOrder) -> OrderPage {
    let (assignment, request) = (order.assignment.unwrap_or_default(), order.request.unwrap_or_default());
    let incident = order.incident.unwrap_or_default();
    let time = |time: Option<prost_types::Timestamp>| {
        time.as_ref().and_then(time_from_wire).map_or_else(String::new, age::exact)
    };
    let contact = request.contact.unwrap_or_default();
    let quantity = amount(assignment.quantity, &assignment.unit);
    let facts = vec![
        ("board.paper.owner", order.owner_display_name),
        ("board.paper.resource", format!("{} × {quantity}", order.resource_title)),
        ("board.paper.basis", said(lang, Basis::from_wire(assignment.basis), Basis::labels).to_owned()),
        ("board.paper.requester", order.requester_display_name),
        ("board.paper.incident", incident.title),
        ("board.paper.request", request.title),
        ("board.place", words::place(request.place.as_ref().or(incident.place.as_ref()))),
        ("board.contact", format!("{} {}", contact.name, contact.phone)),
        ("board.paper.arrival", time(assignment.arrival_time)),
        ("board.paper.issued", format!("{} {}", order.issued_by, time(order.issue_time))),
        ("board.paper.confirmed", format!("{} {}", order.confirmed_by, time(order.confirm_time))),
    ];
    let is_real = incident.mode == i32::from(Mode::Actual.to_wire());
    OrderPage {
        lang,
        number: order.number,
        drill: if is_real { "" } else { said(lang, Mode::from_wire(incident.mode), Mode::labels) },
        facts: facts.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect(),
        request: request.name,
    }
}

/// A document to keep.
fn document(xml: String, name: &str) -> Response {
    let mut response = Response::new(Body::from(xml));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml; charset=utf-8"));
    // A name of ours is hexadecimal digits and hyphens.
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// `GET /board/incidents/{id}/cap.xml`: the incident as a CAP 1.2 alert.
pub(in crate::web) async fn incident(asked: Asked<to::ExportIncident>) -> Result<Response, Trouble> {
    let question = wire::GetIncidentRequest { name: incident_in(&asked)? };
    let incident = asked.site().aid.ask(asked.authorized::<rpc::GetIncident>()?, question).await?;
    let alert = cap::Alert::from_incident(&incident, SENDER, asked.site().world.now())?;
    Ok(document(alert.to_xml(), &format!("incident-{}.cap.xml", tail(&incident.name))))
}

/// `GET /board/requests/{id}/edxl-rm.xml`: the request as an EDXL-RM 1.0 `RequestResource`.
pub(in crate::web) async fn request(asked: Asked<to::ExportAidRequest>) -> Result<Response, Trouble> {
    let desk = &asked.site().aid;
    let question = wire::GetRequestRequest { name: name_in(&asked)? };
    let request = desk.ask(asked.authorized::<rpc::GetRequest>()?, question).await?;
    let question = wire::GetIncidentRequest { name: request.incident.clone() };
    let incident = desk.ask(asked.authorized::<rpc::GetIncident>()?, question).await?;
    let message = edxl_rm::Message::from_request(&request, &incident, asked.site().world.now())?;
    Ok(document(message.to_xml(), &format!("request-{}.edxl-rm.xml", tail(&request.name))))
}
