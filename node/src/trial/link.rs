//! The link service of the small hub.

use std::{collections::VecDeque, pin::Pin};

use futures::{Stream, StreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    log::{Hash, chain::Position, sealed::SealedEntry},
    refusal::Refusal,
    wire::{
        self, control_response::Message as Down, link_service_server::LinkService,
        sync_request::Message as SyncUp, sync_response::Message as SyncDown,
    },
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::hub::{Desk, HubState};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn to_wire(position: Position) -> wire::LogPosition {
    wire::LogPosition { epoch: position.epoch, seq: position.seq, entry_hash: position.hash.to_vec() }
}

fn size(entries: &[SealedEntry]) -> u64 {
    entries.iter().map(|entry| entry.size() as u64).sum()
}

/// How the hub sees a node with this head.
fn case(state: &HubState, head: &wire::LogHead, acknowledged: u64) -> Result<wire::ResumeCase, Status> {
    let cursor = state.cursor();
    let at_head = match head.seq {
        0 => Some(Hash::ZERO),
        seq => state.log.get(usize::try_from(seq - 1).unwrap()).map(SealedEntry::hash),
    };
    match at_head {
        Some(hash) if Some(hash) != Hash::from_slice(&head.entry_hash) => {
            Err(Refusal::precondition("LOG_FORKED", "the log has forked").into())
        }
        Some(_) if head.seq < cursor.seq => Ok(wire::ResumeCase::NodeRestored),
        _ if cursor.seq == 0 && acknowledged == 0 => Ok(wire::ResumeCase::FirstContact),
        _ if acknowledged > cursor.seq => Ok(wire::ResumeCase::HubRestored),
        _ => Ok(wire::ResumeCase::Normal),
    }
}

impl Desk {
    fn refuse(&self) -> Result<(), Status> {
        self.state.send_modify(|state| state.streams += 1);
        self.state.borrow().refusal.clone().map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// Ends a stream when the hub crashes: with an error of the connection, as the node would see.
    fn until_crash<T: Send + 'static>(&self, answers: mpsc::Receiver<Result<T, Status>>) -> Answers<T> {
        let stop = self.stop.clone();
        let crash = async move {
            stop.cancelled().await;
            Err(Status::unavailable("crashed"))
        };
        Box::pin(stream::select(ReceiverStream::new(answers), stream::once(crash)))
    }

    /// Takes a batch and acknowledges it.
    fn take(&self, entries: Vec<SealedEntry>) -> Result<wire::BatchAck, Status> {
        let bytes = size(&entries);
        let mut ack = wire::BatchAck { credit_bytes: bytes, ..wire::BatchAck::default() };
        if self.state.borrow().cut_next {
            self.state.send_modify(|state| state.cut_next = false);
            return Err(Status::unavailable("cut"));
        }
        self.state.send_modify(|state| {
            state.batches += 1;
            for entry in entries {
                let header = entry.header().clone();
                let next = state.cursor().follow(&header, entry.hash()).expect("the log follows itself");
                assert!(entry.verifies(&state.log_key.unwrap()));
                if state.poison.contains(&next.seq) {
                    ack.quarantined.push(wire::QuarantineNotice {
                        epoch: next.epoch,
                        seq: next.seq,
                        reason: "PAYLOAD_UNREADABLE".to_owned(),
                        detail: "unreadable".to_owned(),
                    });
                }
                state.log.push(entry);
            }
            ack.cursor = Some(to_wire(state.cursor()));
        });
        Ok(ack)
    }

    async fn converse(
        self,
        mut requests: Streaming<wire::SyncRequest>,
        answers: mpsc::Sender<Result<wire::SyncResponse, Status>>,
    ) -> Result<(), Status> {
        let first = requests.message().await?.and_then(|first| first.message);
        let Some(SyncUp::Hello(hello)) = first else { panic!("a hello comes first: {first:?}") };
        let acknowledged = hello.acknowledged.unwrap().seq;
        let welcome = {
            let state = self.state.borrow().clone();
            let case = case(&state, &hello.head.unwrap(), acknowledged)?;
            self.state.send_modify(|state| state.cases.push(case));
            wire::SyncWelcome {
                resume_case: case as i32,
                cursor: Some(to_wire(state.cursor())),
                credit_bytes: state.credit,
                hub_epoch: state.epoch,
                hub_incarnation: state.incarnation.to_vec(),
            }
        };
        let say = async |message| {
            drop(answers.send(Ok(wire::SyncResponse { message: Some(message) })).await);
        };
        say(SyncDown::Welcome(welcome)).await;
        let mut waiting: VecDeque<Vec<SealedEntry>> = VecDeque::new();
        let mut state = self.state.subscribe();
        loop {
            tokio::select! {
                request = requests.message() => {
                    let Some(request) = request? else { return Ok(()) };
                    let Some(SyncUp::Batch(batch)) = request.message else { panic!("one hello only") };
                    let opened = batch.entries.into_iter().map(|entry| SealedEntry::from_wire(entry).unwrap());
                    waiting.push_back(opened.collect());
                    let under_way = waiting.iter().map(|batch| size(batch)).sum();
                    self.state.send_modify(|state| state.most_under_way = state.most_under_way.max(under_way));
                }
                _ = state.wait_for(|state| !state.silent), if !waiting.is_empty() => {}
            }
            while !self.state.borrow().silent
                && let Some(batch) = waiting.pop_front()
            {
                say(SyncDown::Ack(self.take(batch)?)).await;
            }
        }
    }

    pub(super) fn answer_heartbeat(&self, heartbeat: wire::Heartbeat) -> Vec<Down> {
        let state = self.state.borrow().clone();
        self.state.send_modify(|state| {
            state.heads.push(heartbeat.head.unwrap());
            state.directive = None;
        });
        let answer = wire::HeartbeatAnswer {
            number: heartbeat.number,
            durable: Some(to_wire(state.cursor())),
            searchable: Some(to_wire(state.cursor())),
            diverged: false,
            groups: vec!["alliance".to_owned()],
            quarantined: state.poison.len() as u64,
            damaged: state.damaged,
        };
        let directive =
            state.directive.map(|action| Down::Directive(wire::Directive { action: Some(action) }));
        std::iter::once(Down::HeartbeatAnswer(answer)).chain(directive).collect()
    }
}

#[tonic::async_trait]
impl LinkService for Desk {
    type ControlStream = Answers<wire::ControlResponse>;
    type SyncStream = Answers<wire::SyncResponse>;
    type FetchEntriesStream = Answers<wire::FetchEntriesResponse>;

    async fn control(
        &self,
        request: Request<Streaming<wire::ControlRequest>>,
    ) -> Result<Response<Self::ControlStream>, Status> {
        self.refuse()?;
        let (answers, queue) = mpsc::channel(64);
        let desk = self.clone();
        let talking = async move {
            let stop = desk.stop.clone();
            let failed = answers.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                done = desk.attend(request.into_inner(), answers) => if let Err(status) = done {
                    drop(failed.send(Err(status)).await);
                }
            }
            None
        };
        let talking = stream::once(talking).filter_map(std::future::ready);
        let stop = self.stop.clone();
        let answers = stream::select(ReceiverStream::new(queue), talking);
        Ok(Response::new(Box::pin(answers.take_until(async move { stop.cancelled().await }))))
    }

    async fn sync(
        &self,
        request: Request<Streaming<wire::SyncRequest>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        self.refuse()?;
        if let Some(refusal) = self.state.borrow().aid.sync_refusal.clone() {
            return Err(refusal.into());
        }
        let (answers, queue) = mpsc::channel(64);
        let desk = self.clone();
        let talking = async move {
            let stop = desk.stop.clone();
            let failed = answers.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                done = desk.converse(request.into_inner(), answers) => if let Err(status) = done {
                    drop(failed.send(Err(status)).await);
                }
            }
            None
        };
        // The conversation runs as long as its answers are read.
        let talking = stream::once(talking).filter_map(std::future::ready);
        Ok(Response::new(Box::pin(stream::select(self.until_crash(queue), talking))))
    }

    async fn fetch_entries(
        &self,
        request: Request<wire::FetchEntriesRequest>,
    ) -> Result<Response<Self::FetchEntriesStream>, Status> {
        let from = usize::try_from(request.into_inner().from_seq - 1).unwrap();
        let entries = self.state.borrow().log.get(from..).unwrap_or_default().to_vec();
        let pages: Vec<_> = entries
            .chunks(2)
            .map(|page| {
                Ok(wire::FetchEntriesResponse { entries: page.iter().map(SealedEntry::to_wire).collect() })
            })
            .collect();
        Ok(Response::new(Box::pin(stream::iter(pages))))
    }

    async fn repair_entries(
        &self,
        request: Request<wire::RepairEntriesRequest>,
    ) -> Result<Response<wire::RepairEntriesResponse>, Status> {
        let entries = request.into_inner().entries;
        let repaired = entries.len() as u64;
        let opened: Vec<_> =
            entries.into_iter().map(|entry| SealedEntry::from_wire(entry).unwrap()).collect();
        self.state.send_modify(|state| {
            state.damaged.retain(|seq| !opened.iter().any(|entry| entry.header().seq == *seq));
            state.repaired.extend(opened);
        });
        Ok(Response::new(wire::RepairEntriesResponse { repaired }))
    }

    async fn upload_attachment(
        &self,
        request: Request<Streaming<wire::LinkUploadAttachmentRequest>>,
    ) -> Result<Response<wire::LinkUploadAttachmentResponse>, Status> {
        let mut requests = request.into_inner();
        let (mut sha256, mut bytes) = (String::new(), Vec::new());
        while let Some(request) = requests.message().await? {
            if bytes.is_empty() {
                sha256 = request.sha256;
            }
            bytes.extend(request.chunk);
        }
        assert_eq!(hex::encode(Sha256::digest(&bytes)), sha256);
        self.state.send_modify(|state| drop(state.attachments.insert(sha256, bytes)));
        Ok(Response::new(wire::LinkUploadAttachmentResponse {}))
    }
}
