//! A member whose node is not ours. It speaks the link's language with real keys, sends good entries, poison, and
//! everything a broken or hostile node could send. The hub must take the good, quarantine the poison, refuse the rest
//! and change nothing by it.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use futures::future::join;
use shouwang_node::{
    hub_link::ring::KeyRing,
    membership::{Membership, log_key_if_there},
};
use shouwang_proto::{
    log::{head::Head, key::LogKey, sealed::SealedEntry},
    refusal::Refusal,
    wire::{self, link_service_client::LinkServiceClient, sync_request, sync_response},
};
use shouwang_serving::dial::{DialLimits, Target, channel};
use tokio::sync::mpsc;
use tonic::{Status, Streaming, transport::Channel};

use super::forgery::{Forgery, Pen};
use crate::{
    chance::Chance,
    check,
    net::SimDialer,
    people::{calls::NODES_PORT, operator::until_invited},
    plan::Host,
    stage::{Phase, Stage},
    surroundings,
};

/// Longest wait for an answer of the hub.
const PATIENCE: Duration = Duration::from_secs(6);

/// A stranger that has joined.
struct Stranger {
    stage: Stage,
    chance: Chance,
    client: LinkServiceClient<Channel>,
    boot: [u8; 16],
    key: LogKey,
    pen: Pen,
}

/// An open conversation.
struct Talk {
    up: mpsc::Sender<wire::SyncRequest>,
    down: Streaming<wire::SyncResponse>,
}

