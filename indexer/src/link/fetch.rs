//! Gives a node its own entries back, verbatim and in order.

use shouwang_proto::{
    log::entry::{BATCH_BYTES, BATCH_ENTRIES},
    wire,
};
use tokio::sync::mpsc::Sender;
use tonic::Status;

use super::{
    control::late,
    peer::Peer,
    room::{LinkRoom, SILENCE},
};
use crate::store::log;

/// Entries read at once: at most 8 MiB, however large they are.
const PAGE: u32 = 32;

type Out = Sender<Box<Result<wire::FetchEntriesResponse, Status>>>;

/// Serves a request to its end.
pub(super) async fn serve(room: LinkRoom, peer: Peer, from_seq: u64, out: Out) {
    let end = tokio::select! {
        biased;
        () = room.parts.stopping.cancelled() => Err(Status::unavailable("the hub stops")),
        status = peer.until_cast_out(&room) => Err(status),
        end = send_all(&room, &peer, from_seq.max(1), &out) => end,
    };
    if let Err(status) = end {
        // The node may be gone already.
        drop(out.send(Box::new(Err(status))).await);
    }
}

async fn send_all(room: &LinkRoom, peer: &Peer, mut seq: u64, out: &Out) -> Result<(), Status> {
    let mut entries = Vec::new();
    let mut bytes = 0;
    loop {
        let member = peer.member.clone();
        let read = room.parts.store.read(async move |conn| log::entries_from(conn, &member, seq, PAGE).await);
        let page = read.await?;
        let Some(last) = page.last() else { break };
        seq = last.header().seq + 1;
        for entry in page {
            if entries.len() == BATCH_ENTRIES || bytes + entry.size() > BATCH_BYTES {
                send(out, std::mem::take(&mut entries)).await?;
                bytes = 0;
            }
            bytes += entry.size();
            entries.push(entry.to_wire());
        }
    }
    if entries.is_empty() { Ok(()) } else { send(out, entries).await }
}

async fn send(out: &Out, entries: Vec<wire::SignedEntry>) -> Result<(), Status> {
    out.send_timeout(Box::new(Ok(wire::FetchEntriesResponse { entries })), SILENCE).await.map_err(|_| late())
}
