//! A node without a store: joins like a real one and holds links, hundreds of them in one process.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use anyhow::Context as _;
use rcgen::{CertificateParams, KeyPair};
use shouwang_proto::{
    PROTOCOL_VERSION,
    log::{
        entry::BATCH_BYTES,
        key::{LogKey, join_statement},
    },
    wire::{self, enrolment_service_client::EnrolmentServiceClient, link_service_client::LinkServiceClient},
};
use shouwang_serving::{
    dial::{DialLimits, Target, TcpDialer, channel},
    tls::{ClientTls, Identity},
};
use tokio::sync::mpsc::{Sender, UnboundedSender, channel as queue};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Streaming, transport::Channel};

use super::signed_log::SignedLog;

/// Largest message, in bytes, as on real links.
const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// Batches that wait for the connection.
const QUEUE: usize = 16;

/// A channel to a port of the hub that trusts `root_pem` alone.
///
/// # Errors
/// When the address or the root cannot be read.
pub fn hub_channel(address: &str, root_pem: &str, identity: Option<&Identity>) -> anyhow::Result<Channel> {
    let (host, port) = address.rsplit_once(':').context("an address is host:port")?;
    let target = Target {
        host: host.to_owned(),
        port: port.parse()?,
        server_name: "hub.shouwang".to_owned(),
        tls: Some(ClientTls::new(root_pem, identity)?),
    };
    Ok(channel(target, Arc::new(TcpDialer), &DialLimits::default())?)
}

/// A member's node with its log in memory.
#[derive(Clone, Debug)]
pub struct LightNode {
    /// The log.
    pub log: SignedLog,
    boot_id: Vec<u8>,
    identity: Identity,
    root_pem: String,
    link_address: String,
}

impl LightNode {
    /// Joins with an invite over a channel to the hub's port for people; `number` makes its keys.
    ///
    /// # Errors
    /// What the hub refused.
    pub async fn join(people: Channel, invite: &str, number: u64) -> anyhow::Result<Self> {
        let token = invite.rsplit(':').next().context("an invite ends with its secret")?.trim().to_owned();
        let tls_key = KeyPair::generate()?;
        let request = CertificateParams::default().serialize_request(&tls_key)?.der().to_vec();
        let mut secret = [1; 32];
        secret[..8].copy_from_slice(&number.to_be_bytes());
        let key = LogKey::from_secret(secret);
        let proof = key.sign(&join_statement(&token, &request)).to_vec();
        let joined = EnrolmentServiceClient::new(people)
            .join(wire::JoinRequest {
                token,
                certificate_request: request,
                log_key: key.public().to_bytes().to_vec(),
                log_key_proof: proof,
            })
            .await?
            .into_inner();
        Ok(Self {
            log: SignedLog::new(joined.alliance_id.parse()?, joined.member_id.parse()?, key),
            boot_id: secret[..16].to_vec(),
            identity: Identity::from_pem(&joined.certificate_pem, &tls_key.serialize_pem())?,
            root_pem: joined.root_pem,
            link_address: joined.link_address,
        })
    }

    /// A client on a connection of its own.
    ///
    /// # Errors
    /// When the hub's address cannot be read.
    pub fn client(&self) -> anyhow::Result<LinkServiceClient<Channel>> {
        let channel = hub_channel(&self.link_address, &self.root_pem, Some(&self.identity))?;
        Ok(LinkServiceClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES))
    }

    /// Opens a control link and says hello.
    ///
    /// # Errors
    /// What the hub refused.
    pub async fn control(&self) -> anyhow::Result<ControlLink> {
        self.control_speaking(0).await
    }

    /// Opens a control link on which it speaks this version of mutual aid; 0: it takes no notices.
    ///
    /// # Errors
    /// What the hub refused.
    pub async fn control_speaking(&self, mutual_aid_version: u32) -> anyhow::Result<ControlLink> {
        let (requests, outgoing) = queue(QUEUE);
        let hello = wire::ControlHello {
            protocol_version: PROTOCOL_VERSION,
            boot_id: self.boot_id.clone(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            mutual_aid_version,
        };
        requests.send(control_request(wire::control_request::Message::Hello(hello))).await?;
        let mut answers = self.client()?.control(ReceiverStream::new(outgoing)).await?.into_inner();
        let welcome = answers.message().await?.and_then(|answer| answer.message);
        let Some(wire::control_response::Message::Welcome(welcome)) = welcome else {
            anyhow::bail!("a control link begins with a welcome, not {welcome:?}");
        };
        Ok(ControlLink {
            requests,
            answers,
            head: self.log.head(),
            number: 0,
            every: welcome.heartbeat_seconds,
        })
    }

    /// Opens a sync link and says hello.
    ///
    /// # Errors
    /// What the hub refused.
    pub async fn sync(&self) -> anyhow::Result<SyncLink> {
        let (requests, outgoing) = queue(QUEUE);
        let hello = wire::SyncHello {
            protocol_version: PROTOCOL_VERSION,
            boot_id: self.boot_id.clone(),
            head: Some(self.log.head()),
            acknowledged: Some(wire::LogPosition { entry_hash: vec![0; 32], ..wire::LogPosition::default() }),
        };
        let hello = wire::SyncRequest { message: Some(wire::sync_request::Message::Hello(hello)) };
        requests.send(hello).await?;
        let mut answers = self.client()?.sync(ReceiverStream::new(outgoing)).await?.into_inner();
        let welcome = answers.message().await?.and_then(|answer| answer.message);
        let Some(wire::sync_response::Message::Welcome(welcome)) = welcome else {
            anyhow::bail!("a sync link begins with a welcome, not {welcome:?}");
        };
        Ok(SyncLink { requests, answers, credit: welcome.credit_bytes })
    }
}

