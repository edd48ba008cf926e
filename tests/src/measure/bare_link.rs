//! The bare link: tonic's own server over the same TLS, which answers each batch and looks at nothing.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{Stream, stream};
use shouwang_proto::wire::{
    self,
    link_service_server::{LinkService, LinkServiceServer},
};
use shouwang_serving::{accept::bind, tls::ServerTls};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, transport::server::Connected};

/// A stream of answers.
pub type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Largest message, in bytes, as on our links.
const MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// What a sync link does with a batch.
#[tonic::async_trait]
pub trait Intake: Send + 'static {
    /// Takes a batch; the last seq of it, or why it is refused.
    async fn take(&mut self, batch: wire::EntryBatch) -> Result<u64, Status>;
}

/// Looks at nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing {
    entries: u64,
}

#[tonic::async_trait]
impl Intake for Nothing {
    async fn take(&mut self, batch: wire::EntryBatch) -> Result<u64, Status> {
        self.entries += batch.entries.len() as u64;
        Ok(self.entries)
    }
}

/// A link service that only has Sync (and a Control that stays open): each batch goes to a fresh intake of the stream
/// and is acknowledged with its seq.
#[derive(Debug)]
pub struct Sink<F> {
    make: F,
}

impl<F> Sink<F> {
    /// A service whose streams get their intake from `make`.
    pub fn server(make: F) -> LinkServiceServer<Self> {
        LinkServiceServer::new(Self { make })
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES)
    }
}

#[tonic::async_trait]
impl<F, I> LinkService for Sink<F>
where
    F: Fn() -> I + Send + Sync + 'static,
    I: Intake,
{
    type ControlStream = Answers<wire::ControlResponse>;
    type SyncStream = Answers<wire::SyncResponse>;
    type FetchEntriesStream = Answers<wire::FetchEntriesResponse>;

    async fn control(
        &self,
        request: Request<Streaming<wire::ControlRequest>>,
    ) -> Result<Response<Self::ControlStream>, Status> {
        let answers = request.into_inner().map(|request| {
            let number = match request?.message {
                Some(wire::control_request::Message::Heartbeat(heartbeat)) => heartbeat.number,
                Some(
                    wire::control_request::Message::Hello(_)
                    | wire::control_request::Message::NoticeAck(_)
                    | wire::control_request::Message::MemberCommand(_),
                )
                | None => 0,
            };
            let answer = wire::HeartbeatAnswer { number, ..wire::HeartbeatAnswer::default() };
            let message = wire::control_response::Message::HeartbeatAnswer(answer);
            Ok(wire::ControlResponse { message: Some(message) })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn sync(
        &self,
        request: Request<Streaming<wire::SyncRequest>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        let answers =
            stream::try_unfold((request.into_inner(), (self.make)()), async |(mut requests, mut intake)| {
                let Some(request) = requests.message().await? else { return Ok(None) };
                let message = match request.message {
                    Some(wire::sync_request::Message::Batch(batch)) => {
                        let seq = intake.take(batch).await?;
                        let cursor = wire::LogPosition { epoch: 1, seq, entry_hash: vec![0; 32] };
                        let ack = wire::BatchAck { cursor: Some(cursor), ..wire::BatchAck::default() };
                        wire::sync_response::Message::Ack(ack)
                    }
                    Some(wire::sync_request::Message::Hello(_)) | None => {
                        wire::sync_response::Message::Welcome(wire::SyncWelcome::default())
                    }
                };
                Ok(Some((wire::SyncResponse { message: Some(message) }, (requests, intake))))
            });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn fetch_entries(
        &self,
        _request: Request<wire::FetchEntriesRequest>,
    ) -> Result<Response<Self::FetchEntriesStream>, Status> {
        Err(Status::unimplemented("a sink gives nothing back"))
    }

    async fn repair_entries(
        &self,
        _request: Request<wire::RepairEntriesRequest>,
    ) -> Result<Response<wire::RepairEntriesResponse>, Status> {
        Err(Status::unimplemented("a sink keeps nothing that could be damaged"))
    }

    async fn upload_attachment(
        &self,
        _request: Request<Streaming<wire::LinkUploadAttachmentRequest>>,
    ) -> Result<Response<wire::LinkUploadAttachmentResponse>, Status> {
        Err(Status::unimplemented("a sink takes no files"))
    }
}

/// Serves a sink that looks at nothing; see [`serve_intake`].
///
/// # Errors
/// When it cannot listen.
pub fn serve_bare(
    tls: &ServerTls,
    stop: CancellationToken,
    tasks: &mut JoinSet<()>,
) -> io::Result<SocketAddr> {
    serve_intake(tls, Nothing::default, stop, tasks)
}

/// Serves a sink with tonic's own server and its defaults until `stop`. The tasks are in `tasks`.
///
/// # Errors
/// When it cannot listen.
pub fn serve_intake<I: Intake>(
    tls: &ServerTls,
    make: impl Fn() -> I + Send + Sync + 'static,
    stop: CancellationToken,
    tasks: &mut JoinSet<()>,
) -> io::Result<SocketAddr> {
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = listener.local_addr()?;
    let acceptor = TlsAcceptor::from(tls.config());
    let (ready, connections) = tokio::sync::mpsc::channel(64);
    let accepting = stop.clone();
    tasks.spawn(async move {
        let mut handshakes = JoinSet::new();
        let accept = async {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, ready) = (acceptor.clone(), ready.clone());
                handshakes.spawn(async move {
                    drop(stream.set_nodelay(true));
                    if let Ok(stream) = acceptor.accept(stream).await {
                        drop(ready.send(Ok::<_, io::Error>(Encrypted(stream))).await);
                    }
                });
                while handshakes.try_join_next().is_some() {}
            }
        };
        accepting.run_until_cancelled(accept).await;
    });
    tasks.spawn(async move {
        let serving = tonic::transport::Server::builder()
            .add_service(Sink::server(make))
            .serve_with_incoming_shutdown(ReceiverStream::new(connections), stop.cancelled_owned());
        // It ends when it is told to.
        drop(serving.await);
    });
    Ok(address)
}

/// What tonic's server wants of a connection.
struct Encrypted(TlsStream<TcpStream>);

impl Connected for Encrypted {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
