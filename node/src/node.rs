//! The rooms put together: what starts, in which order, and how it ends.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use futures::FutureExt as _;
use jiff::SignedDuration;
use shouwang_proto::{
    clock::World,
    wire::{inbox_service_server::InboxServiceServer, publishing_service_server::PublishingServiceServer},
};
use shouwang_serving::{
    accept::{AcceptLimits, Acceptor, Listener, bind_loopback},
    dial::Dialer,
    grpc::{self, SYNC_MESSAGE_BYTES},
    probes::{self, Probes, Readiness},
    program::part_ended,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::service::{Routes, interceptor::InterceptedService};

use crate::{
    alerts::Alerts,
    attachments::AttachmentFolder,
    config::NodeConfig,
    data_folder::DataFolder,
    documents::DocumentReader,
    hub_link::{
        self, LinkParts,
        fork::ForkRoom,
        ring::KeyRing,
        status::{Board, LinkState},
    },
    inbox_service::Inbox,
    local_tls,
    membership::{Membership, log_key_if_there},
    offline_pack::OfflinePacks,
    people::People,
    publishing_service::{Publishing, TokenGate},
    store::{Author, NodeStore},
    tray::Tray,
    unneeded,
    web::{self, Site, SiteParts},
};

/// First answers to requests with an id are kept this long.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);
/// How often old answers are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// What a node finds around it: the real world, or a simulated one.
pub struct Surroundings<L> {
    /// Time and randomness.
    pub world: World,
    /// Where the member's own programs connect.
    pub listener: L,
    /// How the hub is reached.
    pub dialer: Arc<dyn Dialer>,
}

impl<L> fmt::Debug for Surroundings<L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// A node, before it runs.
#[derive(Clone, Copy, Debug)]
pub struct Node;

/// A node that runs. Dropping it is a crash; [`NodeHandle::stop`] is the clean end.
#[derive(Debug)]
pub struct NodeHandle {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where people open the pages.
    pub web: String,
    /// A link for the first administrator of the pages, while nobody can sign in. It works once.
    pub set_up: Option<String>,
    tasks: JoinSet<&'static str>,
    stop: CancellationToken,
    store: NodeStore,
    board: Board,
    folder: DataFolder,
}

impl Node {
    /// Starts a node: takes the folder, opens and migrates the database, serves the publishing port, dials the hub if
    /// the node has joined, and then says so in `ready.json`.
    ///
    /// # Errors
    /// When it cannot; the message says what to do.
    pub async fn start<L: Listener>(
        config: NodeConfig,
        surroundings: Surroundings<L>,
    ) -> anyhow::Result<NodeHandle> {
        let Surroundings { world, listener, dialer } = surroundings;
        let address = listener.local_addr()?;
        let web_listener = config.web_listen.map(bind_loopback).transpose()?;
        let folder = DataFolder::take(&config.data)?;
        let membership = Membership::load(folder.path())?;
        let author = membership.as_ref().map(|membership| author(&folder, membership)).transpose()?;
        let store = NodeStore::open(folder.path(), author, config.store.clone())
            .await
            .context("the database does not open")?;
        let attachments = AttachmentFolder::open(&folder.path().join("attachments"))?;
        let board = Board::default();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let alerts = Alerts::open(&config.alerts, folder.path(), &world)?;
        let alarms = alerts.plan();
        let packs = match &membership {
            Some(membership) => Some(OfflinePacks::open(folder.path(), membership, store.clone()).await?),
            None => None,
        };

        let forks = ForkRoom::default();
        let service = Publishing {
            forks: forks.clone(),
            store: store.clone(),
            attachments: attachments.clone(),
            documents: DocumentReader::default(),
            board: board.clone(),
            world: world.clone(),
            display_name: membership.as_ref().map(|known| known.display_name.clone()).unwrap_or_default(),
        };
        let inbox =
            Inbox { store: store.clone(), world: world.clone(), packs: packs.clone(), stop: stop.clone() };
        let plain = web_listener.as_ref().map(TcpListener::local_addr).transpose()?;
        let tray = Tray::open(&folder.path().join("tray"))?;
        let site = site(&config, address, plain, (&service, &inbox, tray));
        let set_up = set_up(&config, &site).await?;
        keep_house(&mut tasks, &service, &config, &stop);
        let routes = routes(service, inbox, &folder, &world).await?;
        let tls = local_tls::open(folder.path(), &world)?;
        let port = Acceptor::new("publishing", config.limits.clone()).with_tls(&tls);
        let probes = Probes { ready: readiness(&store), figures: config.figures.clone() };
        let pages = probes::router(probes).merge(web::beside(routes.into_axum_router(), &site));
        let serving = port.serve(listener, pages, stop.clone());
        if let Some(listener) = web_listener {
            tasks.spawn(serve_pages(listener, config.limits.clone(), site.clone(), stop.clone()));
        }
        alerts.start(&store, &world, &mut tasks, &stop);
        match membership.zip(packs) {
            None => tracing::warn!("this node has not joined an alliance: drafts only"),
            Some((membership, packs)) => {
                let ring = KeyRing::open(folder.path())?;
                board.change(|status| {
                    (status.control, status.sync) = (LinkState::Connecting, LinkState::Connecting)
                });
                let (store, board) = (store.clone(), board.clone());
                let parts = LinkParts { store, attachments, board, world, membership, ring, packs, alarms };
                hub_link::start(parts, dialer, &forks, &mut tasks, stop.clone());
            }
        }
        // The listener waits already; whoever is answered shall find the file.
        folder.ready(address, &site.address, set_up.as_deref())?;
        tasks.spawn(async move {
            serving.await;
            "publishing port"
        });
        tracing::info!(publishing = %address, "the node serves");
        let web = site.address.clone();
        Ok(NodeHandle { address, web, set_up, tasks, stop, store, board, folder })
    }
}

impl NodeHandle {
    /// How the link is, and a way to wait for a change of it.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Waits until a part of the node ends that must not end. Never, if all is well.
    pub async fn failed(&mut self) -> anyhow::Error {
        part_ended(&mut self.tasks, "node").await
    }

    /// The clean end: finishes what runs, closes the database.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.store.close().await;
        self.folder.not_ready();
    }

    /// Ends everything at once, as a crash would. For tests.
    pub fn crash(self) {
        drop(self);
    }
}