fn control_request(message: wire::control_request::Message) -> wire::ControlRequest {
    wire::ControlRequest { message: Some(message) }
}

/// An open control link.
#[derive(Debug)]
pub struct ControlLink {
    requests: Sender<wire::ControlRequest>,
    answers: Streaming<wire::ControlResponse>,
    head: wire::LogHead,
    number: u64,
    every: u32,
}

impl ControlLink {
    /// Sends heartbeats as the hub asked and reads what it says, until the hub ends the link.
    ///
    /// # Errors
    /// Why the link ended.
    pub async fn hold(mut self) -> anyhow::Result<()> {
        let period = std::time::Duration::from_secs(u64::from(self.every.max(1)));
        let mut tick = tokio::time::interval(period);
        loop {
            tokio::select! {
                _ = tick.tick() => self.beat().await?,
                answer = self.answers.message() => {
                    anyhow::ensure!(answer?.is_some(), "the hub closed the control link");
                }
            }
        }
    }

    /// Heartbeats, says when each notice was here, and acknowledges it. Ends with the link.
    ///
    /// # Errors
    /// Why the link ended.
    pub async fn listen(mut self, heard: UnboundedSender<Instant>) -> anyhow::Result<()> {
        let period = std::time::Duration::from_secs(u64::from(self.every.max(1)));
        let mut tick = tokio::time::interval(period);
        loop {
            let answer = tokio::select! {
                _ = tick.tick() => {
                    self.beat().await?;
                    continue;
                }
                answer = self.answers.message() => answer?.context("the hub closed the control link")?,
            };
            let Some(wire::control_response::Message::Directive(wire::Directive {
                action: Some(wire::directive::Action::Notice(delivery)),
            })) = answer.message
            else {
                continue;
            };
            heard.send(Instant::now())?;
            let ack = wire::NoticeAck { delivery_ids: vec![delivery.delivery_id] };
            self.requests.send(control_request(wire::control_request::Message::NoticeAck(ack))).await?;
        }
    }

    async fn beat(&mut self) -> anyhow::Result<()> {
        self.number += 1;
        let heartbeat = wire::Heartbeat { head: Some(self.head.clone()), number: self.number };
        Ok(self.requests.send(control_request(wire::control_request::Message::Heartbeat(heartbeat))).await?)
    }
}

/// An open sync link.
#[derive(Debug)]
pub struct SyncLink {
    requests: Sender<wire::SyncRequest>,
    answers: Streaming<wire::SyncResponse>,
    credit: u64,
}

impl SyncLink {
    /// Sends batches within the hub's credit until the last of them is acknowledged up to `last_seq`.
    ///
    /// # Errors
    /// When the hub refuses, closes the link, or quarantines an entry.
    pub async fn send_all(&mut self, batches: Vec<wire::SyncRequest>, last_seq: u64) -> anyhow::Result<()> {
        let mut waiting = batches.into_iter().peekable();
        loop {
            while let Some(size) = waiting.peek().map(batch_bytes)
                && size <= self.credit
            {
                if let Some(batch) = waiting.next() {
                    self.credit -= size;
                    self.requests.send(batch).await?;
                }
            }
            if self.acknowledged().await? >= last_seq {
                return Ok(());
            }
        }
    }

    /// Reads the next answer; the seq that is durable at the hub.
    ///
    /// # Errors
    /// When the hub closes the link or quarantines an entry.
    pub async fn acknowledged(&mut self) -> anyhow::Result<u64> {
        let answer = self.answers.message().await?.context("the hub closed the sync link")?;
        let Some(wire::sync_response::Message::Ack(ack)) = answer.message else {
            anyhow::bail!("an acknowledgement was due, not {answer:?}");
        };
        anyhow::ensure!(ack.quarantined.is_empty(), "quarantined: {:?}", ack.quarantined.first());
        self.credit += ack.credit_bytes;
        Ok(ack.cursor.map_or(0, |cursor| cursor.seq))
    }
}

/// What a batch costs of the credit: its entries' bytes without framing.
fn batch_bytes(request: &wire::SyncRequest) -> u64 {
    let Some(wire::sync_request::Message::Batch(batch)) = &request.message else { return 0 };
    let bytes: usize = batch
        .entries
        .iter()
        .map(|entry| entry.header.len() + entry.signature.len() + entry.payload.len())
        .sum();
    debug_assert!(bytes <= BATCH_BYTES, "a batch is at most 2 MiB");
    bytes as u64
}

/// Member ids for many light nodes.
#[must_use]
pub fn member_ids(count: u64) -> BTreeSet<String> {
    (0..count).map(|number| format!("light-{number:05}")).collect()
}
