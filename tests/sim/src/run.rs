//! One run: an alliance is founded, everything goes wrong for a while, everything is well again, and then the disks are
//! held against what people know.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use anyhow::Context as _;
use shouwang_proto::clock::{Clock as _, SystemClock};
use tempfile::TempDir;
use turmoil::Sim;

use crate::{
    aid::{self, Dispatcher, Owner, lookout::Lookout},
    check,
    disks::Disks,
    evidence, listen, machines,
    people::{
        auditor::{Audit, Auditor},
        desk::Desk,
        mender, operator, reader, stranger,
    },
    plan::{Host, Plan},
    sabotage::Sabotage,
    sometimes::Sometimes,
    stage::{Demand, Phase, Stage, Violation},
    surroundings,
    trace::Trace,
    weather::Weather,
};

/// How much simulated time passes at once. Messages arrive at such moments.
const TICK: Duration = Duration::from_millis(4);
/// A run that has not ended by itself after so much simulated time never will.
const LONGEST: Duration = Duration::from_secs(900);

/// What a node logs when a notice comes that it has already.
const AGAIN: &str = "a notice came again";

/// What a hub logs when lines of its own log are gone.
const COMPACTED: &str = "the hub's log was compacted";
/// What a hub logs when its records were not what the log of a node says.
const MADE_ANEW: &str = "records were made anew from the log";

/// What a run is besides its plan.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A bug to plant.
    pub sabotage: Option<Sabotage>,
    /// Keeps the disks in this folder instead of throwing them away.
    pub keep: Option<PathBuf>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Broken promises.
    pub violations: Vec<Violation>,
    /// Wishes granted.
    pub acked: u64,
    /// Wishes whose outcome stayed unknown.
    pub unknown: u64,
    /// What happened how often.
    pub sometimes: Sometimes,
    /// What happened in order.
    pub trace: Trace,
    /// How long it took in simulated time.
    pub simulated: Duration,
}

/// Runs a plan to its end.
#[must_use]
pub fn run(plan: Plan, options: &Options) -> Outcome {
    let seed = plan.seed;
    let folder = match Folder::new(seed, options) {
        Ok(folder) => folder,
        Err(error) => return broken_before(seed, &error),
    };
    listen::begin();
    let stage = Stage::new(plan, surroundings::epoch(SystemClock.now()), folder.path().to_owned());
    let simulated = match perform(&stage, options) {
        Ok(simulated) => simulated,
        Err(error) => {
            stage.broken("run", format!("{error:#}"));
            Duration::ZERO
        }
    };
    listen::heard().into_iter().for_each(|(name, times)| {
        if name.ends_with(AGAIN) {
            stage.add("aid: notice came again", times);
        }
        if name.ends_with(COMPACTED) {
            stage.add("hub log: compacted", times);
        }
        if name.ends_with(MADE_ANEW) {
            stage.add("heal: records made anew", times);
            if !stage.is_spoiled() {
                stage.broken("P4", "the hub had to make records anew, and nobody had spoiled them");
            }
        }
        stage.add(format!("log: {name}"), times);
    });
    Outcome {
        seed,
        violations: stage.violations(),
        acked: stage.ledger(|ledger| ledger.acked()) + stage.aid(|aid| aid.acked()),
        unknown: stage.ledger(|ledger| ledger.unknown()) + stage.aid(|aid| aid.unknown()),
        sometimes: stage.sometimes(),
        trace: stage.trace(),
        simulated,
    }
}

fn broken_before(seed: u64, error: &anyhow::Error) -> Outcome {
    Outcome {
        seed,
        violations: vec![Violation { promise: "run", seen: format!("{error:#}") }],
        acked: 0,
        unknown: 0,
        sometimes: Sometimes::new(),
        trace: Trace::default(),
        simulated: Duration::ZERO,
    }
}

/// Where the disks of a run are: in memory where the system offers that.
enum Folder {
    Kept(PathBuf),
    Thrown(TempDir),
}