/// Serves the pages without TLS.
async fn serve_pages(
    listener: TcpListener,
    limits: AcceptLimits,
    site: Site,
    stop: CancellationToken,
) -> &'static str {
    Acceptor::new("web", limits).serve(listener, web::pages_only(&site), stop).await;
    "web port"
}

/// What the pages stand on.
fn site(
    config: &NodeConfig,
    address: SocketAddr,
    plain: Option<SocketAddr>,
    (publishing, inbox, tray): (&Publishing, &Inbox, Tray),
) -> Site {
    let own = || plain.map_or_else(|| format!("https://{address}"), |plain| format!("http://{plain}"));
    let web = config.web_address.clone().unwrap_or_else(own);
    let (store, world) = (publishing.store.clone(), publishing.world.clone());
    Site::new(SiteParts {
        people: People::new(store, world.clone()),
        publishing: publishing.clone(),
        tray,
        inbox: inbox.clone(),
        address: web.trim_end_matches('/').to_owned(),
        world,
    })
}

/// A link for the first administrator, when somebody wants the pages and nobody can sign in.
async fn set_up(config: &NodeConfig, site: &Site) -> anyhow::Result<Option<String>> {
    if config.web_listen.is_none() && config.web_address.is_none() {
        return Ok(None);
    }
    let linked = site.people.set_up().await?;
    Ok(linked.map(|linked| format!("{}{}", site.address, linked.path())))
}

fn author(folder: &DataFolder, membership: &Membership) -> anyhow::Result<Author> {
    let key = log_key_if_there(folder.path())?.context(
        "the log key is gone, and without it nothing can be published: restore the folder `keys` from a backup",
    )?;
    Ok(Author { alliance: membership.alliance.clone(), member: membership.member.clone(), key })
}

