//! An emergency at a whole hub, over real TLS: what is told is told, whatever is killed in between.

use std::time::Duration;

use prost::Message as _;
use shouwang_hub::config::HubConfig;
use shouwang_proto::wire::{
    self, control_request, control_response, link_service_client::LinkServiceClient,
    mutual_aid_link_service_client::MutualAidLinkServiceClient,
    mutual_aid_service_client::MutualAidServiceClient,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, service::interceptor::InterceptedService, transport::Channel};

use crate::alliance::{Bearer, Keys, Trial, refused, start};

/// Longest wait for something that has to come.
const LIMIT: Duration = Duration::from_secs(20);

type Aid = MutualAidServiceClient<InterceptedService<Channel, Bearer>>;

async fn aid(trial: &Trial, token: &str) -> Aid {
    let bearer = Bearer::of(token);
    MutualAidServiceClient::with_interceptor(trial.people().await, bearer)
}

fn context(number: u8) -> Option<wire::ChangeContext> {
    let request_id = format!("00000000-0000-4000-8000-0000000000{number:02x}");
    Some(wire::ChangeContext { request_id, ..wire::ChangeContext::default() })
}

fn place() -> wire::Location {
    wire::Location { latitude: 31.31, longitude: 120.71, address: "三号罐区".to_owned() }
}

/// A drill with a request, which the dispatcher halts: everybody in it is told.
async fn emergency(aid: &mut Aid, people: &mut Aid) -> String {
    let incident = wire::Incident {
        mode: wire::IncidentMode::Exercise.into(),
        title: "苯罐泄漏".to_owned(),
        place: Some(place()),
        accident_type: "leak".to_owned(),
        member: "members/jinsuo-chem".to_owned(),
        occurred_at: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 }),
        ..wire::Incident::default()
    };
    let open = wire::OpenIncidentRequest { context: context(1), incident: Some(incident) };
    let incident = aid.open_incident(open).await.unwrap().into_inner();
    let request = wire::MutualAidRequest {
        incident: incident.name.clone(),
        requester: "members/jinsuo-chem".to_owned(),
        priority: wire::RequestPriority::P2.into(),
        title: "需要汽车吊".to_owned(),
        contact: Some(wire::DutyContact {
            name: "李工".to_owned(),
            phone: "13900000000".to_owned(),
            duty: String::new(),
        }),
        lines: vec![wire::NeedLine {
            resource_kind: "team".to_owned(),
            what: "吊装队".to_owned(),
            requested: 1,
            unit: "1".to_owned(),
            ..wire::NeedLine::default()
        }],
        ..wire::MutualAidRequest::default()
    };
    let submit = wire::SubmitRequestRequest {
        context: context(2),
        request: Some(request),
        ..wire::SubmitRequestRequest::default()
    };
    let request = people.submit_request(submit).await.unwrap().into_inner();
    assert_eq!(request.state(), wire::RequestState::Submitted);
    let halt = wire::HaltDrillRequest {
        context: context(3),
        name: incident.name.clone(),
        reason: "演练结束".to_owned(),
    };
    let halted = aid.halt_drill(halt).await.unwrap().into_inner();
    assert_eq!(halted.state(), wire::IncidentState::Halted);
    incident.name
}

async fn deliveries(aid: &mut Aid, incident: &str) -> Vec<wire::Delivery> {
    let list = wire::ListDeliveriesRequest {
        incident: incident.to_owned(),
        ..wire::ListDeliveriesRequest::default()
    };
    aid.list_deliveries(list).await.unwrap().into_inner().deliveries
}

