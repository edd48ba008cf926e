//! The sync connection: carries out what the machine says.

use std::{collections::VecDeque, sync::Arc};

use shouwang_proto::{
    PROTOCOL_VERSION,
    log::{chain::Position, sealed::SealedEntry},
    wire,
};
use shouwang_serving::backoff::Backoff;
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, transport::Channel};
use wire::{
    link_service_client::LinkServiceClient, sync_request::Message as Request,
    sync_response::Message as Response,
};

use super::{
    Ended, Link, Next, READ_DEADLINE, client,
    control::{in_time, silent, stale_hub},
    hub_from_wire, lasted,
    machine::{Command, Event, Fault, Fork, MOST_FLYING, Machine, ResumeCase, Welcome},
    position_from_wire, position_to_wire,
    problem::{Meaning, meaning, words},
    status::{LinkState, Side},
};
use crate::store::{Gate, Quarantined, RestoreError, Restored};

/// Never a good end: the conversation lasts as long as the node.
type Never = std::convert::Infallible;

/// Keeps the sync connection until the node stops.
pub(super) async fn run(link: Arc<Link>) {
    let Some(mut machine) = machine(&link).await else { return };
    let mut backoff = Backoff::new();
    loop {
        link.parts.board.change(|status| status.sync = LinkState::Connecting);
        let mut talk = Talk { link: &link, machine: &mut machine, loaded: Vec::new(), healthy: None };
        let ended = tokio::select! {
            biased;
            () = link.stop.cancelled() => return talk.over().await,
            ended = talk.run() => ended,
        };
        let Err(Ended { problem, next }) = ended;
        let healthy = talk.healthy;
        talk.over().await;
        let state = if next == Next::AskSlowly { LinkState::Refused } else { LinkState::Connecting };
        link.parts.board.state(Side::Sync, state, (!problem.is_empty()).then(|| problem.clone()));
        let pause = link.pause_after(&mut backoff, next, lasted(healthy));
        tracing::info!(link = "sync", problem, ?pause, "the link is down");
        if !link.pause(pause).await {
            return;
        }
    }
}

/// The machine with what the store remembers; waits for a store that does not answer.
async fn machine(link: &Link) -> Option<Machine> {
    loop {
        match link.parts.store.link_memory().await {
            Ok(memory) => {
                link.parts.board.change(|status| {
                    status.durable = memory.durable;
                    status.searchable.seq = memory.searchable;
                });
                return Some(Machine::new(memory.hub, matches!(link.parts.store.gate(), Gate::Held(_))));
            }
            Err(error) => tracing::error!(%error, "the link's memory cannot be read"),
        }
        if !link.pause(READ_DEADLINE).await {
            return None;
        }
    }
}

/// One conversation.
struct Talk<'a> {
    link: &'a Link,
    machine: &'a mut Machine,
    loaded: Vec<SealedEntry>,
    healthy: Option<Instant>,
}

/// The open stream.
struct Line {
    client: LinkServiceClient<Channel>,
    outgoing: mpsc::Sender<wire::SyncRequest>,
}

