//! Gives a node its member's offline pack.

use shouwang_proto::wire::{
    self,
    mutual_aid_link_service_server::{MutualAidLinkService, MutualAidLinkServiceServer},
};
use shouwang_serving::grpc;
use tokio::sync::mpsc::channel;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{
    peer::Peer,
    room::{LinkRoom, SILENCE},
};

/// Bytes of one piece.
const CHUNK: usize = 256 * 1024;
/// Pieces that wait for a slow node.
const QUEUE: usize = 4;

/// Serves `MutualAidLinkService` from a [`LinkRoom`].
#[derive(Clone, Debug)]
pub struct OfflineDesk {
    room: LinkRoom,
}

impl OfflineDesk {
    /// The service of a room.
    #[must_use]
    pub fn service(room: LinkRoom) -> MutualAidLinkServiceServer<Self> {
        MutualAidLinkServiceServer::new(Self { room })
    }
}

type Out = tokio::sync::mpsc::Sender<Result<wire::FetchOfflinePackResponse, Status>>;

async fn serve(room: LinkRoom, peer: Peer, known_version: u64, out: Out) {
    let end = tokio::select! {
        biased;
        () = room.parts.stopping.cancelled() => Err(Status::unavailable("the hub stops")),
        status = peer.until_cast_out(&room) => Err(status),
        end = send_pack(&room, &peer, known_version, &out) => end,
    };
    if let Err(status) = end {
        // The node may be gone already.
        drop(out.send(Err(status)).await);
    }
}

async fn send_pack(room: &LinkRoom, peer: &Peer, known_version: u64, out: &Out) -> Result<(), Status> {
    let member = peer.standing(room)?;
    let parts = &*room.parts;
    let snapshot = parts.roster.snapshot();
    let packed = parts.mutual_aid.packer().pack(&member, &snapshot, known_version, parts.world.now()).await;
    let Some(pack) = packed.map_err(|error| grpc::internal(&error))? else { return Ok(()) };
    for chunk in pack.chunks(CHUNK) {
        let piece = wire::FetchOfflinePackResponse { chunk: chunk.to_vec() };
        out.send_timeout(Ok(piece), SILENCE).await.map_err(|_| super::control::late())?;
    }
    Ok(())
}

#[tonic::async_trait]
impl MutualAidLinkService for OfflineDesk {
    type FetchOfflinePackStream = ReceiverStream<Result<wire::FetchOfflinePackResponse, Status>>;

    async fn fetch_offline_pack(
        &self,
        request: Request<wire::FetchOfflinePackRequest>,
    ) -> Result<Response<Self::FetchOfflinePackStream>, Status> {
        let peer = Peer::of(&self.room, &request)?;
        let wire::FetchOfflinePackRequest { known_version } = request.into_inner();
        let (out, pieces) = channel(QUEUE);
        self.room.tasks.spawn(serve(self.room.clone(), peer, known_version, out));
        Ok(Response::new(ReceiverStream::new(pieces)))
    }
}
