//! How people name things: the full name, its UUID alone, or `last` for the newest one.

use shouwang_proto::wire::{
    Assignment, Candidate, GetAssignmentRequest, GetIncidentRequest, GetRequestRequest, Incident,
    ListAssignmentsRequest, ListCandidatesRequest, ListIncidentsRequest, ListRequestsRequest,
    MutualAidRequest,
};

use super::told;
use crate::{
    connection::Hub,
    failure::{Failure, Outcome},
    words::words,
};

/// The newest one, for trying out and for a shift with one emergency.
pub(super) const LAST: &str = "last";

/// `collection/{uuid}` from a name or the UUID alone.
pub(super) fn named(collection: &str, written: &str) -> String {
    if written.contains('/') { written.to_owned() } else { format!("{collection}/{written}") }
}

/// `members/{member}` from a name or the id alone.
pub(super) fn member(written: &str) -> String {
    named("members", written)
}

fn none_yet(zh: &str, en: &str) -> Failure {
    Failure::usage(words!("还没有{zh}", "there is no {en} yet"))
}

/// Reads an incident.
pub(super) async fn incident(hub: &Hub, written: &str) -> Outcome<Incident> {
    if written == LAST {
        let request = ListIncidentsRequest { page_size: 1, ..ListIncidentsRequest::default() };
        let page = told(hub, hub.aid().list_incidents(request).await)?;
        return page.incidents.into_iter().next().ok_or_else(|| none_yet("事件", "incident"));
    }
    let request = GetIncidentRequest { name: named("incidents", written) };
    told(hub, hub.aid().get_incident(request).await)
}

/// Reads a request.
pub(super) async fn request(hub: &Hub, written: &str) -> Outcome<MutualAidRequest> {
    let name = if written == LAST { last_request(hub).await? } else { named("requests", written) };
    told(hub, hub.aid().get_request(GetRequestRequest { name }).await)
}

/// Requests are listed by urgency; the newest has the greatest UUIDv7.
async fn last_request(hub: &Hub) -> Outcome<String> {
    let mut newest: Option<String> = None;
    let mut page_token = String::new();
    loop {
        let request = ListRequestsRequest { page_size: 1_000, page_token, ..ListRequestsRequest::default() };
        let page = told(hub, hub.aid().list_requests(request).await)?;
        newest = newest.into_iter().chain(page.requests.into_iter().map(|request| request.name)).max();
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return newest.ok_or_else(|| none_yet("请求", "request"));
        }
    }
}

/// Reads an assignment.
pub(super) async fn assignment(hub: &Hub, written: &str) -> Outcome<Assignment> {
    if written == LAST {
        let request = ListAssignmentsRequest { page_size: 1, ..ListAssignmentsRequest::default() };
        let page = told(hub, hub.aid().list_assignments(request).await)?;
        return page.assignments.into_iter().next().ok_or_else(|| none_yet("调派", "assignment"));
    }
    let request = GetAssignmentRequest { name: named("assignments", written) };
    told(hub, hub.aid().get_assignment(request).await)
}

/// The candidates of a line, at most 200.
pub(super) async fn candidates(hub: &Hub, request: &str, line: u32) -> Outcome<Vec<Candidate>> {
    let question = ListCandidatesRequest {
        request: request.to_owned(),
        line,
        page_size: 200,
        ..ListCandidatesRequest::default()
    };
    Ok(told(hub, hub.aid().list_candidates(question).await)?.candidates)
}

/// The one candidate that is meant: its full name, its UUID, or words that only its title or owner has.
pub(super) fn choose<'a>(candidates: &'a [Candidate], written: &str) -> Outcome<&'a Candidate> {
    let exact = |candidate: &&Candidate| {
        candidate.resource == written || candidate.resource.ends_with(&format!("/{written}"))
    };
    if let Some(found) = candidates.iter().find(exact) {
        return Ok(found);
    }
    let described = |candidate: &&Candidate| {
        candidate.title.contains(written) || candidate.member_display_name.contains(written)
    };
    let fit: Vec<&Candidate> = candidates.iter().filter(described).collect();
    match fit.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::usage(words!(
            "候选资源中没有“{written}”",
            "no candidate is called `{written}`"
        ))
        .hint(words!(
            "用 shouwang candidates 请求 行号 --excluded 查看；也可写全名 members/…/publications/…",
            "see `shouwang candidates REQUEST LINE --excluded`, or write the full name members/…/publications/…"
        ))),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|one| format!("{} · {} · {}", one.title, one.member_display_name, one.resource))
                .collect();
            let names = names.join("\n  ");
            Err(Failure::usage(words!(
                "“{written}”不只一个：\n  {names}",
                "`{written}` is not the only one:\n  {names}"
            )))
        }
    }
}
