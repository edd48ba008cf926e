//! A small hub for tests: it keeps one member's log in memory, says what it is told to say, and counts what it hears.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
};

use shouwang_proto::{
    log::{chain::Position, key::LogPublicKey, sealed::SealedEntry},
    refusal::Refusal,
    wire::{
        self, enrolment_service_server::EnrolmentService, enrolment_service_server::EnrolmentServiceServer,
        link_service_server::LinkServiceServer, mutual_aid_link_service_server::MutualAidLinkServiceServer,
    },
};
use shouwang_serving::{
    accept::{AcceptLimits, Acceptor, bind},
    tls::{ClientRule, ServerTls},
};
use tokio::{net::TcpSocket, sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, service::Routes};

use super::{PATIENCE, TrialAuthority};
use crate::join::Invite;

/// What the hub has, does and has heard.
#[derive(Clone, Debug)]
pub(crate) struct HubState {
    /// Its copy of the log.
    pub(crate) log: Vec<SealedEntry>,
    /// Its epoch.
    pub(crate) epoch: u64,
    /// Which restore it is.
    pub(crate) incarnation: [u8; 16],
    /// Bytes of credit it gives.
    pub(crate) credit: u64,
    /// Does it keep acknowledgements back?
    pub(crate) silent: bool,
    /// Does it cut the connection instead of taking the next batch?
    pub(crate) cut_next: bool,
    /// What it refuses every stream with.
    pub(crate) refusal: Option<Refusal>,
    /// Seqs that it quarantines.
    pub(crate) poison: Vec<u64>,
    /// Seqs of entries that its disk has damaged.
    pub(crate) damaged: Vec<u64>,
    /// Entries that it was sent in their place.
    pub(crate) repaired: Vec<SealedEntry>,
    /// Life of the certificates it issues in days.
    pub(crate) days: u64,
    /// A directive to send with the next heartbeat.
    pub(crate) directive: Option<wire::directive::Action>,
    /// The cases it saw.
    pub(crate) cases: Vec<wire::ResumeCase>,
    /// Most bytes that were under way at once.
    pub(crate) most_under_way: u64,
    /// Batches it took.
    pub(crate) batches: u64,
    /// Streams that were opened.
    pub(crate) streams: u64,
    /// Heads that came with heartbeats.
    pub(crate) heads: Vec<wire::LogHead>,
    /// Attachments that came.
    pub(crate) attachments: BTreeMap<String, Vec<u8>>,
    /// Joins and renewals that were answered.
    pub(crate) enrolled: u64,
    /// The member's log key.
    pub(crate) log_key: Option<LogPublicKey>,
    /// Emergencies.
    pub(crate) aid: AidState,
}

/// What the hub does and has heard about emergencies.
#[derive(Clone, Debug)]
pub(crate) struct AidState {
    /// Version of mutual aid it speaks.
    pub(crate) version: u32,
    /// What it sync-refuses with, while the control link goes on.
    pub(crate) sync_refusal: Option<Refusal>,
    /// Notices that wait to be acknowledged, on each stream anew.
    pub(crate) outbox: Vec<wire::NoticeDelivery>,
    /// Does it cut the stream instead of taking the next acknowledgement?
    pub(crate) lose_ack: bool,
    /// Deliveries that were acknowledged, as they came.
    pub(crate) acked: Vec<u64>,
    /// Does it leave words undecided?
    pub(crate) undecided: bool,
    /// Words that came, each once.
    pub(crate) words: Vec<wire::MemberCommand>,
    /// Words that came, repetitions too.
    pub(crate) heard: u64,
    /// What it decides about the next words, the first one first; without one it accepts.
    pub(crate) decisions: VecDeque<wire::MemberCommandResult>,
    /// What it decided, by command.
    pub(crate) decided: BTreeMap<String, wire::MemberCommandResult>,
    /// Its offline pack, signed.
    pub(crate) pack: Vec<u8>,
    /// Versions that nodes said they have when they asked for it.
    pub(crate) pack_asked: Vec<u64>,
}

impl Default for AidState {
    fn default() -> Self {
        Self {
            version: 1,
            sync_refusal: None,
            outbox: Vec::new(),
            lose_ack: false,
            acked: Vec::new(),
            undecided: false,
            words: Vec::new(),
            heard: 0,
            decisions: VecDeque::new(),
            decided: BTreeMap::new(),
            pack: Vec::new(),
            pack_asked: Vec::new(),
        }
    }
}

impl Default for HubState {
    fn default() -> Self {
        Self {
            log: Vec::new(),
            epoch: 1,
            incarnation: [1; 16],
            credit: 8 * 1024 * 1024,
            silent: false,
            cut_next: false,
            refusal: None,
            poison: Vec::new(),
            damaged: Vec::new(),
            repaired: Vec::new(),
            days: 30,
            directive: None,
            cases: Vec::new(),
            most_under_way: 0,
            batches: 0,
            streams: 0,
            heads: Vec::new(),
            attachments: BTreeMap::new(),
            enrolled: 0,
            log_key: None,
            aid: AidState::default(),
        }
    }
}

impl HubState {
    pub(crate) fn cursor(&self) -> Position {
        self.log.last().map_or_else(Position::default, |entry| {
            let header = entry.header();
            Position { epoch: header.epoch, seq: header.seq, hash: entry.hash() }
        })
    }
}

/// The hub. Dropping it cuts everything.
pub(crate) struct TrialHub {
    pub(crate) authority: Arc<TrialAuthority>,
    state: watch::Sender<HubState>,
    people: HeldPort,
    nodes: HeldPort,
    running: Option<Running>,
}

