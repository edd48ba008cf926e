//! The bare pipeline: entries from memory in batches of 200 over tonic and mutual TLS, each batch durable by a bare
//! SQLite group commit before its acknowledgement, then into a bare tantivy index that commits whenever something is
//! pending. Nothing is verified.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use prost::Message as _;
use rusqlite::types::Value;
use shouwang_proto::{
    log::{entry::BATCH_ENTRIES, key::LogKey},
    wire::{self, link_service_client::LinkServiceClient},
};
use shouwang_serving::{
    dial::{DialLimits, Target, TcpDialer, connect},
    tls::{ClientRule, ClientTls, ServerTls, trial::Authority},
};
use shouwang_tests::{
    corpus::Corpus,
    measure::{
        bare_index::BareIndex,
        bare_link::{Intake, serve_intake},
        bare_store::BareStore,
        signed_log::{SignedLog, batches},
    },
};
use tokio::{sync::watch, task::JoinSet};
use tokio_stream::{StreamExt as _, iter};
use tokio_util::sync::CancellationToken;
use tonic::Status;

const TABLE: &str =
    "create table entry (id integer primary key, header blob, signature blob, payload blob) strict;";
const INSERT: &str = "insert into entry (header, signature, payload) values (?1, ?2, ?3)";
/// Bytes that the index writer may buffer.
const WRITER_BYTES: usize = 48_000_000;

/// Stores a batch, then hands its texts to the index.
struct Store {
    store: Arc<BareStore>,
    texts: Sender<wire::Publication>,
    seq: u64,
}

#[tonic::async_trait]
impl Intake for Store {
    async fn take(&mut self, batch: wire::EntryBatch) -> Result<u64, Status> {
        let rows = batch
            .entries
            .iter()
            .map(|entry| {
                let values = [&entry.header, &entry.signature, &entry.payload];
                (0, values.map(|bytes| Value::Blob(bytes.to_vec())).to_vec())
            })
            .collect();
        self.store.write(rows).await.map_err(|error| Status::internal(error.to_string()))?;
        for entry in batch.entries {
            self.seq += 1;
            let payload = wire::RecordPayload::decode(entry.payload);
            let publication = payload.ok().and_then(|payload| payload.publication);
            let publication = publication.ok_or_else(|| Status::data_loss("no publication"))?;
            self.texts.send(publication).map_err(|_| Status::internal("the index has ended"))?;
        }
        Ok(self.seq)
    }
}

/// Adds what comes and commits whenever something is pending; ends when nothing can come any more.
fn index(
    texts: &Receiver<wire::Publication>,
    searchable: &watch::Sender<u64>,
    ended: &AtomicBool,
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut index = BareIndex::create(folder.path(), 1, WRITER_BYTES)?;
    let mut added = 0;
    let mut last_commit = Instant::now();
    let mut pending = false;
    loop {
        match texts.recv_timeout(Duration::from_millis(5)) {
            Ok(publication) => {
                index.add("north", &publication)?;
                (added, pending) = (added + 1, true);
            }
            Err(_) if ended.load(Ordering::Acquire) && !pending => return Ok(()),
            Err(_) => {}
        }
        if pending && last_commit.elapsed() >= Duration::from_millis(200) {
            index.commit()?;
            searchable.send_replace(added);
            (last_commit, pending) = (Instant::now(), false);
        }
    }
}

/// The prepared logs of the senders.
fn logs(corpus: &Corpus, total: u64, senders: u64) -> anyhow::Result<Vec<Vec<wire::SyncRequest>>> {
    (0..senders)
        .map(|sender| {
            let mut log = SignedLog::new("park".parse()?, "north".parse()?, LogKey::from_secret([6; 32]));
            let numbers = total * sender / senders..total * (sender + 1) / senders;
            let entries: Vec<_> = numbers.map(|number| log.put(corpus.record(1, number))).collect();
            Ok(batches(&entries, BATCH_ENTRIES))
        })
        .collect()
}

async fn send(
    address: SocketAddr,
    authority: Arc<Authority>,
    requests: Vec<wire::SyncRequest>,
) -> anyhow::Result<()> {
    let identity = authority.client("north", 7);
    let target = Target {
        host: address.ip().to_string(),
        port: address.port(),
        server_name: "hub.shouwang".to_owned(),
        tls: Some(ClientTls::new(&authority.ca_pem(), Some(&identity))?),
    };
    let channel = connect(target, Arc::new(TcpDialer), &DialLimits::default()).await?;
    let mut answers = LinkServiceClient::new(channel).sync(iter(requests)).await?.into_inner();
    while let Some(answer) = answers.next().await {
        answer?;
    }
    Ok(())
}

/// Runs it; records a second from the first byte to the last searchable record.
///
/// # Errors
/// Whatever failed.
pub(crate) async fn run(corpus: &Corpus, total: u64, senders: u64) -> anyhow::Result<f64> {
    let logs = logs(corpus, total, senders)?;
    let folder = tempfile::tempdir()?;
    let store = Arc::new(BareStore::create(&folder.path().join("hub.db"), TABLE, &[INSERT])?);
    let (texts, incoming) = channel();
    let (searchable, mut progress) = watch::channel(0);
    let ended = Arc::new(AtomicBool::new(false));
    let indexer = thread::Builder::new().name("bare-index".to_owned()).spawn({
        let ended = Arc::clone(&ended);
        move || index(&incoming, &searchable, &ended)
    })?;
    let authority = Arc::new(Authority::new("park"));
    let rule = ClientRule { ca_pem: authority.ca_pem(), allow: Arc::new(|_: &str| true), required: true };
    let tls = ServerTls::for_nodes(&authority.server("hub.shouwang"), rule)?;
    let (stop, mut servers) = (CancellationToken::new(), JoinSet::new());
    let make = move || Store { store: Arc::clone(&store), texts: texts.clone(), seq: 0 };
    let address = serve_intake(&tls, make, stop.clone(), &mut servers)?;

    let started = Instant::now();
    let mut senders = JoinSet::new();
    for requests in logs {
        senders.spawn(send(address, Arc::clone(&authority), requests));
    }
    while let Some(done) = senders.join_next().await {
        done??;
    }
    // It ends early only when the index has failed, which joining its thread tells.
    drop(progress.wait_for(|searchable| *searchable >= total).await);
    let took = started.elapsed();
    ended.store(true, Ordering::Release);
    stop.cancel();
    while servers.join_next().await.is_some() {}
    indexer.join().ok().context("the index thread panicked")??;
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = total as f64 / took.as_secs_f64();
    Ok(rate)
}
