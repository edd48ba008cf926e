//! The link to the hub: two connections of this node's own making, because members sit behind firewalls and because an
//! emergency must never wait behind a backfill. Nobody gives up: each task goes on until the node stops.

mod control;
pub mod fork;
pub mod machine;
mod packs;
mod problem;
pub(crate) mod renewal;
mod repairs;
pub mod ring;
pub mod status;
mod sync;
#[cfg(test)]
mod tests;
mod uploads;

use std::{sync::Arc, time::Duration};

use shouwang_proto::{clock::World, log::chain::Position, wire};
use shouwang_serving::{
    dial::{self, DialLimits, DialProblem, Dialer, Target},
    grpc::SYNC_MESSAGE_BYTES,
    store::StoreError,
    tls::ClientTls,
};
use tokio::{sync::watch, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use wire::link_service_client::LinkServiceClient;

use self::{
    fork::ForkRoom,
    machine::{HubShown, Incarnation},
    ring::KeyRing,
    status::Board,
};
use crate::{
    attachments::AttachmentFolder,
    inbox::duty::AlarmPlan,
    membership::{Membership, host_and_port},
    offline_pack::OfflinePacks,
    store::NodeStore,
};

/// Name in the hub's certificate, whatever address it is reached by.
pub const HUB_NAME: &str = "hub.shouwang";
/// Silence longer than this, while an answer is due, means a broken link.
pub const READ_DEADLINE: Duration = Duration::from_secs(12);

/// What the link works with.
#[derive(Debug)]
pub struct LinkParts {
    /// The node's store.
    pub store: NodeStore,
    /// Where the bytes of attachments are.
    pub attachments: AttachmentFolder,
    /// Where the link's status is shown.
    pub board: Board,
    /// Time and randomness.
    pub world: World,
    /// Who this node is.
    pub membership: Membership,
    /// Its keys.
    pub ring: KeyRing,
    /// Its offline pack.
    pub packs: OfflinePacks,
    /// Whom a notice alarms.
    pub alarms: AlarmPlan,
}

/// Everything the tasks of the link share.
struct Link {
    parts: LinkParts,
    dialer: Arc<dyn Dialer>,
    boot_id: [u8; 16],
    stop: CancellationToken,
    /// Counts the reasons to dial again at once.
    redial: watch::Sender<u64>,
    /// Counts the hub's wishes that the certificate be renewed.
    renew: watch::Sender<u64>,
    /// Counts the hub's wishes that the offline pack be fetched.
    packs_wished: watch::Sender<u64>,
    /// Counts how often words that were decided wait for a decision again.
    said_again: watch::Sender<u64>,
    /// Entries whose copy at the hub is damaged, as the hub told last.
    damaged: watch::Sender<Vec<u64>>,
    /// The sync connection while it is open, for attachments.
    open: watch::Sender<Option<Channel>>,
}

/// Starts the link's tasks; they end when `stop` is cancelled. From then on a fork can be looked at.
pub fn start(
    parts: LinkParts,
    dialer: Arc<dyn Dialer>,
    forks: &ForkRoom,
    tasks: &mut JoinSet<&'static str>,
    stop: CancellationToken,
) {
    let boot_id = parts.world.random();
    parts.board.change(|status| status.certificate_ends = Some(parts.ring.ends()));
    let link = Arc::new(Link {
        parts,
        dialer,
        boot_id,
        stop,
        redial: watch::channel(0).0,
        renew: watch::channel(0).0,
        packs_wished: watch::channel(0).0,
        said_again: watch::channel(0).0,
        damaged: watch::channel(Vec::new()).0,
        open: watch::channel(None).0,
    });
    let shared = || Arc::clone(&link);
    forks.open(shared());
    tasks.spawn(named("sync link", sync::run(shared())));
    tasks.spawn(named("control link", control::run(shared())));
    tasks.spawn(named("attachments", uploads::run(shared())));
    tasks.spawn(named("offline pack", packs::run(shared())));
    tasks.spawn(named("repair of the hub's copy", repairs::run(shared())));
    tasks.spawn(named("certificate renewal", renewal::run(shared())));
}

async fn named(name: &'static str, work: impl Future<Output = ()>) -> &'static str {
    work.await;
    name
}

/// How a conversation ended.
struct Ended {
    /// Why, for people.
    problem: String,
    /// What to do about it.
    next: Next,
}

/// What to do after a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Dial again, later from failure to failure.
    BackOff,
    /// The hub says no, and will for a while: ask again slowly.
    AskSlowly,
    /// Dial again at once.
    Redial,
}

impl Ended {
    fn broken(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), next: Next::BackOff }
    }

    fn redial() -> Self {
        Self { problem: String::new(), next: Next::Redial }
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the link cannot use the store");
        Self::broken("the node's own store does not answer （节点存储不可用）")
    }
}

