//! The hub's apply: batches of 64 entries of eight members, each applied in one operation with cursor, catalog and the
//! hub's log. The entries were opened and checked before; `link_ingest` says what that costs.

use std::{collections::BTreeSet, sync::Arc};

use rusqlite::types::Value;
use shouwang_hub::{
    link::{
        commit::{Delivery, batch_apply},
        judge::{Examined, examine},
    },
    store::{self, Store, hub::hub_found, roster::member_put},
};
use shouwang_proto::{clock::from_millis, id::MemberId, log::chain::Position};
use shouwang_serving::store::{StoreOptions, trial::postgres_url};
use shouwang_tests::measure::{
    Scale,
    bare_store::{BareStore, Row},
    report::{Goal, Report},
    rounds::Rounds,
};
use tokio::task::JoinSet;

use crate::{ROUNDS, entries, unnest::BareUnnest};

/// Entries in a batch.
const BATCH: usize = 64;
/// Members that send at the same time, one batch each: 512 entries in flight.
const MEMBERS: usize = 8;
/// Milliseconds since 1970 of everything written here.
const NOW_MS: i64 = 1_790_000_000_000;

/// The tables that an apply touches, without checks, references and second indexes.
const TABLES: &str = "
create table log_entry (member_id text, seq integer, epoch integer, record text, hash blob, header blob,
    signature blob, payload blob, primary key (member_id, seq)) strict;
create table record (member_id text, record text, revision integer, live_entry blob, shown_seq integer, kind text,
    audience text, published_ms integer, primary key (member_id, record)) strict, without rowid;
create table hub_log (position integer primary key, member_id text, record text, seq integer, change text) strict;
create table member_cursor (member_id text primary key, seq integer, digest blob) strict;";

const INSERTS: &[&str] = &[
    "insert into log_entry values (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7)",
    "insert into record values (?1, ?2, 1, ?3, ?4, 'practice', '[\"alliance\"]', 1790000000000)",
    "insert into hub_log (member_id, record, seq, change) values (?1, ?2, ?3, 'put')",
    "insert into member_cursor values (?1, ?2, zeroblob(8200))
     on conflict (member_id) do update set seq = excluded.seq, digest = excluded.digest",
];

/// The logs of all members, opened and cut into batches.
type Logs = Vec<(MemberId, Vec<Vec<Examined>>)>;

fn logs(scale: Scale) -> anyhow::Result<Logs> {
    let each = scale.of(40 * BATCH as u64, 2 * BATCH as u64);
    (0..MEMBERS)
        .map(|number| {
            let member: MemberId = format!("member-{number}").parse()?;
            let examined: Vec<Examined> = entries(&member, each)?
                .iter()
                .map(|entry| examine(entry.to_wire()).map_err(|field| anyhow::anyhow!("malformed {field}")))
                .collect::<anyhow::Result<_>>()?;
            Ok((member, examined.chunks(BATCH).map(<[Examined]>::to_vec).collect()))
        })
        .collect()
}

fn count(logs: &Logs) -> u64 {
    logs.iter().flat_map(|(_, batches)| batches).map(|batch| batch.len() as u64).sum()
}

/// Adds the row for SQLite.
///
/// # Errors
/// What either side said.
pub(crate) async fn compare_sqlite(scale: Scale, report: &mut Report) -> anyhow::Result<()> {
    let logs = Arc::new(logs(scale)?);
    let rounds = Rounds::interleave(
        ROUNDS,
        async |_| {
            let folder = tempfile::tempdir()?;
            let url = format!("sqlite:{}", folder.path().join("hub/hub.db").display());
            apply_all(&url, Arc::clone(&logs)).await
        },
        async |_| bare_sqlite(Arc::clone(&logs)).await,
    )
    .await?;
    report.compare("SQLite: the hub's apply, batches of 64, 8 members", "entries/s", &rounds, |ratio| {
        Goal::at_least(ratio, 0.7, "×")
    });
    Ok(())
}

/// Adds the row for PostgreSQL.
///
/// # Errors
/// What either side said.
pub(crate) async fn compare_postgres(scale: Scale, report: &mut Report) -> anyhow::Result<()> {
    let logs = Arc::new(logs(scale)?);
    let rounds = Rounds::interleave(
        ROUNDS,
        async |_| apply_all(&postgres_url(), Arc::clone(&logs)).await,
        async |_| {
            let bare = BareUnnest::start(postgres_url())?;
            let rate = bare_postgres(&bare, Arc::clone(&logs)).await;
            bare.close()?;
            rate
        },
    )
    .await?;
    report.compare("PostgreSQL: the hub's apply, batches of 64, 8 members", "entries/s", &rounds, |ratio| {
        Goal::at_least(ratio, 0.7, "×")
    });
    Ok(())
}

