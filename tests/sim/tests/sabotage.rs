//! Each planted bug is found soon.

use shouwang_sim::{campaign::campaign, run::Options, sabotage::Sabotage};

/// Seeds within which each must be found.
const WITHIN: u64 = 30;

#[test]
fn every_planted_bug_is_found() {
    let mut missed = Vec::new();
    for bug in Sabotage::ALL {
        let options = Options { sabotage: Some(bug), ..Options::default() };
        let report = campaign(0..WITHIN, 1, &options, |report| !report.failures.is_empty());
        match report.failures.first() {
            Some(failure) => {
                tell(&format!("{bug:?} found by seed {}: {}", failure.seed, failure.violations[0]))
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not found within {WITHIN} seeds: {missed:?}");
}

#[expect(clippy::print_stderr, reason = "which promise found it is worth reading")]
fn tell(text: &str) {
    eprintln!("{text}");
}
