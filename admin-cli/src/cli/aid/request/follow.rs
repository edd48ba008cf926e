//! `shouwang request watch`, `timeline` and `deliveries`: what happens, and who knows of it.

use clap::Args;
use shouwang_proto::wire::{ListDeliveriesRequest, ListTimelineRequest, WatchRequestRequest};

use super::super::{PageArguments, refer, show, show_line, told};
use crate::{connection::Hub, exit::Exit, failure::Outcome, render::aid, session::Session};

#[derive(Args, Debug)]
pub(crate) struct TimelineArguments {
    /// A request or `incidents/…`; `last`: the newest request （请求编号）
    what: String,
    #[command(flatten)]
    page: PageArguments,
}

#[derive(Args, Debug)]
pub(crate) struct DeliveriesArguments {
    /// A request or `incidents/…`; `last`: the newest incident （请求或事件编号）
    what: String,
    /// Only those not delivered yet （仅未送达）
    #[arg(long)]
    undelivered: bool,
    #[command(flatten)]
    page: PageArguments,
}

async fn name(hub: &Hub, written: &str) -> Outcome<String> {
    match written {
        refer::LAST => Ok(refer::request(hub, written).await?.name),
        written => Ok(refer::named("requests", written)),
    }
}

pub(super) async fn timeline(session: &Session, arguments: TimelineArguments) -> Outcome<Exit> {
    let TimelineArguments { what, page } = arguments;
    let hub = session.hub().await?;
    let question = ListTimelineRequest {
        name: name(&hub, &what).await?,
        page_size: page.limit,
        page_token: page.page_token,
    };
    let answer = told(&hub, hub.aid().list_timeline(question).await)?;
    Ok(show(session, answer, aid::timeline::list))
}

pub(super) async fn deliveries(session: &Session, arguments: DeliveriesArguments) -> Outcome<Exit> {
    let DeliveriesArguments { what, undelivered, page } = arguments;
    let hub = session.hub().await?;
    let incident = match what.as_str() {
        refer::LAST => refer::incident(&hub, refer::LAST).await?.name,
        written if written.starts_with("incidents/") => written.to_owned(),
        written => refer::request(&hub, written).await?.incident,
    };
    let question = ListDeliveriesRequest {
        incident,
        undelivered_only: undelivered,
        page_size: page.limit,
        page_token: page.page_token,
    };
    let answer = told(&hub, hub.aid().list_deliveries(question).await)?;
    Ok(show(session, answer, aid::timeline::deliveries))
}

/// Follows until the hub or the reader ends it. A stream that breaks is an error that says where to go on.
pub(super) async fn watch(session: &Session, what: &str, after: u64) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let request = WatchRequestRequest { name: name(&hub, what).await?, after_sequence: after };
    let mut changes = told(&hub, hub.aid().watch_request(request).await)?;
    let mut last = after;
    loop {
        match changes.message().await {
            Ok(Some(change)) => {
                last = change.sequence;
                show_line(session, change, aid::timeline::watched);
            }
            Ok(None) => return Ok(Exit::Done),
            Err(status) => {
                return Err(hub.failure(&status).hint(crate::words::words!(
                    "加 --after {last} 从断点继续",
                    "go on with --after {last}"
                )));
            }
        }
    }
}
