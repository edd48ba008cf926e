//! Each planted bug is found soon.

use std::sync::Mutex;

use shouwang_sim::{campaign::campaign, plan::Plan, run::Options, sabotage::Sabotage};

/// Seeds within which each must be found, of those in which it can show at all.
const WITHIN: usize = 30;

#[test]
fn every_planted_bug_is_found() {
    let next = Mutex::new(Sabotage::ALL.into_iter());
    let missed = Mutex::new(Vec::new());
    let work = || {
        while let Some(bug) = { next.lock().unwrap().next() } {
            if !is_found(bug) {
                missed.lock().unwrap().push(bug);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "not found within {WITHIN} seeds: {missed:?}");
}

fn is_found(bug: Sabotage) -> bool {
    let options = Options { sabotage: Some(bug), ..Options::default() };
    let seeds: Vec<u64> = (0..).filter(|seed| bug.fits(&Plan::draw(*seed))).take(WITHIN).collect();
    let report = campaign(&seeds, 1, &options, |report| !report.failures.is_empty());
    let Some(failure) = report.failures.first() else { return false };
    tell(&format!("{bug:?} found by seed {}: {}", failure.seed, failure.violations[0]));
    true
}

#[expect(clippy::print_stderr, reason = "which promise found it is worth reading")]
fn tell(text: &str) {
    eprintln!("{text}");
}
