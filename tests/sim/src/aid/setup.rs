//! Before anything goes wrong, every member publishes what it lends, and the hub has it in its books.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use shouwang_proto::wire::{self, publishing_service_client::PublishingServiceClient};

use super::{
    asking::{Hub, request_id},
    memory::Resource,
};
use crate::{
    chance::Chance,
    ledger::Key,
    model::{Shelf, Wish},
    people::{calls::Line, operator, paper},
    plan::Host,
    stage::Stage,
};

/// Pause between two looks at the books.
const PAUSE: Duration = Duration::from_millis(50);

/// Publishes what everybody lends and waits until the hub has it.
///
/// # Errors
/// When a server does not do it although nothing is wrong.
pub async fn lend(stage: Stage) -> anyhow::Result<()> {
    let mut chance = Chance::of(stage.plan().seed, "lending");
    let mut resources = Vec::new();
    for member in 0..stage.plan().members {
        let line = crate::people::auditor::node_line(&stage, member)?;
        for number in 0..=chance.index(2) {
            resources.push(publish(&stage, member, number, line.clone(), &mut chance).await?);
        }
    }
    let mut hub = Hub::new(operator::hub_line(&stage)?);
    loop {
        let wanted = wire::ListLedgerRequest { page_size: 1_000, ..wire::ListLedgerRequest::default() };
        let entries = hub.list_ledger(wanted).await?.into_inner().entries;
        if entries.len() == resources.len() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    stage.aid(|aid| resources.into_iter().for_each(|resource| aid.add_resource(resource)));
    stage.note("everybody lends something");
    stage.set_lent();
    Ok(())
}

async fn publish(
    stage: &Stage,
    member: usize,
    number: usize,
    line: Line,
    chance: &mut Chance,
) -> anyhow::Result<Resource> {
    let key = Key { member: Host::Node(member).name(), external_id: paper::resource_number(number) };
    let crane = number == 0;
    let quota = if crane { 1 } else { 10 + u32::try_from(chance.within(0..50)).unwrap_or(0) };
    let (unit, pre_authorised) = (if crane { "1" } else { "kg" }, chance.per_mille(150));
    let wish = Wish::Create { version: 1, publish: true };
    stage.ledger(|ledger| ledger.asked(&key, wish));
    let request = wire::CreatePublicationRequest {
        publication: Some(paper::resource(&key, quota, unit, pre_authorised)),
        request_id: request_id(chance),
        publish: true,
    };
    let mut node = PublishingServiceClient::new(line);
    let made = node.create_publication(request).await.with_context(|| format!("{key:?}"))?.into_inner();
    let now = stage.now();
    stage.ledger(|ledger| ledger.granted(&key, Some(Shelf::Published { version: 1, revision: 1 }), now));
    ensure!(!made.name.is_empty(), "{key:?} has no name");
    Ok(Resource { name: made.name, owner: member, unit: unit.to_owned(), quota: quota.into() })
}
