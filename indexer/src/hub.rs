//! The rooms put together: what starts, in which order, and how it ends.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use serde_json::json;
use shouwang_proto::{
    clock::{World, from_millis},
    wire::{council_service_server::CouncilServiceServer, enrolment_service_server::EnrolmentServiceServer},
};
use shouwang_serving::{
    accept::{Acceptor, Listener},
    grpc::{self, SYNC_MESSAGE_BYTES},
    tls::{ClientRule, ServerTls},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{
    config::HubConfig,
    council::{
        authority::hub_renewal_due,
        coordinator::Council,
        enrolment::Enrolment,
        enrolment_service::EnrolmentDesk,
        gate::Gate,
        roster::Roster,
        service::CouncilDesk,
        thesaurus::ThesaurusBook,
    },
    folder::DataFolder,
    founding::{self, Foundation},
    people,
    store::{self, Store},
};

/// How often the hub looks whether its own certificate is due.
const RENEWAL_CHECK: Duration = Duration::from_secs(3_600);

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
}

/// A hub, before it runs.
#[derive(Clone, Copy, Debug)]
pub struct Hub;

/// A hub that runs. Dropping it is a crash; [`HubHandle::stop`] is the clean end.
#[derive(Debug)]
pub struct HubHandle {
    /// Where it listens.
    pub addresses: Addresses,
    epoch: u64,
    tasks: JoinSet<&'static str>,
    stop: CancellationToken,
    store: Store,
    folder: DataFolder,
}

/// The rooms' handles.
struct Rooms {
    store: Store,
    roster: Roster,
    council: Council,
    gate: Gate,
    foundation: Foundation,
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
        let addresses =
            Addresses { people: people_listener.local_addr()?, nodes: nodes_listener.local_addr()? };
        let folder = DataFolder::take(&config.data)?;
        let store = store::open(&config.database_url(), config.store.clone())
            .await
            .context("the database does not open")?;
        let rooms = open_rooms(&config, &folder, store.clone(), &world).await?;
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();

        let people_tls = ServerTls::for_people(&rooms.foundation.identity)?;
        let nodes_tls = ServerTls::for_nodes(&rooms.foundation.identity, client_rule(&rooms))?;
        let people_router = people::router(
            people_services(&config, &rooms, addresses, &world).await?,
            people::Pages { store: store.clone(), metrics: config.metrics.clone() },
        );
        let nodes_router = node_services().await.into_axum_router();
        let people_port = Acceptor::new("people", config.people_limits.clone()).with_tls(&people_tls);
        let nodes_port = Acceptor::new("nodes", config.node_limits.clone()).with_tls(&nodes_tls);
        spawn(&mut tasks, "people port", people_port.serve(people_listener, people_router, stop.clone()));
        spawn(&mut tasks, "node port", nodes_port.serve(nodes_listener, nodes_router, stop.clone()));
        follow(&mut tasks, &stop, &rooms);
        let renewal =
            Renewal { rooms: &rooms, folder: &folder, people: people_tls, nodes: nodes_tls, world: &world };
        renewal.follow(&mut tasks, &stop);

        folder.write_ready(&json!({
            "people": addresses.people, "nodes": addresses.nodes, "pid": std::process::id(),
        }))?;
        tracing::info!(people = %addresses.people, nodes = %addresses.nodes, "the hub serves");
        Ok(HubHandle { addresses, epoch: rooms.foundation.hub.epoch, tasks, stop, store, folder })
    }
}

impl HubHandle {
    /// The hub's epoch: rises with every restore from a backup.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Waits until a part of the hub ends that must not end. Never, if all is well.
    pub async fn failed(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Ok(name)) => anyhow::anyhow!("the {name} ended by itself"),
            Some(Err(error)) => anyhow::anyhow!("a part of the hub failed: {error}"),
            None => anyhow::anyhow!("no part of the hub runs any more"),
        }
    }

    /// The clean end: finishes what runs, closes the database.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.store.close().await;
        self.folder.remove_ready();
    }

    /// Ends everything at once, as a crash would. For tests.
    pub fn crash(self) {
        drop(self);
    }
}

