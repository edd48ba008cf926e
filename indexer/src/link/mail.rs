//! The notices of one control session: what waits for the member goes out, lowest number first, and begins anew with
//! every session until the node says that it is on disk.

use shouwang_proto::{refusal::Refusal, wire};
use tokio::sync::watch;
use tonic::{Code, Status};

use super::{
    control::{Out, send},
    room::LinkRoom,
};
use crate::store::{StoreError, mutual_aid::outbox};
use shouwang_proto::id::MemberId;

/// Notices read and sent at once: as many as the stream's queue holds, so that a heartbeat is never far behind.
const PAGE: u32 = 16;
/// Most numbers in one acknowledgement.
const ACK_LIMIT: usize = 200;

/// What one session has sent of its member's notices.
pub(super) struct Mail {
    room: LinkRoom,
    member: MemberId,
    /// The bell of this member; none when the node takes no notices.
    bell: Option<watch::Receiver<u64>>,
    /// Up to this number everything was sent in this session.
    sent: u64,
    /// True when the last page was full, so that more may wait already.
    behind: bool,
}

impl Mail {
    /// The mail of a session with a node that speaks this version of mutual aid; 0: it takes no notices.
    pub(super) fn new(room: &LinkRoom, member: &MemberId, mutual_aid_version: u32) -> Self {
        let bell = (mutual_aid_version > 0).then(|| room.parts.mutual_aid.bell().listen(member));
        Self { room: room.clone(), member: member.clone(), bell, sent: 0, behind: true }
    }

    /// Returns when something may wait. Dropping it loses nothing.
    pub(super) async fn more(&mut self) {
        let Some(bell) = &mut self.bell else { return std::future::pending().await };
        if self.behind {
            return;
        }
        if bell.changed().await.is_err() {
            std::future::pending().await
        }
    }

    /// Sends the next page of what waits.
    pub(super) async fn push(&mut self, out: &Out) -> Result<(), Status> {
        if let Some(bell) = &mut self.bell {
            // Before the read: what is added after it rings again.
            bell.borrow_and_update();
        }
        let parts = &*self.room.parts;
        let bell = parts.mutual_aid.bell();
        let page = bell.waiting(&parts.store, &self.member, (self.sent, PAGE), parts.world.now()).await?;
        self.behind = page.is_full;
        let numbers: Vec<u64> = page.notices.iter().map(|waiting| waiting.number).collect();
        for waiting in page.notices {
            let notice = Some(waiting.notice()?);
            let delivery = wire::NoticeDelivery { delivery_id: waiting.number, notice };
            let action = Some(wire::directive::Action::Notice(delivery));
            let directive = wire::control_response::Message::Directive(wire::Directive { action });
            send(out, directive).await?;
            self.sent = waiting.number;
        }
        self.sent = page.upto;
        if !numbers.is_empty() && bell.note_sent(&numbers) {
            self.write_sent();
        }
        Ok(())
    }

    /// Notes for people that notices are on their way, those of other sessions too; nothing waits for it.
    fn write_sent(&self) {
        let room = self.room.clone();
        self.room.tasks.spawn(async move {
            loop {
                let numbers = room.parts.mutual_aid.bell().outgoing();
                if numbers.is_empty() {
                    return;
                }
                let now = room.parts.world.now();
                let note =
                    async move |tx: &mut crate::store::Tx| outbox::notices_sent(tx, &numbers, now).await;
                if let Err(error) = room.parts.store.write_urgent(note).await {
                    tracing::warn!(%error, "it was not noted that notices were sent");
                }
            }
        });
    }
}

/// Notes what is on the node's disk.
///
/// # Errors
/// INVALID_ARGUMENT (ACK_INVALID), or what the store said: then the notices come again.
pub(super) async fn acknowledge(
    room: &LinkRoom,
    member: &MemberId,
    ack: wire::NoticeAck,
) -> Result<(), Status> {
    let wire::NoticeAck { delivery_ids } = ack;
    if !(1..=ACK_LIMIT).contains(&delivery_ids.len()) {
        let words =
            format!("an acknowledgement names 1 to {ACK_LIMIT} notices （每次确认须为 1–{ACK_LIMIT} 条）");
        return Err(Refusal::new(Code::InvalidArgument, "ACK_INVALID", words).into());
    }
    room.parts.mutual_aid.delivered(member, &delivery_ids).await
}

/// What the hub says to a word of the member's people. A word that the store could not take gets no answer: the node
/// says it again on its next stream.
pub(super) async fn hear(
    room: &LinkRoom,
    member: &MemberId,
    command: wire::MemberCommand,
) -> Result<wire::MemberCommandResult, Status> {
    let heard = room.parts.mutual_aid.hear(member, command).await;
    heard.map_err(|error: StoreError| {
        tracing::warn!(%member, %error, "a word of a member's people could not be taken; it comes again");
        Status::from(error)
    })
}
