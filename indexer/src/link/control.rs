//! One control stream: heartbeats, acknowledged notices and people's words up; answers, notices and decisions down.

use shouwang_proto::{
    PROTOCOL_VERSION, log::head::Head, mutual_aid::MUTUAL_AID_VERSION, refusal::Refusal, wire,
};
use tokio::{
    sync::mpsc::Sender,
    time::{Instant, sleep, timeout},
};
use tonic::{Code, Status, Streaming};

use super::{
    believed::Believed,
    board::Problem,
    lease::Line,
    mail::{self, Mail},
    peer::Peer,
    room::{HEARTBEAT_SECONDS, HELLO, LinkRoom, RECONNECT_WITHIN_MS, SILENCE, displaced},
    translate::{read_boot, read_head, write_position},
};
use crate::store::log;

/// Longest software version that is kept, in characters.
const VERSION_LIMIT: usize = 100;

pub(super) type Out = Sender<Box<Result<wire::ControlResponse, Status>>>;

/// Serves a stream to its end.
pub(super) async fn serve(
    room: LinkRoom,
    peer: Peer,
    mut requests: Streaming<wire::ControlRequest>,
    out: Out,
) {
    if let Err(status) = converse(&room, &peer, &mut requests, &out).await {
        // The node may be gone already.
        drop(out.send(Box::new(Err(status))).await);
    }
}

async fn converse(
    room: &LinkRoom,
    peer: &Peer,
    requests: &mut Streaming<wire::ControlRequest>,
    out: &Out,
) -> Result<(), Status> {
    let first = timeout(HELLO, requests.message()).await.map_err(|_| late())??;
    let Some(wire::control_request::Message::Hello(hello)) = first.and_then(|first| first.message) else {
        return Err(out_of_order("the first message of a control stream is a ControlHello").into());
    };
    let wire::ControlHello { protocol_version, boot_id, software_version, mutual_aid_version } = hello;
    check_protocol(protocol_version)?;
    let boot = read_boot(&boot_id)?;
    peer.note_use(room).await?;
    room.reload(&peer.member).await?;
    let parts = &*room.parts;
    let session = parts.board.take(&peer.member, Line::Control, boot);
    let version = software_version.chars().filter(|shown| !shown.is_control()).take(VERSION_LIMIT).collect();
    parts.board.greeted(&peer.member, version, mutual_aid_version > 0, parts.world.now());
    let mut mail = Mail::new(room, &peer.member, mutual_aid_version);
    let mut packs = parts.mutual_aid.pack_news().listen(&peer.member);
    let welcome = wire::ControlWelcome {
        hub_epoch: parts.hub_epoch,
        hub_incarnation: parts.hub_incarnation.to_vec(),
        heartbeat_seconds: HEARTBEAT_SECONDS,
        software_version: env!("CARGO_PKG_VERSION").to_owned(),
        mutual_aid_version: MUTUAL_AID_VERSION,
    };
    send(out, wire::control_response::Message::Welcome(welcome)).await?;
    // Made once and not with each message: what is registered with all sessions' tokens and timers has a price.
    let (stopping, displaced_by) = (parts.stopping.cancelled(), session.displaced.cancelled());
    let (cast_out, silence) = (peer.until_cast_out(room), sleep(parts.silence));
    tokio::pin!(stopping, displaced_by, cast_out, silence);
    let mut heard = Instant::now();
    let mut believed = Believed::default();
    loop {
        let request = tokio::select! {
            biased;
            () = &mut stopping => return ask_to_reconnect(out).await,
            () = &mut displaced_by => return Err(displaced()),
            status = &mut cast_out => return Err(status),
            () = &mut silence => {
                if heard + parts.silence > Instant::now() {
                    silence.as_mut().reset(heard + parts.silence);
                    continue;
                }
                let seconds = parts.silence.as_secs();
                let words = format!("nothing was heard for {seconds} seconds （{seconds} 秒未收到心跳）");
                parts.board.trouble(&peer.member, Problem::Silent, words);
                return Err(late());
            }
            // Before the mail: an acknowledgement that is not read would hold up the node that sends it.
            request = requests.message() => request?,
            () = mail.more() => {
                Box::pin(mail.push(out)).await?;
                continue;
            }
            Ok(()) = packs.changed() => {
                let version = *packs.borrow_and_update();
                direct(out, wire::directive::Action::FetchOfflinePack(version)).await?;
                continue;
            }
        };
        let Some(request) = request else { return Ok(()) };
        heard = Instant::now();
        // In a box, for it is large, and of thousands of sessions nearly all only wait.
        Box::pin(attend(room, peer, &mut believed, request, out)).await?;
    }
}

