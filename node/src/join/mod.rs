//! Joining an alliance with an invite. Everything secret is made here and stays here; the hub learns public keys.
//!
//! Keys and request are on disk before the hub is asked, and the hub answers the same request again, so an answer that
//! was lost on the way can simply be asked for again.

mod invite;
mod pin;
#[cfg(test)]
mod tests;

pub use invite::{Invite, InviteError};

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use rcgen::KeyPair;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{clock::World, log::key::join_statement, refusal::Refusal, wire};
use shouwang_serving::{
    dial::{self, DialLimits, DialProblem, Dialer, Target},
    tls::{ClientTls, Identity},
};
use wire::enrolment_service_client::EnrolmentServiceClient;

use crate::{
    durable_file::{self, Readers},
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
            root_fingerprint(data)? == invite.root,
            "this node is already the node of {} in {}; use another --data folder （该节点已加入联盟）",
            membership.member,
            membership.alliance
        );
        return Ok(membership);
    }
    durable_file::make_folder(&data.join(KEYS_FOLDER))?;
    let log_key = log_key(data, world)?;
    let (key, certificate_request) = request(data)?;
    let address = host_and_port(&invite.address)?;
    let fetching = pin::fetch_root(&dialer, (&address.0, address.1), invite.root);
    let root = tokio::time::timeout(LIMIT, fetching)
        .await
        .context("the hub does not answer （枢纽未响应）")?
        .with_context(|| format!("the hub at {} cannot be used （无法连接枢纽）", invite.address))?;
    let root_pem = pin::certificate_pem(&root);
    let log_key_proof = log_key.sign(&join_statement(&invite.secret, &certificate_request)).to_vec();
    let request = wire::JoinRequest {
        token: invite.secret.to_string(),
        certificate_request,
        log_key: log_key.public().to_bytes().to_vec(),
        log_key_proof,
    };
    let answer = ask(address, &root_pem, request, dialer).await?;
    keep(data, invite, &root, &key, answer)
}

async fn ask(
    (host, port): (String, u16),
    root_pem: &str,
    request: wire::JoinRequest,
    dialer: Arc<dyn Dialer>,
) -> anyhow::Result<wire::JoinResponse> {
    let tls = ClientTls::new(root_pem, None)?;
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
    root: &[u8],
    key: &KeyPair,
    answer: wire::JoinResponse,
) -> anyhow::Result<Membership> {
    let wire::JoinResponse {
        alliance_id,
        member_id,
        display_name,
        certificate_pem,
        root_pem: _,
        link_address,
    } = answer;
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
    // The pinned root, not the one the answer names: only that one was proven.
    durable_file::write(&data.join(ROOT_FILE), pin::certificate_pem(root).as_bytes(), Readers::All)?;
    membership.save(data)?;
    durable_file::remove(&data.join(KEYS_FOLDER).join(JOIN_REQUEST_FILE))?;
    durable_file::remove(&data.join(KEYS_FOLDER).join(JOIN_KEY_FILE))?;
    Ok(membership)
}

/// Key and request, made once and kept until the node has joined.
fn request(data: &Path) -> anyhow::Result<(KeyPair, Vec<u8>)> {
    let key_file = data.join(KEYS_FOLDER).join(JOIN_KEY_FILE);
    let request_file = data.join(KEYS_FOLDER).join(JOIN_REQUEST_FILE);
    let key = match durable_file::read_secret(&key_file)
        .with_context(|| format!("cannot use {}", key_file.display()))?
    {
        Some(pem) => KeyPair::from_pem(std::str::from_utf8(&pem)?)?,
        None => {
            let (key, _) = renewal::certificate_request()?;
            durable_file::write(&key_file, key.serialize_pem().as_bytes(), Readers::Owner)?;
            // Of an older key, if it is there at all.
            durable_file::remove(&request_file)?;
            key
        }
    };
    if let Some(request) = durable_file::read_secret(&request_file)? {
        return Ok((key, request.to_vec()));
    }
    let request = renewal::request_for(&key)?;
    durable_file::write(&request_file, &request, Readers::Owner)?;
    Ok((key, request))
}

fn root_fingerprint(data: &Path) -> anyhow::Result<[u8; 32]> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let root =
        CertificateDer::from_pem_file(data.join(ROOT_FILE)).context("cannot read the root certificate")?;
    Ok(Sha256::digest(root.as_ref()).into())
}
