//! The control connection: heartbeats, acknowledged notices and words of the member's people up; directives and the hub's
//! decisions down. It asks nothing of the log, so emergencies flow while publishing is held.

use std::{sync::Arc, time::Duration};

use shouwang_proto::{PROTOCOL_VERSION, log::chain::Position, mutual_aid::MUTUAL_AID_VERSION, wire};
use shouwang_serving::{backoff::Backoff, grpc::CONTROL_MESSAGE_BYTES};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use wire::{
    control_request::Message as Request, control_response::Message as Response, directive::Action,
    link_service_client::LinkServiceClient,
};

use super::{
    Ended, Link, Next, READ_DEADLINE, hub_from_wire, lasted,
    machine::{HubJudged, HubShown},
    position_from_wire,
    problem::{dial_problem, is_certificate},
    status::{LinkState, Side},
};
use crate::inbox::{
    machine::{Mail, Say},
    notice::{Facts, check_recipient},
};

/// Messages that wait to be sent. Mail leaves one place free for a heartbeat; a heartbeat that finds none means that the
/// link is stuck.
const QUEUE: usize = 4;
/// Free places that mail waits for: its own, and one for a heartbeat.
const ROOM_FOR_MAIL: usize = 2;

/// Keeps the control connection until the node stops.
pub(super) async fn run(link: Arc<Link>) {
    let mut backoff = Backoff::new();
    loop {
        link.parts.board.change(|status| status.control = LinkState::Connecting);
        let mut talk =
            Talk { link: &link, healthy: None, answered: 0, quarantined: None, mail: Mail::default() };
        let ended = tokio::select! {
            biased;
            () = link.stop.cancelled() => return,
            ended = talk.run() => ended,
        };
        let Err(Ended { problem, next }) = ended;
        let healthy = talk.healthy;
        let state = if next == Next::AskSlowly { LinkState::Refused } else { LinkState::Connecting };
        link.parts.board.state(Side::Control, state, (!problem.is_empty()).then(|| problem.clone()));
        let pause = link.pause_after(&mut backoff, next, lasted(healthy));
        tracing::info!(link = "control", problem, ?pause, "the link is down");
        if !link.pause(pause).await {
            return;
        }
    }
}

impl Link {
    /// How long to wait after a conversation.
    pub(super) fn pause_after(&self, backoff: &mut Backoff, next: Next, lasted: Duration) -> Duration {
        match next {
            Next::BackOff => backoff.failed(lasted, u64::from_be_bytes(self.parts.world.random())),
            Next::AskSlowly => Duration::from_secs(5) + self.random_below(Duration::from_secs(10)),
            Next::Redial => Duration::ZERO,
        }
    }
}

/// One conversation.
struct Talk<'a> {
    link: &'a Link,
    healthy: Option<Instant>,
    answered: u64,
    quarantined: Option<u64>,
    mail: Mail,
}

/// Never a good end: the conversation lasts as long as the node.
type Never = std::convert::Infallible;