/// A port that nobody else is given while the hub is away: a socket that is bound to it and does not listen.
struct HeldPort {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl HeldPort {
    fn any() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { address: socket.local_addr().unwrap(), _socket: socket }
    }
}

struct Running {
    _tasks: JoinSet<()>,
    stop: CancellationToken,
}

/// What its services share.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) state: watch::Sender<HubState>,
    pub(super) stop: CancellationToken,
    authority: Arc<TrialAuthority>,
    link_address: String,
}

impl TrialHub {
    pub(crate) fn start() -> Self {
        let mut hub = Self {
            authority: Arc::new(TrialAuthority::new()),
            state: watch::channel(HubState::default()).0,
            people: HeldPort::any(),
            nodes: HeldPort::any(),
            running: None,
        };
        hub.run();
        hub
    }

    /// Serves again on the same addresses, after [`TrialHub::crash`].
    pub(crate) fn run(&mut self) {
        let (people, nodes) = (bind(self.people.address).unwrap(), bind(self.nodes.address).unwrap());
        let stop = CancellationToken::new();
        let identity = self.authority.hub();
        let rule =
            ClientRule { ca_pem: self.authority.root_pem.clone(), allow: Arc::new(|_| true), required: true };
        let desk = Desk {
            state: self.state.clone(),
            stop: stop.clone(),
            authority: Arc::clone(&self.authority),
            link_address: self.nodes.address.to_string(),
        };
        let limits = AcceptLimits { drain: std::time::Duration::ZERO, ..AcceptLimits::nodes() };
        let link = LinkServiceServer::new(desk.clone()).max_decoding_message_size(4 * 1024 * 1024);
        let packs = MutualAidLinkServiceServer::new(desk.clone());
        let link = Routes::new(link).add_service(packs).into_axum_router();
        let enrolment = Routes::new(EnrolmentServiceServer::new(desk)).into_axum_router();
        let people_port = Acceptor::new("trial people", limits.clone())
            .with_tls(&ServerTls::for_people(&identity).unwrap());
        let nodes_port =
            Acceptor::new("trial nodes", limits).with_tls(&ServerTls::for_nodes(&identity, rule).unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(people_port.serve(people, enrolment, stop.clone()));
        tasks.spawn(nodes_port.serve(nodes, link, stop.clone()));
        self.running = Some(Running { _tasks: tasks, stop });
    }

    /// Cuts everything; what it has stays.
    pub(crate) async fn crash(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        running.stop.cancel();
        while running._tasks.join_next().await.is_some() {}
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut HubState)) {
        self.state.send_modify(change);
    }

    pub(crate) fn now(&self) -> HubState {
        self.state.borrow().clone()
    }

    /// Waits until the hub's state is so.
    pub(crate) async fn wait_for(&self, what: impl FnMut(&HubState) -> bool) -> HubState {
        let mut state = self.state.subscribe();
        let waiting = tokio::time::timeout(PATIENCE, state.wait_for(what)).await;
        match waiting {
            Ok(Ok(state)) => state.clone(),
            Ok(Err(_)) | Err(_) => panic!("it stays so: {:?}", self.now().cursor()),
        }
    }

    pub(crate) fn invite(&self) -> Invite {
        let (fingerprint, secret) = (&self.authority.fingerprint, "0b".repeat(16));
        format!("shouwang-invite:1:{}:{fingerprint}:{secret}", self.people.address).parse().unwrap()
    }
}

#[tonic::async_trait]
impl EnrolmentService for Desk {
    async fn join(
        &self,
        request: Request<wire::JoinRequest>,
    ) -> Result<Response<wire::JoinResponse>, Status> {
        let wire::JoinRequest { token, certificate_request, log_key, log_key_proof } = request.into_inner();
        let key = LogPublicKey::from_slice(&log_key).unwrap();
        let statement = shouwang_proto::log::key::join_statement(&token, &certificate_request);
        assert!(key.verifies(&statement, &log_key_proof));
        let (refusal, days) = {
            let state = self.state.borrow();
            (state.refusal.clone(), state.days)
        };
        self.state.send_modify(|state| {
            state.enrolled += 1;
            state.log_key = Some(key);
        });
        if let Some(refusal) = refusal {
            return Err(refusal.into());
        }
        Ok(Response::new(wire::JoinResponse {
            alliance_id: "chenghu-park".to_owned(),
            member_id: "north".to_owned(),
            display_name: "北辰冷链".to_owned(),
            certificate_pem: self.authority.node(&certificate_request, days),
            root_pem: self.authority.root_pem.clone(),
            link_address: self.link_address.clone(),
        }))
    }

    async fn begin_renewal(
        &self,
        request: Request<wire::BeginRenewalRequest>,
    ) -> Result<Response<wire::BeginRenewalResponse>, Status> {
        assert_eq!(request.into_inner().member_id, "north");
        Ok(Response::new(wire::BeginRenewalResponse { challenge: b"a challenge".to_vec() }))
    }

    async fn complete_renewal(
        &self,
        request: Request<wire::CompleteRenewalRequest>,
    ) -> Result<Response<wire::CompleteRenewalResponse>, Status> {
        let wire::CompleteRenewalRequest { member_id: _, challenge, certificate_request, signature } =
            request.into_inner();
        assert_eq!(challenge, b"a challenge");
        let statement = shouwang_proto::log::key::renewal_statement(&challenge, &certificate_request);
        assert!(self.state.borrow().log_key.unwrap().verifies(&statement, &signature));
        let certificate_pem = self.authority.node(&certificate_request, 60);
        self.state.send_modify(|state| state.enrolled += 1);
        Ok(Response::new(wire::CompleteRenewalResponse { certificate_pem }))
    }
}
