//! The EnrolmentService's edge: messages in, messages out.

use shouwang_proto::{
    id::MemberId,
    log::key::LogPublicKey,
    refusal::{Refusal, Violations},
    wire,
};
use tonic::{Request, Response, Status};

use super::{
    authority::CertificateRequest,
    enrolment::{Enrolment, Join, Renewal},
    gate::Gate,
};

/// Serves nodes that want to join or to renew.
#[derive(Clone, Debug)]
pub struct EnrolmentDesk {
    enrolment: Enrolment,
    gate: Gate,
    link_address: String,
}

impl EnrolmentDesk {
    /// A desk that sends nodes to `link_address` (`host:port`).
    #[must_use]
    pub fn new(enrolment: Enrolment, gate: Gate, link_address: String) -> Self {
        Self { enrolment, gate, link_address }
    }
}

#[tonic::async_trait]
impl wire::enrolment_service_server::EnrolmentService for EnrolmentDesk {
    async fn join(
        &self,
        request: Request<wire::JoinRequest>,
    ) -> Result<Response<wire::JoinResponse>, Status> {
        self.gate.admit_stranger(&request)?;
        let joined = self.enrolment.join(read_join(request.into_inner())?).await?;
        tracing::info!(member = %joined.member, "a node joined");
        Ok(Response::new(wire::JoinResponse {
            alliance_id: self.enrolment.alliance().to_string(),
            member_id: joined.member.to_string(),
            display_name: joined.display_name,
            certificate_pem: joined.certificate_pem,
            root_pem: self.enrolment.authority().root_pem().to_owned(),
            link_address: self.link_address.clone(),
        }))
    }

    async fn begin_renewal(
        &self,
        request: Request<wire::BeginRenewalRequest>,
    ) -> Result<Response<wire::BeginRenewalResponse>, Status> {
        self.gate.admit_stranger(&request)?;
        let wire::BeginRenewalRequest { member_id } = request.into_inner();
        let mut violations = Violations::new();
        let member = violations.check("member_id", member_id.parse::<MemberId>());
        let challenge = self.enrolment.challenge(&violations.finish(|| member)?)?;
        Ok(Response::new(wire::BeginRenewalResponse { challenge }))
    }

    async fn complete_renewal(
        &self,
        request: Request<wire::CompleteRenewalRequest>,
    ) -> Result<Response<wire::CompleteRenewalResponse>, Status> {
        self.gate.admit_stranger(&request)?;
        let renewal = read_renewal(request.into_inner())?;
        let member = renewal.member.clone();
        let certificate_pem = self.enrolment.renew(renewal).await?;
        tracing::info!(%member, "a certificate was renewed");
        Ok(Response::new(wire::CompleteRenewalResponse { certificate_pem }))
    }
}

fn read_join(message: wire::JoinRequest) -> Result<Join, Refusal> {
    let wire::JoinRequest { token, certificate_request, log_key, log_key_proof } = message;
    let mut violations = Violations::new();
    if token.len() != 32 || !token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        violations.add(
            "token",
            "must be the 32 hexadecimal digits at the end of the invite （须为邀请末尾的 32 位十六进制）",
        );
    }
    let request = violations.check("certificate_request", CertificateRequest::parse(&certificate_request));
    let key = violations.check(
        "log_key",
        LogPublicKey::from_slice(&log_key)
            .ok_or("must be an Ed25519 public key of 32 bytes （须为 32 字节公钥）"),
    );
    check_signature("log_key_proof", &log_key_proof, &mut violations);
    violations.finish(|| {
        Some(Join {
            token,
            request_der: certificate_request,
            request: request?,
            log_key: key?,
            log_key_proof,
        })
    })
}

fn read_renewal(message: wire::CompleteRenewalRequest) -> Result<Renewal, Refusal> {
    let wire::CompleteRenewalRequest { member_id, challenge, certificate_request, signature } = message;
    let mut violations = Violations::new();
    let member = violations.check("member_id", member_id.parse());
    let request = violations.check("certificate_request", CertificateRequest::parse(&certificate_request));
    check_signature("signature", &signature, &mut violations);
    violations.finish(|| {
        Some(Renewal {
            member: member?,
            challenge,
            request_der: certificate_request,
            request: request?,
            signature,
        })
    })
}

fn check_signature(field: &str, signature: &[u8], violations: &mut Violations) {
    if signature.len() != 64 {
        violations.add(field, "must be an Ed25519 signature of 64 bytes （须为 64 字节签名）");
    }
}
