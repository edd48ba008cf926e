//! How long a hub takes to build its index anew after the folder was deleted, and how fast a large file is imported.
//!
//! Baselines, in the same run: tantivy fed with the same texts in this process; rusqlite writing the same two rows for
//! each record in groups.

use std::{fs, sync::Arc, time::Instant};

use anyhow::Context as _;
use prost::Message as _;
use rusqlite::types::Value;
use shouwang_proto::log::{key::LogKey, sealed::SealedEntry};
use shouwang_tests::{
    corpus::Corpus,
    measure::{
        Scale,
        bare_index::BareIndex,
        bare_store, busy_park,
        process::{Usage, machine},
        report::{Goal, Report, figure, progress},
        rounds::{Rounds, median},
        signed_log::SignedLog,
    },
    processes::Park,
};

/// Whose nodes hold the records.
const MEMBERS: [&str; 2] = ["north-chem", "south-steel"];
/// Rounds of the comparison.
const ROUNDS: u64 = 3;
/// Bytes that the bare index writer may buffer; as the hub's.
const WRITER_BYTES: usize = 48_000_000;
/// Records in a transaction of the bare import.
const GROUP: usize = 128;

/// One rebuild.
#[derive(Clone, Copy, Debug)]
struct Rebuild {
    seconds: f64,
    cpu_seconds: f64,
}

/// Deletes the index of a hub that stands still, starts it, and waits until it holds everything again.
async fn rebuild(park: &mut Park, total: u64) -> anyhow::Result<Rebuild> {
    park.end_hub().await?;
    fs::remove_dir_all(park.hub_data().join("index"))?;
    let started = Instant::now();
    park.start_hub().await?;
    let pid = park.hub().context("the hub runs")?.pid();
    busy_park::until_searchable(park, total).await?;
    Ok(Rebuild { seconds: started.elapsed().as_secs_f64(), cpu_seconds: Usage::of(pid)?.cpu_seconds })
}

/// Builds a bare index of the same texts.
fn bare_build(corpus: &Corpus, total: u64) -> anyhow::Result<Rebuild> {
    let records: Vec<_> = (0..total).map(|number| corpus.record(1, number)).collect();
    let folder = tempfile::tempdir()?;
    let (before, started) = (Usage::of(std::process::id())?, Instant::now());
    let mut index = BareIndex::create(folder.path(), 1, WRITER_BYTES)?;
    for record in &records {
        index.add("north", record)?;
    }
    index.commit()?;
    let seconds = started.elapsed().as_secs_f64();
    let cpu_seconds = Usage::of(std::process::id())?.cpu_seconds - before.cpu_seconds;
    Ok(Rebuild { seconds, cpu_seconds })
}

const TABLES: &str = "
create table publication (record blob primary key, external_id text unique, content blob, entry_seq integer) strict;
create table log_entry (seq integer primary key, entry_hash blob, header blob, signature blob, payload blob) strict;";

/// Writes the two rows of each record in groups; records a second. Everything is made before the clock starts.
fn bare_import(corpus: &Corpus, total: u64) -> anyhow::Result<f64> {
    let mut log = SignedLog::new("park".parse()?, "north".parse()?, LogKey::from_secret([6; 32]));
    let rows: Vec<_> = (0..total)
        .map(|number| {
            let publication = corpus.record(1, number);
            let (id, content) = (publication.external_id.clone(), publication.encode_to_vec());
            rows_of(&log.put(publication), id, content)
        })
        .collect();
    let folder = tempfile::tempdir()?;
    let mut connection = bare_store::open(&folder.path().join("node.db"))?;
    connection.execute_batch(TABLES)?;
    let started = Instant::now();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let transaction = connection.transaction()?;
        for [item, line] in rows.by_ref().take(GROUP) {
            let insert = "insert into publication values (?1, ?2, ?3, ?4)";
            transaction.prepare_cached(insert)?.execute(rusqlite::params_from_iter(item))?;
            let insert = "insert into log_entry values (?1, ?2, ?3, ?4, ?5)";
            transaction.prepare_cached(insert)?.execute(rusqlite::params_from_iter(line))?;
        }
        transaction.commit()?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = total as f64 / started.elapsed().as_secs_f64();
    Ok(rate)
}

fn rows_of(entry: &SealedEntry, external_id: String, content: Vec<u8>) -> [Vec<Value>; 2] {
    let header = entry.header();
    let seq = Value::Integer(i64::try_from(header.seq).unwrap_or(i64::MAX));
    let blob = |bytes: &[u8]| Value::Blob(bytes.to_vec());
    [
        vec![blob(header.record.as_bytes()), Value::Text(external_id), Value::Blob(content), seq.clone()],
        vec![
            seq,
            Value::Blob(entry.hash().to_vec()),
            blob(entry.header_bytes()),
            blob(entry.signature()),
            blob(entry.payload()),
        ],
    ]
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let scale = Scale::from_environment()?;
    let total = scale.of(100_000, 2_000);
    let corpus = Arc::new(Corpus::of_the_demo()?);
    let mut report = Report::new("Rebuild and import", scale);

    let mut park = busy_park::start(&MEMBERS).await?;
    park.end_hub().await?;
    let mut imports = Rounds::default();
    for (number, member) in (0..).zip(MEMBERS) {
        progress("importing at a node, the hub is away");
        let half = total / 2;
        let records = Arc::clone(&corpus);
        let started = Instant::now();
        let numbers = number * half..(number + 1) * half;
        busy_park::import_all(park.publishing(member)?, numbers.map(move |number| records.record(1, number)))
            .await?;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = half as f64 / started.elapsed().as_secs_f64();
        imports.add(rate, bare_import(&corpus, half)?);
    }
    report.compare("import over TLS into a node, 128 a transaction at most", "records/s", &imports, |_| {
        Goal::none()
    });

    progress("the hub takes everything in");
    park.start_hub().await?;
    let total = total / 2 * 2;
    busy_park::until_searchable(&mut park, total).await?;
    let costs = std::cell::RefCell::new((Vec::new(), Vec::new()));
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let records = total as f64;
    let rounds = Rounds::interleave(
        ROUNDS,
        async |_| {
            progress("the hub builds its index anew");
            let Rebuild { seconds, cpu_seconds } = rebuild(&mut park, total).await?;
            costs.borrow_mut().0.push(cpu_seconds);
            Ok(records / seconds)
        },
        async |_| {
            progress("bare tantivy builds an index");
            let Rebuild { seconds, cpu_seconds } = bare_build(&corpus, total)?;
            costs.borrow_mut().1.push(cpu_seconds);
            Ok(records / seconds)
        },
    )
    .await?;
    report.compare(
        "index built anew, from the hub's start to everything searchable",
        "records/s",
        &rounds,
        |ratio| Goal::at_least(ratio, 0.8, "×"),
    );
    let (ours, bare) = costs.into_inner();
    let (ours, bare) = (median(ours), median(bare));
    report.once("processor time for it", "s", ours, bare, |_| Goal::none());
    report.note(format!("{}; {} records of the demo corpus", machine(), figure(records)));
    report.note("the bare import writes two rows for each record and neither checks, hashes nor signs");
    report.note(
        "the bare index has no sounds, no normalisation, no standards and no scopes, and reads from memory",
    );
    report.print();
    Ok(())
}
