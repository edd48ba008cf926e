//! Ranking on our own field is a promise, not only a figure: it depends on no clock, so it can be held.

use shouwang_tests::judged::{Collection, lucene::Baseline, measure::measure, ours::Ours};

/// The goal on judged sets: so many times the best known configuration for Chinese.
const GOAL: f64 = 1.03;

#[test]
fn on_safety_questions_we_rank_better_than_the_baseline() {
    let folder = tempfile::tempdir().unwrap();
    let collections: Vec<_> = Collection::all(None, folder.path()).unwrap().into_iter().collect();
    assert_eq!(collections.len(), 1, "the project's own set");
    for collection in collections {
        let baseline = measure(&collection, &Baseline::build(&collection).unwrap().run(&collection).unwrap());
        let ours = measure(&collection, &Ours::build(&collection).unwrap().run(&collection).unwrap());
        assert!(baseline.ndcg_10 > 0.5, "the baseline hardly finds anything: {baseline:?}");
        assert!(ours.ndcg_10 >= GOAL * baseline.ndcg_10, "{}: {ours:?}, {baseline:?}", collection.name);
        assert!(ours.recall_100 >= baseline.recall_100, "{}: {ours:?}, {baseline:?}", collection.name);
    }
}
