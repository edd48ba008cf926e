//! A hub as a whole: what starts, in which order, and how it ends.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use serde_json::json;
use shouwang_proto::clock::{World, from_millis};
use shouwang_serving::{
    accept::{Acceptor, Listener, bind_loopback},
    probes::Probes,
    program::part_ended,
    tls::ServerTls,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    compaction,
    config::HubConfig,
    council::authority::hub_renewal_due,
    folder::DataFolder,
    founding,
    mutual_aid::{council_duty::CouncilAlerts, pack_news, room::MutualAid},
    port,
    rooms::Rooms,
    store::{self, Store},
};

/// How often the hub looks whether its own certificate is due.
const RENEWAL_CHECK: Duration = Duration::from_secs(3_600);
/// How often it looks how far other hubs on the same database have come.
const LOG_POLL: Duration = Duration::from_millis(500);

/// What a hub finds around it: the real world, or a simulated one.
#[derive(Debug)]
pub struct Surroundings<P, N> {
    /// Time and randomness.
    pub world: World,
    /// Where people and programs connect.
    pub people: P,
    /// Where nodes connect.
    pub nodes: N,
}

/// Where a hub listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// For people and programs.
    pub people: SocketAddr,
    /// For nodes.
    pub nodes: SocketAddr,
    /// For the pages without TLS, if they are served so.
    pub web: Option<SocketAddr>,
}

/// A hub, before it runs.
#[derive(Clone, Copy, Debug)]
pub struct Hub;

/// A hub that runs. Dropping it is a crash; [`HubHandle::stop`] is the clean end.
#[derive(Debug)]
pub struct HubHandle {
    /// Where it listens.
    pub addresses: Addresses,
    /// Where people open the pages: `https://host:port`.
    pub web: String,
    /// A link for the first operator, while nobody can sign in. It works once.
    pub set_up: Option<String>,
    epoch: u64,
    tasks: JoinSet<&'static str>,
    stop: CancellationToken,
    store: Store,
    folder: DataFolder,
    mutual_aid: MutualAid,
}

impl Hub {
    /// Starts a hub: takes the folder, opens and migrates the database, founds or checks authority and identity,
    /// serves both ports, and then says so in `ready.json`.
    ///
    /// # Errors
    /// When it cannot; the message says what to do.
    pub async fn start<P: Listener, N: Listener>(
        config: HubConfig,
        surroundings: Surroundings<P, N>,
    ) -> anyhow::Result<HubHandle> {
        let Surroundings { world, people: people_listener, nodes: nodes_listener } = surroundings;
        let web_listener = config.web_listen.map(bind_loopback).transpose()?;
        let addresses = Addresses {
            people: people_listener.local_addr()?,
            nodes: nodes_listener.local_addr()?,
            web: web_listener.as_ref().map(TcpListener::local_addr).transpose()?,
        };
        let folder = DataFolder::take(&config.data)?;
        let store = store::open(&config.database_url(), config.store.clone())
            .await
            .context("the database does not open")?;
        let stop = CancellationToken::new();
        let (rooms, tailer) = Rooms::open(&config, &folder, store.clone(), world, stop.clone()).await?;
        let site = rooms.site(&config, addresses);
        let web = site.address.clone();
        let set_up = rooms.people.set_up().await?.map(|linked| format!("{web}{}", linked.path()));
        let people_tls = ServerTls::for_people(&rooms.foundation.identity)?;
        let nodes_tls = ServerTls::for_nodes(&rooms.foundation.identity, rooms.client_rule())?;
        let ready = port::readiness(store.clone(), rooms.index_probe());
        let probes = Probes { ready, figures: config.figures.clone() };
        let services = rooms.people_services(&config, addresses).await?;
        let people_router = port::router(services, probes, site.clone());
        let nodes_router = rooms.node_services().await.into_axum_router();

        // Both listeners wait already; whoever is answered shall find the file.
        folder.ready(&json!({
            "people": addresses.people, "nodes": addresses.nodes, "pid": std::process::id(), "web": web,
            "set_up": set_up,
        }))?;
        let mut tasks = JoinSet::new();
        if let Some(listener) = web_listener {
            let port = Acceptor::new("web", config.people_limits.clone());
            spawn(&mut tasks, "web port", port.serve(listener, port::pages_only(&site), stop.clone()));
        }
        let people_port = Acceptor::new("people", config.people_limits.clone()).with_tls(&people_tls);
        let nodes_port = Acceptor::new("nodes", config.node_limits.clone()).with_tls(&nodes_tls);
        spawn(&mut tasks, "people port", people_port.serve(people_listener, people_router, stop.clone()));
        spawn(&mut tasks, "node port", nodes_port.serve(nodes_listener, nodes_router, stop.clone()));
        follow(&mut tasks, &stop, &rooms);
        spawn_until(&mut tasks, &stop, "index", tailer.follow());
        spawn_until(&mut tasks, &stop, "thesaurus of the index", rooms.search.clone().follow_thesaurus());
        let names = founding::names(&config);
        let renewal = renew(&rooms, &folder, names, [people_tls, nodes_tls]);
        spawn_until(&mut tasks, &stop, "renewal of the hub's certificate", renewal);

        tracing::info!(people = %addresses.people, nodes = %addresses.nodes, "the hub serves");
        let (epoch, mutual_aid) = (rooms.foundation.hub.epoch, rooms.mutual_aid.clone());
        Ok(HubHandle { addresses, web, set_up, epoch, tasks, stop, store, folder, mutual_aid })
    }
}

