//! How many records a second become durable: every figure is of answers given after the fsync.
//!
//! Baselines, in the same run on the same disk: rusqlite on one thread with the same settings and the same rule for a
//! group; on PostgreSQL one connection with `unnest`. Each baseline writes rows of the same bytes into tables with the
//! same columns and primary keys, and checks nothing.

mod hub;
mod machinery;
mod node;
mod unnest;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use shouwang_proto::{
    id::MemberId,
    log::{key::LogKey, sealed::SealedEntry},
};
use shouwang_tests::{
    corpus::Corpus,
    measure::{
        Scale,
        process::machine,
        report::{Report, progress},
        signed_log::SignedLog,
    },
};
use tokio::task::JoinSet;

/// Callers that wait for an answer at any moment.
pub(crate) const CALLERS: u64 = 128;
/// Rounds of each comparison.
pub(crate) const ROUNDS: u64 = 5;

/// Runs `work` for the numbers from 0 below `total` with `callers` of them under way; how many a second.
///
/// # Errors
/// The first error of any of them.
pub(crate) async fn rate<F>(
    callers: u64,
    total: u64,
    work: impl Fn(u64) -> F + Clone + Send + 'static,
) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let started = Instant::now();
    for _ in 0..callers {
        let (next, work) = (Arc::clone(&next), work.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= total {
                    return Ok(());
                }
                work(number).await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = total as f64 / started.elapsed().as_secs_f64();
    Ok(rate)
}

/// The entries of one member.
///
/// # Errors
/// When the demo corpus cannot be read.
pub(crate) fn entries(member: &MemberId, count: u64) -> anyhow::Result<Vec<SealedEntry>> {
    let corpus = Corpus::of_the_demo()?;
    let mut log = SignedLog::new("park".parse()?, member.clone(), LogKey::from_secret([6; 32]));
    Ok((0..count).map(|number| log.put(corpus.record(1, number))).collect())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let scale = Scale::from_environment()?;
    let mut report = Report::new("Durable publish", scale);
    progress("one record per operation through the store alone");
    machinery::compare(scale, &mut report).await?;
    progress("the node's publishing service");
    node::compare(scale, &mut report).await?;
    progress("the hub's apply on SQLite");
    hub::compare_sqlite(scale, &mut report).await?;
    if unnest::is_installed() {
        progress("the hub's apply on PostgreSQL");
        hub::compare_postgres(scale, &mut report).await?;
    } else {
        report.note("PostgreSQL is not installed here: its row is missing");
    }
    report.note(format!(
        "{}; {CALLERS} callers in flight, records of the demo corpus, answers after the fsync",
        machine()
    ));
    report.print();
    Ok(())
}
