//! The bare PostgreSQL writer: one thread, one connection, one transaction for whatever is waiting, one `unnest` per
//! table and batch.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use shouwang_hub::link::judge::Examined;
use shouwang_proto::id::MemberId;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::sync::{
    mpsc::{Receiver, Sender, channel},
    oneshot,
};

/// As our store.
const GROUP_OPERATIONS: usize = 256;
/// As our store.
const GROUP_TIME: Duration = Duration::from_millis(20);

const TABLES: &str = "
create table log_entry (member_id text, seq bigint, record text, hash bytea, header bytea, signature bytea,
    payload bytea, primary key (member_id, seq));
create table record (member_id text, record text, live_entry bytea, shown_seq bigint, revision bigint, kind text,
    audience text, published_ms bigint, primary key (member_id, record));
create table hub_log (position bigserial primary key, member_id text, record text, seq bigint, change text);
create table member_cursor (member_id text primary key, seq bigint, digest bytea);";

/// Whether there is a server to be started or asked.
pub(crate) fn is_installed() -> bool {
    let debian = std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|mut versions| versions.next().is_some());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).any(|folder| folder.join("initdb").is_file());
    debian || in_path || std::env::var_os("SHOUWANG_TEST_POSTGRES_URL").is_some()
}

/// The columns of one batch.
struct Columns {
    member: String,
    seqs: Vec<i64>,
    records: Vec<String>,
    hashes: Vec<Vec<u8>>,
    headers: Vec<Vec<u8>>,
    signatures: Vec<Vec<u8>>,
    payloads: Vec<Vec<u8>>,
}

struct Operation {
    columns: Columns,
    done: oneshot::Sender<()>,
}

/// A handle to the writer. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct BareUnnest {
    queue: Sender<Operation>,
    thread: Arc<Mutex<Option<JoinHandle<anyhow::Result<()>>>>>,
}

impl BareUnnest {
    /// Connects and makes the tables.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(crate) fn start(url: String) -> anyhow::Result<Self> {
        let (queue, waiting) = channel(1024);
        let thread = std::thread::Builder::new().name("bare-unnest".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(serve(&url, waiting))
        })?;
        Ok(Self { queue, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Writes a batch; returns when it is durable.
    ///
    /// # Errors
    /// When the writer has ended because of an error.
    pub(crate) async fn write(&self, member: &MemberId, batch: &[Examined]) -> anyhow::Result<()> {
        let each = |of: fn(&Examined) -> Vec<u8>| batch.iter().map(of).collect::<Vec<Vec<u8>>>();
        let columns = Columns {
            member: member.to_string(),
            seqs: batch.iter().map(|one| i64::try_from(one.entry.header().seq)).collect::<Result<_, _>>()?,
            records: batch.iter().map(|one| one.entry.header().record.to_string()).collect(),
            hashes: each(|one| one.entry.hash().to_vec()),
            headers: each(|one| one.entry.header_bytes().to_vec()),
            signatures: each(|one| one.entry.signature().to_vec()),
            payloads: each(|one| one.entry.payload().to_vec()),
        };
        let (done, answer) = oneshot::channel();
        self.queue.send(Operation { columns, done }).await.ok().context("the bare writer has ended")?;
        answer.await.context("the bare writer lost a batch")
    }

    /// Ends the writer and says what stopped it, if anything did.
    ///
    /// # Errors
    /// What PostgreSQL said.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        let Self { queue, thread } = self;
        drop(queue);
        let thread = thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.map_or(Ok(()), |thread| thread.join().map_err(|_| anyhow::anyhow!("it panicked"))?)
    }
}

async fn serve(url: &str, mut waiting: Receiver<Operation>) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(sqlx::raw_sql(TABLES)).await?;
    while let Some(first) = waiting.recv().await {
        let started = Instant::now();
        let mut done = Vec::new();
        let mut transaction = connection.begin().await?;
        let mut next = Some(first);
        while let Some(operation) = next.take() {
            insert(&mut transaction, operation.columns).await?;
            done.push(operation.done);
            if done.len() < GROUP_OPERATIONS && started.elapsed() < GROUP_TIME {
                next = waiting.try_recv().ok();
            }
        }
        transaction.commit().await?;
        for done in done {
            let _ = done.send(());
        }
    }
    Ok(())
}

async fn insert(connection: &mut PgConnection, columns: Columns) -> anyhow::Result<()> {
    let Columns { member, seqs, records, hashes, headers, signatures, payloads } = columns;
    sqlx::query(
        "insert into record select $1, r, h, s, 1, 'practice', '[\"alliance\"]', 1790000000000
         from unnest($2::text[], $3::bytea[], $4::bigint[]) as t (r, h, s)",
    )
    .bind(&member)
    .bind(&records)
    .bind(&hashes)
    .bind(&seqs)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "insert into hub_log (member_id, record, seq, change) select $1, r, s, 'put'
         from unnest($2::text[], $3::bigint[]) as t (r, s)",
    )
    .bind(&member)
    .bind(&records)
    .bind(&seqs)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "insert into member_cursor values ($1, $2, $3)
         on conflict (member_id) do update set seq = excluded.seq, digest = excluded.digest",
    )
    .bind(&member)
    .bind(seqs.last())
    .bind(vec![0_u8; 8200])
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "insert into log_entry select $1, * from unnest($2::bigint[], $3::text[], $4::bytea[], $5::bytea[],
         $6::bytea[], $7::bytea[])",
    )
    .bind(&member)
    .bind(seqs)
    .bind(records)
    .bind(hashes)
    .bind(headers)
    .bind(signatures)
    .bind(payloads)
    .execute(&mut *connection)
    .await?;
    Ok(())
}
