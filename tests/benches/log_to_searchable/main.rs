//! How many signed records a second go the whole way: from the nodes' logs over TLS to the hub, verified, durable, and
//! into the index until a search finds them.
//!
//! Ours: two real nodes that hold all records, and a hub that has none of them; all are processes. Baseline: the bare
//! pipeline in this process (see `bare_pipeline`), which verifies nothing.

mod bare_pipeline;

use std::sync::Arc;

use shouwang_proto::log::{key::LogKey, sealed::SealedEntry};
use shouwang_tests::{
    corpus::Corpus,
    measure::{
        Scale, busy_park,
        latency::Latencies,
        process::{Usage, machine},
        report::{Goal, Report, figure, progress},
        rounds::Rounds,
        signed_log::SignedLog,
    },
};

/// Whose nodes send.
const MEMBERS: [&str; 2] = ["north-chem", "south-steel"];
/// Rounds of the comparison; each begins with a new park.
const ROUNDS: u64 = 3;

/// One run of ours.
#[derive(Clone, Copy, Debug)]
struct Run {
    rate: f64,
    import: f64,
    hub_cpu_seconds: f64,
}

async fn ours(corpus: &Arc<Corpus>, total: u64) -> anyhow::Result<Run> {
    let mut park = busy_park::start(&MEMBERS).await?;
    park.end_hub().await?;
    progress("importing at the nodes while the hub is away");
    let import = busy_park::import(&park, &MEMBERS, corpus, total).await?;
    progress("the hub comes back and has nothing");
    park.start_hub().await?;
    let seen = busy_park::until_searchable(&mut park, total).await?;
    let Usage { cpu_seconds, .. } = seen.usage;
    Ok(Run { rate: seen.rate(), import, hub_cpu_seconds: cpu_seconds })
}

/// Median time in microseconds that opening (without) and opening and verifying (with) an entry of the corpus takes.
fn cost_of_verifying(corpus: &Corpus) -> anyhow::Result<(f64, f64)> {
    let key = LogKey::from_secret([6; 32]);
    let mut log = SignedLog::new("park".parse()?, "north".parse()?, key.clone());
    let public = key.public();
    let (mut opening, mut verifying) = (Latencies::default(), Latencies::default());
    for number in 0..2_000 {
        let sent = log.put(corpus.record(1, number)).to_wire();
        let started = std::time::Instant::now();
        let entry = SealedEntry::from_wire(sent)?;
        let opened = started.elapsed();
        anyhow::ensure!(entry.verifies(&public), "an own signature is wrong");
        opening.add(opened);
        verifying.add(started.elapsed().saturating_sub(opened));
    }
    Ok((opening.percentile_ms(0.5) * 1000.0, verifying.percentile_ms(0.5) * 1000.0))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let scale = Scale::from_environment()?;
    let total = scale.of(50_000, 2_000);
    let corpus = Arc::new(Corpus::of_the_demo()?);
    let runs = std::cell::RefCell::new(Vec::new());
    let rounds = Rounds::interleave(
        ROUNDS,
        async |_| {
            let run = ours(&corpus, total).await?;
            runs.borrow_mut().push(run);
            Ok(run.rate)
        },
        async |_| {
            progress("the bare pipeline");
            bare_pipeline::run(&corpus, total, MEMBERS.len() as u64).await
        },
    )
    .await?;
    let runs = runs.into_inner();
    let median = |of: fn(&Run) -> f64| shouwang_tests::measure::rounds::median(runs.iter().map(of));
    let mut report = Report::new("Log to searchable", scale);
    let rate = rounds.ours();
    report.compare("records from the nodes' logs to the index, two nodes", "records/s", &rounds, |_| {
        Goal::at_least(rate, 5_000.0, " records/s")
    });
    let (opening, verifying) = cost_of_verifying(&corpus)?;
    let cpu = median(|run| run.hub_cpu_seconds);
    #[expect(clippy::cast_precision_loss, reason = "a sum of costs")]
    let signatures = verifying * total as f64 / 1e6;
    let without = (cpu - signatures) / cpu;
    report.alone(
        "the hub's processor time, and of it for signatures",
        format!("{} s, {} s", figure(cpu), figure(signatures)),
        Goal::none(),
    );
    report.alone(
        "with signatures by without them, calculated from processor time",
        format!("{without:.2}"),
        Goal::at_least(without, 0.6, "×"),
    );
    report.alone(
        "import at two nodes while the hub is away",
        format!("{} records/s", figure(median(|run| run.import))),
        Goal::none(),
    );
    report.note(format!("{}; {total} records of the demo corpus", machine()));
    report.note(format!(
        "opening an entry takes {opening:.1} µs and its signature {verifying:.1} µs of one core"
    ));
    report.note(
        "the baseline is one process with neither nodes' stores, signatures, checks of content, catalog, scopes nor \
         sounds: bare tonic, bare SQLite, bare tantivy, joined",
    );
    report.print();
    Ok(())
}
