//! Makes the planned faults happen, and takes them back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use turmoil::Sim;

use crate::{
    ledger::Moment,
    machines,
    people::desk::Desk,
    plan::{Copy, Fault, Host, Planned},
    stage::Stage,
};

/// A copy of a disk.
#[derive(Clone, Debug)]
struct Backup {
    made: Moment,
    folder: PathBuf,
}

/// Why a machine is down, and until when.
#[derive(Clone, Copy, Debug)]
struct Down {
    until: Moment,
    restore: Option<Copy>,
    lose_index: bool,
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
    planned: Vec<Planned>,
    began: Moment,
    down: BTreeMap<Host, Down>,
    bad: BTreeMap<(Host, Host), Bad>,
    clones: BTreeSet<usize>,
    backups: BTreeMap<Host, Vec<Backup>>,
    /// Told when a node came back with an older disk, so that its promises are those of that disk.
    declared: bool,
}

impl Weather {
    /// The weather of a plan, beginning now. `declared`: people know when a disk was restored. Without it a restore is
    /// a lost disk that nobody admits.
    #[must_use]
    pub fn new(stage: &Stage, began: Moment, declared: bool) -> Self {
        let mut planned = stage.plan().faults.clone();
        planned.reverse();
        Self {
            stage: stage.clone(),
            planned,
            began,
            down: BTreeMap::new(),
            bad: BTreeMap::new(),
            clones: BTreeSet::new(),
            backups: BTreeMap::new(),
            declared,
        }
    }

