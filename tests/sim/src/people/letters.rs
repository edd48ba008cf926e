//! The requests that a member's people send to their node.

use std::{collections::BTreeMap, time::Duration};

use futures::StreamExt as _;
use shouwang_proto::wire::{self, publishing_service_client::PublishingServiceClient};

use super::{
    calls::{Ended, Line, ended},
    paper,
};
use crate::{ledger::Key, model::Wish};

/// The node's status, if it answers.
pub(super) async fn status(client: &mut PublishingServiceClient<Line>) -> Option<wire::NodeStatus> {
    match ended(Duration::from_secs(2), client.get_node_status(wire::GetNodeStatusRequest {})).await {
        Ended::Answered(status) => Some(status.into_inner()),
        Ended::Refused(_) | Ended::Unknown(_) => None,
    }
}

/// One request, ready to be sent again.
pub(super) struct Request<'a> {
    pub(super) text: usize,
    pub(super) key: &'a Key,
    pub(super) wish: Wish,
    pub(super) name: Option<&'a String>,
    pub(super) request_id: &'a str,
}

impl Request<'_> {
    pub(super) async fn send(
        &self,
        client: &mut PublishingServiceClient<Line>,
    ) -> Result<wire::Publication, tonic::Status> {
        let (name, request_id) = (self.name.cloned().unwrap_or_default(), self.request_id.to_owned());
        let answer = match self.wish {
            Wish::Create { version, publish } => {
                let publication = Some(paper::write(self.key, version, self.text));
                client
                    .create_publication(wire::CreatePublicationRequest { publication, request_id, publish })
                    .await?
            }
            Wish::Revise { version } | Wish::Import { version } => {
                let publication =
                    Some(wire::Publication { name, ..paper::write(self.key, version, self.text) });
                let request =
                    wire::RevisePublicationRequest { publication, expected_revision: 0, request_id };
                client.revise_publication(request).await?
            }
            Wish::Publish => {
                client.publish_publication(wire::PublishPublicationRequest { name, request_id }).await?
            }
            Wish::Withdraw => {
                let request = wire::WithdrawPublicationRequest { name, reason: String::new(), request_id };
                client.withdraw_publication(request).await?
            }
        };
        Ok(answer.into_inner())
    }
}

pub(super) async fn send_import(
    client: &mut PublishingServiceClient<Line>,
    lines: &BTreeMap<Key, u32>,
    text: usize,
) -> Result<Vec<wire::ImportPublicationsResponse>, tonic::Status> {
    let requests: Vec<_> = lines
        .iter()
        .zip(1..)
        .map(|((key, version), line)| wire::ImportPublicationsRequest {
            line,
            publication: Some(paper::write(key, *version, text)),
            draft: false,
        })
        .collect();
    let mut answers = client.import_publications(futures::stream::iter(requests)).await?.into_inner();
    let mut all = Vec::new();
    while let Some(answer) = answers.next().await {
        all.push(answer?);
    }
    Ok(all)
}
