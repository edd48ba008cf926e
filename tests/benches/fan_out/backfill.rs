//! A member's node that sends a whole library at once, while the alliance has other worries.

use shouwang_tests::{
    corpus::Corpus,
    measure::{light_node::LightNode, signed_log::batches},
};
use tokio::task::{JoinSet, spawn_blocking};

/// Entries in a batch.
const BATCH: usize = 64;

/// Records on their way into the hub. Dropping it cuts the link.
pub(crate) struct Backfill {
    sending: JoinSet<anyhow::Result<()>>,
}

impl Backfill {
    /// Signs so many records, and begins to send them.
    pub(crate) async fn begin(mut node: LightNode, records: u64) -> anyhow::Result<Self> {
        let (node, batches) = spawn_blocking(move || {
            let corpus = Corpus::of_the_demo()?;
            let entries: Vec<_> = (0..records).map(|number| node.log.put(corpus.record(9, number))).collect();
            anyhow::Ok((node, batches(&entries, BATCH)))
        })
        .await??;
        let mut link = node.sync().await?;
        let mut sending = JoinSet::new();
        sending.spawn(async move { link.send_all(batches, records).await });
        Ok(Self { sending })
    }

    /// True while records are on their way.
    ///
    /// # Errors
    /// Why the link ended.
    pub(crate) fn goes_on(&mut self) -> anyhow::Result<bool> {
        match self.sending.try_join_next() {
            None => Ok(!self.sending.is_empty()),
            Some(done) => done?.map(|()| false),
        }
    }
}
