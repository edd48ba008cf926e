//! What all sessions with nodes share.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use shouwang_proto::{
    clock::World,
    id::{AllianceId, MemberId},
    log::head::Head,
    refusal::Refusal,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Code, Status};

use super::{
    attachments::Attachments,
    board::{LinkBoard, Problem},
    commit::{Applied, Delivery, batch_apply},
};
use crate::{
    council::roster::Roster,
    mutual_aid::room::MutualAid,
    store::{Store, StoreError, attachment, hub_log::HubLogHead, log, quarantine},
};

/// Seconds between heartbeats.
pub const HEARTBEAT_SECONDS: u32 = 4;
/// A control stream on which nothing was heard for so long is ended, and the member shown as unreachable.
pub const SILENCE: Duration = Duration::from_secs(12);
/// Longest wait for the first message of a stream.
pub(super) const HELLO: Duration = Duration::from_secs(10);
/// Before it stops, the hub asks the nodes to dial again after a random wait of at most so many milliseconds.
pub const RECONNECT_WITHIN_MS: u32 = 5_000;
/// Bytes of batches that a node may have under way without an acknowledgement, unless the operator chose otherwise.
pub const CREDIT_BYTES: usize = 4 * 1024 * 1024;

/// What the link room is made of.
#[derive(Clone, Debug)]
pub struct LinkParts {
    /// The database.
    pub store: Store,
    /// Who may link.
    pub roster: Roster,
    /// How the links are.
    pub board: LinkBoard,
    /// Tells whoever follows the hub's log that it grew.
    pub hub_log: HubLogHead,
    /// Where files are kept.
    pub attachments: Attachments,
    /// Who is told what in an emergency, and what people say to it.
    pub mutual_aid: MutualAid,
    /// The alliance that this hub is of.
    pub alliance: AllianceId,
    /// Rises each time the hub's identity is rebuilt.
    pub hub_epoch: u64,
    /// Tells two restores of one backup apart.
    pub hub_incarnation: [u8; 16],
    /// Time.
    pub world: World,
    /// How long a node may be silent: [`SILENCE`].
    pub silence: Duration,
    /// Bytes of batches that a node may have under way without an acknowledgement; see [`CREDIT_BYTES`].
    pub credit_bytes: usize,
    /// Cancelled when the hub stops.
    pub stopping: CancellationToken,
}

/// The link room. Clones share it.
#[derive(Clone, Debug)]
pub struct LinkRoom {
    pub(super) parts: Arc<LinkParts>,
    pub(super) tasks: TaskTracker,
    /// What each node said when its records were last to be made anew: not again and again for one head.
    pub(super) healed: Arc<Mutex<BTreeMap<MemberId, Head>>>,
}

impl LinkRoom {
    /// Opens the room.
    #[must_use]
    pub fn new(parts: LinkParts) -> Self {
        Self { parts: Arc::new(parts), tasks: TaskTracker::new(), healed: Arc::default() }
    }

    /// Waits until every session and every batch under way has ended; call it after `stopping` was cancelled.
    pub async fn closed(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Fills a member's line of the board from the store.
    pub(super) async fn reload(&self, member: &MemberId) -> Result<(), StoreError> {
        let id = member.clone();
        let read = self.parts.store.read(async move |conn| {
            let cursor = log::cursor_find(conn, &id).await?;
            let kept = quarantine::quarantine_count(conn, &id).await?;
            Ok((cursor, kept, crate::store::hub_log::hub_log_head(conn).await?))
        });
        if let (Some(cursor), kept, head) = read.await? {
            self.parts.board.reload(member, &cursor, kept, head);
        }
        Ok(())
    }

    /// Makes a batch durable and tells of it. Runs to its end even when the session that asks for it ends.
    pub(super) async fn deliver(&self, delivery: Delivery) -> Result<Applied, Status> {
        let room = self.clone();
        let work = self.tasks.spawn(async move { room.deliver_now(delivery).await });
        match work.await {
            Ok(done) => done.map_err(Status::from),
            Err(error) => Err(shouwang_serving::grpc::internal(&error)),
        }
    }

    async fn deliver_now(&self, delivery: Delivery) -> Result<Applied, StoreError> {
        let LinkParts { store, roster, board, hub_log, world, .. } = &*self.parts;
        let now = world.now();
        let member = delivery.member.clone();
        let head = delivery.head.as_ref().map(|head| head.position);
        let entries = u64::try_from(delivery.batch.len()).unwrap_or(u64::MAX);
        let applied = store.write(async move |tx| batch_apply(tx, delivery, now).await).await?;
        metrics::counter!("shouwang_link_entries_total").increment(entries);
        if let Some(position) = applied.hub_log {
            hub_log.advance(position);
        }
        if board.applied(&member, &applied, head, now) {
            tracing::warn!(%member, withdrawn = applied.withdrawn, live = applied.live_count, "much was taken back at once");
        }
        if applied.diverged {
            tracing::error!(%member, seq = applied.position.seq, "the hub's copy of this log differs from the node's");
        }
        for kept in &applied.notices {
            let reason = kept.poison.reason.code();
            tracing::warn!(%member, seq = kept.seq, reason, "an entry is stored but not shown");
        }
        if applied.roster_changed {
            roster.reload().await?;
        }
        if applied.redacted {
            self.forget_files().await?;
        }
        Ok(applied)
    }

    /// Removes the bytes of files that nobody names any more.
    async fn forget_files(&self) -> Result<(), StoreError> {
        let forgotten = self.parts.store.write(async |tx| attachment::attachments_forget(tx).await).await?;
        for sha256 in forgotten {
            if let Err(error) = self.parts.attachments.remove(&sha256).await {
                tracing::error!(sha256 = sha256.as_str(), %error, "a redacted file could not be removed");
            }
        }
        Ok(())
    }

    /// Notes why a node was refused, for people, and gives it as the answer.
    pub(super) fn refuse(&self, member: &MemberId, refusal: Refusal) -> Status {
        tracing::warn!(%member, reason = %refusal.reason, %refusal, "a node was refused");
        self.parts.board.trouble(member, Problem::Refused, refusal.message.clone());
        refusal.into_status()
    }
}

/// The line was taken by a newer session of the same member.
pub(super) fn displaced() -> Status {
    Refusal::new(
        Code::Aborted,
        "SESSION_REPLACED",
        "a newer session of this member took over （本会话已被该成员的新会话取代）",
    )
    .into_status()
}
