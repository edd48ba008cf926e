//! Many runs: their counts together, and the seeds that failed.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    plan::Plan,
    run::{Options, Outcome, run},
    sometimes::Sometimes,
    stage::Violation,
};

/// A seed and what it broke.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// Broken promises.
    pub violations: Vec<Violation>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "seed {}: repeat it with SHOUWANG_SIM_SEED={}", self.seed, self.seed)?;
        for violation in self.violations.iter().take(12) {
            writeln!(formatter, "  {violation}")?;
        }
        Ok(())
    }
}

/// What many runs came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Runs.
    pub seeds: u64,
    /// Wishes granted.
    pub acked: u64,
    /// Wishes whose outcome stayed unknown.
    pub unknown: u64,
    /// Events noted.
    pub events: u64,
    /// Simulated time together.
    pub simulated: Duration,
    /// Real time.
    pub took: Duration,
    /// What happened how often.
    pub sometimes: Sometimes,
    /// Seeds that failed.
    pub failures: Vec<Failure>,
}

impl Report {
    fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        self.acked += outcome.acked;
        self.unknown += outcome.unknown;
        self.events += outcome.trace.count();
        self.simulated += outcome.simulated;
        self.sometimes.merge(&outcome.sometimes);
        if !outcome.violations.is_empty() {
            self.failures.push(Failure { seed: outcome.seed, violations: outcome.violations });
        }
    }

    /// Programs that died and came back.
    #[must_use]
    pub fn crashes(&self) -> u64 {
        ["node crash", "hub crash", "node restored from a copy", "hub restored from a copy", "index lost"]
            .iter()
            .map(|kind| self.sometimes.count(&format!("fault: {kind}")))
            .sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = self.seeds as f64 / self.took.as_secs_f64().max(0.001);
        writeln!(
            formatter,
            "{} seeds in {:.1} s ({rate:.2}/s), {:.0} simulated s, {} crashes, {} acknowledged, {} unknown, {} events, {} failed",
            self.seeds,
            self.took.as_secs_f64(),
            self.simulated.as_secs_f64(),
            self.crashes(),
            self.acked,
            self.unknown,
            self.events,
            self.failures.len(),
        )?;
        write!(formatter, "{}", self.sometimes)?;
        self.failures.iter().try_for_each(|failure| write!(formatter, "{failure}"))
    }
}

/// Runs one seed. A panic anywhere in it is a broken promise of that seed, not the end of the campaign.
#[must_use]
pub fn run_seed(seed: u64, options: &Options) -> Outcome {
    run_plan(&Plan::draw(seed), options)
}

/// Runs one plan, as [`run_seed`].
#[must_use]
pub fn run_plan(plan: &Plan, options: &Options) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| run(plan.clone(), options))).unwrap_or_else(|panic| Outcome {
        seed: plan.seed,
        violations: vec![Violation { promise: "run", seen: format!("panic: {}", words(&*panic)) }],
        acked: 0,
        unknown: 0,
        sometimes: Sometimes::new(),
        trace: crate::trace::Trace::default(),
        simulated: Duration::ZERO,
    })
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Runs seeds, some at a time, until `enough` says so after one of them or all have run.
#[must_use]
pub fn campaign(
    seeds: &[u64],
    threads: usize,
    options: &Options,
    enough: impl Fn(&Report) -> bool + Sync,
) -> Report {
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let report = Mutex::new(Report::default());
    let work = || loop {
        let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
        if enough(&report.lock().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let outcome = run_seed(*seed, options);
        report.lock().unwrap_or_else(PoisonError::into_inner).add(outcome);
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.failures.sort_by_key(|failure| failure.seed);
    report.took = began.elapsed();
    report
}
