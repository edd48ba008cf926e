//! How many searches a second a hub answers over TLS, and what the network adds to one: top 10 with snippets, totals
//! and facet counts over 100,000 records, with the queries of the project's judged set.
//!
//! Baselines, both in this process: the bare two-stage search on a bare tantivy index of the same texts, and the hub's
//! own search room on a copy of the hub's index, without network, rights looked up in the database, or threads between.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde::Deserialize;
use shouwang_hub::search::{
    Caller, Deadline, IndexSettings, SearchIndex, SearchParameters,
    query::{self, Filters},
    thesaurus::{Synonym, Thesaurus},
};
use shouwang_proto::{
    id::GroupId,
    wire::{ListThesaurusRequest, SearchRequest},
};
use shouwang_tests::{
    corpus::Corpus,
    measure::{
        Scale,
        bare_index::{BareIndex, Fields},
        bare_search, busy_park,
        latency::Latencies,
        process::{Usage, machine},
        report::{Goal, Report, progress},
        rounds::Rounds,
    },
    processes::{Park, Search},
};
use tantivy::IndexReader;
use tokio::task::JoinSet;

/// Whose nodes hold the records.
const MEMBERS: [&str; 2] = ["north-chem", "south-steel"];
/// Connections of the searching program, and calls under way on each.
const CONNECTIONS: u64 = 2;
const CALLS: u64 = 4;
/// Rounds of each comparison.
const ROUNDS: u64 = 5;
/// Bytes that the bare index writer may buffer; as the hub's.
const WRITER_BYTES: usize = 48_000_000;

#[derive(Deserialize)]
struct Line {
    text: String,
}

/// The queries of the project's judged set.
fn queries() -> anyhow::Result<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("judged/safety/queries.jsonl");
    let text = fs::read_to_string(path)?;
    text.lines().map(|line| Ok(serde_json::from_str::<Line>(line)?.text)).collect()
}

