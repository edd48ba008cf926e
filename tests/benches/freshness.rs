//! How long a record takes from the member's own node to the answer of a search, at 1,000 records a second.
//!
//! Ours: two real nodes take 500 records a second each over an open import stream, and a real hub indexes them; all
//! are processes. The clock of a record starts when it is due to be sent, whether or not the stream was ready for it,
//! and stops when the hub says that the member's log is searchable up to its entry. Baseline: one process, where each
//! record is written by a bare SQLite group commit and then added to a bare tantivy index that commits whenever
//! something is pending.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use futures::stream;
use prost::Message as _;
use rusqlite::types::Value;
use shouwang_proto::wire::{ImportOutcome, ImportPublicationsRequest, ListMembersRequest, Publication};
use shouwang_tests::{
    corpus::Corpus,
    measure::{
        Scale,
        bare_index::BareIndex,
        bare_store::BareStore,
        busy_park,
        latency::Latencies,
        process::{Usage, machine},
        report::{Goal, Report, figure, progress},
        rounds::Rounds,
    },
    processes::{Park, Publishing},
};
use tokio::{
    task::JoinSet,
    time::{Instant as TokioInstant, sleep, sleep_until},
};
use tokio_stream::StreamExt as _;

/// Whose nodes publish.
const MEMBERS: [&str; 2] = ["north-chem", "south-steel"];
/// Records a second, all nodes together.
const PER_SECOND: u64 = 1_000;
/// Rounds of the comparison.
const ROUNDS: u64 = 3;
/// Between two looks at the hub.
const LOOK: Duration = Duration::from_millis(4);
/// Bytes that the bare index writer may buffer.
const WRITER_BYTES: usize = 48_000_000;

/// When the entries of one member's log were due, by seq; those that are searchable are taken out.
type Due = Arc<Mutex<BTreeMap<u64, Instant>>>;

/// What one round of one side gave.
#[derive(Debug, Default)]
struct Seen {
    all: Latencies,
    hub_cpu_share: f64,
}

/// The moment at which record `number` of a stream is due.
fn due_at(started: Instant, number: u64, per_second: u64) -> Instant {
    started + Duration::from_micros(number * 1_000_000 / per_second)
}

/// Sends records at their times and notes when each was due under the seq that the node gave it.
async fn publish(
    mut node: Publishing,
    records: Vec<Publication>,
    per_second: u64,
    due: Due,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let paced = stream::unfold((0_u64, records.into_iter()), move |(number, mut records)| async move {
        let publication = records.next()?;
        sleep_until(TokioInstant::from_std(due_at(started, number, per_second))).await;
        let request =
            ImportPublicationsRequest { line: number, publication: Some(publication), draft: false };
        Some((request, (number + 1, records)))
    });
    let mut answers = node.import_publications(paced).await?.into_inner();
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        anyhow::ensure!(answer.outcome() == ImportOutcome::Created, "not created: {answer:?}");
        let at = due_at(started, answer.line, per_second);
        due.lock().unwrap_or_else(PoisonError::into_inner).insert(answer.seq, at);
    }
    Ok(())
}

/// Looks at the hub until every record that was published is searchable.
async fn watch(park: &Park, dues: &BTreeMap<&str, Due>, total: usize) -> anyhow::Result<Latencies> {
    let mut council = park.council()?;
    let mut seen = Latencies::default();
    while seen.len() < total {
        let members = council.list_members(ListMembersRequest::default()).await?.into_inner().members;
        let now = Instant::now();
        for member in members {
            let id = member.name.trim_start_matches("members/");
            let searchable = member.link.and_then(|link| link.searchable).map_or(0, |position| position.seq);
            let Some(due) = dues.get(id) else { continue };
            let mut due = due.lock().unwrap_or_else(PoisonError::into_inner);
            let later = due.split_off(&(searchable + 1));
            for (_, at) in std::mem::replace(&mut *due, later) {
                seen.add(now.saturating_duration_since(at));
            }
        }
        sleep(LOOK).await;
    }
    Ok(seen)
}

/// One round of ours on a park that is already warm.
async fn ours(park: &mut Park, corpus: &Corpus, round: u64, total: u64) -> anyhow::Result<Seen> {
    let dues: BTreeMap<&str, Due> = MEMBERS.map(|member| (member, Due::default())).into();
    let each = total / MEMBERS.len() as u64;
    let mut publishers = JoinSet::new();
    let pid = park.hub().context("the hub runs")?.pid();
    let (before, started) = (Usage::of(pid)?, Instant::now());
    for (number, member) in (0..).zip(MEMBERS) {
        // Numbers that no other round and no other member has.
        let first = (round * MEMBERS.len() as u64 + number) * each;
        let records = (first..first + each).map(|number| corpus.record(2, number)).collect();
        let node = park.publishing(member)?;
        publishers.spawn(publish(
            node,
            records,
            PER_SECOND / MEMBERS.len() as u64,
            Arc::clone(&dues[member]),
        ));
    }
    let published = async {
        while let Some(done) = publishers.join_next().await {
            done??;
        }
        anyhow::Ok(())
    };
    let wanted = usize::try_from(each * MEMBERS.len() as u64)?;
    let (all, ()) = tokio::try_join!(watch(park, &dues, wanted), published)?;
    let spent = Usage::of(pid)?.cpu_seconds - before.cpu_seconds;
    Ok(Seen { all, hub_cpu_share: spent / started.elapsed().as_secs_f64() })
}