/// Joins and then sends until the run heals and everything good was acknowledged.
///
/// # Errors
/// When it cannot join, or its files cannot be used.
pub async fn live(stage: Stage) -> anyhow::Result<()> {
    let mut stranger = Box::pin(Stranger::enter(&stage)).await?;
    stage.serving(Host::Stranger);
    while stage.phase() == Phase::Joining {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    loop {
        let healing = stage.phase() == Phase::Healing;
        let done = stranger.talk(healing).await;
        stage.set_stranger(stranger.pen.log(), stranger.pen.poison().clone());
        match done {
            Ok(()) if healing => break,
            Ok(()) => {}
            Err(why) => stage.note(format!("stranger: {why}")),
        }
        tokio::time::sleep(Duration::from_millis(stranger.chance.within(50..900))).await;
    }
    stage.end_work();
    Ok(())
}

impl Stranger {
    async fn enter(stage: &Stage) -> anyhow::Result<Self> {
        let seed = stage.plan().seed;
        let disk = stage.disk(Host::Stranger);
        std::fs::create_dir_all(&disk)?;
        let invite = until_invited(stage, Host::Stranger).await?.parse()?;
        let world = surroundings::world(stage.epoch(), seed, "stranger", 1, 0);
        while let Err(error) = shouwang_node::join(&disk, &invite, &world, Arc::new(SimDialer)).await {
            stage.note(format!("stranger joins: {error:#}"));
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let membership = Membership::load(&disk)?.context("the stranger has joined")?;
        let key = log_key_if_there(&disk)?.context("the stranger has a key")?;
        let target = Target {
            host: Host::Hub.name(),
            port: NODES_PORT,
            server_name: "hub.shouwang".to_owned(),
            tls: Some(KeyRing::open(&disk)?.tls()),
        };
        let limits = DialLimits { connect: Duration::from_secs(2), ..DialLimits::default() };
        Ok(Self {
            stage: stage.clone(),
            chance: Chance::of(seed, "stranger"),
            client: LinkServiceClient::new(channel(target, Arc::new(SimDialer), &limits)?),
            boot: world.random(),
            pen: Pen::new(membership.alliance, membership.member, key.clone()),
            key,
        })
    }

    /// One conversation: what the hub lacks, something good, and then perhaps something bad, which ends it.
    async fn talk(&mut self, healing: bool) -> Result<(), String> {
        let mut talk = self.hello().await?;
        let mut cursor = self.welcome(&mut talk).await?;
        if !healing {
            for _ in 0..self.chance.index(4) {
                let poison = self.chance.per_mille(300);
                self.pen.write(poison, &mut self.chance);
            }
        }
        while cursor < self.pen.head().seq {
            cursor = self.send_missing(&mut talk, cursor).await?;
        }
        if healing || self.chance.per_mille(400) {
            return Ok(());
        }
        let forgery = Forgery::draw(&mut self.chance, self.stage.plan().credit);
        self.forge(talk, forgery).await
    }

    async fn hello(&mut self) -> Result<Talk, String> {
        let (up, requests) = mpsc::channel(64);
        let position = self.pen.head();
        let digest = check::digest(&self.pen.log());
        let head = Head {
            alliance: self.pen.alliance().clone(),
            member: self.pen.member().clone(),
            position,
            live_count: digest.count(),
            state_digest: digest.root(),
        };
        let signed = wire::LogHead {
            member_id: head.member.to_string(),
            epoch: position.epoch,
            seq: position.seq,
            entry_hash: position.hash.to_vec(),
            live_count: head.live_count,
            state_digest: head.state_digest.to_vec(),
            signature: head.sign(&self.key).to_vec(),
        };
        let start = wire::LogPosition { epoch: 0, seq: 0, entry_hash: vec![0; 32] };
        let hello = wire::SyncHello {
            protocol_version: 1,
            boot_id: self.boot.to_vec(),
            head: Some(signed),
            acknowledged: Some(start),
        };
        let requests = tokio_stream::wrappers::ReceiverStream::new(requests);
        let send = up.send(request(sync_request::Message::Hello(hello)));
        let opened = tokio::time::timeout(PATIENCE, join(send, self.client.sync(requests)));
        let (_, opened) = opened.await.map_err(|_| "no answer to the hello")?;
        let down = opened.map_err(|status| reason(&status))?.into_inner();
        Ok(Talk { up, down })
    }

    async fn welcome(&self, talk: &mut Talk) -> Result<u64, String> {
        match hear(talk).await? {
            sync_response::Message::Welcome(welcome) => Ok(welcome.cursor.map_or(0, |cursor| cursor.seq)),
            sync_response::Message::Ack(_) => Err("an acknowledgement before the welcome".to_owned()),
        }
    }

    /// Sends some of what the hub lacks; answers its cursor.
    async fn send_missing(&mut self, talk: &mut Talk, cursor: u64) -> Result<u64, String> {
        let most = 1 + self.chance.index(5);
        let batch = self.pen.log().into_iter().filter(|entry| entry.header().seq > cursor).take(most);
        send(talk, &batch.collect::<Vec<_>>()).await?;
        let sync_response::Message::Ack(ack) = hear(talk).await? else {
            return Err("a second welcome".to_owned());
        };
        for notice in &ack.quarantined {
            self.stage.hit(format!("quarantine: {}", notice.reason));
            if !self.pen.is_poison(notice.seq) {
                let seen = format!(
                    "entry {} of the stranger is good and in quarantine: {}",
                    notice.seq, notice.detail
                );
                self.stage.broken("P21", seen);
            }
        }
        let cursor = ack.cursor.map_or(0, |cursor| cursor.seq);
        self.stage.note(format!("stranger: acknowledged up to {cursor}"));
        Ok(cursor)
    }

    /// Sends something that must be refused, and listens how.
    async fn forge(&mut self, mut talk: Talk, forgery: Forgery) -> Result<(), String> {
        for batch in self.pen.forge(forgery) {
            send(&mut talk, &batch).await?;
        }
        loop {
            match tokio::time::timeout(PATIENCE, talk.down.message()).await {
                Err(_) => return Err(format!("{forgery:?}: no answer")),
                Ok(Ok(Some(_))) if forgery.begins_well() => {}
                Ok(Ok(answer)) => {
                    self.stage.broken("P4", format!("the hub took {forgery:?} of the stranger: {answer:?}"));
                    return Ok(());
                }
                Ok(Err(status)) => {
                    let reason = reason(&status);
                    if Refusal::from_status(&status).is_none() {
                        return Err(format!("{forgery:?}: {reason}"));
                    }
                    self.stage.note(format!("stranger: {forgery:?} refused {reason}"));
                    self.stage.hit(format!("refused: {reason}"));
                    if !forgery.reasons().contains(&reason.as_str()) {
                        self.stage
                            .broken("P4", format!("{forgery:?} of the stranger was refused with {reason}"));
                    }
                    return Ok(());
                }
            }
        }
    }
}

fn request(message: sync_request::Message) -> wire::SyncRequest {
    wire::SyncRequest { message: Some(message) }
}

async fn send(talk: &mut Talk, batch: &[SealedEntry]) -> Result<(), String> {
    let entries = batch.iter().map(SealedEntry::to_wire).collect();
    let message = request(sync_request::Message::Batch(wire::EntryBatch { entries, head: None }));
    talk.up.send(message).await.map_err(|_| "the hub closed the stream".to_owned())
}

async fn hear(talk: &mut Talk) -> Result<sync_response::Message, String> {
    match tokio::time::timeout(PATIENCE, talk.down.message()).await {
        Err(_) => Err("the hub is silent".to_owned()),
        Ok(Err(status)) => Err(reason(&status)),
        Ok(Ok(answer)) => {
            answer.and_then(|answer| answer.message).ok_or_else(|| "the stream ended".to_owned())
        }
    }
}

fn reason(status: &Status) -> String {
    Refusal::from_status(status)
        .map_or_else(|| format!("{:?}", status.code()), |refusal| refusal.reason.into_owned())
}