impl Talk<'_> {
    async fn run(&mut self) -> Result<Never, Ended> {
        let mut redial = self.link.redial.subscribe();
        let mut grown = self.link.parts.store.grown();
        let channel = self.link.channel()?;
        let (outgoing, requests) = mpsc::channel(MOST_FLYING + 2);
        let mut line = Line { client: client(channel.clone()), outgoing };
        let (head, position) = self.link.head().await?;
        let acknowledged = self.link.parts.store.link_memory().await?.durable;
        line.send(Request::Hello(wire::SyncHello {
            protocol_version: PROTOCOL_VERSION,
            boot_id: self.link.boot_id.to_vec(),
            head: Some(head),
            acknowledged: Some(position_to_wire(acknowledged)),
        }))?;
        self.tell(&mut line, Event::Connected { head: position }).await?;
        let opened = in_time(line.client.sync(ReceiverStream::new(requests)), READ_DEADLINE).await?;
        let mut inbound = match opened {
            Ok(opened) => opened.into_inner(),
            Err(status) => return Err(self.failed(status).await),
        };
        self.link.open.send_replace(Some(channel));
        let mut heard = Instant::now();
        loop {
            let awaiting = self.machine.awaits_hub();
            tokio::select! {
                // What limits itself comes before what the hub may send without end; and what was heard in time counts.
                biased;
                _ = redial.changed() => return Err(Ended::redial()),
                changed = grown.changed() => {
                    changed.map_err(|_| Ended::broken("the store is closed"))?;
                    let seq = *grown.borrow_and_update();
                    if !awaiting {
                        // Only now does the hub owe an answer.
                        heard = Instant::now();
                    }
                    self.tell(&mut line, Event::Grew { seq }).await?;
                }
                message = inbound.message() => {
                    heard = Instant::now();
                    let message = match message {
                        Ok(Some(wire::SyncResponse { message: Some(message) })) => message,
                        Ok(_) => return Err(Ended::broken("the hub closed the link （枢纽关闭了连接）")),
                        Err(status) => return Err(self.failed(status).await),
                    };
                    let event = self.understand(message).await?;
                    self.tell(&mut line, event).await?;
                }
                () = tokio::time::sleep_until(heard + READ_DEADLINE), if awaiting => return Err(silent()),
            }
        }
    }

    /// After a conversation: what is still to be remembered.
    async fn over(mut self) {
        self.link.open.send_replace(None);
        for command in self.machine.handle(Event::Disconnected) {
            if let Command::Remember(position) = command {
                self.remember(position)
                    .await
                    .unwrap_or_else(|ended| tracing::warn!(problem = ended.problem, "forgot"));
            }
        }
        self.loaded.clear();
    }

    async fn failed(&mut self, status: Status) -> Ended {
        if meaning(&status) == Meaning::Forked {
            let why = words(&status);
            self.machine.handle(Event::ForkFound);
            return self.hold(why).await;
        }
        Ended::from(status)
    }

    async fn hold(&mut self, why: String) -> Ended {
        tracing::error!(why, "publishing is held: a person has to look");
        if let Err(error) = self.link.parts.store.hold(Some(why.clone())).await {
            tracing::error!(%error, "the store does not remember that publishing is held");
        }
        Ended { problem: why, next: Next::AskSlowly }
    }

    async fn understand(&mut self, message: Response) -> Result<Event, Ended> {
        let parts = &self.link.parts;
        match message {
            Response::Welcome(wire::SyncWelcome {
                resume_case,
                cursor,
                credit_bytes,
                hub_epoch,
                hub_incarnation,
            }) => {
                let cursor = position_from_wire(cursor)?;
                let hub = hub_from_wire(hub_epoch, &hub_incarnation)?;
                let case = case_from_wire(resume_case)?;
                let own = parts.store.entry_hash(cursor.seq).await?;
                self.machine.has_met(parts.store.link_memory().await?.hub);
                tracing::info!(?case, cursor = cursor.seq, credit_bytes, hub_epoch, "the sync link is open");
                let welcome = Welcome { case, cursor, credit: credit_bytes, hub };
                Ok(Event::Welcomed { welcome, own })
            }
            Response::Ack(wire::BatchAck { cursor, credit_bytes, quarantined, missing_attachments }) => {
                let cursor = position_from_wire(cursor)?;
                if !quarantined.is_empty() || !missing_attachments.is_empty() {
                    self.note(quarantined, &missing_attachments, cursor.seq).await?;
                }
                let now = parts.world.now();
                parts.board.change(|status| status.heard = Some(now));
                Ok(Event::Acked { cursor, credit: credit_bytes })
            }
        }
    }

    async fn note(
        &self,
        notices: Vec<wire::QuarantineNotice>,
        missing: &[String],
        seq: u64,
    ) -> Result<(), Ended> {
        let notices: Vec<Quarantined> = notices
            .into_iter()
            .map(|wire::QuarantineNotice { epoch, seq, reason, detail }| Quarantined {
                epoch,
                seq,
                reason,
                detail,
            })
            .collect();
        for Quarantined { seq, reason, detail, .. } in &notices {
            tracing::warn!(seq, reason, detail, "the hub does not show an own record");
        }
        let missing = missing.iter().filter_map(|sha256| sha256.parse().ok()).collect();
        Ok(self.link.parts.store.note(notices, missing, seq).await?)
    }

    /// Tells the machine, and carries out what it says until it says no more.
    async fn tell(&mut self, line: &mut Line, event: Event) -> Result<(), Ended> {
        let mut commands = VecDeque::from(self.machine.handle(event));
        while let Some(command) = commands.pop_front() {
            if let Some(event) = self.carry_out(line, command).await? {
                commands.extend(self.machine.handle(event));
            }
        }
        Ok(())
    }

    async fn carry_out(&mut self, line: &mut Line, command: Command) -> Result<Option<Event>, Ended> {
        let store = &self.link.parts.store;
        match command {
            Command::Read { after, most_bytes } => {
                let slice = store.log_after(after, most_bytes).await?;
                let last = slice.entries.last().map(|entry| {
                    let header = entry.header();
                    Position { epoch: header.epoch, seq: header.seq, hash: entry.hash() }
                });
                if last.is_none() && slice.cut {
                    tracing::debug!(
                        most_bytes,
                        "the hub's credit is used up: waiting for an acknowledgement"
                    );
                }
                self.loaded = slice.entries;
                return Ok(Some(Event::Loaded { last, bytes: slice.bytes, cut: slice.cut }));
            }
            Command::Send => self.send_loaded(line).await?,
            Command::Discard => self.loaded.clear(),
            Command::Progress(position) => {
                self.healthy.get_or_insert_with(Instant::now);
                self.link.parts.board.change(|status| {
                    status.sync = LinkState::Connected;
                    status.sync_problem = None;
                    status.durable = position;
                });
            }
            Command::Remember(position) => self.remember(position).await?,
            Command::RememberHub(hub) => store.remember_hub(hub, self.link.parts.world.now()).await?,
            Command::SayAgain => {
                if store.say_again(self.link.parts.world.now()).await? > 0 {
                    self.link.said_again.send_modify(|count| *count += 1);
                }
            }
            Command::Fetch { from, until } => return self.fetch(line, from, until).await.map(Some),
            Command::Release => {
                tracing::warn!("the log and the hub's copy agree: publishing goes on");
                store.hold(None).await?;
            }
            Command::Hold(fork) => return Err(self.hold(fork_words(fork)).await),
            Command::RefuseHub { seen, shown } => return Err(stale_hub(seen, shown)),
            Command::Leave(fault) => return Err(Ended::broken(fault_words(fault))),
        }
        Ok(None)
    }

    async fn send_loaded(&mut self, line: &Line) -> Result<(), Ended> {
        let entries = std::mem::take(&mut self.loaded);
        let last = entries.last().map(SealedEntry::hash);
        let (head, position) = self.link.head().await?;
        // Only a head of exactly this entry lets the hub compare digests.
        let head = (last == Some(position.hash)).then_some(head);
        let entries = entries.iter().map(SealedEntry::to_wire).collect();
        line.send(Request::Batch(wire::EntryBatch { entries, head }))
    }

    async fn remember(&self, position: Position) -> Result<(), Ended> {
        let searchable = self.link.parts.board.now().searchable.seq;
        Ok(self.link.parts.store.remember(position, searchable).await?)
    }

    /// Takes the own entries back.
    async fn fetch(&mut self, line: &mut Line, from: u64, until: Position) -> Result<Event, Ended> {
        let parts = &self.link.parts;
        tracing::warn!(from, until = until.seq, "this node was restored: fetching its own entries back");
        parts.store.pause();
        let mut stream = None;
        if from <= until.seq {
            let request = wire::FetchEntriesRequest { from_seq: from };
            stream = Some(in_time(line.client.fetch_entries(request), READ_DEADLINE).await??.into_inner());
        }
        loop {
            let mut entries = Vec::new();
            if let Some(stream) = &mut stream {
                let message = in_time(stream.message(), READ_DEADLINE).await??;
                let Some(wire::FetchEntriesResponse { entries: came }) = message else {
                    return Err(Ended::broken("the hub sent less than it has （枢纽返回的记录不完整）"));
                };
                for entry in came {
                    let opened = SealedEntry::from_wire(entry);
                    entries.push(
                        opened.map_err(|error| Ended::broken(format!("the hub sent no entry: {error}")))?,
                    );
                }
            }
            match parts.store.restore(entries, until, parts.world.now(), parts.world.random()).await {
                Ok(Restored::Partly) => {}
                Ok(Restored::Complete(head)) => return Ok(Event::Restored { head }),
                Err(RestoreError::Store(error)) => return Err(error.into()),
                Err(error @ (RestoreError::NotOurs | RestoreError::Forked(_))) => {
                    tracing::error!(%error, "what came back is not this node's log");
                    return Ok(Event::ForkFound);
                }
            }
        }
    }
}

