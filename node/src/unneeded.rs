//! Attachments that nobody needs are removed: uploads that no publication came to name, files of drafts that were given up.
//!
//! The row goes before the file. After a crash between the two the file lies there without a row, and the next look
//! removes it; the other way round a publication could name bytes that are gone.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::clock::World;
use tokio_util::sync::CancellationToken;

use crate::{
    attachments::AttachmentFolder,
    hub_link::status::{Board, LinkState, LinkStatus},
    store::{Gate, NodeStore},
};

/// From one look to the next.
const EVERY: Duration = Duration::from_secs(24 * 3_600);
/// The same after a look that could not be or was not finished.
const AGAIN: Duration = Duration::from_secs(3_600);
/// Most attachments that go at once; no upload is finished meanwhile.
const AT_ONCE: usize = 200;

/// What came of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cleared {
    /// Attachments that are gone.
    count: usize,
    /// False when something was written meanwhile that may name another one.
    is_done: bool,
}

/// Removes attachments that nothing has named for so many days, once a day.
pub(crate) async fn run(
    store: NodeStore,
    (folder, days): (AttachmentFolder, u32),
    board: Board,
    world: World,
    stop: CancellationToken,
) -> &'static str {
    let kept = SignedDuration::from_hours(i64::from(days) * 24);
    let looking = async {
        loop {
            let before = world.now().checked_sub(kept).unwrap_or(Timestamp::MIN);
            let is_done = is_whole(store.author().is_some(), &board.now(), &store.gate())
                && match clear(&store, &folder, before).await {
                    Ok(Cleared { count, is_done }) => {
                        if count > 0 {
                            tracing::info!(count, "attachments that nothing names are removed");
                        }
                        is_done
                    }
                    Err(error) => {
                        tracing::warn!(
                            error = format!("{error:#}"),
                            "attachments that nothing names could not be removed"
                        );
                        false
                    }
                };
            tokio::time::sleep(if is_done { EVERY } else { AGAIN }).await;
        }
    };
    stop.run_until_cancelled(looking).await;
    "housekeeping of attachments"
}

/// Whether the log is known to hold all of its entries that the hub has: one that is still to be fetched back, or that a
/// person has to decide about, may name an attachment.
fn is_whole(has_joined: bool, link: &LinkStatus, gate: &Gate) -> bool {
    !has_joined || (link.sync == LinkState::Connected && *gate == Gate::Open)
}

/// One look.
async fn clear(store: &NodeStore, folder: &AttachmentFolder, before: Timestamp) -> anyhow::Result<Cleared> {
    let tip = store.position().await?;
    let mut unneeded = store.attachments_idle(before).await?;
    for first in 0..=u8::MAX {
        unneeded.extend(store.attachments_unknown(folder.older(first, before)?).await?);
    }
    let unneeded: Vec<_> = store.attachments_unnamed(unneeded).await?.into_iter().collect();
    let mut count = 0;
    for some in unneeded.chunks(AT_ONCE) {
        let _clearing = folder.clearing().await;
        let forgotten = store.attachments_forget(some.iter().cloned().collect(), before, tip).await?;
        let Some(gone) = forgotten else { return Ok(Cleared { count, is_done: false }) };
        for sha256 in &gone {
            folder.remove(sha256)?;
        }
        count += gone.len();
        metrics::counter!("shouwang_attachments_removed_total").increment(gone.len() as u64);
    }
    Ok(Cleared { count, is_done: true })
}

#[cfg(test)]
mod tests;
