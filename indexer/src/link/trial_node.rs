//! A hub's link room behind a real server on a loopback port, and a node whose every word is written by the test.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use shouwang_proto::{
    clock::World,
    log::{chain::Position, sealed::SealedEntry},
    refusal::Refusal,
    wire::{self, link_service_client::LinkServiceClient},
};
use shouwang_serving::accept::PeerCertificate;
use tokio::{
    net::TcpListener,
    sync::mpsc::{Sender, channel},
    task::JoinSet,
};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Status, Streaming,
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint, Server},
};

use super::{
    attachments::Attachments,
    board::LinkBoard,
    lease::BootId,
    room::{CREDIT_BYTES, LinkParts, LinkRoom},
    script::{Script, member},
    service::LinkDesk,
    translate::write_position,
};
use crate::{
    council::roster::Roster,
    store::{
        hub_log::HubLogHead,
        trial::{TrialEngine, TrialStore},
    },
};

/// Name of the header in which the trial's nodes say their certificate's serial; a real node shows it in TLS.
const SERIAL: &str = "x-trial-serial";

/// A link room that serves.
pub(super) struct TrialHub {
    pub(super) hub: TrialStore,
    pub(super) room: LinkRoom,
    pub(super) files: tempfile::TempDir,
    address: SocketAddr,
    _serving: JoinSet<()>,
}

impl TrialHub {
    pub(super) async fn start(engine: TrialEngine, script: &Script) -> Self {
        Self::patient(engine, script, Duration::from_secs(60)).await
    }

    /// With another patience for silent nodes.
    pub(super) async fn patient(engine: TrialEngine, script: &Script, silence: Duration) -> Self {
        let hub = TrialStore::open(engine).await;
        hub.join(&member(), &script.key, "a1").await;
        Self::on(hub, script, silence).await
    }

    /// On a store that is there already, as after a restart.
    pub(super) async fn on(hub: TrialStore, script: &Script, silence: Duration) -> Self {
        let files = tempfile::tempdir().unwrap();
        let board = LinkBoard::load(&hub.store).await.unwrap();
        let aid = crate::mutual_aid::trial::open(&hub, &board, World::system()).await;
        let room = LinkRoom::new(LinkParts {
            store: hub.store.clone(),
            roster: Roster::load(hub.store.clone()).await.unwrap(),
            board,
            hub_log: HubLogHead::new(0),
            mutual_aid: aid,
            attachments: Attachments::open(files.path(), false).unwrap(),
            alliance: script.alliance.clone(),
            hub_epoch: 1,
            hub_incarnation: [4; 16],
            world: World::system(),
            silence,
            credit_bytes: CREDIT_BYTES,
            stopping: CancellationToken::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = InterceptedService::new(LinkDesk::service(room.clone()), show_certificate);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let connections = TcpListenerStream::new(listener);
            Server::builder().add_service(service).serve_with_incoming(connections).await.unwrap();
        });
        Self { hub, room, files, address, _serving: serving }
    }

    /// A node that shows this certificate.
    pub(super) async fn node(&self, serial: &'static str) -> TrialNode {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        let client = LinkServiceClient::new(endpoint.connect().await.unwrap());
        TrialNode { client: client.max_decoding_message_size(1 << 23), serial, boot: [1; 16] }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "tonic's own type of an interceptor")]
fn show_certificate(mut request: Request<()>) -> Result<Request<()>, Status> {
    let serial = request.metadata().get(SERIAL).and_then(|serial| serial.to_str().ok()).map(Arc::from);
    if let Some(serial_hex) = serial {
        request.extensions_mut().insert(PeerCertificate {
            der: Arc::from([]),
            serial_hex,
            subject_common_name: Arc::from("north"),
            not_after_ms: i64::MAX,
        });
    }
    Ok(request)
}

/// A node that says what the test tells it to.
#[derive(Clone)]
pub(super) struct TrialNode {
    pub(super) client: LinkServiceClient<Channel>,
    pub(super) serial: &'static str,
    pub(super) boot: BootId,
}

/// An open stream: what is sent and what comes.
pub(super) struct Line<Q, A> {
    pub(super) requests: Sender<Q>,
    pub(super) answers: Streaming<A>,
}

pub(super) type SyncLine = Line<wire::SyncRequest, wire::SyncResponse>;
pub(super) type ControlLine = Line<wire::ControlRequest, wire::ControlResponse>;