impl Line {
    /// The machine lets at most so many batches be under way that they always fit.
    fn send(&self, message: Request) -> Result<(), Ended> {
        let request = wire::SyncRequest { message: Some(message) };
        self.outgoing
            .try_send(request)
            .map_err(|_| Ended::broken("the hub takes nothing more （枢纽不再接收）"))
    }
}

fn case_from_wire(case: i32) -> Result<ResumeCase, Ended> {
    match wire::ResumeCase::try_from(case) {
        Ok(wire::ResumeCase::Normal) => Ok(ResumeCase::Normal),
        Ok(wire::ResumeCase::FirstContact) => Ok(ResumeCase::FirstContact),
        Ok(wire::ResumeCase::HubRestored) => Ok(ResumeCase::HubRestored),
        Ok(wire::ResumeCase::NodeRestored) => Ok(ResumeCase::NodeRestored),
        Ok(wire::ResumeCase::Unspecified) | Err(_) => Err(Ended::broken(
            "the hub knows a case that this node does not: upgrade the node （请升级节点）",
        )),
    }
}

fn fork_words(fork: Fork) -> String {
    match fork {
        Fork::Differs { seq } => format!(
            "the own entry {seq} and the hub's copy of it differ: the log was written twice, by a copy of this node or \
             after a restore （日志在第 {seq} 条与枢纽副本不一致）"
        ),
        Fork::Beyond { cursor, head } => format!(
            "the hub has entries up to {cursor}, this node only up to {head}, and they are not its own \
             （枢纽的记录超出本节点日志）"
        ),
        Fork::Told => "the hub says that the log has forked （枢纽报告日志分叉）".to_owned(),
    }
}

fn fault_words(fault: Fault) -> String {
    match fault {
        Fault::Protocol(what) => format!("the hub sent {what} （枢纽违反协议）"),
        Fault::CreditTooSmall => {
            "the hub's credit is too small for the next entry （枢纽额度不足）".to_owned()
        }
    }
}