    /// Copies the disk of a machine, between two steps, when nothing writes.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn back_up(&mut self, host: Host, now: Moment) -> anyhow::Result<()> {
        let backups = self.backups.entry(host).or_default();
        let folder = self.stage.folder().join("copies").join(format!("{}-{}", host.name(), backups.len()));
        copy_folder(&self.stage.disk(host), &folder)?;
        backups.push(Backup { made: now, folder });
        Ok(())
    }

    /// Begins what is due and ends what is over.
    ///
    /// # Errors
    /// When a disk cannot be copied.
    pub fn blow(&mut self, sim: &mut Sim<'_>, now: Moment) -> anyhow::Result<()> {
        while let Some(planned) = self.planned.pop_if(|planned| self.began + planned.at <= now) {
            self.begin(sim, planned, now)?;
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

    /// Ends everything at once: all machines run, all links pass, no clone is left.
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
        for member in std::mem::take(&mut self.clones) {
            sim.crash(Host::Clone(member).name());
        }
        Ok(())
    }

    /// Lets the hub's index disappear and starts the hub again.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub fn lose_index(&mut self, sim: &mut Sim<'_>, now: Moment) -> anyhow::Result<()> {
        self.stop(sim, Host::Hub, Down { until: now, restore: None, lose_index: true }, now);
        self.start(sim, Host::Hub, now)
    }

    fn begin(&mut self, sim: &mut Sim<'_>, planned: Planned, now: Moment) -> anyhow::Result<()> {
        let Planned { at: _, lasts, fault } = planned;
        let until = now + lasts;
        let began = match fault {
            Fault::Crash(host) => {
                let began = self.stop(sim, host, Down { until, restore: None, lose_index: false }, now);
                if began && lasts % 2 == 0 {
                    self.back_up(host, now)?;
                }
                began
            }
            Fault::Restore(host, copy) => {
                self.stop(sim, host, Down { until, restore: Some(copy), lose_index: lasts % 3 == 0 }, now)
            }
            Fault::LoseIndex => self.stop(sim, Host::Hub, Down { until, restore: None, lose_index: true }, now),
            Fault::Clone(member) => self.clone_node(sim, member, now)?,
            Fault::Cut(a, b) | Fault::CutOneWay(a, b) | Fault::Hold(a, b) | Fault::Slow(a, b, _) => {
                self.spoil(sim, (a, b), Bad { until, fault })
            }
        };
        if began {
            self.stage.note_at(now, format!("fault {fault:?} for {lasts}"));
            self.stage.hit(format!("fault: {}", fault.kind().name()));
        }
        Ok(())
    }

    fn stop(&mut self, sim: &mut Sim<'_>, host: Host, down: Down, now: Moment) -> bool {
        if self.down.contains_key(&host) {
            return false;
        }
        sim.crash(host.name());
        self.stage.note_at(now, format!("{} is down", host.name()));
        self.down.insert(host, down);
        true
    }

    fn start(&mut self, sim: &mut Sim<'_>, host: Host, now: Moment) -> anyhow::Result<()> {
        let Some(down) = self.down.remove(&host) else { return Ok(()) };
        if let Some(copy) = down.restore {
            self.restore(host, copy, now)?;
        }
        if down.lose_index && host == Host::Hub {
            remove_folder(&self.stage.disk(host).join("index"))?;
        }
        sim.bounce(host.name());
        self.stage.note_at(now, format!("{} is up", host.name()));
        Ok(())
    }

    fn restore(&mut self, host: Host, copy: Copy, now: Moment) -> anyhow::Result<()> {
        let backups = self.backups.get(&host).map(Vec::as_slice).unwrap_or_default();
        let backup = match copy {
            Copy::Oldest => backups.first(),
            Copy::Newest => backups.last(),
        };
        let Some(backup) = backup.cloned() else { return Ok(()) };
        let disk = self.stage.disk(host);
        remove_folder(&disk)?;
        copy_folder(&backup.folder, &disk)?;
        self.stage.note_at(now, format!("{} has its disk of {}", host.name(), backup.made));
        if !self.declared {
            return Ok(());
        }
        match host {
            Host::Hub => self.stage.ledger(|ledger| ledger.hub_restored(backup.made)),
            _ => self.stage.ledger(|ledger| ledger.node_restored(&host.name(), backup.made)),
        }
        // Copies made after the one that counts now belong to a future that never was.
        if let Some(backups) = self.backups.get_mut(&host) {
            backups.retain(|other| other.made <= backup.made);
        }
        Ok(())
    }

    fn clone_node(&mut self, sim: &mut Sim<'_>, member: usize, now: Moment) -> anyhow::Result<bool> {
        if !self.clones.is_empty() || self.down.contains_key(&Host::Node(member)) {
            return Ok(false);
        }
        let clone = Host::Clone(member);
        copy_folder(&self.stage.disk(Host::Node(member)), &self.stage.disk(clone))?;
        self.clones.insert(member);
        // From here on nobody can say which of the two the hub will hear.
        self.stage.ledger(|ledger| ledger.cloned(&Host::Node(member).name(), now));
        machines::start_node(sim, &self.stage, member, clone);
        self.stage.begin_work();
        let desk = Desk::new(&self.stage, member, clone, "c");
        let stage = self.stage.clone();
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
            Fault::Crash(_) | Fault::Restore(..) | Fault::Clone(_) | Fault::LoseIndex => return false,
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
            Fault::Slow(..) => {
                sim.set_link_latency(one, other, Duration::from_millis(self.stage.plan().latency));
            }
            Fault::Crash(_) | Fault::Restore(..) | Fault::Clone(_) | Fault::LoseIndex => {}
        }
        self.stage.note_at(now, format!("over: {:?}", bad.fault));
    }
}

/// Copies a folder with everything in it, modes included.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copy = || -> io::Result<()> {
        fs::create_dir_all(to)?;
        fs::set_permissions(to, fs::metadata(from)?.permissions())?;
        for item in fs::read_dir(from)? {
            let item = item?;
            let target = to.join(item.file_name());
            if item.file_type()?.is_dir() {
                copy_folder(&item.path(), &target).map_err(io::Error::other)?;
            } else {
                fs::copy(item.path(), &target)?;
            }
        }
        Ok(())
    };
    copy().with_context(|| format!("copying {}", from.display()))
}

fn remove_folder(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| folder.display().to_string())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