impl Talk<'_> {
    async fn run(&mut self) -> Result<Never, Ended> {
        let mut redial = self.link.redial.subscribe();
        let mut again = self.link.said_again.subscribe();
        let (outgoing, requests) = mpsc::channel(QUEUE);
        let hello = wire::ControlHello {
            protocol_version: PROTOCOL_VERSION,
            boot_id: self.link.boot_id.to_vec(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            mutual_aid_version: MUTUAL_AID_VERSION,
        };
        send(&outgoing, Request::Hello(hello))?;
        let mut client = LinkServiceClient::new(self.link.channel()?)
            .max_decoding_message_size(CONTROL_MESSAGE_BYTES)
            .max_encoding_message_size(CONTROL_MESSAGE_BYTES);
        let opened = in_time(client.control(ReceiverStream::new(requests)), READ_DEADLINE).await?;
        let mut inbound = opened.inspect_err(|status| self.certificate_refused(status))?.into_inner();
        let heartbeat = self.welcome(&mut inbound).await?;
        let deadline = READ_DEADLINE.max(heartbeat * 3);
        let mut beats = interval(heartbeat);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut number = 0;
        let mut heard = Instant::now();
        let mut said = self.link.parts.store.inbox_changed();
        loop {
            self.load_words().await?;
            tokio::select! {
                // What limits itself comes before what the hub may send without end; and what was heard in time counts.
                biased;
                _ = redial.changed() => return Err(Ended::redial()),
                _ = beats.tick() => {
                    let (head, _) = self.link.head().await?;
                    number += 1;
                    send(&outgoing, Request::Heartbeat(wire::Heartbeat { head: Some(head), number }))?;
                    self.mail.beat();
                }
                room = outgoing.reserve_many(ROOM_FOR_MAIL), if self.mail.has_mail() => {
                    let mut room = room.map_err(|_| silent())?;
                    if let (Some(place), Some(say)) = (room.next(), self.mail.say()) {
                        place.send(wire::ControlRequest { message: Some(say_to_wire(say)) });
                    }
                }
                changed = said.changed() => {
                    changed.map_err(|_| Ended::broken("the store is closed"))?;
                    self.mail.grew();
                }
                _ = again.changed() => self.mail.begin_again(),
                message = inbound.message() => {
                    heard = Instant::now();
                    let message = message?.and_then(|message| message.message);
                    let Some(message) = message else { return Err(Ended::broken("the hub closed the link （枢纽关闭了连接）")) };
                    self.heard(message).await?;
                }
                () = tokio::time::sleep_until(heard + deadline) => return Err(silent()),
            }
        }
    }

    /// The hub's first answer: how often it wants to hear of us.
    async fn welcome(&mut self, inbound: &mut Streaming<wire::ControlResponse>) -> Result<Duration, Ended> {
        let first = in_time(inbound.message(), READ_DEADLINE).await?;
        let first = first.inspect_err(|status| self.certificate_refused(status))?;
        let Some(Response::Welcome(welcome)) = first.and_then(|first| first.message) else {
            return Err(Ended::broken("the hub did not say hello （枢纽未按约定应答）"));
        };
        let wire::ControlWelcome {
            hub_epoch,
            hub_incarnation,
            heartbeat_seconds,
            software_version,
            mutual_aid_version,
        } = welcome;
        let parts = &self.link.parts;
        let (met, shown) =
            (parts.store.link_memory().await?.hub, hub_from_wire(hub_epoch, &hub_incarnation)?);
        match met.judge(shown) {
            HubJudged::Known => {}
            // Before a word is said to it, so that words keep their order.
            HubJudged::New => parts.store.remember_hub(shown, parts.world.now()).await?,
            HubJudged::Old => return Err(stale_hub(met.last, shown)),
        }
        if let Err(error) = parts.ring.accepted() {
            tracing::error!(%error, "the new certificate cannot take its place");
        }
        parts.board.change(|status| {
            status.control = LinkState::Connected;
            status.control_problem = None;
            status.heard = Some(parts.world.now());
            status.certificate_ends = Some(parts.ring.ends());
        });
        self.mail = Mail::new(mutual_aid_version);
        self.healthy = Some(Instant::now());
        tracing::info!(hub_epoch, hub_version = software_version, "the control link is open");
        Ok(Duration::from_secs(u64::from(heartbeat_seconds.clamp(1, 60))))
    }

    async fn heard(&mut self, message: Response) -> Result<(), Ended> {
        match message {
            Response::Welcome(_) => Err(Ended::broken("the hub said hello twice （枢纽重复应答）")),
            Response::HeartbeatAnswer(answer) => self.answered(answer).await,
            Response::MemberCommandResult(result) => self.decided(result).await,
            Response::Directive(wire::Directive { action }) => match action {
                Some(Action::ReconnectWithinMs(within)) => {
                    let pause = self.link.random_below(Duration::from_millis(u64::from(within)));
                    tracing::info!(?pause, "the hub asks to dial again");
                    tokio::time::sleep(pause).await;
                    self.link.redial.send_modify(|count| *count += 1);
                    Err(Ended::redial())
                }
                Some(Action::RenewCertificate(true)) => {
                    self.link.renew.send_modify(|count| *count += 1);
                    Ok(())
                }
                Some(Action::Notice(delivery)) => self.delivered(delivery).await,
                Some(Action::FetchOfflinePack(version)) => {
                    if version > self.link.parts.packs.version() {
                        self.link.packs_wished.send_modify(|count| *count += 1);
                    }
                    Ok(())
                }
                // A newer hub may know directives that this node does not.
                Some(Action::RenewCertificate(false)) | None => Ok(()),
            },
        }
    }

    /// Loads words that wait, as far as the machine wants to see them.
    async fn load_words(&mut self) -> Result<(), Ended> {
        while let Some(wanted) = self.mail.wanted() {
            let words = self.link.parts.store.commands_waiting(wanted).await?;
            self.mail.loaded(wanted, words);
        }
        Ok(())
    }

    /// A notice came: it is acknowledged after it is on disk, and not at all when it cannot be kept, so that people are
    /// phoned.
    async fn delivered(&mut self, delivery: wire::NoticeDelivery) -> Result<(), Ended> {
        let wire::NoticeDelivery { delivery_id, notice } = delivery;
        let parts = &self.link.parts;
        let notice = notice.unwrap_or_default();
        let now = parts.world.now();
        let facts = check_recipient(&notice, &parts.membership.member).and_then(|()| Facts::of(&notice, now));
        let facts = match facts {
            Ok(facts) => facts,
            Err(error) => {
                tracing::error!(%error, delivery_id, notice = notice.name, "a notice cannot be kept");
                return Ok(());
            }
        };
        let (name, kind, alarm) = (notice.name.clone(), facts.kind, facts.alarm);
        let new = parts.store.notice_receive(notice, facts, parts.alarms.clone(), now).await?;
        if new {
            tracing::warn!(notice = name, ?kind, alarm, "a notice came （收到应急通知）");
        } else {
            tracing::debug!(notice = name, "a notice came again");
        }
        self.mail.stored(delivery_id);
        Ok(())
    }

    /// The hub has decided about a word.
    async fn decided(&mut self, result: wire::MemberCommandResult) -> Result<(), Ended> {
        let parts = &self.link.parts;
        let id = result.command_id.clone();
        let (outcome, reason) = (result.outcome(), result.reason.clone());
        if parts.store.command_decide(result, parts.alarms.clone(), parts.world.now()).await? {
            tracing::info!(command = id, ?outcome, reason, "the hub has decided");
        } else {
            tracing::warn!(command = id, "the hub decided what nobody here said");
        }
        self.mail.decided(&id);
        Ok(())
    }

    async fn answered(&mut self, answer: wire::HeartbeatAnswer) -> Result<(), Ended> {
        let wire::HeartbeatAnswer { number, durable, searchable, diverged, groups, quarantined, damaged } =
            answer;
        if number <= self.answered {
            return Err(Ended::broken("the hub answered a heartbeat twice （枢纽重复应答心跳）"));
        }
        self.answered = number;
        let (durable, searchable) = (position_from_wire(durable)?, position_from_wire(searchable)?);
        let parts = &self.link.parts;
        if quarantined == 0 && self.quarantined != Some(0) {
            parts.store.quarantine_clear(durable.seq).await?;
        }
        self.quarantined = Some(quarantined);
        self.link.damaged.send_if_modified(|known| {
            let other = *known != damaged;
            *known = damaged;
            other
        });
        if diverged && !parts.board.now().diverged {
            tracing::error!("the hub's copy differs from this node's although the heads are equal");
            if parts.store.digest_anew().await? {
                tracing::error!("the own digest was not what the log says, and was made anew");
            }
        }
        let now = parts.world.now();
        parts.board.change(|status| {
            status.durable = later(status.sync, status.durable, durable);
            status.searchable = searchable;
            status.diverged = diverged;
            status.groups = groups;
            status.quarantined = quarantined;
            status.heard = Some(now);
        });
        Ok(())
    }

    fn certificate_refused(&self, status: &tonic::Status) {
        if dial_problem(status).is_some_and(is_certificate) || status.code() == tonic::Code::Unauthenticated {
            self.link.parts.ring.refused();
        }
    }
}

