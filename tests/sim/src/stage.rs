//! What all actors of one run share: the plan, what is known, and where the run stands.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, VecDeque},
    fmt,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use futures::future::LocalBoxFuture;
use jiff::Timestamp;
use shouwang_proto::log::sealed::SealedEntry;

use crate::{
    aid::memory::Memory,
    ledger::{Key, Ledger, Moment},
    plan::{Host, Plan},
    sometimes::Sometimes,
    trace::Trace,
};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Members are invited and join.
    Joining,
    /// Things go wrong while people work.
    Chaos,
    /// Everything works again; what was begun is finished.
    Healing,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise, as in the design: P1, P2 …
    pub promise: &'static str,
    /// What was seen.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.promise, self.seen)
    }
}

/// Something that only the outside of the simulation can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Let the hub die, remove its index, start it again.
    LoseIndex,
    /// Nothing is left to be seen: end the run.
    End,
}

/// Something that a reader at the hub shall look for: what was granted must be seen once the hub has this seq.
#[derive(Clone, Debug)]
pub struct Look {
    /// Which publication.
    pub key: Key,
    /// Its first so many granted wishes must be visible.
    pub granted: usize,
    /// Position of the member's log that holds them.
    pub seq: u64,
}

/// One run's shared knowledge. Clones share it; a run has one thread.
#[derive(Clone)]
pub struct Stage(Rc<Inner>);

struct Inner {
    plan: Plan,
    epoch: Timestamp,
    folder: PathBuf,
    phase: Cell<Phase>,
    serving: RefCell<BTreeSet<Host>>,
    demand: Cell<Option<Demand>>,
    held: RefCell<BTreeSet<usize>>,
    forgotten: RefCell<BTreeSet<usize>>,
    hub_up_since: Cell<Option<Moment>>,
    lent: Cell<bool>,
    unsettled: RefCell<Option<String>>,
    words_wait: Cell<bool>,
    spoiled: Cell<bool>,
    aid: RefCell<Memory>,
    stranger: RefCell<(Vec<SealedEntry>, BTreeSet<u64>)>,
    at_work: Cell<usize>,
    ledger: RefCell<Ledger>,
    trace: RefCell<Trace>,
    sometimes: RefCell<Sometimes>,
    violations: RefCell<Vec<Violation>>,
    looks: RefCell<VecDeque<Look>>,
    coming: RefCell<VecDeque<LocalBoxFuture<'static, anyhow::Result<()>>>>,
}

