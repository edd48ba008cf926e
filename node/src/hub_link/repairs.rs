//! Gives the hub entries again whose copy there its disk has damaged, on the sync connection.

use std::{sync::Arc, time::Duration};

use shouwang_proto::{log::entry::BATCH_BYTES, wire};
use shouwang_serving::backoff::Backoff;
use tonic::transport::Channel;

use super::{Ended, Link, READ_DEADLINE, client, control::in_time};

/// Repairs until the node stops.
pub(super) async fn run(link: Arc<Link>) {
    link.stop.run_until_cancelled(repairing(&link)).await;
}

async fn repairing(link: &Link) {
    let mut backoff = Backoff::new();
    let mut open = link.open.subscribe();
    let mut damaged = link.damaged.subscribe();
    loop {
        let Ok(seqs) = damaged.wait_for(|seqs| !seqs.is_empty()).await.map(|seqs| seqs.clone()) else {
            return;
        };
        let Ok(channel) = open.wait_for(Option::is_some).await.map(|channel| channel.clone()) else { return };
        let Some(channel) = channel else { continue };
        match repair(link, channel, &seqs).await {
            Ok(repaired) => {
                tracing::warn!(?seqs, repaired, "the hub took entries again that its disk had damaged");
                backoff = Backoff::new();
                // The hub tells the rest, if there is one, with its next answer.
                if damaged.changed().await.is_err() {
                    return;
                }
            }
            Err(Ended { problem, .. }) => {
                let pause = backoff.failed(Duration::ZERO, u64::from_be_bytes(link.parts.world.random()));
                tracing::info!(problem, ?pause, "the hub's damaged entries could not be sent");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// Sends what fits into one request; gives how many entries the hub took.
async fn repair(link: &Link, channel: Channel, seqs: &[u64]) -> Result<u64, Ended> {
    let (mut entries, mut bytes) = (Vec::new(), 0);
    for seq in seqs {
        let Some(entry) = link.parts.store.entry(*seq).await? else { continue };
        bytes += entry.size();
        if bytes > BATCH_BYTES {
            break;
        }
        entries.push(entry.to_wire());
    }
    if entries.is_empty() {
        return Ok(0);
    }
    let request = wire::RepairEntriesRequest { entries };
    let answer = in_time(client(channel).repair_entries(request), READ_DEADLINE).await??;
    Ok(answer.into_inner().repaired)
}
