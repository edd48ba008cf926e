//! How many log entries a second come in over a sync link: batches of 64 entries of 2 KiB over mutual TLS on loopback,
//! client and server in this process.
//!
//! Baseline: tonic's own server with its defaults behind the same TLS, which acknowledges each batch and looks at
//! nothing. The bytes, the client and the number of batches under way are the same on all sides.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use anyhow::Context as _;
use shouwang_proto::{
    log::{
        chain::Position,
        key::{LogKey, LogPublicKey},
        sealed::SealedEntry,
    },
    wire::{self, link_service_client::LinkServiceClient},
};
use shouwang_serving::{
    accept::{AcceptLimits, Acceptor, bind},
    dial::{DialLimits, Target, TcpDialer, connect},
    tls::{ClientRule, ClientTls, ServerTls, trial::Authority},
};
use shouwang_tests::{
    corpus::Corpus,
    measure::{
        Scale,
        bare_link::{Intake, Nothing, Sink, serve_bare},
        latency::Latencies,
        process::machine,
        report::{Goal, Report, progress},
        rounds::Rounds,
        signed_log::{SignedLog, batches, padded},
    },
};
use tokio::task::JoinSet;
use tokio_stream::{StreamExt as _, iter};
use tokio_util::sync::CancellationToken;
use tonic::{Status, service::Routes, transport::Channel};

/// Entries in a batch.
const BATCH: usize = 64;
/// Bytes of an entry.
const ENTRY_BYTES: usize = 2 * 1024;
/// Rounds of each comparison.
const ROUNDS: u64 = 7;

/// What the hub looks at before it stores: header, payload hash, chain and, if wanted, the signature.
struct Verifying {
    position: Position,
    key: Option<LogPublicKey>,
}

#[tonic::async_trait]
impl Intake for Verifying {
    async fn take(&mut self, batch: wire::EntryBatch) -> Result<u64, Status> {
        for entry in batch.entries {
            let entry =
                SealedEntry::from_wire(entry).map_err(|error| Status::data_loss(error.to_string()))?;
            self.position = self
                .position
                .follow(entry.header(), entry.hash())
                .map_err(|error| Status::data_loss(error.to_string()))?;
            if self.key.is_some_and(|key| !entry.verifies(&key)) {
                return Err(Status::data_loss("a signature is wrong"));
            }
        }
        Ok(self.position.seq)
    }
}

/// Everything that stays the same over all rounds.
struct Ground {
    authority: Authority,
    server: ServerTls,
    key: LogPublicKey,
    batches: Vec<wire::SyncRequest>,
    entries: u64,
    bytes: usize,
}

impl Ground {
    fn make(scale: Scale) -> anyhow::Result<Self> {
        let corpus = Corpus::of_the_demo()?;
        let key = LogKey::from_secret([5; 32]);
        let mut log = SignedLog::new("park".parse()?, "north".parse()?, key.clone());
        let entries: Vec<_> = (0..scale.of(256 * BATCH as u64, 4 * BATCH as u64))
            .map(|number| log.put(padded(corpus.record(1, number), ENTRY_BYTES)))
            .collect();
        let authority = Authority::new("park");
        let rule = ClientRule { ca_pem: authority.ca_pem(), allow: Arc::new(|_: &str| true), required: true };
        Ok(Self {
            server: ServerTls::for_nodes(&authority.server("hub.shouwang"), rule)?,
            authority,
            key: key.public(),
            batches: batches(&entries, BATCH),
            entries: entries.len() as u64,
            bytes: entries.iter().map(SealedEntry::size).sum(),
        })
    }

    async fn dial(&self, address: SocketAddr) -> anyhow::Result<LinkServiceClient<Channel>> {
        let identity = self.authority.client("north", 7);
        let target = Target {
            host: address.ip().to_string(),
            port: address.port(),
            server_name: "hub.shouwang".to_owned(),
            tls: Some(ClientTls::new(&self.authority.ca_pem(), Some(&identity))?),
        };
        Ok(LinkServiceClient::new(connect(target, Arc::new(TcpDialer), &DialLimits::default()).await?))
    }

