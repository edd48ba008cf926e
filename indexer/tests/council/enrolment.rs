use shouwang_proto::wire;
use shouwang_serving::dial::DialProblem;
use tonic::Code;

use crate::alliance::{Keys, Trial, refused};

#[tokio::test]
async fn a_node_joins_and_is_let_in_at_the_node_port() {
    let trial = Trial::start().await;
    let keys = Keys::new(1);
    let secret = trial.invite("jinsuo-chem").await;
    let mut desk = trial.enrolment().await;
    let joined = desk.join(keys.join(&secret)).await.unwrap().into_inner();
    assert_eq!((joined.alliance_id.as_str(), joined.member_id.as_str()), ("alliance", "jinsuo-chem"));
    assert_eq!(joined.root_pem, trial.root());
    assert_eq!(joined.link_address, trial.hub.as_ref().unwrap().addresses.nodes.to_string());
    let again = desk.join(keys.join(&secret)).await.unwrap().into_inner();
    assert_eq!(again, joined);
    refused(desk.join(Keys::new(2).join(&secret)).await, Code::PermissionDenied, "INVITE_INVALID");

    assert_eq!(trial.knocks(Some((&joined.certificate_pem, &keys))).await, Ok(()));
    assert_eq!(trial.knocks(None).await, Err(DialProblem::CertificateMissing));
    let request = wire::GetMemberRequest { name: "members/jinsuo-chem".to_owned() };
    let member = trial.operator().await.get_member(request).await.unwrap().into_inner();
    assert_eq!(member.state(), wire::MemberState::Active);
    assert!(member.join_time.is_some());
    assert!(member.link.unwrap().certificate_expire_time.is_some());
}

#[tokio::test]
async fn a_suspended_member_finds_every_door_shut() {
    let trial = Trial::start().await;
    let keys = Keys::new(1);
    let secret = trial.invite("jinsuo-chem").await;
    let mut desk = trial.enrolment().await;
    let joined = desk.join(keys.join(&secret)).await.unwrap().into_inner();
    let token = trial.token(wire::Role::Member, "jinsuo-chem").await;
    let mut screen = trial.council(&token.secret).await;
    let certificate = Some((joined.certificate_pem.as_str(), &keys));
    assert_eq!(trial.knocks(certificate).await, Ok(()));
    screen.list_thesaurus(wire::ListThesaurusRequest {}).await.unwrap();

    let name = "members/jinsuo-chem".to_owned();
    let suspend = wire::SuspendMemberRequest { name: name.clone(), reason: "欠检".to_owned() };
    let member = trial.operator().await.suspend_member(suspend).await.unwrap().into_inner();
    assert_eq!(member.state(), wire::MemberState::Suspended);
    assert_eq!(trial.knocks(certificate).await, Err(DialProblem::CertificateRefused));
    let denied = Code::PermissionDenied;
    refused(screen.list_thesaurus(wire::ListThesaurusRequest {}).await, denied, "MEMBER_SUSPENDED");
    let member_id = "jinsuo-chem".to_owned();
    let begin = wire::BeginRenewalRequest { member_id };
    refused(desk.begin_renewal(begin.clone()).await, denied, "MEMBER_SUSPENDED");

    trial.operator().await.reinstate_member(wire::ReinstateMemberRequest { name }).await.unwrap();
    assert_eq!(trial.knocks(certificate).await, Ok(()));
    screen.list_thesaurus(wire::ListThesaurusRequest {}).await.unwrap();
    let challenge = desk.begin_renewal(begin).await.unwrap().into_inner().challenge;
    let newer = Keys { tls: rcgen::KeyPair::generate().unwrap(), log: keys.log.clone() };
    let renewed = desk.complete_renewal(newer.renewal("jinsuo-chem", &challenge)).await.unwrap().into_inner();
    assert_eq!(trial.knocks(Some((&renewed.certificate_pem, &newer))).await, Ok(()));
    let never_linked = trial.knocks(certificate).await;
    assert_eq!(never_linked, Err(DialProblem::CertificateRefused), "it was never used for a link");
}

#[tokio::test]
async fn wrong_requests_name_their_fields_and_burn_no_invite() {
    let trial = Trial::start().await;
    let secret = trial.invite("jinsuo-chem").await;
    let mut desk = trial.enrolment().await;
    let wrong = wire::JoinRequest {
        token: "short".to_owned(),
        certificate_request: vec![1, 2, 3],
        log_key: vec![0; 31],
        log_key_proof: vec![],
    };
    let status = desk.join(wrong).await.unwrap_err();
    let refusal = shouwang_proto::refusal::Refusal::from_status(&status).unwrap();
    let fields: Vec<_> = refusal.violations.iter().map(|wrong| wrong.field.as_str()).collect();
    assert_eq!(fields, ["token", "certificate_request", "log_key", "log_key_proof"]);
    let huge = wire::JoinRequest { certificate_request: vec![0; 100_000], ..wire::JoinRequest::default() };
    assert_eq!(desk.join(huge).await.unwrap_err().code(), Code::OutOfRange);
    desk.join(Keys::new(1).join(&secret)).await.unwrap();
    let unknown = wire::BeginRenewalRequest { member_id: "nobody-here".to_owned() };
    refused(desk.begin_renewal(unknown).await, Code::NotFound, "MEMBER_UNKNOWN");
}
