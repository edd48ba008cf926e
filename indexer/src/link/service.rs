//! The edge towards the nodes: names the peer, opens the streams, hands them to their sessions.

use shouwang_proto::{
    refusal::Refusal,
    wire::{
        self,
        link_service_server::{LinkService, LinkServiceServer},
    },
};
use shouwang_serving::grpc::SYNC_MESSAGE_BYTES;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_stream::{StreamExt as _, adapters::Map, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming, codec::CompressionEncoding};

use super::{control, fetch, peer::Peer, repair, room::LinkRoom, sync, upload};

/// Messages that wait for a slow node on its control stream; beyond that it is cut off and dials again.
const CONTROL_QUEUE: usize = 16;
/// Acknowledgements and pages that wait for a slow node.
const SYNC_QUEUE: usize = 4;

type Answers<T> =
    Map<ReceiverStream<Box<Result<T, Status>>>, fn(Box<Result<T, Status>>) -> Result<T, Status>>;

/// A channel keeps room for 32 messages from the beginning, so they wait in boxes: ten kilobytes less for each link.
fn answers<T>(waiting: Receiver<Box<Result<T, Status>>>) -> Response<Answers<T>> {
    Response::new(ReceiverStream::new(waiting).map(|answer| *answer))
}

/// Serves `LinkService` from a [`LinkRoom`].
#[derive(Clone, Debug)]
pub struct LinkDesk {
    room: LinkRoom,
}

impl LinkDesk {
    /// The service of a room, with the limits of a link.
    #[must_use]
    pub fn service(room: LinkRoom) -> LinkServiceServer<Self> {
        LinkServiceServer::new(Self { room })
            .max_decoding_message_size(SYNC_MESSAGE_BYTES)
            .max_encoding_message_size(SYNC_MESSAGE_BYTES)
            .accept_compressed(CompressionEncoding::Gzip)
    }

    fn admit<T>(&self, request: &Request<T>) -> Result<Peer, Refusal> {
        Peer::of(&self.room, request)
    }
}

#[tonic::async_trait]
impl LinkService for LinkDesk {
    type ControlStream = Answers<wire::ControlResponse>;
    type SyncStream = Answers<wire::SyncResponse>;
    type FetchEntriesStream = Answers<wire::FetchEntriesResponse>;

    async fn control(
        &self,
        request: Request<Streaming<wire::ControlRequest>>,
    ) -> Result<Response<Self::ControlStream>, Status> {
        let peer = self.admit(&request)?;
        let (out, waiting) = channel(CONTROL_QUEUE);
        self.room.tasks.spawn(control::serve(self.room.clone(), peer, request.into_inner(), out));
        Ok(answers(waiting))
    }

    async fn sync(
        &self,
        request: Request<Streaming<wire::SyncRequest>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        let peer = self.admit(&request)?;
        let (out, waiting) = channel(SYNC_QUEUE);
        self.room.tasks.spawn(sync::serve(self.room.clone(), peer, request.into_inner(), out));
        Ok(answers(waiting))
    }

    async fn fetch_entries(
        &self,
        request: Request<wire::FetchEntriesRequest>,
    ) -> Result<Response<Self::FetchEntriesStream>, Status> {
        let peer = self.admit(&request)?;
        let wire::FetchEntriesRequest { from_seq } = request.into_inner();
        let (out, waiting) = channel(SYNC_QUEUE);
        self.room.tasks.spawn(fetch::serve(self.room.clone(), peer, from_seq, out));
        Ok(answers(waiting))
    }

    async fn repair_entries(
        &self,
        request: Request<wire::RepairEntriesRequest>,
    ) -> Result<Response<wire::RepairEntriesResponse>, Status> {
        let peer = self.admit(&request)?;
        let repaired = repair::serve(&self.room, &peer, request.into_inner()).await?;
        Ok(Response::new(wire::RepairEntriesResponse { repaired }))
    }

    async fn upload_attachment(
        &self,
        request: Request<Streaming<wire::LinkUploadAttachmentRequest>>,
    ) -> Result<Response<wire::LinkUploadAttachmentResponse>, Status> {
        let peer = self.admit(&request)?;
        upload::serve(&self.room, &peer, request.into_inner()).await?;
        Ok(Response::new(wire::LinkUploadAttachmentResponse {}))
    }
}