/// An acknowledgement on the open sync link is newer than an answer that was under way; without one, the hub's word
/// counts, also when it goes back.
fn later(sync: LinkState, known: Position, said: Position) -> Position {
    if sync == LinkState::Connected && known.seq > said.seq { known } else { said }
}

pub(super) fn stale_hub(seen: HubShown, shown: HubShown) -> Ended {
    tracing::error!(?seen, ?shown, "refusing a hub that is older than one seen before");
    let (seen, shown, twins) = (seen.epoch, shown.epoch, seen.epoch == shown.epoch);
    let problem = if twins {
        format!(
            "this hub is an old copy: another restore of the same backup (epoch {shown}, too) has taken its place; it \
             must not take entries （该枢纽与现用枢纽由同一备份恢复，已被取代，拒绝连接）"
        )
    } else {
        format!(
            "this hub is an old copy (epoch {shown}, and {seen} was seen before); it must not take entries \
             （该枢纽是旧副本，已拒绝连接）"
        )
    };
    Ended { problem, next: Next::AskSlowly }
}

pub(super) fn silent() -> Ended {
    Ended::broken("the hub has been silent for too long （枢纽长时间无响应）")
}

pub(super) async fn in_time<T>(work: impl Future<Output = T>, limit: Duration) -> Result<T, Ended> {
    timeout(limit, work).await.map_err(|_| silent())
}

fn say_to_wire(say: Say) -> Request {
    match say {
        Say::Acknowledge(delivery_ids) => Request::NoticeAck(wire::NoticeAck { delivery_ids }),
        Say::Word(command) => Request::MemberCommand(*command),
    }
}

fn send(outgoing: &mpsc::Sender<wire::ControlRequest>, message: Request) -> Result<(), Ended> {
    outgoing.try_send(wire::ControlRequest { message: Some(message) }).map_err(|_| silent())
}