/// How much was answered, and what it cost.
#[derive(Clone, Copy, Debug)]
struct Answered {
    per_second: f64,
    per_cpu_second: f64,
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn answered(count: u64, took: Duration, cpu_seconds: f64) -> Answered {
    let count = count as f64;
    Answered { per_second: count / took.as_secs_f64(), per_cpu_second: count / cpu_seconds.max(0.01) }
}

async fn ask(client: &mut Search, query: &str) -> anyhow::Result<()> {
    let request = SearchRequest { query: query.to_owned(), page_size: 10, ..SearchRequest::default() };
    let answer = client.search(request).await?.into_inner();
    anyhow::ensure!(answer.total == 0 || !answer.hits.is_empty(), "hits are missing");
    Ok(())
}

/// Asks the hub for so long with several calls under way.
async fn ours(
    park: &mut Park,
    queries: &Arc<Vec<String>>,
    for_so_long: Duration,
) -> anyhow::Result<Answered> {
    let pid = park.hub().context("the hub runs")?.pid();
    let count = Arc::new(AtomicU64::new(0));
    let (before, started) = (Usage::of(pid)?, Instant::now());
    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let client = park.search()?;
        for call in 0..CALLS {
            let (mut client, queries, count) = (client.clone(), Arc::clone(queries), Arc::clone(&count));
            let skip = usize::try_from((connection * CALLS + call) * 7)?;
            tasks.spawn(async move {
                for query in queries.iter().cycle().skip(skip) {
                    if started.elapsed() >= for_so_long {
                        break;
                    }
                    ask(&mut client, query).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let took = started.elapsed();
    Ok(answered(count.load(Ordering::Relaxed), took, Usage::of(pid)?.cpu_seconds - before.cpu_seconds))
}

/// Searches the bare index for so long on as many threads as there are processors.
fn bare(
    reader: &IndexReader,
    fields: Fields,
    queries: &[String],
    for_so_long: Duration,
) -> anyhow::Result<Answered> {
    let threads = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let count = AtomicU64::new(0);
    let (before, started) = (Usage::of(std::process::id())?, Instant::now());
    thread::scope(|scope| {
        let run = |skip: usize| {
            let count = &count;
            move || -> anyhow::Result<()> {
                let searcher = reader.searcher();
                for query in queries.iter().cycle().skip(skip) {
                    if started.elapsed() >= for_so_long {
                        break;
                    }
                    bare_search::search(&searcher, &fields, query, 10)?;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }
        };
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(run(thread * 7))).collect();
        running.into_iter().try_for_each(|thread| thread.join().ok().context("a search panicked")?)
    })?;
    let took = started.elapsed();
    let spent = Usage::of(std::process::id())?.cpu_seconds - before.cpu_seconds;
    Ok(answered(count.into_inner(), took, spent))
}

/// One call after another; the median in ms.
async fn ours_one_by_one(park: &Park, queries: &[String]) -> anyhow::Result<f64> {
    let mut client = park.search()?;
    ask(&mut client, &queries[0]).await?;
    let mut times = Latencies::default();
    for query in queries {
        let started = Instant::now();
        ask(&mut client, query).await?;
        times.add(started.elapsed());
    }
    Ok(times.percentile_ms(0.5))
}

/// One bare search after another; the median in ms.
fn bare_one_by_one(reader: &IndexReader, fields: Fields, queries: &[String]) -> anyhow::Result<f64> {
    let searcher = reader.searcher();
    let mut times = Latencies::default();
    for query in queries {
        let started = Instant::now();
        bare_search::search(&searcher, &fields, query, 10)?;
        times.add(started.elapsed());
    }
    Ok(times.percentile_ms(0.5))
}

/// The hub's search room in this process, as the operator's token sees it.
struct Room {
    index: Arc<SearchIndex>,
    caller: Caller,
}

impl Room {
    /// Opens a copy of the hub's index with the hub's thesaurus. The hub is stopped meanwhile.
    async fn of_the_hub(park: &mut Park, copy: &Path) -> anyhow::Result<Self> {
        let groups = park.council()?.list_thesaurus(ListThesaurusRequest {}).await?.into_inner().groups;
        park.end_hub().await?;
        copy_folder(&park.hub_data().join("index"), copy)?;
        park.start_hub().await?;
        let index = SearchIndex::open(copy, IndexSettings::default())?;
        let synonym = |text: String| Synonym { text, weight: Synonym::USUAL_WEIGHT };
        index.set_thesaurus(Thesaurus::new(
            groups.into_iter().map(|group| group.terms.into_iter().map(synonym).collect()),
        ));
        let groups = [GroupId::alliance(), GroupId::council()].into();
        Ok(Self { index, caller: Caller { groups, ..Caller::default() } })
    }

    fn ask(&self, text: &str) -> anyhow::Result<()> {
        let asked = SearchParameters {
            query: query::parse(text)?,
            filters: Filters::default(),
            literal: false,
            page_size: 10,
            page_token: String::new(),
            deadline: Deadline::at(Instant::now() + Duration::from_secs(2)),
            now: Instant::now(),
        };
        let found = self.index.searcher(self.caller.clone()).search(&asked)?;
        anyhow::ensure!(found.total == 0 || !found.hits.is_empty(), "hits are missing");
        Ok(())
    }

    /// One search after another; the median in ms.
    fn one_by_one(&self, queries: &[String]) -> anyhow::Result<f64> {
        let mut times = Latencies::default();
        for query in queries {
            let started = Instant::now();
            self.ask(query)?;
            times.add(started.elapsed());
        }
        Ok(times.percentile_ms(0.5))
    }
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (entry, path) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if entry.is_dir() { copy_folder(&entry, &path)? } else { drop(fs::copy(entry, path)?) }
    }
    Ok(())
}

fn bare_index(corpus: &Corpus, total: u64, folder: &Path) -> anyhow::Result<(IndexReader, Fields)> {
    let mut index = BareIndex::create(folder, 1, WRITER_BYTES)?;
    for number in 0..total {
        let member = if number < total / 2 { MEMBERS[0] } else { MEMBERS[1] };
        index.add(member, &corpus.record(1, number))?;
    }
    index.commit()?;
    let fields = index.fields;
    Ok((index.finish()?, fields))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let scale = Scale::from_environment()?;
    let total = scale.of(100_000, 2_000);
    let for_so_long = Duration::from_millis(scale.of(5_000, 500));
    let corpus = Arc::new(Corpus::of_the_demo()?);
    let queries = Arc::new(queries()?);
    let mut park = busy_park::start(&MEMBERS).await?;
    progress("loading the hub");
    busy_park::load(&mut park, &MEMBERS, &corpus, total).await?;
    progress("building the bare index");
    let folder = tempfile::tempdir()?;
    let (reader, fields) = bare_index(&corpus, total, folder.path())?;

    let copy = tempfile::tempdir()?;
    let room = Room::of_the_hub(&mut park, copy.path()).await?;

    let (mut speed, mut cost) = (Rounds::default(), Rounds::default());
    let (mut whole, mut engine) = (Rounds::default(), Rounds::default());
    for _ in 0..ROUNDS {
        progress("searching");
        let ours = ours(&mut park, &queries, for_so_long).await?;
        let bare = bare(&reader, fields, &queries, for_so_long)?;
        speed.add(ours.per_second, bare.per_second);
        cost.add(ours.per_cpu_second, bare.per_cpu_second);
        let in_process = room.one_by_one(&queries)?;
        whole.add(ours_one_by_one(&park, &queries).await?, in_process);
        engine.add(in_process, bare_one_by_one(&reader, fields, &queries)?);
    }
    let mut report = Report::new("Search RPC", scale);
    report.compare(
        "searches for each second of the hub's processor time, by bare tantivy's",
        "/s",
        &cost,
        |ratio| Goal::at_least(ratio, 0.75, "×"),
    );
    report.compare("searches a second, 8 calls under way, by bare tantivy's", "/s", &speed, |_| Goal::none());
    let added = whole.ours() - whole.baseline();
    report.compare("one search over TLS by one in the search room, p50", "ms", &whole, |_| {
        Goal::at_most(added, 0.3, " ms added")
    });
    report.compare("one search in the search room by one in bare tantivy, p50", "ms", &engine, |_| {
        Goal::none()
    });
    report.note(format!("{}; {total} records, {} queries", machine(), queries.len()));
    report.note(
        "ours shares the two processors with the program that asks, so that searches a second are not comparable; \
         the first row counts what the hub itself spent, TLS, HTTP/2 and gRPC included",
    );
    report.print();
    Ok(())
}