impl Link {
    /// A connection of its own to the hub's link service. It connects when it is first used.
    fn channel(&self) -> Result<Channel, Ended> {
        self.channel_to(&self.parts.membership.link_address, self.parts.ring.tls())
    }

    fn channel_to(&self, address: &str, tls: ClientTls) -> Result<Channel, Ended> {
        let (host, port) = host_and_port(address).map_err(|error| Ended::broken(error.to_string()))?;
        let target = Target { host, port, server_name: HUB_NAME.to_owned(), tls: Some(tls) };
        dial::channel(target, Arc::clone(&self.dialer), &DialLimits::default())
            .map_err(|problem: DialProblem| Ended::broken(problem.to_string()))
    }

    /// The signed head, and the position in it.
    async fn head(&self) -> Result<(wire::LogHead, Position), Ended> {
        let head = self.parts.store.head().await?;
        let (Some(head), Some(author)) = (head, self.parts.store.author()) else {
            return Err(Ended::broken("this node has not joined"));
        };
        let signature = head.sign(&author.key).to_vec();
        let position = head.position;
        let message = wire::LogHead {
            member_id: head.member.to_string(),
            epoch: position.epoch,
            seq: position.seq,
            entry_hash: position.hash.to_vec(),
            live_count: head.live_count,
            state_digest: head.state_digest.to_vec(),
            signature,
        };
        Ok((message, position))
    }

    /// Waits as a conversation's end asks for; false when the node stops.
    async fn pause(&self, pause: Duration) -> bool {
        let mut redial = self.redial.subscribe();
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(pause) => true,
            // A new certificate or a new wish of the hub is worth a try now.
            changed = redial.changed() => changed.is_ok(),
        }
    }

    fn random_below(&self, limit: Duration) -> Duration {
        let random = u64::from_be_bytes(self.parts.world.random());
        let nanos = (u128::from(random) * limit.as_nanos()) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// The link service over a connection, with our limits both ways.
fn client(channel: Channel) -> LinkServiceClient<Channel> {
    LinkServiceClient::new(channel)
        .max_decoding_message_size(SYNC_MESSAGE_BYTES)
        .max_encoding_message_size(SYNC_MESSAGE_BYTES)
}

/// A position from the wire.
fn position_from_wire(position: Option<wire::LogPosition>) -> Result<Position, Ended> {
    let wrong = || Ended::broken("the hub sent a position that is none （枢纽发来的位置无效）");
    let wire::LogPosition { epoch, seq, entry_hash } = position.ok_or_else(wrong)?;
    let hash = shouwang_proto::log::Hash::from_slice(&entry_hash).ok_or_else(wrong)?;
    Ok(Position { epoch, seq, hash })
}

/// What a hub shows of itself, from the wire.
fn hub_from_wire(epoch: u64, incarnation: &[u8]) -> Result<HubShown, Ended> {
    let incarnation = Incarnation::from_slice(incarnation)
        .ok_or_else(|| Ended::broken("the hub sent an incarnation that is none （枢纽发来的标识无效）"))?;
    Ok(HubShown { epoch, incarnation })
}

fn position_to_wire(position: Position) -> wire::LogPosition {
    wire::LogPosition { epoch: position.epoch, seq: position.seq, entry_hash: position.hash.to_vec() }
}

/// Time since a conversation was whole; zero when it never was.
fn lasted(healthy_since: Option<Instant>) -> Duration {
    healthy_since.map(|since| since.elapsed()).unwrap_or_default()
}