impl Stage {
    /// A stage for a plan. Disks are folders in `folder`.
    #[must_use]
    pub fn new(plan: Plan, epoch: Timestamp, folder: PathBuf) -> Self {
        Self(Rc::new(Inner {
            plan,
            epoch,
            folder,
            phase: Cell::new(Phase::Joining),
            serving: RefCell::default(),
            demand: Cell::new(None),
            held: RefCell::default(),
            forgotten: RefCell::default(),
            hub_up_since: Cell::new(None),
            lent: Cell::new(false),
            unsettled: RefCell::new(Some("nobody has looked yet".to_owned())),
            words_wait: Cell::new(true),
            spoiled: Cell::new(false),
            aid: RefCell::default(),
            stranger: RefCell::default(),
            at_work: Cell::new(0),
            ledger: RefCell::default(),
            trace: RefCell::default(),
            sometimes: RefCell::default(),
            violations: RefCell::default(),
            looks: RefCell::default(),
            coming: RefCell::default(),
        }))
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// When simulated time began.
    #[must_use]
    pub fn epoch(&self) -> Timestamp {
        self.0.epoch
    }

    /// The disk of a machine.
    #[must_use]
    pub fn disk(&self, host: Host) -> PathBuf {
        self.0.folder.join("disks").join(host.name())
    }

    /// Where everything of this run is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Simulated milliseconds since the run began. Only within the simulation.
    #[must_use]
    pub fn now(&self) -> Moment {
        let elapsed = turmoil::sim_elapsed().unwrap_or(Duration::ZERO);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    /// Where the run stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase.get()
    }

    /// Goes on to another phase.
    pub fn set_phase(&self, phase: Phase) {
        self.0.phase.set(phase);
    }

    /// A machine's server serves for the first time.
    pub fn serving(&self, host: Host) {
        self.0.serving.borrow_mut().insert(host);
    }

    /// Has it ever?
    #[must_use]
    pub fn has_served(&self, host: Host) -> bool {
        self.0.serving.borrow().contains(&host)
    }

    /// Waits until it has. Only within the simulation.
    pub async fn until_serving(&self, host: Host) {
        while !self.has_served(host) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Somebody comes and sits down at the people's machine.
    pub fn come(&self, person: impl Future<Output = anyhow::Result<()>> + 'static) {
        self.0.coming.borrow_mut().push_back(Box::pin(person));
    }

    /// Who has come and not sat down yet.
    #[must_use]
    pub fn next_to_come(&self) -> Option<LocalBoxFuture<'static, anyhow::Result<()>>> {
        self.0.coming.borrow_mut().pop_front()
    }

    /// Asks for something that only the outside of the simulation can do.
    pub fn demand(&self, demand: Demand) {
        self.0.demand.set(Some(demand));
    }

    /// Takes what was asked for.
    #[must_use]
    pub fn take_demand(&self) -> Option<Demand> {
        self.0.demand.take()
    }

    /// A member's log has parted, and the node waits for a person.
    pub fn hold(&self, member: usize) {
        self.0.held.borrow_mut().insert(member);
    }

    /// Is it?
    #[must_use]
    pub fn is_held(&self, member: usize) -> bool {
        self.0.held.borrow().contains(&member)
    }

    /// A member's node went back to an older disk.
    pub fn forget(&self, member: usize) {
        self.0.forgotten.borrow_mut().insert(member);
    }

    /// Did it ever?
    #[must_use]
    pub fn has_forgotten(&self, member: usize) -> bool {
        self.0.forgotten.borrow().contains(&member)
    }

    /// The hub serves from now on, or is gone.
    pub fn set_hub_up_since(&self, since: Option<Moment>) {
        self.0.hub_up_since.set(since);
    }

    /// Since when the hub serves; none while it is gone.
    #[must_use]
    pub fn hub_up_since(&self) -> Option<Moment> {
        self.0.hub_up_since.get()
    }

    /// Everybody has published what it lends.
    pub fn set_lent(&self) {
        self.0.lent.set(true);
    }

    /// Has everybody?
    #[must_use]
    pub fn has_lent(&self) -> bool {
        self.0.lent.get()
    }

    /// Why not everybody knows everything of an emergency yet.
    pub fn set_unsettled(&self, why: Option<String>) {
        *self.0.unsettled.borrow_mut() = why;
    }

    /// The same, to be read.
    #[must_use]
    pub fn unsettled(&self) -> Option<String> {
        self.0.unsettled.borrow().clone()
    }

    /// Somebody has spoiled what the hub counts of a member.
    pub fn spoil(&self) {
        self.0.spoiled.set(true);
    }

    /// Has somebody?
    #[must_use]
    pub fn is_spoiled(&self) -> bool {
        self.0.spoiled.get()
    }

    /// Is there a word at a node that the hub has not decided, or somebody who may still say one?
    pub fn set_words_wait(&self, wait: bool) {
        self.0.words_wait.set(wait);
    }

    /// The same, to be read; true until somebody has looked.
    #[must_use]
    pub fn words_wait(&self) -> bool {
        self.0.words_wait.get()
    }

    /// Works with what people were told of emergencies. Must not be held over an await.
    pub fn aid<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.0.aid.borrow_mut())
    }

    /// The time of day, by a clock that is right. Only within the simulation.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        let passed = jiff::SignedDuration::from_millis(i64::try_from(self.now()).unwrap_or(i64::MAX));
        self.0.epoch.checked_add(passed).unwrap_or(self.0.epoch)
    }

    /// What the stranger's log is, and which of its entries are poison.
    pub fn set_stranger(&self, log: Vec<SealedEntry>, poison: BTreeSet<u64>) {
        *self.0.stranger.borrow_mut() = (log, poison);
    }

    /// The same, to be read.
    #[must_use]
    pub fn stranger(&self) -> (Vec<SealedEntry>, BTreeSet<u64>) {
        self.0.stranger.borrow().clone()
    }

    /// One more actor has something to finish.
    pub fn begin_work(&self) {
        self.0.at_work.set(self.0.at_work.get() + 1);
    }

    /// One actor has finished.
    pub fn end_work(&self) {
        self.0.at_work.set(self.0.at_work.get().saturating_sub(1));
    }

    /// True when every actor has finished.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.at_work() == 0
    }

    /// How many actors have something to finish.
    #[must_use]
    pub fn at_work(&self) -> usize {
        self.0.at_work.get()
    }

    /// Works with the ledger. Must not be held over an await.
    pub fn ledger<T>(&self, work: impl FnOnce(&mut Ledger) -> T) -> T {
        work(&mut self.0.ledger.borrow_mut())
    }

    /// Notes an event of an actor, at the present simulated time.
    pub fn note(&self, text: impl AsRef<str>) {
        let now = self.now();
        self.note_at(now, text);
    }

    /// Notes an event from outside the simulation.
    pub fn note_at(&self, at: Moment, text: impl AsRef<str>) {
        self.0.trace.borrow_mut().note(at, text);
    }

    /// The trace.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.0.trace.borrow().clone()
    }

    /// Something that must happen sometimes has happened.
    pub fn hit(&self, name: impl Into<String>) {
        self.0.sometimes.borrow_mut().hit(name);
    }

    /// Something has happened so many times.
    pub fn add(&self, name: impl Into<String>, times: u64) {
        self.0.sometimes.borrow_mut().add(name, times);
    }

    /// What happened how often.
    #[must_use]
    pub fn sometimes(&self) -> Sometimes {
        self.0.sometimes.borrow().clone()
    }

    /// A promise was broken.
    pub fn broken(&self, promise: &'static str, seen: impl Into<String>) {
        self.broken_at(self.now(), promise, seen);
    }

    /// A promise was broken, as the outside of the simulation saw at this time.
    pub fn broken_at(&self, at: Moment, promise: &'static str, seen: impl Into<String>) {
        let violation = Violation { promise, seen: seen.into() };
        self.note_at(at, format!("VIOLATION {violation}"));
        self.0.violations.borrow_mut().push(violation);
    }

    /// All promises broken so far.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.0.violations.borrow().clone()
    }

    /// Asks the reader to look.
    pub fn look(&self, look: Look) {
        self.0.looks.borrow_mut().push_back(look);
    }

    /// What the reader shall look for next.
    #[must_use]
    pub fn next_look(&self) -> Option<Look> {
        self.0.looks.borrow_mut().pop_front()
    }
}