/// Does what one message of the node asks for.
async fn attend(
    room: &LinkRoom,
    peer: &Peer,
    believed: &mut Believed,
    request: wire::ControlRequest,
    out: &Out,
) -> Result<(), Status> {
    use wire::{control_request::Message as Said, control_response::Message as Answer};
    match request.message {
        Some(Said::Heartbeat(heartbeat)) => {
            let answer = answer(room, peer, believed, heartbeat).await?;
            send(out, Answer::HeartbeatAnswer(answer)).await
        }
        Some(Said::NoticeAck(ack)) => mail::acknowledge(room, &peer.member, ack).await,
        Some(Said::MemberCommand(command)) => {
            let result = mail::hear(room, &peer.member, command).await?;
            send(out, Answer::MemberCommandResult(result)).await
        }
        Some(Said::Hello(_)) | None => {
            Err(out_of_order("a control stream has one hello, and then messages this hub knows").into())
        }
    }
}

async fn answer(
    room: &LinkRoom,
    peer: &Peer,
    believed: &mut Believed,
    heartbeat: wire::Heartbeat,
) -> Result<wire::HeartbeatAnswer, Status> {
    let wire::Heartbeat { head, number } = heartbeat;
    let parts = &*room.parts;
    let standing = peer.standing(room)?;
    let (head, signature) = read_head(head, &parts.alliance, &peer.member)?;
    if !believed.check(&head, &signature, standing.log_keys.iter().map(|known| &known.key)) {
        return Err(room.refuse(&peer.member, unsigned_head()));
    }
    let (row, turned) = parts.board.heartbeat(&peer.member, &head, parts.world.now());
    if let Some(diverged) = turned {
        note_divergence(room, &head, diverged).await?;
    }
    if row.diverged && head.position == row.durable {
        room.heal_soon(&head);
    }
    Ok(wire::HeartbeatAnswer {
        number,
        durable: Some(write_position(row.durable)),
        searchable: Some(write_position(row.searchable)),
        diverged: row.diverged,
        groups: standing.groups.into_iter().map(String::from).collect(),
        quarantined: row.quarantined,
        damaged: row.damaged,
    })
}

async fn note_divergence(room: &LinkRoom, head: &Head, diverged: bool) -> Result<(), Status> {
    let (member, seq) = (head.member.clone(), head.position.seq);
    if diverged {
        tracing::error!(%member, seq, "the hub's copy of this log differs from the node's");
    } else {
        tracing::info!(%member, seq, "the hub's copy of this log is the node's again");
    }
    let write = room.parts.store.write(async move |tx| log::diverged_set(tx, &member, diverged).await);
    write.await.map_err(Status::from)
}

fn ask_to_reconnect(out: &Out) -> impl Future<Output = Result<(), Status>> {
    direct(out, wire::directive::Action::ReconnectWithinMs(RECONNECT_WITHIN_MS))
}

/// Asks the node to do something.
fn direct(out: &Out, action: wire::directive::Action) -> impl Future<Output = Result<(), Status>> {
    let directive = wire::Directive { action: Some(action) };
    send(out, wire::control_response::Message::Directive(directive))
}

/// A node that does not read is not there. The message is in its box before the waiting begins, so that a session needs no
/// room for it.
pub(super) fn send(
    out: &Out,
    message: wire::control_response::Message,
) -> impl Future<Output = Result<(), Status>> {
    let response = Box::new(Ok(wire::ControlResponse { message: Some(message) }));
    async move { out.send_timeout(response, SILENCE).await.map_err(|_| late()) }
}

/// Refuses another version of the protocol.
///
/// # Errors
/// FAILED_PRECONDITION (PROTOCOL_UNSUPPORTED).
pub(super) fn check_protocol(version: u32) -> Result<(), Refusal> {
    if version == PROTOCOL_VERSION {
        return Ok(());
    }
    Err(Refusal::precondition(
        "PROTOCOL_UNSUPPORTED",
        format!(
            "this hub speaks link protocol {PROTOCOL_VERSION}, the node {version} （链路协议版本不一致）"
        ),
    ))
}

/// The message of a peer that talks out of turn.
pub(super) fn out_of_order(words: &str) -> Refusal {
    Refusal::new(Code::InvalidArgument, "MESSAGE_OUT_OF_ORDER", format!("{words} （消息顺序错误）"))
}

/// A head that none of the member's keys signed.
pub(super) fn unsigned_head() -> Refusal {
    Refusal::new(
        Code::DataLoss,
        "SIGNATURE_INVALID",
        "the head is not signed by this member （日志头签名无效）",
    )
}

/// The other end was silent for too long.
pub(super) fn late() -> Status {
    Refusal::new(Code::DeadlineExceeded, "PEER_SILENT", "nothing was heard in time （对端超时未响应）")
        .into_status()
}