impl HubHandle {
    /// The hub's epoch: rises with every restore from a backup.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Its mutual aid, for programs that have the hub in them.
    #[must_use]
    pub fn mutual_aid(&self) -> &MutualAid {
        &self.mutual_aid
    }

    /// Waits until a part of the hub ends that must not end. Never, if all is well.
    pub async fn failed(&mut self) -> anyhow::Error {
        part_ended(&mut self.tasks, "hub").await
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

/// Tasks that look for what others did, and one that waits for the links to end.
fn follow(tasks: &mut JoinSet<&'static str>, stop: &CancellationToken, rooms: &Rooms) {
    spawn_until(tasks, stop, "watch on the roster", rooms.roster.clone().follow());
    spawn_until(tasks, stop, "watch on the thesaurus", rooms.council.thesaurus().clone().follow());
    let (store, hub_log) = (rooms.store.clone(), rooms.hub_log.clone());
    spawn_until(tasks, stop, "watch on the hub's log", async move {
        loop {
            tokio::time::sleep(LOG_POLL).await;
            // An error shows at the next write; nothing is lost by looking again.
            if let Ok(head) = store.read(async |conn| store::hub_log::hub_log_head(conn).await).await {
                hub_log.advance(head);
            }
        }
    });
    let aid = &rooms.mutual_aid;
    spawn_until(tasks, stop, "what could help", aid.clone().follow_shelf());
    spawn_until(tasks, stop, "ledgers", aid.clone().follow_quotas());
    spawn_until(tasks, stop, "watch on mutual aid", aid.clone().follow_others());
    spawn_until(tasks, stop, "news of offline packs", aid.clone().follow_packs(pack_news::SETTLE));
    spawn_until(tasks, stop, "timers of mutual aid", aid.clone().keep_time());
    spawn_until(tasks, stop, "scrub", rooms.link.clone().keep_scrubbing());
    let compacting = compaction::keep(rooms.store.clone(), rooms.search.clone(), rooms.compaction);
    spawn_until(tasks, stop, "compaction of the hub's log", compacting);
    let council = CouncilAlerts::new(aid.clone());
    rooms.hooks.clone().start(&council, &rooms.world, tasks, stop);
    let (link, stop) = (rooms.link.clone(), stop.clone());
    spawn(tasks, "link room", async move {
        stop.cancelled().await;
        link.closed().await;
    });
}

/// Renews the hub's own certificate when it is due, for ever.
fn renew(
    rooms: &Rooms,
    folder: &DataFolder,
    names: Vec<String>,
    ports: [ServerTls; 2],
) -> impl Future<Output = ()> + Send + 'static {
    let (authority, file) = (Arc::clone(&rooms.foundation.authority), folder.identity_file());
    let (world, ends, own) =
        (rooms.world.clone(), rooms.certificate_ends.clone(), Arc::clone(&rooms.identity));
    async move {
        loop {
            tokio::time::sleep(RENEWAL_CHECK).await;
            let not_after = *ends.borrow();
            if !hub_renewal_due(not_after, world.now()) {
                continue;
            }
            match founding::renew_identity(&file, &authority, &names, &world) {
                Ok(identity) => {
                    ports.iter().for_each(|port| port.replace(&identity));
                    let not_after = from_millis(identity.facts().not_after_ms);
                    own.store(Arc::new(identity));
                    ends.send_replace(not_after);
                    tracing::info!(%not_after, "the hub has a new certificate");
                }
                Err(error) => tracing::error!("the hub's certificate was not renewed: {error:#}"),
            }
        }
    }
}

fn spawn(
    tasks: &mut JoinSet<&'static str>,
    name: &'static str,
    work: impl Future<Output = ()> + Send + 'static,
) {
    tasks.spawn(async move {
        work.await;
        name
    });
}

/// A task that has nothing to finish.
fn spawn_until(
    tasks: &mut JoinSet<&'static str>,
    stop: &CancellationToken,
    name: &'static str,
    work: impl Future<Output = ()> + Send + 'static,
) {
    let stop = stop.clone();
    spawn(tasks, name, async move {
        stop.run_until_cancelled(work).await;
    });
}
