use std::time::Duration;

use http::uri::PathAndQuery;
use shouwang_hub::{
    config::HubConfig,
    council::{caller::Role, permission::TABLE},
    founding,
};
use shouwang_proto::{clock::World, refusal::Refusal, wire};
use tonic::{Code, Request, Status, client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

use crate::alliance::{Trial, refused};

/// Calls an rpc with an empty message; what comes back does not matter here, only whether the door opens.
async fn knock(channel: Channel, rpc: &str, token: Option<&str>) -> Result<(), Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let mut request = Request::new(());
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let path: PathAndQuery = format!("/shouwang.v1.{rpc}").parse().unwrap();
    grpc.unary::<(), (), _>(request, path, ProstCodec::default()).await.map(|_| ())
}

fn wire_role(role: Role) -> wire::Role {
    match role {
        Role::Member => wire::Role::Member,
        Role::Regulator => wire::Role::Regulator,
        Role::Dispatcher => wire::Role::Dispatcher,
        Role::Council => wire::Role::Council,
        Role::Operator => wire::Role::Operator,
    }
}

#[tokio::test]
async fn every_rpc_opens_to_its_roles_and_to_nobody_else() {
    let trial = Trial::start().await;
    trial.invite("jinsuo-chem").await;
    let channel = trial.people().await;
    let reason = |result: Result<(), Status>| {
        result
            .err()
            .and_then(|status| Refusal::from_status(&status))
            .map(|refusal| refusal.reason.into_owned())
    };
    for role in Role::ALL {
        let member = if role == Role::Member { "jinsuo-chem" } else { "" };
        let token = trial.token(wire_role(role), member).await.secret;
        for (rpc, roles) in TABLE {
            let found = reason(knock(channel.clone(), rpc, Some(&token)).await);
            let shut = found.as_deref() == Some("ROLE_MISSING");
            assert_eq!(shut, !roles.contains(&role), "{rpc} for {role:?}: {found:?}");
        }
    }
    for (rpc, _) in TABLE {
        assert_eq!(
            reason(knock(channel.clone(), rpc, None).await).as_deref(),
            Some("TOKEN_MISSING"),
            "{rpc}"
        );
        let unknown = "0".repeat(64);
        let found = reason(knock(channel.clone(), rpc, Some(&unknown)).await);
        assert_eq!(found.as_deref(), Some("TOKEN_INVALID"), "{rpc}");
    }
}

#[tokio::test]
async fn a_revoked_token_works_nowhere() {
    let trial = Trial::start().await;
    let token = trial.token(wire::Role::Council, "").await;
    let mut council = trial.council(&token.secret).await;
    council.list_members(wire::ListMembersRequest::default()).await.unwrap();
    let revoke = wire::RevokeTokenRequest { token_id: token.token_id };
    trial.operator().await.revoke_token(revoke).await.unwrap();
    let listed = council.list_members(wire::ListMembersRequest::default()).await;
    refused(listed, Code::Unauthenticated, "TOKEN_INVALID");
}

#[tokio::test]
async fn an_operator_who_lost_the_token_makes_another_while_the_hub_runs() {
    let trial = Trial::start().await;
    let lost = trial.operator_token();
    let made = founding::renew_operator_token(&HubConfig::new(trial.data()), &World::system()).await.unwrap();
    assert_eq!(made, trial.path("operator.token"));
    assert_ne!(trial.operator_token(), lost);
    let mut operator = trial.operator().await;
    let admitted = async {
        while let Err(status) = operator.list_members(wire::ListMembersRequest::default()).await {
            assert_eq!(Refusal::from_status(&status).unwrap().reason, "TOKEN_INVALID");
        }
    };
    tokio::time::timeout(Duration::from_secs(10), admitted).await.unwrap();

    let nowhere = HubConfig::new(trial.path("nowhere"));
    let refused = founding::renew_operator_token(&nowhere, &World::system()).await.unwrap_err();
    assert!(refused.to_string().ends_with("holds no hub"), "{refused}");
    assert!(!trial.path("nowhere").exists());
}

#[tokio::test]
async fn members_come_in_pages() {
    let trial = Trial::start().await;
    for member in ["cc-chem", "aa-chem", "bb-chem"] {
        trial.invite(member).await;
    }
    let mut operator = trial.operator().await;
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListMembersRequest { page_size: 2, page_token };
        let page = operator.list_members(request).await.unwrap().into_inner();
        names.push(page.members.into_iter().map(|member| member.name).collect::<Vec<_>>());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, [vec!["members/aa-chem", "members/bb-chem"], vec!["members/cc-chem"]]);
    let request = wire::ListMembersRequest { page_size: 0, page_token: "%".to_owned() };
    refused(operator.list_members(request).await, Code::InvalidArgument, "FIELDS_INVALID");
}

#[tokio::test]
async fn the_status_says_how_the_hub_is() {
    let trial = Trial::start().await;
    let token = trial.token(wire::Role::Regulator, "").await;
    let mut anyone = trial.council(&token.secret).await;
    let status = anyone.get_hub_status(wire::GetHubStatusRequest {}).await.unwrap().into_inner();
    assert_eq!((status.alliance_id.as_str(), status.database_engine.as_str()), ("alliance", "sqlite"));
    assert_eq!((status.members_active, status.publications, status.quarantined), (0, 0, 0));
    assert!(status.certificate_expire_time.unwrap().seconds > status.hub_time.unwrap().seconds);
}

/// Status and text of a page.
async fn page(channel: &Channel, path: &str) -> (u16, String) {
    let request =
        http::Request::get(format!("https://hub.shouwang{path}")).body(tonic::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(channel.clone(), request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(axum::body::Body::new(response.into_body()), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn machines_can_ask_whether_the_hub_lives_and_is_ready() {
    let trial = Trial::start().await;
    let channel = trial.people().await;
    assert_eq!(page(&channel, "/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(page(&channel, "/readyz").await, (200, "ready\n".to_owned()));
    assert_eq!(page(&channel, "/metrics").await.0, 404, "no recorder was brought");
}
