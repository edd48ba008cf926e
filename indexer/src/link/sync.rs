//! One sync stream: batches up, acknowledgements and credit down. One half reads and checks, the other makes durable
//! and acknowledges; at most one batch of a node waits for the store.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use shouwang_proto::{
    id::RecordId,
    log::{chain::Position, head::Head},
    refusal::{Refusal, Violations},
    wire,
};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::timeout,
};
use tonic::{Code, Status, Streaming};

use super::{
    board::Problem,
    commit::Delivery,
    control::{check_protocol, late, out_of_order, unsigned_head},
    handshake::{self, Hello, Resume},
    judge::{Examined, examine},
    lease::{BootId, Line},
    peer::Peer,
    room::{HELLO, LinkRoom, SILENCE, displaced},
    tracker::{Admitted, BatchError, Tracker, check_size},
    translate::{read_boot, read_head, read_position, write_notice, write_position, write_resume},
};
use crate::{
    council::membership::MemberStanding,
    store::{attachment, log},
};

/// Entries checked before other work of the same thread has its turn: about half a millisecond.
const TURN: usize = 16;

type Out = Sender<Box<Result<wire::SyncResponse, Status>>>;

/// Serves a stream to its end.
pub(super) async fn serve(room: LinkRoom, peer: Peer, requests: Streaming<wire::SyncRequest>, out: Out) {
    if let Err(status) = converse(&room, &peer, requests, &out).await {
        // The node may be gone already.
        drop(out.send(Box::new(Err(status))).await);
    }
}

async fn converse(
    room: &LinkRoom,
    peer: &Peer,
    mut requests: Streaming<wire::SyncRequest>,
    out: &Out,
) -> Result<(), Status> {
    let first = timeout(HELLO, requests.message()).await.map_err(|_| late())??;
    let Some(wire::sync_request::Message::Hello(hello)) = first.and_then(|first| first.message) else {
        return Err(out_of_order("the first message of a sync stream is a SyncHello").into());
    };
    check_protocol(hello.protocol_version)?;
    let boot = read_boot(&hello.boot_id)?;
    peer.note_use(room).await?;
    let parts = &*room.parts;
    let (resume, tracker) = Box::pin(resume(room, peer, hello, boot)).await?;
    if resume == Resume::NodeRestored {
        parts.mutual_aid.tell_again(&peer.member).await?;
    }
    let session = parts.board.take(&peer.member, Line::Sync, boot);
    welcome(room, resume, tracker.position(), out).await?;
    let under_way = AtomicUsize::new(0);
    let durable = tracker.position();
    // Of boxes: a channel has room for 32 from its beginning, whatever its limit.
    let (checked, waiting) = channel(1);
    let reader = Reader { room, peer, tracker, resume, under_way: &under_way };
    let writer = Writer { room, peer, durable, under_way: &under_way, out };
    let talk = async { tokio::try_join!(reader.run(requests, checked), writer.run(waiting)) };
    tokio::select! {
        biased;
        () = session.displaced.cancelled() => Err(displaced()),
        status = peer.until_cast_out(room) => Err(status),
        done = talk => done.map(|_| ()),
    }
}

/// Decides on the hello; gives the case and the tracker to go on with.
async fn resume(
    room: &LinkRoom,
    peer: &Peer,
    hello: wire::SyncHello,
    boot: BootId,
) -> Result<(Resume, Tracker), Status> {
    let wire::SyncHello { protocol_version: _, boot_id: _, head, acknowledged } = hello;
    let parts = &*room.parts;
    let member = &peer.member;
    let standing = peer.standing(room)?;
    let (head, signature) = read_head(head, &parts.alliance, member)?;
    let mut wrong = Violations::new();
    let acknowledged = read_position("acknowledged", acknowledged, &mut wrong);
    let acknowledged = wrong.finish(|| acknowledged)?;
    check_head(&standing, &head, &signature).map_err(|refusal| room.refuse(member, refusal))?;
    let (id, seq) = (member.clone(), head.position.seq);
    let read = parts.store.read(async move |conn| {
        Ok((log::cursor_find(conn, &id).await?, log::entry_hash(conn, &id, seq).await?))
    });
    let (cursor, hash_at_head) = read.await?;
    room.reload(member).await?;
    let minimum = standing.minimum_epoch;
    let advanced = cursor.as_ref().map(|cursor| cursor.advanced);
    let cursor = cursor.map(|cursor| cursor.log.position);
    let said = Hello { head: head.position, acknowledged };
    let rival = parts.board.has_rival(member, boot);
    let verdict = handshake::decide(cursor, &said, hash_at_head, minimum, rival);
    let (resume, cursor) = verdict.into_result().map_err(|refusal| room.refuse(member, refusal))?;
    parts.board.clear(member, Problem::Refused);
    if let (Resume::HubRestored, Some(known)) = (resume, advanced) {
        parts.mutual_aid.went_back(member, known).await?;
    }
    tracing::info!(%member, ?resume, cursor = cursor.seq, head = head.position.seq, "a node syncs");
    let tracker = Tracker::new(parts.alliance.clone(), member.clone(), cursor, standing.log_keys, minimum);
    Ok((resume, tracker))
}

