//! Ranking quality, query times and build rate of the search, against baselines in the same run.
//!
//! `cargo bench -p shouwang-tests --bench ranking`. Collections: the folder named by `SHOUWANG_JUDGED` (unpacked or
//! `.tar.xz`), without it `../shared/judged` beside the project when it is there, and always the project's own.

use std::{env, path::PathBuf};

use shouwang_tests::judged::{Collection, Measured, lucene::Baseline, measure::measure, ours::Ours};

fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/judged");
    env::var_os("SHOUWANG_JUDGED").map(PathBuf::from).or_else(|| beside.exists().then_some(beside))
}

fn line(name: &str, ours: Measured, baseline: Measured) -> String {
    let ratio = |one: f64, other: f64| format!("{one:.4} / {other:.4} = {:.3}", one / other);
    format!(
        "{name:<32} nDCG@10 {}   Recall@100 {}   MRR@10 {}",
        ratio(ours.ndcg_10, baseline.ndcg_10),
        ratio(ours.recall_100, baseline.recall_100),
        ratio(ours.mrr_10, baseline.mrr_10)
    )
}

#[expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]
fn main() -> anyhow::Result<()> {
    let unpacked = tempfile::tempdir()?;
    println!("ranking: ours / Lucene CJKAnalyzer = ratio");
    for collection in Collection::all(folder().as_deref(), unpacked.path())? {
        let baseline = measure(&collection, &Baseline::build(&collection)?.run(&collection)?);
        let ours = measure(&collection, &Ours::build(&collection)?.run(&collection)?);
        println!("{}", line(&collection.name, ours, baseline));
    }
    Ok(())
}
