//! Joining an alliance with an invite. Everything secret is made here and stays here; the hub learns public keys.
//!
//! Keys and request are on disk before the hub is asked, and the hub answers the same request again, so an answer that
//! was lost on the way can simply be asked for again.

mod invite;
#[cfg(test)]
mod tests;

pub use invite::{Invite, InviteError};

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use rcgen::KeyPair;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use shouwang_proto::{clock::World, log::key::join_statement, refusal::Refusal, wire};
use shouwang_serving::{
    dial::{self, DialLimits, DialProblem, Dialer, Target},
    durable::{self, Readers},
    tls::{ClientTls, Identity},
};
use wire::enrolment_service_client::EnrolmentServiceClient;

use crate::{
    hub_link::{HUB_NAME, renewal, ring::CURRENT_FILE},
    membership::{KEYS_FOLDER, Membership, ROOT_FILE, host_and_port, log_key},
};

/// Longest wait for the hub.
const LIMIT: Duration = Duration::from_secs(15);
/// The TLS key before it has a certificate.
const JOIN_KEY_FILE: &str = "join-key.pem";
/// The request that was sent with it, so that a repeated one is the same to the byte.
const JOIN_REQUEST_FILE: &str = "join-request.der";

/// Joins the alliance that the invite names. Repeating it with the same invite is harmless.
///
/// # Errors
/// When the node is in another alliance already, when the hub cannot be reached or is not the one of the invite, when
/// it refuses, or when the disk does.
pub async fn join(
    data: &Path,
    invite: &Invite,
    world: &World,
    dialer: Arc<dyn Dialer>,
) -> anyhow::Result<Membership> {
    if let Some(membership) = Membership::load(data)? {
        ensure!(
            fingerprint(&std::fs::read_to_string(data.join(ROOT_FILE))?)? == invite.root,
            "this node is already the node of {} in {}; use another --data folder （该节点已加入联盟）",
            membership.member,
            membership.alliance
        );
        return Ok(membership);
    }
    durable::make_folder(&data.join(KEYS_FOLDER))?;
    let log_key = log_key(data, world)?;
    let (key, certificate_request) = request(data)?;
    let address = host_and_port(&invite.address)?;
    let log_key_proof = log_key.sign(&join_statement(&invite.secret, &certificate_request)).to_vec();
    let request = wire::JoinRequest {
        token: invite.secret.to_string(),
        certificate_request,
        log_key: log_key.public().to_bytes().to_vec(),
        log_key_proof,
    };
    let answer = ask(address, invite, request, dialer)
        .await
        .with_context(|| format!("the hub at {} did not take this node in （未能加入）", invite.address))?;
    keep(data, invite, &key, answer)
}

/// Asks a hub that nobody vouches for yet, except the invite: a server whose chain does not end in the root that the
/// invite names hears nothing.
async fn ask(
    (host, port): (String, u16),
    invite: &Invite,
    request: wire::JoinRequest,
    dialer: Arc<dyn Dialer>,
) -> anyhow::Result<wire::JoinResponse> {
    let tls = ClientTls::pinned(invite.root)?;
    let target = Target { host, port, server_name: HUB_NAME.to_owned(), tls: Some(tls) };
    let channel = dial::connect(target, dialer, &DialLimits::default()).await?;
    let mut hub = EnrolmentServiceClient::new(channel);
    let answer = tokio::time::timeout(LIMIT, hub.join(request));
    match answer.await.context("the hub does not answer; run it again （枢纽未响应，请重试）")? {
        Ok(answer) => Ok(answer.into_inner()),
        Err(status) => match (Refusal::from_status(&status), DialProblem::of(&status)) {
            (Some(refusal), _) => bail!(refusal),
            (None, Some(problem)) => bail!(problem),
            (None, None) => bail!("the hub answered {:?}: {}", status.code(), status.message()),
        },
    }
}

/// Writes what the hub gave; the membership last, for a folder that has it has everything.
fn keep(
    data: &Path,
    invite: &Invite,
    key: &KeyPair,
    answer: wire::JoinResponse,
) -> anyhow::Result<Membership> {
    let wire::JoinResponse { alliance_id, member_id, display_name, certificate_pem, root_pem, link_address } =
        answer;
    // The answer's word for it is not enough: only the root that the invite names was proven.
    ensure!(
        fingerprint(&root_pem)? == invite.root,
        "the hub answered with another root （根证书与邀请不符）"
    );
    let identity = Identity::from_pem(&certificate_pem, &key.serialize_pem())
        .context("the hub's certificate does not fit this node's key")?;
    let membership = Membership {
        alliance: alliance_id.parse()?,
        member: member_id.parse()?,
        display_name,
        link_address,
        enrolment_address: invite.address.clone(),
    };
    host_and_port(&membership.link_address)?;
    identity.save(data.join(KEYS_FOLDER).join(CURRENT_FILE))?;
    durable::write(&data.join(ROOT_FILE), root_pem.as_bytes(), Readers::All)?;
    membership.save(data)?;
    durable::remove(&data.join(KEYS_FOLDER).join(JOIN_REQUEST_FILE))?;
    durable::remove(&data.join(KEYS_FOLDER).join(JOIN_KEY_FILE))?;
    Ok(membership)
}

/// Key and request, made once and kept until the node has joined.
fn request(data: &Path) -> anyhow::Result<(KeyPair, Vec<u8>)> {
    let key_file = data.join(KEYS_FOLDER).join(JOIN_KEY_FILE);
    let request_file = data.join(KEYS_FOLDER).join(JOIN_REQUEST_FILE);
    let key = match durable::read_secret(&key_file)
        .with_context(|| format!("cannot use {}", key_file.display()))?
    {
        Some(pem) => KeyPair::from_pem(std::str::from_utf8(&pem)?)?,
        None => {
            let (key, _) = renewal::certificate_request()?;
            durable::write(&key_file, key.serialize_pem().as_bytes(), Readers::Owner)?;
            // Of an older key, if it is there at all.
            durable::remove(&request_file)?;
            key
        }
    };
    if let Some(request) = durable::read_secret(&request_file)? {
        return Ok((key, request.to_vec()));
    }
    let request = renewal::request_for(&key)?;
    durable::write(&request_file, &request, Readers::Owner)?;
    Ok((key, request))
}

fn fingerprint(root_pem: &str) -> anyhow::Result<[u8; 32]> {
    let root = CertificateDer::from_pem_slice(root_pem.as_bytes()).context("this root cannot be read")?;
    Ok(Sha256::digest(root.as_ref()).into())
}
