//! The machines: what runs on each host of the simulated network, and begins anew whenever the host is started.

use std::{
    cell::Cell,
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt as _,
    path::Path,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use shouwang_hub::{
    Hub, HubHandle, Surroundings, compaction::Compaction, config::HubConfig, store::hub_history::Kept,
};
use shouwang_node::{Node, NodeConfig, NodeHandle};
use shouwang_proto::clock::World;
use shouwang_serving::store::StoreOptions;
use tokio::task::JoinSet;
use turmoil::Sim;

use crate::{
    aid,
    chance::Chance,
    net::{LastBreath, SimDialer, SimListener},
    people::{
        calls::{NODES_PORT, PEOPLE_PORT, PUBLISHING_PORT},
        operator::until_invited,
    },
    plan::Host,
    stage::Stage,
    surroundings, template,
};

/// How many lines of its own log the simulated hub keeps: few, so that they go within a run.
pub const KEPT: Kept = Kept { overtaken: 12, removals: 30 };

/// One life of a machine: the world it sees.
fn life(stage: &Stage, host: Host, lives: &Cell<u64>) -> World {
    lives.set(lives.get() + 1);
    let skews = &stage.plan().skews;
    let skew = match host {
        Host::Node(member) | Host::Clone(member) => skews.get(member + 1),
        Host::Hub | Host::People | Host::Stranger => skews.first(),
    };
    let seconds = skew.copied().unwrap_or(0);
    surroundings::world(stage.epoch(), stage.plan().seed, &host.name(), lives.get(), seconds)
}

/// Puts the people in front of their machine. Whoever comes later ([`Stage::come`]) sits down there too.
pub fn start_people(sim: &mut Sim<'_>, stage: &Stage) {
    let stage = stage.clone();
    sim.client(Host::People.name(), async move {
        let mut sitting = JoinSet::new();
        loop {
            while let Some(person) = stage.next_to_come() {
                sitting.spawn_local(person);
            }
            while let Some(left) = sitting.try_join_next() {
                left??;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}

/// Puts the hub on its host.
pub fn start_hub(sim: &mut Sim<'_>, stage: &Stage) {
    let (stage, lives) = (stage.clone(), Rc::new(Cell::new(0)));
    sim.host(Host::Hub.name(), move || {
        let stage = stage.clone();
        let world = life(&stage, Host::Hub, &lives);
        async move {
            let _last = LastBreath;
            let mut hub = Box::pin(hub(&stage, world)).await?;
            stage.note("the hub serves");
            stage.set_hub_up_since(Some(stage.now()));
            stage.serving(Host::Hub);
            Err(hub.failed().await.into())
        }
    });
}

async fn hub(stage: &Stage, world: World) -> anyhow::Result<HubHandle> {
    let latency = disk_latency(stage, Host::Hub, &world);
    let config = HubConfig {
        alliance: Some("park".parse()?),
        advertise: Some(format!("hub:{NODES_PORT}")),
        advertise_people: Some(format!("hub:{PEOPLE_PORT}")),
        link_credit_bytes: stage.plan().credit,
        compaction: Compaction { every: Duration::from_secs(3), kept: KEPT },
        mutual_aid: aid::policy(),
        store: StoreOptions::simulation_with(latency),
        one_thread: true,
        ..HubConfig::new(stage.disk(Host::Hub))
    };
    template::lay_hub(&config.data)?;
    let people = SimListener::bind(PEOPLE_PORT).await?;
    let nodes = SimListener::bind(NODES_PORT).await?;
    Hub::start(config, Surroundings { world, people, nodes }).await
}

/// Puts a member's node on a host: its own, or another one that was given a copy of its disk.
pub fn start_node(sim: &mut Sim<'_>, stage: &Stage, member: usize, host: Host) {
    let (stage, lives) = (stage.clone(), Rc::new(Cell::new(0)));
    sim.host(host.name(), move || {
        let stage = stage.clone();
        let world = life(&stage, host, &lives);
        async move {
            let _last = LastBreath;
            let mut node = Box::pin(node(&stage, member, host, world)).await?;
            stage.note(format!("{} serves", host.name()));
            stage.serving(host);
            Err(node.failed().await.into())
        }
    });
}

async fn node(stage: &Stage, member: usize, host: Host, world: World) -> anyhow::Result<NodeHandle> {
    let disk = stage.disk(host);
    join(stage, member, &disk, &world).await?;
    template::lay_node(&disk)?;
    let latency = disk_latency(stage, host, &world);
    let config = NodeConfig { store: StoreOptions::simulation_with(latency), ..NodeConfig::new(&disk) };
    let listener = SimListener::bind(PUBLISHING_PORT).await?;
    let surroundings = shouwang_node::Surroundings { world, listener, dialer: Arc::new(SimDialer) };
    Node::start(config, surroundings).await
}

/// Asks to join as often as it takes.
async fn join(stage: &Stage, member: usize, disk: &Path, world: &World) -> anyhow::Result<()> {
    let invite = until_invited(stage, Host::Node(member)).await?.parse()?;
    DirBuilder::new().recursive(true).mode(0o700).create(disk)?;
    while let Err(error) = shouwang_node::join(disk, &invite, world, Arc::new(SimDialer)).await {
        stage.note(format!("joining: {error:#}"));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// How long this machine's disk takes: mostly little, now and then long enough for a crash to come between.
fn disk_latency(stage: &Stage, host: Host, world: &World) -> impl Fn() -> Duration + Send + Sync + 'static {
    let seed = stage.plan().seed ^ u64::from_le_bytes(world.random());
    let chance = Mutex::new(Chance::of(seed, &host.name()));
    move || {
        let mut chance = chance.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = if chance.per_mille(50) { 120 } else { 8 };
        Duration::from_millis(chance.within(0..longest))
    }
}
