//! A hub in a folder of its own, and those who call it.

use std::{path::PathBuf, sync::Arc};

use rcgen::{CertificateParams, KeyPair};
use shouwang_hub::{Hub, HubHandle, Surroundings, config::HubConfig};
use shouwang_proto::{
    clock::World,
    log::key::{LogKey, join_statement, renewal_statement},
    refusal::Refusal,
    wire::{
        self, council_service_client::CouncilServiceClient, enrolment_service_client::EnrolmentServiceClient,
    },
};
use shouwang_serving::{
    accept,
    dial::{self, DialLimits, DialProblem, Target, TcpDialer},
    tls::{ClientTls, Identity},
};
use tonic::{
    Code, Request, Status, metadata::MetadataValue, service::interceptor::InterceptedService,
    transport::Channel,
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// Adds a token to every call.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<tonic::metadata::Ascii>);

impl Bearer {
    pub(crate) fn of(token: &str) -> Self {
        Self(format!("Bearer {token}").parse().unwrap())
    }
}

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub(crate) type Council = CouncilServiceClient<InterceptedService<Channel, Bearer>>;

/// A hub with its folder.
pub(crate) struct Trial {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) hub: Option<HubHandle>,
}

impl Trial {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hub = Some(start(HubConfig::new(folder.path().join("hub"))).await.unwrap());
        Self { folder, hub }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data().join(name)
    }

    pub(crate) fn root(&self) -> String {
        std::fs::read_to_string(self.path("root.pem")).unwrap()
    }

    pub(crate) fn operator_token(&self) -> String {
        std::fs::read_to_string(self.path("operator.token")).unwrap().trim().to_owned()
    }

    pub(crate) async fn people(&self) -> Channel {
        let port = self.hub.as_ref().unwrap().addresses.people.port();
        connect(port, ClientTls::new(&self.root(), None).unwrap()).await.unwrap()
    }

    pub(crate) async fn council(&self, token: &str) -> Council {
        CouncilServiceClient::with_interceptor(self.people().await, Bearer::of(token))
    }

    pub(crate) async fn operator(&self) -> Council {
        self.council(&self.operator_token()).await
    }

    pub(crate) async fn enrolment(&self) -> EnrolmentServiceClient<Channel> {
        EnrolmentServiceClient::new(self.people().await)
    }

    /// Invites a member and gives the secret.
    pub(crate) async fn invite(&self, member: &str) -> String {
        let request = wire::InviteMemberRequest {
            member_id: member.to_owned(),
            display_name: member.to_owned(),
            ..wire::InviteMemberRequest::default()
        };
        let invite = self.operator().await.invite_member(request).await.unwrap().into_inner().invite;
        invite.rsplit(':').next().unwrap().to_owned()
    }

    pub(crate) async fn token(&self, role: wire::Role, member: &str) -> wire::IssueTokenResponse {
        let request = wire::IssueTokenRequest {
            label: "trial".to_owned(),
            role: role.into(),
            member_id: member.to_owned(),
            valid_days: 1,
        };
        self.operator().await.issue_token(request).await.unwrap().into_inner()
    }

    /// A channel to the node port.
    pub(crate) async fn nodes(&self, certificate: Option<(&str, &Keys)>) -> Result<Channel, DialProblem> {
        let identity =
            certificate.map(|(chain, keys)| Identity::from_pem(chain, &keys.tls.serialize_pem()).unwrap());
        let tls = ClientTls::new(&self.root(), identity.as_ref()).unwrap();
        connect(self.hub.as_ref().unwrap().addresses.nodes.port(), tls).await
    }

    /// Whether the node port lets somebody with this certificate in.
    pub(crate) async fn knocks(&self, certificate: Option<(&str, &Keys)>) -> Result<(), DialProblem> {
        let channel = self.nodes(certificate).await?;
        match HealthClient::new(channel).check(HealthCheckRequest { service: String::new() }).await {
            Ok(_) => Ok(()),
            Err(status) => Err(DialProblem::of(&status).unwrap_or_else(|| panic!("{status:?}"))),
        }
    }
}

pub(crate) async fn start(config: HubConfig) -> anyhow::Result<HubHandle> {
    let any = "127.0.0.1:0".parse().unwrap();
    let (people, nodes) = (accept::bind(any).unwrap(), accept::bind(any).unwrap());
    Hub::start(config, Surroundings { world: World::system(), people, nodes }).await
}

async fn connect(port: u16, tls: ClientTls) -> Result<Channel, DialProblem> {
    let (host, server_name) = ("127.0.0.1".to_owned(), "hub.shouwang".to_owned());
    let target = Target { host, port, server_name, tls: Some(tls) };
    dial::connect(target, Arc::new(TcpDialer), &DialLimits::default()).await
}

/// A node's keys.
pub(crate) struct Keys {
    pub(crate) tls: KeyPair,
    pub(crate) log: LogKey,
}

impl Keys {
    pub(crate) fn new(log: u8) -> Self {
        Self { tls: KeyPair::generate().unwrap(), log: LogKey::from_secret([log; 32]) }
    }

    fn request(&self) -> Vec<u8> {
        CertificateParams::default().serialize_request(&self.tls).unwrap().der().to_vec()
    }

    pub(crate) fn join(&self, token: &str) -> wire::JoinRequest {
        let certificate_request = self.request();
        wire::JoinRequest {
            token: token.to_owned(),
            log_key: self.log.public().to_bytes().to_vec(),
            log_key_proof: self.log.sign(&join_statement(token, &certificate_request)).to_vec(),
            certificate_request,
        }
    }

    pub(crate) fn renewal(&self, member: &str, challenge: &[u8]) -> wire::CompleteRenewalRequest {
        let certificate_request = self.request();
        wire::CompleteRenewalRequest {
            member_id: member.to_owned(),
            challenge: challenge.to_vec(),
            signature: self.log.sign(&renewal_statement(challenge, &certificate_request)).to_vec(),
            certificate_request,
        }
    }
}

#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, reason: &str) {
    let status = result.unwrap_err();
    let refusal = Refusal::from_status(&status).unwrap_or_else(|| panic!("{status:?}"));
    assert_eq!((status.code(), refusal.reason.as_ref()), (code, reason), "{refusal}");
}
