//! Runs the hub: invites the members.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use shouwang_proto::wire::{self, council_service_client::CouncilServiceClient};

use super::calls::{Door, Line, PEOPLE_PORT};
use crate::{plan::Host, stage::Stage};

/// Waits for the invite of a member; it is left in a file.
///
/// # Errors
/// When the file cannot be read.
pub async fn until_invited(stage: &Stage, host: Host) -> anyhow::Result<String> {
    let file = invite_file(stage, &host.name());
    while !file.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(std::fs::read_to_string(file)?.trim().to_owned())
}

fn invite_file(stage: &Stage, name: &str) -> PathBuf {
    stage.folder().join(format!("{name}.invite"))
}

/// A line to the hub with the operator's token.
///
/// # Errors
/// When the hub's files cannot be used.
pub fn hub_line(stage: &Stage) -> anyhow::Result<Line> {
    let disk = stage.disk(Host::Hub);
    let (root, token) = (disk.join("root.pem"), disk.join("operator.token"));
    let door =
        Door { host: "hub", port: PEOPLE_PORT, server_name: "hub.shouwang", root: &root, token: &token };
    door.open()
}

/// Invites every member, and the stranger if there is one.
///
/// # Errors
/// When the hub does not invite.
pub async fn invite_all(stage: &Stage) -> anyhow::Result<()> {
    stage.until_serving(Host::Hub).await;
    let mut client = CouncilServiceClient::new(hub_line(stage)?);
    let members = (0..stage.plan().members).map(Host::Node);
    let stranger = stage.plan().stranger.then_some(Host::Stranger);
    for host in members.chain(stranger) {
        let name = host.name();
        let request = wire::InviteMemberRequest {
            member_id: name.clone(),
            display_name: name.clone(),
            ..wire::InviteMemberRequest::default()
        };
        let invited =
            client.invite_member(request).await.with_context(|| format!("inviting {name}"))?.into_inner();
        std::fs::write(invite_file(stage, &name), invited.invite)?;
    }
    Ok(())
}
