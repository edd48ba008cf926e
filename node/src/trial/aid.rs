//! Emergencies at the small hub, and a caller of a node's inbox.

use std::{collections::BTreeSet, path::Path, pin::Pin};

use futures::{Stream, stream};
use shouwang_proto::wire::{
    self, control_request::Message as Up, control_response::Message as Down, directive::Action,
    inbox_service_client::InboxServiceClient, mutual_aid_link_service_server::MutualAidLinkService,
};
use tokio::sync::mpsc;
use tonic::{
    Request, Response, Status, Streaming, service::interceptor::InterceptedService, transport::Channel,
};

use super::{Shown, channel, hub::Desk};
use crate::NodeHandle;

pub(crate) type InboxCaller = InboxServiceClient<InterceptedService<Channel, Shown>>;

/// A caller of a node's inbox with the right token.
pub(crate) fn inbox_caller(node: &NodeHandle, data: &Path) -> InboxCaller {
    let token = std::fs::read_to_string(data.join("publisher.token")).unwrap();
    let shown = Shown(format!("Bearer {}", token.trim()).parse().unwrap());
    InboxServiceClient::with_interceptor(channel(node, data), shown)
}

/// A notice to the member about an assignment, number `number` of its kind.
pub(crate) fn notice(number: u8, kind: wire::NoticeKind, version: u64, epoch: u64) -> wire::Notice {
    let id = "01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a";
    wire::Notice {
        name: format!("notices/{id}{number:02}"),
        recipient: "members/north".to_owned(),
        kind: kind as i32,
        mode: wire::IncidentMode::Actual as i32,
        priority: wire::RequestPriority::P1 as i32,
        alarm: true,
        incident: format!("incidents/{id}90"),
        incident_title: "储罐区火灾".to_owned(),
        request: format!("requests/{id}91"),
        assignment: Some(wire::Assignment {
            name: format!("assignments/{id}92"),
            version,
            epoch,
            quantity: 2,
            unit: "1".to_owned(),
            ..Default::default()
        }),
        answer_by: Some(prost_types::Timestamp::default()),
        text_zh: "请派泡沫消防车两辆".to_owned(),
        ..Default::default()
    }
}

impl Desk {
    /// The control stream.
    pub(super) async fn attend(
        self,
        mut requests: Streaming<wire::ControlRequest>,
        answers: mpsc::Sender<Result<wire::ControlResponse, Status>>,
    ) -> Result<(), Status> {
        let mut changed = self.state.subscribe();
        let mut sent = BTreeSet::new();
        let mut greeted = false;
        loop {
            let said = tokio::select! {
                request = requests.message() => {
                    let Some(request) = request? else { return Ok(()) };
                    self.hear(request, &mut greeted)?
                }
                _ = changed.changed() => Vec::new(),
            };
            for message in said.into_iter().chain(self.deliveries(greeted, &mut sent)) {
                drop(answers.send(Ok(wire::ControlResponse { message: Some(message) })).await);
            }
        }
    }

    fn hear(&self, request: wire::ControlRequest, greeted: &mut bool) -> Result<Vec<Down>, Status> {
        match request.message {
            Some(Up::Hello(hello)) => {
                assert_eq!(hello.mutual_aid_version, 1);
                *greeted = true;
                let state = self.state.borrow();
                Ok(vec![Down::Welcome(wire::ControlWelcome {
                    hub_epoch: state.epoch,
                    hub_incarnation: state.incarnation.to_vec(),
                    heartbeat_seconds: 1,
                    software_version: "trial".to_owned(),
                    mutual_aid_version: state.aid.version,
                })])
            }
            Some(Up::Heartbeat(heartbeat)) => Ok(self.answer_heartbeat(heartbeat)),
            Some(Up::NoticeAck(wire::NoticeAck { delivery_ids })) => {
                let lost = self.state.borrow().aid.lose_ack;
                self.state.send_modify(|state| {
                    state.aid.lose_ack = false;
                    if !lost {
                        state.aid.outbox.retain(|known| !delivery_ids.contains(&known.delivery_id));
                        state.aid.acked.extend(&delivery_ids);
                    }
                });
                if lost { Err(Status::unavailable("cut")) } else { Ok(Vec::new()) }
            }
            Some(Up::MemberCommand(command)) => Ok(self.judge(command).into_iter().collect()),
            None => Ok(Vec::new()),
        }
    }

    /// Decides about a word once, however often it comes.
    fn judge(&self, command: wire::MemberCommand) -> Option<Down> {
        let mut answer = None;
        self.state.send_modify(|state| {
            let aid = &mut state.aid;
            assert!(aid.version > 0, "a hub that does not speak it must hear nothing");
            aid.heard += 1;
            let id = command.command_id.clone();
            if aid.words.iter().all(|known| known.command_id != id) {
                let mut result = aid.decisions.pop_front().unwrap_or(wire::MemberCommandResult {
                    outcome: wire::CommandOutcome::Accepted as i32,
                    ..Default::default()
                });
                result.command_id = id.clone();
                aid.decided.insert(id.clone(), result);
                aid.words.push(command);
            }
            if !aid.undecided {
                answer = aid.decided.get(&id).cloned().map(Down::MemberCommandResult);
            }
        });
        answer
    }

    fn deliveries(&self, greeted: bool, sent: &mut BTreeSet<u64>) -> Vec<Down> {
        let state = self.state.borrow();
        if !greeted || state.aid.version == 0 {
            return Vec::new();
        }
        let outbox = state.aid.outbox.iter().filter(|delivery| sent.insert(delivery.delivery_id));
        let notices = outbox.map(|delivery| Action::Notice(delivery.clone()));
        notices.map(|action| Down::Directive(wire::Directive { action: Some(action) })).collect()
    }
}

#[tonic::async_trait]
impl MutualAidLinkService for Desk {
    type FetchOfflinePackStream =
        Pin<Box<dyn Stream<Item = Result<wire::FetchOfflinePackResponse, Status>> + Send>>;

    async fn fetch_offline_pack(
        &self,
        request: Request<wire::FetchOfflinePackRequest>,
    ) -> Result<Response<Self::FetchOfflinePackStream>, Status> {
        let known = request.into_inner().known_version;
        let pack = self.state.borrow().aid.pack.clone();
        self.state.send_modify(|state| state.aid.pack_asked.push(known));
        let pieces: Vec<_> = pack
            .chunks(100)
            .map(|piece| Ok(wire::FetchOfflinePackResponse { chunk: piece.to_vec() }))
            .collect();
        Ok(Response::new(Box::pin(stream::iter(pieces))))
    }
}
