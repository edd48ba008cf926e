//! Attachments on their way to the hub: on the sync connection, after the record that names them. What is still to be
//! sent stands in the store, so a cut or a restart loses nothing.

use std::{io, sync::Arc};

use futures::stream;
use shouwang_proto::{publication::Sha256Hex, refusal::Refusal, wire};
use shouwang_serving::backoff::Backoff;
use tonic::{Code, Status, transport::Channel};

use super::{Ended, Link, client, control::in_time};
use crate::attachments::Pieces;

/// A whole attachment of the largest size passes a slow line in this time.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(600);

/// What became of one attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// The hub has it.
    Taken,
    /// It makes no sense to send it again before the hub asks for it.
    SetAside,
}

/// Sends what is due until the node stops.
pub(super) async fn run(link: Arc<Link>) {
    let mut backoff = Backoff::new();
    loop {
        let sent = tokio::select! {
            biased;
            () = link.stop.cancelled() => return,
            sent = send_due(&link) => sent,
        };
        match sent {
            Ok(()) => backoff = Backoff::new(),
            Err(Ended { problem, .. }) => {
                let pause =
                    backoff.failed(std::time::Duration::ZERO, u64::from_be_bytes(link.parts.world.random()));
                tracing::info!(problem, ?pause, "an attachment could not be sent");
                if !link.pause(pause).await {
                    return;
                }
            }
        }
    }
}

/// Waits for an open connection and for something that is due, and sends all of it.
async fn send_due(link: &Link) -> Result<(), Ended> {
    let mut open = link.open.subscribe();
    let mut board = link.parts.board.watch();
    let channel = open.wait_for(Option::is_some).await.map_err(|_| stopped())?.clone();
    let Some(channel) = channel else { return Ok(()) };
    let durable = board.borrow_and_update().durable.seq;
    while let Some(sha256) = link.parts.store.attachment_due(durable).await? {
        let sent = send(link, channel.clone(), &sha256).await?;
        tracing::info!(sha256 = sha256.as_str(), ?sent, "an attachment is settled");
        link.parts.store.attachment_settle(sha256, sent == Sent::Taken).await?;
    }
    // Nothing is due: until the hub has more records, or asks again with an acknowledgement.
    board.changed().await.map_err(|_| stopped())
}

fn stopped() -> Ended {
    Ended::broken("the node stops")
}

async fn send(link: &Link, channel: Channel, sha256: &Sha256Hex) -> Result<Sent, Ended> {
    let pieces = match link.parts.attachments.read(sha256) {
        Ok(pieces) => pieces,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::error!(sha256 = sha256.as_str(), "an attachment is gone from the disk");
            return Ok(Sent::SetAside);
        }
        Err(error) => return Err(Ended::broken(format!("an attachment cannot be read: {error}"))),
    };
    let requests = stream::unfold(Some((pieces, true)), {
        let sha256 = sha256.clone();
        move |state| std::future::ready(next_request(state, &sha256))
    });
    match in_time(client(channel).upload_attachment(requests), LIMIT).await? {
        Ok(_) => Ok(Sent::Taken),
        Err(status) => judge(sha256, status),
    }
}

fn next_request(
    state: Option<(Pieces, bool)>,
    sha256: &Sha256Hex,
) -> Option<(wire::LinkUploadAttachmentRequest, Option<(Pieces, bool)>)> {
    let (mut pieces, first) = state?;
    // A read that fails ends the stream early; the hub then finds another hash and says so.
    let chunk = pieces.next_piece().unwrap_or_default();
    if chunk.is_empty() && !first {
        return None;
    }
    let sha256 = if first { sha256.as_str().to_owned() } else { String::new() };
    let request = wire::LinkUploadAttachmentRequest { sha256, chunk: chunk.into() };
    Some((request, Some((pieces, false))))
}

fn judge(sha256: &Sha256Hex, status: Status) -> Result<Sent, Ended> {
    let refusal = Refusal::from_status(&status);
    let for_good = refusal.as_ref().is_some_and(|refusal| {
        matches!(refusal.code, Code::InvalidArgument | Code::NotFound | Code::ResourceExhausted)
    });
    if for_good {
        let why = status.message();
        tracing::error!(sha256 = sha256.as_str(), why, "the hub does not take an attachment");
        return Ok(Sent::SetAside);
    }
    Err(status.into())
}
