//! Fetches the offline pack: after each connect, when the hub says that a newer one is there, and every few minutes. On
//! the sync connection while that is open, never on the control connection; while publishing is held and there is no sync
//! connection, on one of its own, for the day without a hub does not wait for a log to be mended.

use std::{sync::Arc, time::Duration};

use shouwang_proto::wire::{self, mutual_aid_link_service_client::MutualAidLinkServiceClient};
use shouwang_serving::{backoff::Backoff, grpc::SYNC_MESSAGE_BYTES};
use tonic::{Code, transport::Channel};

use super::{Ended, Link, READ_DEADLINE, control::in_time};
use crate::{inbox::pack::PACK_BYTES, offline_pack::Taken};

/// How often the hub is asked for a newer pack.
const EVERY: Duration = Duration::from_secs(300);
/// How long to wait for the sync connection before a connection of its own is made.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fetches until the node stops.
pub(super) async fn run(link: Arc<Link>) {
    link.stop.run_until_cancelled(fetching(&link)).await;
}

async fn fetching(link: &Link) {
    let mut backoff = Backoff::new();
    let mut open = link.open.subscribe();
    let mut wished = link.packs_wished.subscribe();
    loop {
        let channel = match tokio::time::timeout(PATIENCE, open.wait_for(Option::is_some)).await {
            Ok(Ok(channel)) => channel.clone(),
            Ok(Err(_)) => return,
            Err(_late) => None,
        };
        open.mark_unchanged();
        wished.mark_unchanged();
        let pause = match fetch(link, channel).await {
            Ok(()) => {
                backoff = Backoff::new();
                EVERY
            }
            Err(Ended { problem, .. }) => {
                let pause = backoff.failed(Duration::ZERO, u64::from_be_bytes(link.parts.world.random()));
                tracing::info!(problem, ?pause, "the offline pack could not be fetched");
                pause
            }
        };
        tokio::select! {
            biased;
            () = tokio::time::sleep(pause) => {}
            // A new connection is worth a try; after a failure only time or a wish of the hub is.
            changed = open.changed(), if pause == EVERY => if changed.is_err() { return },
            changed = wished.changed() => if changed.is_err() { return },
        }
    }
}

/// Fetches the pack once, if there is a newer one.
async fn fetch(link: &Link, channel: Option<Channel>) -> Result<(), Ended> {
    let channel = match channel {
        Some(channel) => channel,
        None => link.channel()?,
    };
    let packs = &link.parts.packs;
    let mut hub = MutualAidLinkServiceClient::new(channel).max_decoding_message_size(SYNC_MESSAGE_BYTES);
    let request = wire::FetchOfflinePackRequest { known_version: packs.version() };
    let mut stream = match in_time(hub.fetch_offline_pack(request), READ_DEADLINE).await? {
        Ok(stream) => stream.into_inner(),
        Err(status) if status.code() == Code::Unimplemented => {
            tracing::debug!("this hub makes no offline packs");
            return Ok(());
        }
        Err(status) => return Err(status.into()),
    };
    let mut signed = Vec::new();
    while let Some(wire::FetchOfflinePackResponse { chunk }) =
        in_time(stream.message(), READ_DEADLINE).await??
    {
        if signed.len() + chunk.len() > PACK_BYTES {
            return Err(Ended::broken("the offline pack is larger than any may be （离线包过大）"));
        }
        signed.extend_from_slice(&chunk);
    }
    if signed.is_empty() {
        return Ok(());
    }
    match packs.take(signed, link.parts.world.now()).await {
        Ok(Taken::New) => {
            tracing::info!(version = packs.version(), "a new offline pack is here");
            Ok(())
        }
        Ok(Taken::Known) => Ok(()),
        // Not asked for again at once: it is large, and the hub will hardly have another one in a moment.
        Err(error) => {
            tracing::error!(%error, "an offline pack is refused; the one before stays");
            Ok(())
        }
    }
}