impl TrialNode {
    pub(super) fn shown<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if !self.serial.is_empty() {
            request.metadata_mut().insert(SERIAL, self.serial.parse().unwrap());
        }
        request
    }

    pub(super) async fn open_sync(&self) -> Result<SyncLine, Status> {
        let (requests, outgoing) = channel(16);
        let request = self.shown(ReceiverStream::new(outgoing));
        let answers = self.client.clone().sync(request).await?.into_inner();
        Ok(Line { requests, answers })
    }

    pub(super) async fn open_control(&self) -> Result<ControlLine, Status> {
        let (requests, outgoing) = channel(16);
        let request = self.shown(ReceiverStream::new(outgoing));
        let answers = self.client.clone().control(request).await?.into_inner();
        Ok(Line { requests, answers })
    }

    /// Says hello with the log as it stands; gives the stream and the hub's welcome, or why it was refused.
    pub(super) async fn sync(&self, script: &Script) -> Result<(SyncLine, wire::SyncWelcome), Status> {
        self.sync_after(script, Position::default()).await
    }

    /// The same, remembering that everything up to here was acknowledged.
    pub(super) async fn sync_after(
        &self,
        script: &Script,
        acknowledged: Position,
    ) -> Result<(SyncLine, wire::SyncWelcome), Status> {
        let mut line = self.open_sync().await?;
        let hello = wire::SyncHello {
            protocol_version: 1,
            boot_id: self.boot.to_vec(),
            head: Some(head(script)),
            acknowledged: Some(write_position(acknowledged)),
        };
        line.send(wire::sync_request::Message::Hello(hello)).await;
        let Some(wire::sync_response::Message::Welcome(welcome)) = line.answer().await? else {
            panic!("not a welcome")
        };
        Ok((line, welcome))
    }

    /// Opens a control stream and is welcomed.
    pub(super) async fn control(&self) -> Result<(ControlLine, wire::ControlWelcome), Status> {
        self.control_speaking(0).await
    }

    /// The same, speaking this version of mutual aid.
    pub(super) async fn control_speaking(
        &self,
        mutual_aid_version: u32,
    ) -> Result<(ControlLine, wire::ControlWelcome), Status> {
        let mut line = self.open_control().await?;
        let hello = wire::ControlHello {
            protocol_version: 1,
            boot_id: self.boot.to_vec(),
            software_version: "9.9.9".to_owned(),
            mutual_aid_version,
        };
        line.send(wire::control_request::Message::Hello(hello)).await;
        let Some(wire::control_response::Message::Welcome(welcome)) = line.answer().await? else {
            panic!("not a welcome")
        };
        Ok((line, welcome))
    }
}

impl SyncLine {
    pub(super) async fn send(&self, message: wire::sync_request::Message) {
        // A stream that the hub has ended shows that by its answers.
        drop(self.requests.send(wire::SyncRequest { message: Some(message) }).await);
    }

    /// The next answer, `None` at a clean end.
    pub(super) async fn answer(&mut self) -> Result<Option<wire::sync_response::Message>, Status> {
        Ok(self.answers.message().await?.and_then(|answer| answer.message))
    }

    pub(super) async fn send_batch(&self, entries: &[SealedEntry], head: Option<wire::LogHead>) {
        let entries = entries.iter().map(SealedEntry::to_wire).collect();
        self.send(wire::sync_request::Message::Batch(wire::EntryBatch { entries, head })).await;
    }

    /// Sends a batch and waits for its acknowledgement.
    pub(super) async fn deliver(&mut self, entries: &[SealedEntry]) -> Result<wire::BatchAck, Status> {
        self.send_batch(entries, None).await;
        match self.answer().await? {
            Some(wire::sync_response::Message::Ack(ack)) => Ok(ack),
            other => panic!("not an acknowledgement: {other:?}"),
        }
    }

    /// Why the hub ends the stream.
    pub(super) async fn end(mut self) -> String {
        loop {
            match self.answer().await {
                Ok(Some(_)) => {}
                Ok(None) => return "clean".to_owned(),
                Err(status) => return reason(&status),
            }
        }
    }
}

impl ControlLine {
    pub(super) async fn send(&self, message: wire::control_request::Message) {
        drop(self.requests.send(wire::ControlRequest { message: Some(message) }).await);
    }

    pub(super) async fn answer(&mut self) -> Result<Option<wire::control_response::Message>, Status> {
        Ok(self.answers.message().await?.and_then(|answer| answer.message))
    }

    pub(super) async fn heartbeat(&mut self, script: &Script) -> Result<wire::HeartbeatAnswer, Status> {
        let heartbeat = wire::Heartbeat { head: Some(head(script)), number: 7 };
        self.send(wire::control_request::Message::Heartbeat(heartbeat)).await;
        match self.answer().await? {
            Some(wire::control_response::Message::HeartbeatAnswer(answer)) => Ok(answer),
            other => panic!("not an answer to a heartbeat: {other:?}"),
        }
    }

    pub(super) async fn end(mut self) -> String {
        loop {
            match self.answer().await {
                Ok(Some(_)) => {}
                Ok(None) => return "clean".to_owned(),
                Err(status) => return reason(&status),
            }
        }
    }
}

/// The signed head as it travels.
pub(super) fn head(script: &Script) -> wire::LogHead {
    let (head, signature) = script.head();
    wire::LogHead {
        member_id: head.member.to_string(),
        epoch: head.position.epoch,
        seq: head.position.seq,
        entry_hash: head.position.hash.to_vec(),
        live_count: head.live_count,
        state_digest: head.state_digest.to_vec(),
        signature: signature.to_vec(),
    }
}

/// Code and reason of a status.
pub(super) fn reason(status: &Status) -> String {
    let reason =
        Refusal::from_status(status).map_or_else(|| status.message().to_owned(), |found| found.reason.into());
    format!("{:?} {reason}", status.code())
}
