//! Takes the bytes of one file from a node.

use shouwang_proto::{
    publication::{ATTACHMENT_LIMIT, Sha256Hex},
    refusal::Refusal,
    wire,
};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use super::{
    control::late,
    peer::Peer,
    room::{HELLO, LinkRoom},
};
use crate::store::attachment::{self, Wanted};

/// Largest piece of a file in one message, in bytes.
const CHUNK_LIMIT: usize = 1024 * 1024;

/// Takes the file.
///
/// # Errors
/// INVALID_ARGUMENT (FIELDS_INVALID, HASH_MISMATCH), RESOURCE_EXHAUSTED (ATTACHMENT_TOO_LARGE), NOT_FOUND
/// (ATTACHMENT_UNKNOWN), as [`Peer::until_cast_out`] when the node is put off the list meanwhile.
pub(super) async fn serve(
    room: &LinkRoom,
    peer: &Peer,
    requests: Streaming<wire::LinkUploadAttachmentRequest>,
) -> Result<(), Status> {
    tokio::select! {
        biased;
        () = room.parts.stopping.cancelled() => Err(Status::unavailable("the hub stops")),
        status = peer.until_cast_out(room) => Err(status),
        done = take(room, peer, requests) => done,
    }
}

async fn take(
    room: &LinkRoom,
    peer: &Peer,
    mut requests: Streaming<wire::LinkUploadAttachmentRequest>,
) -> Result<(), Status> {
    let mut next = timeout(HELLO, requests.message()).await.map_err(|_| late())??;
    let first = next.as_ref().map_or("", |first| first.sha256.as_str());
    let sha256: Sha256Hex = first.parse().map_err(|words: &str| Refusal::field("sha256", words))?;
    let (member, hash) = (peer.member.clone(), sha256.clone());
    let store = &room.parts.store;
    let wanted =
        store.read(async move |conn| attachment::attachment_wanted(conn, &member, &hash).await).await?;
    match wanted {
        Wanted::Stored => return Ok(()),
        Wanted::No => {
            let words = "no publication of this member names the file （没有发布内容引用该附件）";
            return Err(Refusal::not_found("ATTACHMENT_UNKNOWN", words).into());
        }
        Wanted::Yes(_) => {}
    }
    let mut file = room.parts.attachments.begin(&sha256, room.parts.world.random()).map_err(unwritten)?;
    while let Some(wire::LinkUploadAttachmentRequest { sha256: _, chunk }) = next {
        if chunk.len() > CHUNK_LIMIT || file.len() + chunk.len() as u64 > ATTACHMENT_LIMIT {
            let words = "a file has at most 32 MiB, a piece of it 1 MiB （附件过大）";
            return Err(Refusal::new(Code::ResourceExhausted, "ATTACHMENT_TOO_LARGE", words).into());
        }
        file.append(&chunk).map_err(unwritten)?;
        next = timeout(HELLO, requests.message()).await.map_err(|_| late())??;
    }
    let size = file.len();
    if !file.matches() {
        let words = "the bytes do not have this hash （内容与哈希不符）";
        return Err(Refusal::new(Code::InvalidArgument, "HASH_MISMATCH", words).into());
    }
    room.parts.attachments.keep(file).await.map_err(unwritten)?;
    let now = room.parts.world.now();
    store.write(async move |tx| attachment::attachment_add(tx, &sha256, size, now).await).await?;
    Ok(())
}

fn unwritten(error: std::io::Error) -> Status {
    tracing::error!(%error, "a file could not be stored");
    let words = "the file could not be stored, try again later （附件暂时无法保存，请稍后重试）";
    Refusal::new(Code::Unavailable, "DISK_UNAVAILABLE", words).into_status()
}
