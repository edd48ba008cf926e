//! What the node remembers of the hub, and what the hub still wants of it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::{log::chain::Position, publication::Sha256Hex};
use shouwang_serving::store::StoreError;

use crate::hub_link::machine::{HubJudged, HubShown};

use super::{LinkMemory, NodeStore, Quarantined, attachment, command::commands_reopen, link, log};

/// Older words a new hub does not hear: what is a day old people have to sort out themselves, and no alarm must come of it.
const SAID_AGAIN: SignedDuration = SignedDuration::from_hours(24);

impl NodeStore {
    /// What the node remembers of the hub.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn link_memory(&self) -> Result<LinkMemory, StoreError> {
        self.store.read(async |conn| link::link_find(conn).await).await
    }

    /// Remembers how far the hub has come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remember(&self, durable: Position, searchable: u64) -> Result<(), StoreError> {
        self.store.write(async move |tx| link::durable_put(tx, durable, searchable).await).await
    }

    /// Remembers that a hub has taken the place of the one before. It may have forgotten what that one decided, so all that
    /// people said within a day waits for a decision again; what it still knows it takes once, by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remember_hub(&self, hub: HubShown, now: Timestamp) -> Result<(), StoreError> {
        let again = self.inbox_write(async move |tx| {
            // Both links meet it.
            if link::link_find(tx).await?.hub.judge(hub) != HubJudged::New {
                return Ok(0);
            }
            link::hub_put(tx, hub).await?;
            commands_reopen(tx, since(now)).await
        });
        let again = again.await?;
        if again > 0 {
            tracing::warn!(
                again,
                "another hub has taken the place of the one before: what people said is said to it again"
            );
        }
        Ok(())
    }

    /// Lets all that people said within a day wait for a decision again, because the hub is on an older copy of its disk and
    /// may have forgotten what it decided; gives how many words that are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn say_again(&self, now: Timestamp) -> Result<usize, StoreError> {
        let again = self.inbox_write(async move |tx| commands_reopen(tx, since(now)).await).await?;
        tracing::warn!(
            again,
            "the hub has lost what it had acknowledged: what people said is said to it again"
        );
        Ok(again)
    }

    /// Makes the digest of what is live anew from the log, when the hub says that its own is another one. True when it
    /// was not what the log says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn digest_anew(&self) -> Result<bool, StoreError> {
        let cache = self.cache.clone();
        self.store.write(async move |tx| log::digest_anew(tx, &cache).await).await
    }

    /// Keeps what an acknowledgement says of single entries and attachments.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note(
        &self,
        quarantined: Vec<Quarantined>,
        missing: Vec<Sha256Hex>,
        seq: u64,
    ) -> Result<(), StoreError> {
        self.store
            .write(async move |tx| {
                link::quarantine_put(tx, &quarantined).await?;
                attachment::attachments_missed(tx, &missing, seq).await
            })
            .await
    }

    /// The hub shows everything of this node up to this entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quarantine_clear(&self, until: u64) -> Result<(), StoreError> {
        self.store.write(async move |tx| link::quarantine_clear(tx, until).await).await
    }

    /// Those of these entries that the hub does not show.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quarantined(&self, seqs: Vec<u64>) -> Result<BTreeSet<u64>, StoreError> {
        self.store.read(async move |conn| link::quarantined_among(conn, &seqs).await).await
    }

    /// Notes that the bytes of an attachment are on disk.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attachment_put(
        &self,
        sha256: Sha256Hex,
        bytes: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store
            .write(async move |tx| attachment::attachment_put(tx, &sha256, bytes, now.as_millisecond()).await)
            .await
    }

    /// An attachment that the hub waits for, of those named up to `durable_seq`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attachment_due(&self, durable_seq: u64) -> Result<Option<Sha256Hex>, StoreError> {
        self.store.read(async move |conn| attachment::attachment_due(conn, durable_seq).await).await
    }

    /// The hub has the bytes (`taken`), or cannot take them before it asks again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attachment_settle(&self, sha256: Sha256Hex, taken: bool) -> Result<(), StoreError> {
        self.store
            .write(async move |tx| {
                if taken {
                    attachment::attachment_delivered(tx, &sha256).await
                } else {
                    attachment::attachment_set_aside(tx, &sha256).await
                }
            })
            .await
    }
}

/// What was said from here on is said again, in milliseconds.
fn since(now: Timestamp) -> i64 {
    now.checked_sub(SAID_AGAIN).unwrap_or(Timestamp::MIN).as_millisecond()
}
