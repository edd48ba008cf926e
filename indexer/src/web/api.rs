//! The same for programs: JSON under `/api/v1`, with a token or a session. Field names are the contract's.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use shouwang_pages::reply;
use shouwang_proto::{
    publication::{Kind, time_from_wire},
    wire::{self, publication::Detail},
};

use super::{asked::Asked, route::to, search_page, trouble::Trouble};
use crate::council::permission::rpc;

/// `GET /api/v1/search`: `q`, the filters of the page, `page_size`, `page_token`, `literal=1`.
pub(super) async fn search(asked: Asked<to::ApiSearch>) -> Result<Response, Trouble> {
    let fields = asked.fields();
    let mut question = search_page::question(fields);
    question.page_token = fields.first("page_token").to_owned();
    question.page_size = fields.first("page_size").parse().unwrap_or_default();
    let found = asked.site().search.find(asked.authorized::<rpc::Search>()?, question).await?;
    Ok(reply::json(StatusCode::OK, &answer(found)))
}

fn answer(found: wire::SearchResponse) -> Value {
    let wire::SearchResponse {
        hits,
        total,
        facets,
        next_page_token,
        also_searched,
        did_you_mean,
        index_time,
        took: _,
    } = found;
    let facet = |facet: wire::Facet| {
        let count = |count: wire::FacetCount| json!({ "value": count.value, "label_zh": count.label_zh, "label_en": count.label_en, "count": count.count });
        json!({ "field": facet.field, "counts": facet.counts.into_iter().map(count).collect::<Vec<_>>() })
    };
    json!({
        "hits": hits.into_iter().map(hit).collect::<Vec<_>>(),
        "total": total,
        "facets": facets.into_iter().map(facet).collect::<Vec<_>>(),
        "next_page_token": next_page_token,
        "also_searched": also_searched,
        "did_you_mean": did_you_mean,
        "index_time": time(index_time),
    })
}

fn hit(hit: wire::SearchHit) -> Value {
    let wire::SearchHit {
        name,
        kind,
        member_id,
        member_display_name,
        title,
        snippet,
        score: _,
        sectors,
        tags,
        language,
        publish_time,
        revision,
    } = hit;
    json!({
        "name": name,
        "kind": Kind::from_wire(kind).map(Kind::code),
        "member_id": member_id,
        "member_display_name": member_display_name,
        "title": highlighted(title),
        "snippet": highlighted(snippet),
        "sectors": sectors,
        "tags": tags,
        "language": language,
        "publish_time": time(publish_time),
        "revision": revision,
    })
}

fn highlighted(text: Option<wire::HighlightedText>) -> Value {
    let wire::HighlightedText { text, ranges } = text.unwrap_or_default();
    let ranges: Vec<_> =
        ranges.iter().map(|range| json!({ "start": range.start, "end": range.end })).collect();
    json!({ "text": text, "ranges": ranges })
}

fn time(time: Option<prost_types::Timestamp>) -> Option<String> {
    time.and_then(|time| time_from_wire(&time)).map(|time| time.to_string())
}

/// `GET /api/v1/publications/{member}/{record}`.
pub(super) async fn publication(asked: Asked<to::ApiPublication>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::GetPublication>()?;
    let name = format!("members/{}/publications/{}", asked.name("member"), asked.name("record"));
    let publication = asked.site().search.read(&caller, &name).await?;
    Ok(reply::json(StatusCode::OK, &whole(publication)))
}

fn whole(publication: wire::Publication) -> Value {
    let wire::Publication {
        name,
        external_id,
        title,
        summary,
        body,
        tags,
        sectors,
        language,
        audience,
        detail,
        attachments,
        state: _,
        revision,
        create_time,
        update_time,
        publish_time,
        delivery: _,
    } = publication;
    let file = |file: wire::Attachment| {
        json!({
            "file_name": file.file_name, "media_type": file.media_type, "size_bytes": file.size_bytes,
            "sha256": file.sha256,
        })
    };
    let mut value = json!({
        "name": name,
        "external_id": external_id,
        "title": title,
        "summary": summary,
        "body": body,
        "tags": tags,
        "sectors": sectors,
        "language": language,
        "audience": audience,
        "attachments": attachments.into_iter().map(file).collect::<Vec<_>>(),
        "revision": revision,
        "create_time": time(create_time),
        "update_time": time(update_time),
        "publish_time": time(publish_time),
    });
    let (kind, detail) = match detail {
        Some(Detail::Practice(practice)) => ("practice", practice_json(practice)),
        Some(Detail::Course(course)) => ("course", course_json(course)),
        Some(Detail::Resource(resource)) => ("resource", resource_json(resource)),
        None => return value,
    };
    value[kind] = detail;
    value
}

fn practice_json(practice: wire::Practice) -> Value {
    let wire::Practice { hazards, operations, standards, evidence } = practice;
    json!({ "hazards": hazards, "operations": operations, "standards": standards, "evidence": evidence })
}

fn course_json(course: wire::Course) -> Value {
    let wire::Course { provider, attendees, duration_hours, format, seats, sessions } = course;
    let session = |session: wire::CourseSession| {
        json!({
            "starts_at": time(session.starts_at), "ends_at": time(session.ends_at), "place": session.place,
            "seats": session.seats,
        })
    };
    json!({
        "provider": provider,
        "attendees": attendees,
        "duration_hours": duration_hours,
        "format": format,
        "seats": seats,
        "sessions": sessions.into_iter().map(session).collect::<Vec<_>>(),
    })
}

fn resource_json(resource: wire::MutualAidResource) -> Value {
    let wire::MutualAidResource {
        resource_kind,
        resource_type,
        capabilities,
        quantity,
        unit,
        location,
        muster_minutes,
        inspection_due,
        duty_contacts,
        pre_authorised,
        floor,
    } = resource;
    let contact = |one: wire::DutyContact| json!({ "name": one.name, "phone": one.phone, "duty": one.duty });
    let place = |one: wire::Location| json!({ "latitude": one.latitude, "longitude": one.longitude, "address": one.address });
    json!({
        "resource_kind": resource_kind,
        "resource_type": resource_type,
        "capabilities": capabilities,
        "quantity": quantity,
        "unit": unit,
        "location": location.map(place),
        "muster_minutes": muster_minutes,
        "inspection_due": inspection_due,
        "duty_contacts": duty_contacts.into_iter().map(contact).collect::<Vec<_>>(),
        "pre_authorised": pre_authorised,
        "floor": floor,
    })
}