impl Folder {
    fn new(seed: u64, options: &Options) -> anyhow::Result<Self> {
        if let Some(keep) = &options.keep {
            let folder = keep.join(format!("seed-{seed}"));
            std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
            return Ok(Self::Kept(folder));
        }
        let memory = Path::new("/dev/shm");
        let prefix = format!("shouwang-sim-{seed}-");
        let made = tempfile::Builder::new().prefix(&prefix).tempdir_in(memory);
        made.or_else(|_| tempfile::Builder::new().prefix(&prefix).tempdir())
            .map(Self::Thrown)
            .context("a folder for the disks")
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Thrown(folder) => folder.path(),
        }
    }
}

/// Performs the run and leaves what was seen on the stage.
fn perform(stage: &Stage, options: &Options) -> anyhow::Result<Duration> {
    let plan = stage.plan();
    let mut sim = turmoil::Builder::new()
        .rng_seed(plan.seed)
        .tick_duration(TICK)
        .simulation_duration(LONGEST)
        .epoch(stage.epoch().into())
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(plan.latency))
        .tcp_capacity(256)
        .build();
    found(&mut sim, stage)?;
    let mut disks = Disks::new(stage, options.sabotage != Some(Sabotage::LyingDisk));
    if let Some(sabotage) = options.sabotage {
        sabotage.plant(stage)?;
    }
    disks.back_up(Host::Hub, now(&sim))?;
    for member in 0..plan.members {
        disks.back_up(Host::Node(member), now(&sim))?;
    }
    let mut weather = Weather::new(stage, disks, options.sabotage, now(&sim));
    let mut lookout = Lookout::new(stage);
    // Whoever plants a bug wants to know whether it is found, not how much it breaks.
    let enough = || options.sabotage.is_some() && !stage.violations().is_empty();
    live(&mut sim, stage, &mut weather, &mut lookout, enough)?;
    if enough() {
        return Ok(sim.elapsed());
    }
    let audit = heal(&mut sim, stage, &mut weather, &mut lookout)?;
    let simulated = sim.elapsed();
    stop(&mut sim, stage);
    drop(sim);
    judge(stage, &audit)?;
    Ok(simulated)
}

