//! Makes the planned faults happen, and takes them back.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use turmoil::Sim;

use crate::{
    disks::Disks,
    ledger::Moment,
    machines,
    net::die,
    people::desk::Desk,
    plan::{Copy, Fault, Host, Planned},
    sabotage::Sabotage,
    stage::Stage,
};

/// How long the hub is gone before an older one comes in its place, and after it, in simulated milliseconds.
const CHANGE_OF_HUBS: u64 = 100;

/// What happens to the disk of a machine while it is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    Restored { copy: Copy, keep_index: bool },
    RestoredProperly(Copy),
    IndexLost { digest_too: bool },
    OldHubComes,
    OldHubGoes,
}

/// A machine that is down.
#[derive(Clone, Copy, Debug)]
struct Down {
    until: Moment,
    meanwhile: Meanwhile,
}

/// What is wrong with a link, and until when.
#[derive(Clone, Copy, Debug)]
struct Bad {
    until: Moment,
    fault: Fault,
}

/// The faults of one run. Times are simulated milliseconds since the run began.
pub struct Weather {
    stage: Stage,
    disks: Disks,
    sabotage: Option<Sabotage>,
    planned: Vec<Planned>,
    began: Moment,
    down: BTreeMap<Host, Down>,
    bad: BTreeMap<(Host, Host), Bad>,
    clones: BTreeSet<usize>,
    /// Until when an old hub is in the place of the present one.
    old_hub_until: Option<Moment>,
}

impl Weather {
    /// The weather of a plan, beginning now.
    #[must_use]
    pub fn new(stage: &Stage, disks: Disks, sabotage: Option<Sabotage>, began: Moment) -> Self {
        let mut planned = stage.plan().faults.clone();
        planned.reverse();
        Self {
            stage: stage.clone(),
            disks,
            sabotage,
            planned,
            began,
            down: BTreeMap::new(),
            bad: BTreeMap::new(),
            clones: BTreeSet::new(),
            old_hub_until: None,
        }
    }

    /// Begins what is due and ends what is over.
    ///
    /// # Errors
    /// When a disk cannot be copied.
    pub fn blow(&mut self, sim: &mut Sim<'_>, now: Moment) -> anyhow::Result<()> {
        while let Some(planned) = self.planned.pop_if(|planned| self.began + planned.at <= now) {
            if self.begin(sim, planned, now)? {
                let Planned { at: _, lasts, fault } = planned;
                self.stage.note_at(now, format!("fault {fault:?} for {lasts}"));
                self.stage.hit(format!("fault: {}", fault.kind().name()));
            }
        }
        if self.old_hub_until.is_some_and(|until| until <= now) && !self.down.contains_key(&Host::Hub) {
            self.send_old_hub_away(sim, now);
        }
        let up: Vec<Host> =
            self.down.iter().filter(|(_, down)| down.until <= now).map(|(host, _)| *host).collect();
        for host in up {
            self.start(sim, host, now)?;
        }
        let good: Vec<(Host, Host)> =
            self.bad.iter().filter(|(_, bad)| bad.until <= now).map(|(link, _)| *link).collect();
        good.into_iter().for_each(|link| self.repair(sim, link, now));
        Ok(())
    }

    /// Ends everything at once: all machines run, all links pass, no clone and no old hub is left.
    ///
    /// # Errors
    /// When a disk cannot be copied.
    pub fn clear(&mut self, sim: &mut Sim<'_>, now: Moment) -> anyhow::Result<()> {
        self.planned.clear();
        for link in self.bad.keys().copied().collect::<Vec<_>>() {
            self.repair(sim, link, now);
        }
        for host in self.down.keys().copied().collect::<Vec<_>>() {
            self.start(sim, host, now)?;
        }
        if self.old_hub_until.is_some() {
            self.send_old_hub_away(sim, now);
            self.start(sim, Host::Hub, now)?;
        }
        for member in std::mem::take(&mut self.clones) {
            die(|| sim.crash(Host::Clone(member).name()));
        }
        Ok(())
    }

