use std::time::Duration;

use shouwang_proto::wire::{self, control_request, control_response, link_service_client::LinkServiceClient};
use shouwang_serving::dial::DialProblem;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

use crate::alliance::{Keys, Trial, refused};

/// What the hub promises for whoever is suspended or revoked.
const PROMISE: Duration = Duration::from_secs(1);

/// A control stream that is open. Dropping the sender closes it.
struct Control {
    _up: mpsc::Sender<wire::ControlRequest>,
    down: Streaming<wire::ControlResponse>,
}

async fn control(trial: &Trial, chain: &str, keys: &Keys) -> Control {
    let mut link = LinkServiceClient::new(trial.nodes(Some((chain, keys))).await.unwrap());
    let (up, requests) = mpsc::channel(4);
    let hello = wire::ControlHello {
        protocol_version: 1,
        boot_id: vec![7; 16],
        software_version: "trial".to_owned(),
        mutual_aid_version: 0,
    };
    up.send(wire::ControlRequest { message: Some(control_request::Message::Hello(hello)) }).await.unwrap();
    let mut down = link.control(ReceiverStream::new(requests)).await.unwrap().into_inner();
    let welcome = down.message().await.unwrap().unwrap().message.unwrap();
    assert!(matches!(welcome, control_response::Message::Welcome(_)), "{welcome:?}");
    Control { _up: up, down }
}

async fn joined(trial: &Trial, keys: &Keys) -> wire::JoinResponse {
    let secret = trial.invite("jinsuo-chem").await;
    trial.enrolment().await.join(keys.join(&secret)).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_suspension_ends_live_links_within_a_second() {
    let trial = Trial::start().await;
    let keys = Keys::new(1);
    let joined = joined(&trial, &keys).await;
    let mut control = control(&trial, &joined.certificate_pem, &keys).await;
    let mut operator = trial.operator().await;
    let name = "members/jinsuo-chem".to_owned();
    let member =
        operator.get_member(wire::GetMemberRequest { name: name.clone() }).await.unwrap().into_inner();
    let link = member.link.unwrap();
    assert!(link.connected && link.heard_time.is_some());
    assert_eq!(link.software_version, "trial");

    operator.suspend_member(wire::SuspendMemberRequest { name, reason: "欠检".to_owned() }).await.unwrap();
    let end = tokio::time::timeout(PROMISE, control.down.message()).await.expect("within a second");
    refused(end, Code::PermissionDenied, "MEMBER_SUSPENDED");
    let shut = trial.knocks(Some((&joined.certificate_pem, &keys))).await;
    assert_eq!(shut, Err(DialProblem::CertificateRefused));
}

#[tokio::test]
async fn the_old_certificate_ends_when_the_new_one_is_used() {
    let trial = Trial::start().await;
    let keys = Keys::new(1);
    let joined = joined(&trial, &keys).await;
    let mut old = control(&trial, &joined.certificate_pem, &keys).await;
    let newer = Keys { tls: rcgen::KeyPair::generate().unwrap(), log: keys.log.clone() };
    let mut desk = trial.enrolment().await;
    let begin = wire::BeginRenewalRequest { member_id: "jinsuo-chem".to_owned() };
    let challenge = desk.begin_renewal(begin).await.unwrap().into_inner().challenge;
    let renewed = desk.complete_renewal(newer.renewal("jinsuo-chem", &challenge)).await.unwrap().into_inner();
    assert_eq!(trial.knocks(Some((&joined.certificate_pem, &keys))).await, Ok(()), "both work");
    let _new = control(&trial, &renewed.certificate_pem, &newer).await;
    let end = tokio::time::timeout(PROMISE, old.down.message()).await.expect("within a second");
    assert!(end.is_err(), "{end:?}");
    let shut = trial.knocks(Some((&joined.certificate_pem, &keys))).await;
    assert_eq!(shut, Err(DialProblem::CertificateRefused));
}

#[tokio::test]
async fn a_replaced_node_is_out_and_the_new_one_is_in() {
    let trial = Trial::start().await;
    let (lost, new) = (Keys::new(1), Keys::new(2));
    let first = joined(&trial, &lost).await;
    let mut old = control(&trial, &first.certificate_pem, &lost).await;
    let again = wire::InviteMemberRequest {
        member_id: "jinsuo-chem".to_owned(),
        replace_node: true,
        ..wire::InviteMemberRequest::default()
    };
    let mut operator = trial.operator().await;
    let line = operator.invite_member(again).await.unwrap().into_inner().invite;
    let secret = line.rsplit(':').next().unwrap();
    let second = trial.enrolment().await.join(new.join(secret)).await.unwrap().into_inner();
    let end = tokio::time::timeout(PROMISE, old.down.message()).await.expect("within a second");
    refused(end, Code::Unauthenticated, "CERTIFICATE_REVOKED");
    control(&trial, &second.certificate_pem, &new).await;
    let begin = wire::BeginRenewalRequest { member_id: "jinsuo-chem".to_owned() };
    let mut desk = trial.enrolment().await;
    let challenge = desk.begin_renewal(begin).await.unwrap().into_inner().challenge;
    let renewal = desk.complete_renewal(lost.renewal("jinsuo-chem", &challenge)).await;
    refused(renewal, Code::PermissionDenied, "CHALLENGE_INVALID");
}