/// Adds what comes, commits whenever something is pending, and notes how old each record was then.
fn index(incoming: &Receiver<(Publication, Instant)>) -> anyhow::Result<Latencies> {
    let folder = tempfile::tempdir()?;
    let mut index = BareIndex::create(folder.path(), 1, WRITER_BYTES)?;
    let mut seen = Latencies::default();
    while let Ok(first) = incoming.recv() {
        let mut pending = Vec::new();
        let mut next = Some(first);
        while let Some((publication, due)) = next {
            index.add("north", &publication)?;
            pending.push(due);
            next = incoming.try_recv().ok();
        }
        index.commit()?;
        pending.into_iter().for_each(|due| seen.add(due.elapsed()));
    }
    Ok(seen)
}

const TABLE: &str = "create table entry (id integer primary key, payload blob) strict;";
const INSERT: &str = "insert into entry (payload) values (?1)";

/// One round of the bare loop.
async fn bare(corpus: &Corpus, round: u64, total: u64) -> anyhow::Result<Latencies> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(BareStore::create(&folder.path().join("bare.db"), TABLE, &[INSERT])?);
    let (texts, incoming) = channel();
    let indexer = thread::Builder::new().name("bare-index".to_owned()).spawn(move || index(&incoming))?;
    let records: Vec<Publication> = (0..total).map(|number| corpus.record(3 + round, number)).collect();
    let started = Instant::now();
    let mut writing: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for (number, publication) in (0..).zip(records) {
        let due = due_at(started, number, PER_SECOND);
        sleep_until(TokioInstant::from_std(due)).await;
        let (store, texts) = (Arc::clone(&store), texts.clone());
        writing.spawn(async move {
            store.write(vec![(0, vec![Value::Blob(publication.encode_to_vec())])]).await?;
            texts.send((publication, due)).ok().context("the index has ended")
        });
        while let Some(done) = writing.try_join_next() {
            done??;
        }
    }
    while let Some(done) = writing.join_next().await {
        done??;
    }
    drop(texts);
    indexer.join().ok().context("the index thread panicked")?
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let scale = Scale::from_environment()?;
    let total = PER_SECOND * scale.of(20, 2);
    let corpus = Arc::new(Corpus::of_the_demo()?);
    let mut park = busy_park::start(&MEMBERS).await?;
    progress("warming up");
    busy_park::load(&mut park, &MEMBERS, &corpus, 2_000).await?;
    let (mut middles, mut tails) = (Rounds::default(), Rounds::default());
    let mut shares = Vec::new();
    for round in 0..ROUNDS {
        progress("publishing at the nodes");
        let seen = ours(&mut park, &corpus, round, total).await?;
        progress("the bare loop");
        let bare = bare(&corpus, round, total).await?;
        middles.add(seen.all.percentile_ms(0.5), bare.percentile_ms(0.5));
        tails.add(seen.all.percentile_ms(0.99), bare.percentile_ms(0.99));
        shares.push(seen.hub_cpu_share);
    }
    let mut report = Report::new("Freshness", scale);
    let (middle, tail) = (middles.ours(), tails.ours());
    report.compare("publish → searchable at 1,000 records/s, p50", "ms", &middles, |ratio| {
        Goal::at_most(middle, 100.0, " ms").and(Goal::at_most(ratio, 1.5, "×"))
    });
    report.compare("publish → searchable at 1,000 records/s, p99", "ms", &tails, |ratio| {
        Goal::at_most(tail, 400.0, " ms").and(Goal::at_most(ratio, 1.5, "×"))
    });
    let share = shouwang_tests::measure::rounds::median(shares) * 100.0;
    report.alone("the hub meanwhile", format!("{} % of one core", figure(share)), Goal::none());
    report.note(format!("{}; {total} records a round", machine()));
    report.note(format!(
        "the hub is asked every {} ms, so that each time is up to that much too long",
        LOOK.as_millis()
    ));
    report.note(
        "the baseline has one store, one process and no network; ours has the node's store and the hub's (two fsyncs, \
         one after the other), TLS and signatures between them",
    );
    report.print();
    Ok(())
}