async fn welcome(room: &LinkRoom, resume: Resume, cursor: Position, out: &Out) -> Result<(), Status> {
    let welcome = wire::SyncWelcome {
        resume_case: write_resume(resume).into(),
        cursor: Some(write_position(cursor)),
        credit_bytes: room.parts.credit_bytes as u64,
        hub_epoch: room.parts.hub_epoch,
        hub_incarnation: room.parts.hub_incarnation.to_vec(),
    };
    send(out, wire::sync_response::Message::Welcome(welcome)).await
}

/// A head may be older than the newest key: a restored node signs with what it had.
fn check_head(standing: &MemberStanding, head: &Head, signature: &[u8]) -> Result<(), Refusal> {
    let known = standing.log_keys.iter().any(|known| head.verifies(&known.key, signature));
    if known { Ok(()) } else { Err(unsigned_head()) }
}

/// A batch that passed all checks.
struct Checked {
    bytes: usize,
    /// `None` when every entry was sent before.
    delivery: Option<Delivery>,
    named: BTreeSet<RecordId>,
}

/// Reads and checks batches.
struct Reader<'a> {
    room: &'a LinkRoom,
    peer: &'a Peer,
    tracker: Tracker,
    resume: Resume,
    under_way: &'a AtomicUsize,
}

impl Reader<'_> {
    /// Until the node has said all, or the hub stops.
    async fn run(
        mut self,
        mut requests: Streaming<wire::SyncRequest>,
        checked: Sender<Box<Checked>>,
    ) -> Result<(), Status> {
        loop {
            let request = tokio::select! {
                biased;
                () = self.room.parts.stopping.cancelled() => return Ok(()),
                request = requests.message() => request?,
            };
            let Some(request) = request else { return Ok(()) };
            let Some(wire::sync_request::Message::Batch(batch)) = request.message else {
                return Err(out_of_order("after the hello only batches are sent on a sync stream").into());
            };
            // In a box, as below: of thousands of sessions nearly all only wait, and these are large.
            let batch = Box::pin(self.check(batch)).await?;
            if checked.send(Box::new(batch)).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn check(&mut self, batch: wire::EntryBatch) -> Result<Checked, Status> {
        let wire::EntryBatch { entries, head } = batch;
        let sizes =
            entries.iter().map(|entry| entry.header.len() + entry.signature.len() + entry.payload.len());
        let bytes = check_size(sizes).map_err(|error| self.refuse(error))?;
        if self.under_way.fetch_add(bytes, Ordering::Relaxed) + bytes > self.room.parts.credit_bytes {
            return Err(self.refuse(Refusal::new(
                Code::ResourceExhausted,
                "CREDIT_EXCEEDED",
                "more bytes are under way than the hub gave credit for （超出在途额度）",
            )));
        }
        let from = self.tracker.position();
        let mut named = BTreeSet::new();
        let mut fresh = Vec::with_capacity(entries.len());
        self.tracker.begin_batch();
        for (index, entry) in entries.into_iter().enumerate() {
            if index % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let examined = examine(entry).map_err(|field| self.refuse(BatchError::Malformed { field }))?;
            let admitted = self.tracker.admit(&examined.entry).map_err(|error| self.refuse(error))?;
            if names_files(&examined) {
                named.insert(examined.entry.header().record);
            }
            match admitted {
                Admitted::New => fresh.push(examined),
                Admitted::Known if self.resume == Resume::NodeRestored => return Err(self.refuse(behind())),
                Admitted::Known => {}
            }
        }
        self.check_known().await?;
        let head = self.check_batch_head(head)?;
        let turned = self.tracker.take_turned();
        let member = self.peer.member.clone();
        let delivery = (!fresh.is_empty()).then(|| Delivery {
            member,
            from,
            batch: fresh,
            turned,
            head,
            named: named.clone(),
        });
        Ok(Checked { bytes, delivery, named })
    }

    /// Entries sent again must be the ones that are stored; the last of them decides.
    async fn check_known(&self) -> Result<(), Status> {
        let Some(known) = self.tracker.undecided() else { return Ok(()) };
        let (id, Position { seq, hash, .. }) = (self.peer.member.clone(), known);
        let read = self.room.parts.store.read(async move |conn| log::entry_hash(conn, &id, seq).await);
        if read.await? == Some(hash) { Ok(()) } else { Err(self.refuse(BatchError::Forked { seq })) }
    }

    /// The head that comes with the newest entry.
    fn check_batch_head(&self, head: Option<wire::LogHead>) -> Result<Option<Head>, Status> {
        let Some(head) = head else { return Ok(None) };
        let (head, signature) = read_head(Some(head), &self.room.parts.alliance, &self.peer.member)?;
        // A batch may bring the key that signs its head.
        if self.tracker.keys().any(|key| head.verifies(key, &signature)) {
            Ok(Some(head))
        } else {
            Err(self.refuse(unsigned_head()))
        }
    }

    fn refuse(&self, refusal: impl Into<Refusal>) -> Status {
        self.room.refuse(&self.peer.member, refusal.into())
    }
}

fn names_files(examined: &Examined) -> bool {
    matches!(&examined.finding, Some(Ok(exhibit)) if !exhibit.attachments.is_empty())
}

fn behind() -> Refusal {
    Refusal::precondition(
        "NODE_BEHIND",
        "the hub has these entries; fetch what is missing (FetchEntries) before sending （请先取回缺失的日志条目）",
    )
}

/// Makes batches durable and acknowledges them.
struct Writer<'a> {
    room: &'a LinkRoom,
    peer: &'a Peer,
    durable: Position,
    under_way: &'a AtomicUsize,
    out: &'a Out,
}