#[tokio::test]
async fn what_was_to_be_told_is_told_after_the_hub_was_killed() {
    let mut trial = Trial::start().await;
    let keys = Keys::new(1);
    let secret = trial.invite("jinsuo-chem").await;
    let joined = trial.enrolment().await.join(keys.join(&secret)).await.unwrap().into_inner();
    let token = trial.token(wire::Role::Dispatcher, "").await.secret;
    let mut desk = aid(&trial, &token).await;
    let member = trial.token(wire::Role::Member, "jinsuo-chem").await.secret;
    let incident = emergency(&mut desk, &mut aid(&trial, &member).await).await;
    let waiting = deliveries(&mut desk, &incident).await;
    assert!(!waiting.is_empty() && waiting.iter().all(|delivery| delivery.unreachable), "{waiting:?}");

    trial.hub.take().unwrap().crash();
    trial.hub = Some(start(HubConfig::new(trial.data())).await.unwrap());
    let mut desk = aid(&trial, &token).await;
    let channel = trial.nodes(Some((&joined.certificate_pem, &keys))).await.unwrap();
    let mut link = LinkServiceClient::new(channel.clone());
    let (up, requests) = mpsc::channel(4);
    let hello = wire::ControlHello {
        protocol_version: 1,
        boot_id: vec![7; 16],
        software_version: "trial".to_owned(),
        mutual_aid_version: 1,
    };
    let say = async |message| up.send(wire::ControlRequest { message: Some(message) }).await.unwrap();
    say(control_request::Message::Hello(hello)).await;
    let mut down = link.control(ReceiverStream::new(requests)).await.unwrap().into_inner();
    let mut delivery_ids = Vec::new();
    while delivery_ids.len() < waiting.len() {
        let message = tokio::time::timeout(LIMIT, down.message()).await.expect("in time").unwrap().unwrap();
        if let Some(control_response::Message::Directive(wire::Directive {
            action: Some(wire::directive::Action::Notice(delivery)),
        })) = message.message
        {
            let notice = delivery.notice.unwrap();
            assert_eq!(
                (notice.recipient.as_str(), notice.incident.as_str()),
                ("members/jinsuo-chem", &*incident)
            );
            delivery_ids.push(delivery.delivery_id);
        }
    }
    say(control_request::Message::NoticeAck(wire::NoticeAck { delivery_ids })).await;
    let delivered = async {
        loop {
            let all = deliveries(&mut desk, &incident).await;
            if all.iter().all(|delivery| delivery.state() == wire::NoticeDeliveryState::Delivered) {
                return all;
            }
        }
    };
    let all = tokio::time::timeout(LIMIT, delivered).await.expect("the node's word makes it delivered");
    assert!(all.iter().all(|delivery| !delivery.unreachable));

    let mut packs = MutualAidLinkServiceClient::new(channel);
    let ask = wire::FetchOfflinePackRequest { known_version: 0 };
    let mut pieces = packs.fetch_offline_pack(ask).await.unwrap().into_inner();
    let mut pack = Vec::new();
    while let Some(piece) = pieces.message().await.unwrap() {
        pack.extend(piece.chunk);
    }
    let signed = wire::SignedOfflinePack::decode(pack.as_slice()).unwrap();
    let pack = wire::OfflinePack::decode(signed.pack.as_slice()).unwrap();
    assert_eq!((pack.member_id.as_str(), pack.version), ("jinsuo-chem", 1));
}

#[tokio::test]
async fn roles_are_kept_at_the_door() {
    let trial = Trial::start().await;
    trial.invite("jinsuo-chem").await;
    let member = trial.token(wire::Role::Member, "jinsuo-chem").await.secret;
    let mut people = aid(&trial, &member).await;
    let list = wire::ListDeliveriesRequest::default();
    refused(people.list_deliveries(list).await, Code::PermissionDenied, "ROLE_MISSING");
    let all = people.list_incidents(wire::ListIncidentsRequest::default()).await.unwrap().into_inner();
    assert!(all.incidents.is_empty());
    let wrong = people.open_incident(wire::OpenIncidentRequest::default()).await;
    refused(wrong, Code::InvalidArgument, "FIELDS_INVALID");
    let mut regulator = aid(&trial, &trial.token(wire::Role::Regulator, "").await.secret).await;
    let order = regulator.order(wire::OrderRequest::default()).await;
    refused(order, Code::PermissionDenied, "ROLE_MISSING");
}