    /// Sends all batches and waits for the last acknowledgement; entries a second.
    async fn run(&self, address: SocketAddr) -> anyhow::Result<f64> {
        let mut client = self.dial(address).await?;
        let requests = self.batches.clone();
        let started = Instant::now();
        let mut answers = client.sync(iter(requests)).await?.into_inner();
        let mut seq = 0;
        while let Some(answer) = answers.next().await {
            if let Some(wire::sync_response::Message::Ack(ack)) = answer?.message {
                seq = ack.cursor.context("an acknowledgement names a cursor")?.seq;
            }
        }
        anyhow::ensure!(seq == self.entries, "{seq} of {} entries were acknowledged", self.entries);
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = self.entries as f64 / started.elapsed().as_secs_f64();
        Ok(rate)
    }
}

/// Serves a sink behind our accept loop with the limits of the port for nodes.
fn serve_ours<I: Intake>(
    ground: &Ground,
    make: impl Fn() -> I + Send + Sync + 'static,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<SocketAddr> {
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = listener.local_addr()?;
    let router = Routes::new(Sink::server(make)).into_axum_router();
    let acceptor = Acceptor::new("nodes", AcceptLimits::nodes()).with_tls(&ground.server);
    tasks.spawn(acceptor.serve(listener, router, stop.clone()));
    Ok(address)
}

/// What checking one entry costs on one core, in microseconds: without and with its signature.
async fn cost_of_checking(ground: &Ground) -> anyhow::Result<[f64; 2]> {
    let mut medians = [0.0; 2];
    for (median, key) in medians.iter_mut().zip([None, Some(ground.key)]) {
        let mut intake = Verifying { position: Position::default(), key };
        let mut times = Latencies::default();
        for request in ground.batches.clone() {
            let Some(wire::sync_request::Message::Batch(batch)) = request.message else { continue };
            let started = Instant::now();
            intake.take(batch).await?;
            times.add(started.elapsed());
        }
        #[expect(clippy::cast_precision_loss, reason = "64")]
        let entries = BATCH as f64;
        *median = times.percentile_ms(0.5) * 1000.0 / entries;
    }
    Ok(medians)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let scale = Scale::from_environment()?;
    progress("signing the entries");
    let ground = Ground::make(scale)?;
    let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
    let bare = serve_bare(&ground.server, stop.clone(), &mut tasks)?;
    let received = serve_ours(&ground, Nothing::default, &stop, &mut tasks)?;
    let key = ground.key;
    let opened =
        serve_ours(&ground, || Verifying { position: Position::default(), key: None }, &stop, &mut tasks)?;
    let verified = serve_ours(
        &ground,
        move || Verifying { position: Position::default(), key: Some(key) },
        &stop,
        &mut tasks,
    )?;
    let mut report = Report::new("Link ingest", scale);
    let cases = [
        ("entries received and decoded behind our accept loop", received, Some(0.7)),
        ("… and opened: header, payload hash, chain", opened, None),
        ("… and their signatures verified", verified, None),
    ];
    for (what, address, goal) in cases {
        progress(what);
        let rounds =
            Rounds::interleave(ROUNDS, async |_| ground.run(address).await, async |_| ground.run(bare).await)
                .await?;
        report.compare(what, "entries/s", &rounds, |ratio| {
            goal.map_or_else(Goal::none, |wanted| Goal::at_least(ratio, wanted, "×"))
        });
    }
    let [opening, verifying] = cost_of_checking(&ground).await?;
    report.alone("opening one entry, on one core", format!("{opening:.1} µs"), Goal::none());
    report.alone("opening and verifying one entry, on one core", format!("{verifying:.1} µs"), Goal::none());
    report.note(format!(
        "{}; {} entries, {} bytes together, in batches of {BATCH}",
        machine(),
        ground.entries,
        ground.bytes
    ));
    report.note("the goal is for the transport; what a signature costs is the two rows under it");
    report.print();
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    Ok(())
}