async fn apply_all(url: &str, logs: Arc<Logs>) -> anyhow::Result<f64> {
    let store = store::open(url, StoreOptions::default()).await?;
    let members: Vec<MemberId> = logs.iter().map(|(member, _)| member.clone()).collect();
    let alliance = "park".parse()?;
    store
        .write(async move |tx| {
            hub_found(tx, &alliance, [7; 32], [8; 16], from_millis(NOW_MS)).await?;
            for member in &members {
                member_put(tx, member, member.as_str(), from_millis(NOW_MS)).await?;
            }
            Ok(())
        })
        .await?;
    let total = count(&logs);
    let per_log = per_second_of_logs(total, logs, {
        let store = store.clone();
        move |member, batches| apply_log(store.clone(), member, batches)
    })
    .await?;
    store.close().await;
    Ok(per_log)
}

/// Runs all logs at the same time; entries a second.
async fn per_second_of_logs<F>(
    total: u64,
    logs: Arc<Logs>,
    work: impl Fn(MemberId, Vec<Vec<Examined>>) -> F + Clone + Send + 'static,
) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    // Cloned before the clock starts.
    let mut prepared: Vec<_> = logs.iter().cloned().collect();
    let started = std::time::Instant::now();
    let mut tasks = JoinSet::new();
    for (member, batches) in prepared.drain(..) {
        tasks.spawn(work(member, batches));
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = total as f64 / started.elapsed().as_secs_f64();
    Ok(rate)
}

async fn apply_log(store: Store, member: MemberId, batches: Vec<Vec<Examined>>) -> anyhow::Result<()> {
    let mut from = Position::default();
    for batch in batches {
        let delivery = Delivery {
            member: member.clone(),
            from,
            batch,
            turned: Vec::new(),
            head: None,
            named: BTreeSet::new(),
        };
        let applied =
            store.write(async move |tx| batch_apply(tx, delivery, from_millis(NOW_MS)).await).await?;
        anyhow::ensure!(applied.notices.is_empty(), "an entry was quarantined");
        from = applied.position;
    }
    Ok(())
}

async fn bare_sqlite(logs: Arc<Logs>) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let bare = Arc::new(BareStore::create(&folder.path().join("hub.db"), TABLES, INSERTS)?);
    let total = count(&logs);
    per_second_of_logs(total, logs, move |member, batches| {
        let bare = Arc::clone(&bare);
        async move {
            for batch in batches {
                bare.write(rows_of(&member, &batch)).await?;
            }
            Ok(())
        }
    })
    .await
}

fn rows_of(member: &MemberId, batch: &[Examined]) -> Vec<Row> {
    let id = || Value::Text(member.to_string());
    let mut rows = Vec::with_capacity(batch.len() * 3 + 1);
    let mut last = 0;
    for Examined { entry, .. } in batch {
        last = i64::try_from(entry.header().seq).unwrap_or(i64::MAX);
        let (seq, record) = (Value::Integer(last), Value::Text(entry.header().record.to_string()));
        let hash = Value::Blob(entry.hash().to_vec());
        rows.push((
            0,
            vec![
                id(),
                seq.clone(),
                record.clone(),
                hash.clone(),
                Value::Blob(entry.header_bytes().to_vec()),
                Value::Blob(entry.signature().to_vec()),
                Value::Blob(entry.payload().to_vec()),
            ],
        ));
        rows.push((1, vec![id(), record.clone(), hash, seq.clone()]));
        rows.push((2, vec![id(), record, seq]));
    }
    rows.push((3, vec![id(), Value::Integer(last)]));
    rows
}

async fn bare_postgres(bare: &BareUnnest, logs: Arc<Logs>) -> anyhow::Result<f64> {
    let total = count(&logs);
    let bare = bare.clone();
    per_second_of_logs(total, logs, move |member, batches| {
        let bare = bare.clone();
        async move {
            for batch in batches {
                bare.write(&member, &batch).await?;
            }
            Ok(())
        }
    })
    .await
}