impl Writer<'_> {
    async fn run(mut self, mut waiting: Receiver<Box<Checked>>) -> Result<(), Status> {
        while let Some(checked) = waiting.recv().await {
            let Checked { bytes, delivery, named } = *checked;
            let mut ack = match delivery {
                Some(delivery) => Box::pin(self.deliver(delivery)).await?,
                None => Box::pin(self.acknowledge_again(named)).await?,
            };
            ack.credit_bytes = bytes as u64;
            self.under_way.fetch_sub(bytes, Ordering::Relaxed);
            send(self.out, wire::sync_response::Message::Ack(ack)).await?;
        }
        Ok(())
    }

    async fn deliver(&mut self, delivery: Delivery) -> Result<wire::BatchAck, Status> {
        let applied = self.room.deliver(delivery).await?;
        self.durable = applied.position;
        Ok(wire::BatchAck {
            cursor: Some(write_position(applied.position)),
            credit_bytes: 0,
            quarantined: applied.notices.into_iter().map(write_notice).collect(),
            missing_attachments: applied.missing.iter().map(|hash| hash.as_str().to_owned()).collect(),
        })
    }

    async fn acknowledge_again(&self, named: BTreeSet<RecordId>) -> Result<wire::BatchAck, Status> {
        let member = self.peer.member.clone();
        let read = self
            .room
            .parts
            .store
            .read(async move |conn| attachment::attachments_missing(conn, &member, &named).await);
        let missing = read.await?;
        Ok(wire::BatchAck {
            cursor: Some(write_position(self.durable)),
            credit_bytes: 0,
            quarantined: Vec::new(),
            missing_attachments: missing.iter().map(|hash| hash.as_str().to_owned()).collect(),
        })
    }
}

fn send(out: &Out, message: wire::sync_response::Message) -> impl Future<Output = Result<(), Status>> {
    let response = Box::new(Ok(wire::SyncResponse { message: Some(message) }));
    async move { out.send_timeout(response, SILENCE).await.map_err(|_| late()) }
}
