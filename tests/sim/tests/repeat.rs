//! A seed decides everything: the same seed gives the same trace, to the event, whatever else the process is doing.

use shouwang_sim::{campaign::run_seed, run::Options};

/// Seeds that are repeated: with and without emergencies, crashes and restores.
const SEEDS: [u64; 3] = [3, 10, 17];

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in SEEDS {
        let run = || run_seed(seed, &Options::default()).trace;
        // At once, so that each has another run beside it.
        let (one, other) = std::thread::scope(|scope| {
            let (one, other) = (scope.spawn(run), scope.spawn(run));
            (one.join().unwrap(), other.join().unwrap())
        });
        let parts = one.lines().iter().zip(other.lines()).find(|(one, other)| one != other);
        assert_eq!(parts, None, "seed {seed}: here the traces part");
        assert_eq!((one.count(), one.hash()), (other.count(), other.hash()), "seed {seed}");
        assert!(one.count() > 100, "seed {seed}: {} events prove nothing", one.count());
    }
}