async fn routes(
    service: Publishing,
    inbox: Inbox,
    folder: &DataFolder,
    world: &World,
) -> anyhow::Result<Routes> {
    let gate = TokenGate::new(&folder.token(world)?);
    let publishing = PublishingServiceServer::new(service)
        .max_decoding_message_size(SYNC_MESSAGE_BYTES)
        .max_encoding_message_size(SYNC_MESSAGE_BYTES);
    let (reporter, health) = grpc::health();
    reporter.set_serving::<PublishingServiceServer<Publishing>>().await;
    reporter.set_serving::<InboxServiceServer<Inbox>>().await;
    let inbox = InboxServiceServer::new(inbox)
        .max_decoding_message_size(SYNC_MESSAGE_BYTES)
        .max_encoding_message_size(SYNC_MESSAGE_BYTES);
    let publishing = InterceptedService::new(publishing, gate.clone());
    let inbox = InterceptedService::new(inbox, gate);
    Ok(Routes::new(health).add_service(grpc::reflection()?).add_service(publishing).add_service(inbox))
}

/// Whether the database can be read and written. Whether the hub is there is no matter: the node works without it.
fn readiness(store: &NodeStore) -> Readiness {
    let store = store.clone();
    Arc::new(move || {
        let store = store.clone();
        async move {
            store.link_memory().await.map_err(|_| "the database answers with an error")?;
            if store.is_writable() { Ok(()) } else { Err("the last write to the database failed") }
        }
        .boxed()
    })
}

/// What is done all the time, whoever calls or not: counting, and forgetting what is over.
fn keep_house(
    tasks: &mut JoinSet<&'static str>,
    service: &Publishing,
    config: &NodeConfig,
    stop: &CancellationToken,
) {
    let Publishing { store, attachments, board, world, .. } = service;
    tasks.spawn(keep_figures(board.clone(), stop.clone()));
    tasks.spawn(forget_answers(store.clone(), world.clone(), stop.clone()));
    tasks.spawn(forget_emergencies(store.clone(), world.clone(), config.keep_days, stop.clone()));
    let files = (attachments.clone(), config.attachment_days);
    tasks.spawn(unneeded::run(store.clone(), files, board.clone(), world.clone(), stop.clone()));
}

/// Counts how the link is, with every change of it.
async fn keep_figures(board: Board, stop: CancellationToken) -> &'static str {
    let following = async {
        let mut changes = board.watch();
        loop {
            let status = changes.borrow_and_update().clone();
            let connected = |state| f64::from(u8::from(state == LinkState::Connected));
            metrics::gauge!("shouwang_link_connected", "side" => "control").set(connected(status.control));
            metrics::gauge!("shouwang_link_connected", "side" => "sync").set(connected(status.sync));
            metrics::gauge!("shouwang_link_quarantined").set(status.quarantined as f64);
            metrics::gauge!("shouwang_link_diverged").set(f64::from(u8::from(status.diverged)));
            metrics::gauge!("shouwang_log_durable_at_hub").set(status.durable.seq as f64);
            if changes.changed().await.is_err() {
                break;
            }
        }
    };
    stop.run_until_cancelled(following).await;
    "figures of the link"
}

async fn forget_answers(store: NodeStore, world: World, stop: CancellationToken) -> &'static str {
    let forgetting = async {
        loop {
            match world.now().checked_sub(ANSWERS_KEPT) {
                Err(error) => tracing::warn!(%error, "the clock shows a time before all answers"),
                Ok(before) => match store.forget_answers(before).await {
                    Ok(0) => {}
                    Ok(count) => tracing::debug!(count, "old answers are forgotten"),
                    Err(error) => tracing::warn!(%error, "old answers could not be forgotten"),
                },
            }
            tokio::time::sleep(FORGET_EVERY).await;
        }
    };
    stop.run_until_cancelled(forgetting).await;
    "housekeeping"
}

/// Forgets what is over of emergencies and older than so many days, a little at a time.
async fn forget_emergencies(
    store: NodeStore,
    world: World,
    keep_days: u32,
    stop: CancellationToken,
) -> &'static str {
    let kept = SignedDuration::from_hours(i64::from(keep_days) * 24);
    let forgetting = async {
        loop {
            let before = world.now().checked_sub(kept).unwrap_or(jiff::Timestamp::MIN);
            match store.inbox_forget(before).await {
                Ok(0) => {}
                Ok(count) => {
                    tracing::info!(count, "what is over of old emergencies is forgotten");
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "what is over of old emergencies could not be forgotten")
                }
            }
            tokio::time::sleep(FORGET_EVERY).await;
        }
    };
    stop.run_until_cancelled(forgetting).await;
    "housekeeping of the inbox"
}