fn now(sim: &Sim<'_>) -> u64 {
    u64::try_from(sim.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn step(sim: &mut Sim<'_>) -> anyhow::Result<()> {
    sim.step().map(drop).map_err(|error| anyhow::anyhow!("a machine failed: {error}"))
}

/// Hub, nodes, members: until everybody serves.
fn found(sim: &mut Sim<'_>, stage: &Stage) -> anyhow::Result<()> {
    machines::start_hub(sim, stage);
    for member in 0..stage.plan().members {
        machines::start_node(sim, stage, member, Host::Node(member));
    }
    machines::start_people(sim, stage);
    let founding = stage.clone();
    stage.come(async move { operator::invite_all(&founding).await });
    let strangers = stage.plan().stranger.then_some(Host::Stranger);
    if strangers.is_some() {
        stage.begin_work();
        stage.come(stranger::live(stage.clone()));
    }
    let everybody = || (0..stage.plan().members).map(Host::Node).chain(strangers);
    while !everybody().all(|host| stage.has_served(host)) {
        anyhow::ensure!(sim.elapsed() < LONGEST / 4, "the members do not join");
        step(sim)?;
    }
    stage.note_at(now(sim), "everybody has joined");
    if stage.plan().aid {
        stage.come(aid::setup::lend(stage.clone()));
        while !stage.has_lent() {
            anyhow::ensure!(sim.elapsed() < LONGEST / 4, "the members do not lend");
            step(sim)?;
        }
    }
    Ok(())
}

/// People work, the weather is bad.
fn live(
    sim: &mut Sim<'_>,
    stage: &Stage,
    weather: &mut Weather,
    lookout: &mut Lookout,
    enough: impl Fn() -> bool,
) -> anyhow::Result<()> {
    let until = now(sim) + stage.plan().chaos;
    stage.set_phase(Phase::Chaos);
    for member in 0..stage.plan().members {
        let desk = Desk::new(stage, member, Host::Node(member), Desk::OF_MEMBERS);
        stage.begin_work();
        stage.come(desk.work());
    }
    if stage.plan().aid {
        come_to_aid(stage);
    }
    let reading = stage.clone();
    stage.come(async move {
        let line = operator::hub_line(&reading)?;
        reader::read(reading, line).await;
        Ok(())
    });
    while now(sim) < until && !enough() {
        weather.blow(sim, now(sim))?;
        step(sim)?;
        lookout.look(now(sim))?;
    }
    Ok(())
}

/// Two dispatchers and the people of every member.
fn come_to_aid(stage: &Stage) {
    for (number, closes) in [(1, true), (2, false)] {
        let coming = stage.clone();
        stage.begin_work();
        stage.come(async move {
            let line = operator::hub_line(&coming)?;
            Dispatcher::new(&coming, number, line).work(closes).await
        });
    }
    for member in 0..stage.plan().members {
        let coming = stage.clone();
        stage.begin_work();
        stage.come(async move { Box::pin(Owner::new(&coming, member)?.work()).await });
    }
}

/// The weather is good; people finish, the auditor looks.
fn heal(
    sim: &mut Sim<'_>,
    stage: &Stage,
    weather: &mut Weather,
    lookout: &mut Lookout,
) -> anyhow::Result<Audit> {
    weather.clear(sim, now(sim))?;
    stage.set_phase(Phase::Healing);
    stage.note_at(now(sim), "the weather is good");
    stage.come(mender::mend(stage.clone()));
    let audit = Rc::new(RefCell::new(Audit::default()));
    let (auditing, result) = (stage.clone(), Rc::clone(&audit));
    stage.come(async move {
        let line = operator::hub_line(&auditing)?;
        let auditor = Auditor::new(&auditing, line)?;
        *result.borrow_mut() = auditor.audit().await;
        Ok(())
    });
    loop {
        step(sim)?;
        lookout.look(now(sim))?;
        match stage.take_demand() {
            Some(Demand::LoseIndex) => weather.lose_index(sim, now(sim))?,
            Some(Demand::End) => break,
            None => {}
        }
    }
    let audit = audit.borrow().clone();
    Ok(audit)
}

/// Everything stops, so that the disks are quiet.
fn stop(sim: &mut Sim<'_>, stage: &Stage) {
    sim.crash(Host::Hub.name());
    for member in 0..stage.plan().members {
        sim.crash(Host::Node(member).name());
    }
}

/// Holds the disks against what people know and found.
fn judge(stage: &Stage, audit: &Audit) -> anyhow::Result<()> {
    let hub = evidence::hub(&stage.disk(Host::Hub))?;
    let mut violations = check::hub(&hub);
    for member in 0..stage.plan().members {
        let name = Host::Node(member).name();
        let node = evidence::node(&stage.disk(Host::Node(member)))?;
        let copied = hub.members.get(&name).cloned().unwrap_or_default();
        let was_held = stage.is_held(member) || node.held.is_some();
        if was_held {
            violations.extend(stage.ledger(|ledger| check::held(&name, &node, ledger)));
        }
        violations.extend(stage.ledger(|ledger| {
            if ledger.is_mended(&name) {
                stage.hit("member: log was mended");
                return check::mended(&name, &node, &copied.log, ledger, Desk::OF_COPIES);
            }
            stage.hit(if was_held { "member: was held and went on" } else { "member: whole all the time" });
            check::member(&name, &node, &copied.log, ledger)
        }));
    }
    if stage.plan().stranger {
        let copied = hub.members.get(&Host::Stranger.name()).cloned().unwrap_or_default();
        let (meant, poison) = stage.stranger();
        violations.extend(check::stranger(&meant, &poison, &copied));
    }
    if stage.plan().aid {
        violations.extend(aid::lookout::judge(stage)?);
    }
    let expected = check::to_be_found(&hub);
    for (promise, found) in [("P5", &audit.found), ("P16", &audit.found_again)] {
        violations.extend(found.iter().flat_map(|found| check::found(promise, &expected, found)));
    }
    for Violation { promise, seen } in violations {
        stage.broken(promise, seen);
    }
    Ok(())
}
