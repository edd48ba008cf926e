//! The machines: what runs on each host of the simulated network, and begins anew whenever the host is started.

use std::{
    cell::Cell,
    net::Ipv4Addr,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use shouwang_hub::{Hub, HubHandle, Surroundings, config::HubConfig};
use shouwang_proto::clock::World;
use shouwang_serving::store::StoreOptions;
use tokio::task::JoinSet;
use turmoil::Sim;

use crate::{
    net::{SimDialer, SimListener},
    people::{
        calls::{NODES_PORT, PEOPLE_PORT, PUBLISHING_PORT},
        operator::invite_file,
    },
    plan::Host,
    stage::Stage,
    surroundings,
};

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
            let mut hub = Box::pin(hub(&stage, world)).await?;
            stage.note("the hub serves");
            stage.serving(Host::Hub);
            Err(hub.failed().await.into())
        }
    });
}

async fn hub(stage: &Stage, world: World) -> anyhow::Result<HubHandle> {
    let config = HubConfig {
        alliance: Some("park".parse()?),
        advertise: Some(format!("hub:{NODES_PORT}")),
        advertise_people: Some(format!("hub:{PEOPLE_PORT}")),
        store: StoreOptions::simulation(),
        ..HubConfig::new(stage.disk(Host::Hub))
    };
    let people = SimListener::bind(PEOPLE_PORT).await?;
    let nodes = SimListener::bind(NODES_PORT).await?;
    Hub::start(config, Surroundings { world, people, nodes }).await
}

#[cfg(test)]
mod probe {
    use super::*;
    use crate::plan::Plan;
    use shouwang_proto::clock::{Clock as _, SystemClock};

    #[test]
    fn hub_alone() {
        crate::listen::begin();
        for seed in 0..3_u64 {
            let t = std::time::Instant::now();
            let dir = tempfile::tempdir_in("/dev/shm").unwrap();
            let stage = Stage::new(Plan::draw(seed), surroundings::epoch(SystemClock.now()), dir.path().to_owned());
            let mut sim = turmoil::Builder::new().rng_seed(seed).tick_duration(Duration::from_millis(4)).simulation_duration(Duration::from_secs(900)).epoch(stage.epoch().into()).max_message_latency(Duration::from_millis(20)).build();
            start_hub(&mut sim, &stage);
            let s2 = stage.clone();
            sim.client("operator", async move { crate::people::operator::invite_all(&s2).await?; s2.note("invited"); Ok(()) });
            sim.run().unwrap();
            eprintln!("invited {:?} real {:?}", sim.elapsed(), t.elapsed());
            let t = std::time::Instant::now();
            for _ in 0..2500 { sim.step().unwrap(); }
            eprintln!("10 s idle real {:?}", t.elapsed());
            let t = std::time::Instant::now();
            sim.crash("hub"); sim.bounce("hub");
            for _ in 0..2 { sim.step().unwrap(); }
            eprintln!("restart real {:?}", t.elapsed());
            eprintln!("{:?}", stage.trace().lines());
        }
        eprintln!("{:?}", crate::listen::heard());
    }
}
