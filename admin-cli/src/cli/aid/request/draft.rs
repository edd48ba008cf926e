//! `shouwang request draft`: the review as a practice that everybody can learn from.

use shouwang_proto::wire::{ListTimelineRequest, MutualAidRequest, TimelineEntry};

use super::super::{refer, told};
use crate::{
    connection::Hub,
    exit::Exit,
    failure::{Failure, Outcome},
    render::aid::draft,
    session::Session,
};

/// Most pages of the timeline that are read, of 1,000 entries.
const PAGES: usize = 20;

pub(super) async fn run(session: &Session, written: &str) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let request = refer::request(&hub, written).await?;
    print(session, &hub, &request).await
}

/// Prints the draft of a request that was read.
pub(super) async fn print(session: &Session, hub: &Hub, request: &MutualAidRequest) -> Outcome<Exit> {
    let incident = refer::incident(hub, &request.incident).await?;
    let entries = timeline(hub, &request.name).await?;
    let practice = draft::practice(request, &incident, &entries);
    let text = serde_json::to_string_pretty(&practice).map_err(|error| {
        Failure::failed(crate::words::words!("无法写出：{error}", "it cannot be written: {error}"))
    })?;
    session.output.raw(&text);
    Ok(Exit::Done)
}

async fn timeline(hub: &Hub, name: &str) -> Outcome<Vec<TimelineEntry>> {
    let (mut entries, mut page_token) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let question = ListTimelineRequest { name: name.to_owned(), page_size: 1_000, page_token };
        let page = told(hub, hub.aid().list_timeline(question).await)?;
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(entries)
}
