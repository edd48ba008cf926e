//! Tells a page that something has changed, so that it fetches itself anew: server-sent events.
//!
//! An event's id is the number of the newest change, which the database counts, so it means the same after a restart and at
//! another hub on the same database. A page that comes back names the last one it had (`Last-Event-ID`); when that is far
//! behind or was never given here, it is told to begin anew. Every few seconds comes a beat, by which the page knows that what
//! it shows is still so. The stream ends when the hub stops, and after a while anyway: then the browser asks again, and
//! passes the table of routes again.

use std::{convert::Infallible, time::Duration};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, header};
use serde_json::json;
use shouwang_pages::trouble::Trouble;
use shouwang_proto::mutual_aid::id::RequestId;
use tokio::{sync::watch, time::Instant};

use crate::{
    council::permission::rpc,
    mutual_aid::{desk::Desk, present::Looking},
    web::{
        asked::{Asked, Knowing as _},
        route::to,
    },
};

/// How often a page hears that nothing has changed.
const BEAT: Duration = Duration::from_secs(10);
/// How long a stream lives.
const LIFE: Duration = Duration::from_secs(300);
/// Who is further behind begins anew.
const LAG: u64 = 1_000;
/// After how many milliseconds a browser that was cut off asks again.
const RETRY: u32 = 2_000;

struct Follower {
    desk: Desk,
    changes: watch::Receiver<u64>,
    /// The last id that was sent.
    sent: u64,
    /// What the first event is.
    first: Option<&'static str>,
    /// What is looked at: a request, or the board.
    name: String,
    _looking: Looking,
    ends: Instant,
}

/// `GET /board/events`: `name`, the request that is looked at; `after`, the change that the page shows.
pub(in crate::web) async fn follow(asked: Asked<to::FollowBoard>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::WatchRequest>()?;
    let desk = asked.site().aid.clone();
    // Before the number is read: what changes after it wakes.
    let changes = desk.changes();
    let newest = desk.newest_change().await?;
    let had = asked.base.headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let had = had.unwrap_or_else(|| asked.fields().first("after")).parse().ok();
    let name = asked.fields().first("name");
    let name = if RequestId::from_name(name).is_ok() { name } else { "board" }.to_owned();
    let follower = Follower {
        _looking: desk.look(&name, &caller.label),
        first: Some(first_event(had, newest)),
        sent: newest,
        ends: Instant::now() + LIFE,
        desk,
        changes,
        name,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    // A proxy that gathers answers would hold back what is urgent.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// What somebody is told first who has everything up to `had`.
fn first_event(had: Option<u64>, newest: u64) -> &'static str {
    match had {
        Some(had) if had > newest || newest - had > LAG => "reset",
        Some(had) if had < newest => "change",
        Some(_) | None => "beat",
    }
}

impl Follower {
    /// The next event, when there is one; none at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            let retry = format!("retry: {RETRY}\n");
            return Some([retry.as_bytes(), &self.event(first)[..]].concat().into());
        }
        loop {
            let stopping = self.desk.stopping().clone();
            let woken = tokio::select! {
                biased;
                () = stopping.cancelled() => return None,
                () = tokio::time::sleep_until(self.ends) => return None,
                more = self.changes.changed() => more.ok().map(|()| true)?,
                () = tokio::time::sleep(BEAT) => false,
            };
            if !woken {
                return Some(self.event("beat"));
            }
            // What cannot be read now the browser asks for again.
            let newest = self.desk.newest_change().await.ok()?;
            if newest != self.sent {
                self.sent = newest;
                return Some(self.event("change"));
            }
        }
    }

    fn event(&self, kind: &str) -> Bytes {
        let data = json!({ "present": self.desk.lookers(&self.name) });
        format!("id: {}\nevent: {kind}\ndata: {data}\n\n", self.sent).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_behind_goes_on_or_begins_anew() {
        assert_eq!(first_event(None, 7), "beat");
        assert_eq!(first_event(Some(7), 7), "beat");
        assert_eq!(first_event(Some(6), 7), "change");
        assert_eq!(first_event(Some(8), 7), "reset", "the hub was restored from an older copy");
        assert_eq!(first_event(Some(1), LAG + 2), "reset");
        assert_eq!(first_event(Some(2), LAG + 2), "change");
    }
}