async fn open_rooms(
    config: &HubConfig,
    folder: &DataFolder,
    store: Store,
    world: &World,
) -> anyhow::Result<Rooms> {
    let foundation = founding::lay(config, folder, &store, world).await?;
    let roster = Roster::load(store.clone()).await?;
    let thesaurus = ThesaurusBook::load(store.clone()).await?;
    let council = Council::new(store.clone(), roster.clone(), thesaurus, world.clone());
    let gate = Gate::new(roster.clone(), world.clone(), config.calls_per_second);
    Ok(Rooms { store, roster, council, gate, foundation })
}

/// Who may open a link: the allow-list as it is at each handshake.
fn client_rule(rooms: &Rooms) -> ClientRule {
    let roster = rooms.roster.clone();
    ClientRule {
        ca_pem: rooms.foundation.authority.root_pem().to_owned(),
        allow: Arc::new(move |serial| roster.snapshot().admit_link(serial).is_ok()),
        required: true,
    }
}

async fn people_services(
    config: &HubConfig,
    rooms: &Rooms,
    addresses: Addresses,
    world: &World,
) -> anyhow::Result<Routes> {
    let Rooms { store, roster, council, gate, foundation } = rooms;
    let link_address = config.advertise.clone().unwrap_or_else(|| addresses.nodes.to_string());
    let people_address = config.advertise_people.clone().unwrap_or_else(|| addresses.people.to_string());
    let authority = Arc::clone(&foundation.authority);
    let enrolment =
        Enrolment::new(store.clone(), roster.clone(), authority, &foundation.hub, world.clone());
    let enrolment = EnrolmentServiceServer::new(EnrolmentDesk::new(enrolment, gate.clone(), link_address))
        .max_decoding_message_size(ENROLMENT_MESSAGE_BYTES);
    let authority = Arc::clone(&foundation.authority);
    let council =
        CouncilServiceServer::new(CouncilDesk::new(council.clone(), gate.clone(), authority, people_address))
            .max_decoding_message_size(COUNCIL_MESSAGE_BYTES)
            .max_encoding_message_size(SYNC_MESSAGE_BYTES);
    let (reporter, health) = grpc::health();
    reporter.set_serving::<EnrolmentServiceServer<EnrolmentDesk>>().await;
    reporter.set_serving::<CouncilServiceServer<CouncilDesk>>().await;
    Ok(Routes::new(health).add_service(grpc::reflection()?).add_service(enrolment).add_service(council))
}

/// Room for the longest certificate request and all around it, for callers nobody knows.
const ENROLMENT_MESSAGE_BYTES: usize = 16 * 1024;
/// Room for the longest group of synonyms or list of groups.
const COUNCIL_MESSAGE_BYTES: usize = 64 * 1024;

async fn node_services() -> Routes {
    let (_reporter, health) = grpc::health();
    Routes::new(health)
}

/// Looks for changes that other hubs on the same database make.
fn follow(tasks: &mut JoinSet<&'static str>, stop: &CancellationToken, rooms: &Rooms) {
    let (roster, thesaurus) = (rooms.roster.clone(), rooms.council.thesaurus().clone());
    spawn_until(tasks, stop, "watch on the roster", roster.follow());
    spawn_until(tasks, stop, "watch on the thesaurus", thesaurus.follow());
}

/// Renews the hub's own certificate.
struct Renewal<'a> {
    rooms: &'a Rooms,
    folder: &'a DataFolder,
    people: ServerTls,
    nodes: ServerTls,
    world: &'a World,
}

impl Renewal<'_> {
    fn follow(self, tasks: &mut JoinSet<&'static str>, stop: &CancellationToken) {
        let Self { rooms, folder, people, nodes, world } = self;
        let (authority, file, world) =
            (Arc::clone(&rooms.foundation.authority), folder.identity_file(), world.clone());
        let mut not_after = from_millis(rooms.foundation.identity.facts().not_after_ms);
        spawn_until(tasks, stop, "renewal of the hub's certificate", async move {
            loop {
                tokio::time::sleep(RENEWAL_CHECK).await;
                if !hub_renewal_due(not_after, world.now()) {
                    continue;
                }
                match founding::renew_identity(&file, &authority, &world) {
                    Ok(identity) => {
                        people.replace(&identity);
                        nodes.replace(&identity);
                        not_after = from_millis(identity.facts().not_after_ms);
                        tracing::info!(%not_after, "the hub has a new certificate");
                    }
                    Err(error) => tracing::error!("the hub's certificate was not renewed: {error:#}"),
                }
            }
        });
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