    /// Lets the hub die, takes its index away and starts it again.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub fn lose_index(&mut self, sim: &mut Sim<'_>, now: Moment) -> anyhow::Result<()> {
        self.stop(
            sim,
            Host::Hub,
            Down { until: now, meanwhile: Meanwhile::IndexLost { digest_too: false } },
            now,
        );
        self.start(sim, Host::Hub, now)
    }

    fn begin(&mut self, sim: &mut Sim<'_>, planned: Planned, now: Moment) -> anyhow::Result<bool> {
        let Planned { at: _, lasts, fault } = planned;
        let until = now + lasts;
        let meanwhile = match fault {
            Fault::Crash(_) => Meanwhile::Nothing,
            Fault::Restore(_, copy) => Meanwhile::Restored { copy, keep_index: lasts % 3 == 0 },
            Fault::RestoreProperly(copy) => Meanwhile::RestoredProperly(copy),
            Fault::LoseIndex => {
                Meanwhile::IndexLost { digest_too: lasts % 2 == 0 && self.sabotage.is_none() }
            }
            Fault::OldHub => Meanwhile::OldHubComes,
            Fault::Clone(member) => return self.clone_node(sim, member, now),
            Fault::Cut(a, b) | Fault::CutOneWay(a, b) | Fault::Hold(a, b) | Fault::Slow(a, b, _) => {
                return Ok(self.spoil(sim, (a, b), Bad { until, fault }));
            }
        };
        let host = match fault {
            Fault::Crash(host) | Fault::Restore(host, _) => host,
            Fault::Cut(..)
            | Fault::CutOneWay(..)
            | Fault::Hold(..)
            | Fault::Slow(..)
            | Fault::RestoreProperly(_)
            | Fault::OldHub
            | Fault::Clone(_)
            | Fault::LoseIndex => Host::Hub,
        };
        if self.old_hub_until.is_some() && host == Host::Hub {
            return Ok(false);
        }
        if meanwhile == Meanwhile::OldHubComes {
            if !self.disks.has_old_hub()? {
                return Ok(false);
            }
            let began = self.stop(sim, host, Down { until: now + CHANGE_OF_HUBS, meanwhile }, now);
            self.old_hub_until = began.then_some(now + CHANGE_OF_HUBS + lasts);
            return Ok(began);
        }
        let began = self.stop(sim, host, Down { until, meanwhile }, now);
        if began && meanwhile == Meanwhile::Nothing && lasts % 2 == 0 {
            self.disks.back_up(host, now)?;
        }
        Ok(began)
    }

    fn send_old_hub_away(&mut self, sim: &mut Sim<'_>, now: Moment) {
        self.old_hub_until = None;
        let down = Down { until: now + CHANGE_OF_HUBS, meanwhile: Meanwhile::OldHubGoes };
        self.stop(sim, Host::Hub, down, now);
    }

    fn stop(&mut self, sim: &mut Sim<'_>, host: Host, down: Down, now: Moment) -> bool {
        if self.down.contains_key(&host) {
            return false;
        }
        die(|| sim.crash(host.name()));
        if host == Host::Hub {
            self.stage.set_hub_up_since(None);
        }
        self.stage.note_at(now, format!("{} is down", host.name()));
        self.down.insert(host, down);
        true
    }

    fn start(&mut self, sim: &mut Sim<'_>, host: Host, now: Moment) -> anyhow::Result<()> {
        let Some(down) = self.down.remove(&host) else { return Ok(()) };
        match down.meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::Restored { copy, keep_index } => self.disks.restore(host, copy, keep_index, now)?,
            Meanwhile::RestoredProperly(copy) => self.disks.restore_hub_properly(copy, now)?,
            Meanwhile::IndexLost { digest_too } => {
                self.disks.lose_index()?;
                if digest_too {
                    self.disks.spoil_digest()?;
                }
            }
            Meanwhile::OldHubComes => self.disks.bring_old_hub(now)?,
            Meanwhile::OldHubGoes => self.disks.send_old_hub_away(now)?,
        }
        if let Some(sabotage) = self.sabotage {
            sabotage.strike(&self.stage, host)?;
        }
        sim.bounce(host.name());
        self.stage.note_at(now, format!("{} is up", host.name()));
        Ok(())
    }

    fn clone_node(&mut self, sim: &mut Sim<'_>, member: usize, now: Moment) -> anyhow::Result<bool> {
        if !self.clones.is_empty() || self.down.contains_key(&Host::Node(member)) {
            return Ok(false);
        }
        let clone = Host::Clone(member);
        if self.stage.has_served(clone) {
            return Ok(false);
        }
        self.disks.give(Host::Node(member), clone)?;
        self.clones.insert(member);
        // From here on nobody can say which of the two the hub will hear.
        self.stage.ledger(|ledger| ledger.cloned(&Host::Node(member).name(), now));
        machines::start_node(sim, &self.stage, member, clone);
        let desk = Desk::new(&self.stage, member, clone, Desk::OF_COPIES);
        let stage = self.stage.clone();
        self.stage.begin_work();
        self.stage.come(async move {
            stage.until_serving(clone).await;
            desk.work().await
        });
        Ok(true)
    }

    fn spoil(&mut self, sim: &mut Sim<'_>, link: (Host, Host), bad: Bad) -> bool {
        let (a, b) = link;
        if self.bad.contains_key(&(a, b)) || self.bad.contains_key(&(b, a)) {
            return false;
        }
        let (one, other) = (a.name(), b.name());
        match bad.fault {
            Fault::Cut(..) => sim.partition(one, other),
            Fault::CutOneWay(..) => sim.partition_oneway(one, other),
            Fault::Hold(..) => sim.hold(one, other),
            Fault::Slow(_, _, millis) => sim.set_link_latency(one, other, Duration::from_millis(millis)),
            Fault::Crash(_)
            | Fault::Restore(..)
            | Fault::RestoreProperly(_)
            | Fault::OldHub
            | Fault::Clone(_)
            | Fault::LoseIndex => return false,
        }
        self.bad.insert(link, bad);
        true
    }

    fn repair(&mut self, sim: &mut Sim<'_>, link: (Host, Host), now: Moment) {
        let Some(bad) = self.bad.remove(&link) else { return };
        let (one, other) = (link.0.name(), link.1.name());
        match bad.fault {
            Fault::Cut(..) => sim.repair(one, other),
            Fault::CutOneWay(..) => sim.repair_oneway(one, other),
            Fault::Hold(..) => sim.release(one, other),
            Fault::Crash(_)
            | Fault::Slow(..)
            | Fault::Restore(..)
            | Fault::RestoreProperly(_)
            | Fault::OldHub
            | Fault::Clone(_)
            | Fault::LoseIndex => {
                sim.set_link_latency(one, other, Duration::from_millis(self.stage.plan().latency))
            }
        }
        self.stage.note_at(now, format!("over: {:?}", bad.fault));
    }
}
