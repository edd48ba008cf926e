//! The whole alliance, many times over.
//!
//! `SHOUWANG_SIM_SEEDS=N` runs N seeds, `SHOUWANG_SIM_FIRST=N` begins at another one, `SHOUWANG_SIM_SEED=N` repeats one
//! and prints what happened, `SHOUWANG_SIM_THREADS=N` runs so many at a time (default: one for each processor).
//!
//! A seed repeats itself to the event; `repeat.rs` holds it to that.

use shouwang_sim::{
    campaign::{campaign, run_seed},
    plan::FaultKind,
    run::Options,
};

/// A minute or two on two cores; a night runs thousands.
const SEEDS: u64 = 16;
/// Later seeds reach every case; fewer may by chance miss a rare one.
const ENOUGH_FOR_EVERY_CASE: u64 = 100;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

#[expect(clippy::print_stderr, reason = "the report is what people run this for")]
fn tell(text: &str) {
    eprintln!("{text}");
}

#[test]
fn the_alliance_keeps_its_promises() {
    if let Some(seed) = number("SHOUWANG_SIM_SEED") {
        let outcome = run_seed(seed, &Options::default());
        outcome.trace.lines().iter().for_each(|line| tell(line));
        tell(&format!("trace {} of {} events", outcome.trace.hash(), outcome.trace.count()));
        assert_eq!(outcome.violations, [], "seed {seed}");
        return;
    }
    let first = number("SHOUWANG_SIM_FIRST").unwrap_or(0);
    let seeds = number("SHOUWANG_SIM_SEEDS").unwrap_or(SEEDS);
    let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = number("SHOUWANG_SIM_THREADS").map_or_else(processors, |threads| threads as usize);
    let range: Vec<u64> = (first..first + seeds).collect();
    let report = campaign(&range, threads, &Options::default(), |_| false);
    tell(&report.to_string());
    assert!(
        report.failures.is_empty(),
        "{} of {} seeds failed; they are named above",
        report.failures.len(),
        report.seeds
    );
    if seeds >= ENOUGH_FOR_EVERY_CASE {
        let faults: Vec<String> =
            FaultKind::WEIGHTS.iter().map(|(kind, _)| format!("fault: {}", kind.name())).collect();
        let mut must: Vec<&str> = faults.iter().map(String::as_str).collect();
        must.extend(CASES);
        let never = report.sometimes.never(&must);
        assert!(never.is_empty(), "never reached, so nothing is proven about: {never:?}");
    }
}

/// What has to be reached besides the faults.
const CASES: [&str; 25] = [
    "heal: records made anew",
    "hub log: compacted",
    "fork: resolved by a person",
    "fork: own writes come again",
    "request without an answer",
    "request abandoned",
    "request repeated",
    "hung up early",
    "look: own write found",
    "look: withdrawn is gone",
    "aid: change without an answer",
    "aid: change repeated",
    "aid: word repeated",
    "aid: order raced and lost",
    "aid: taken for a P1",
    "aid: order answered late",
    "aid: late yes became an offer",
    "aid: word Refused ORDER_SUPERSEDED",
    "aid: notice came again",
    "aid: deadline came after the hub was away",
    "aid: answer kept while the hub was away",
    "aid: withdrawn on the road",
    "aid: drill halted by a real P1",
    "aid: people asked after a restore",
    "aid: files went back, and a node noticed",
];
