//! Takes the bytes of an attachment.

use shouwang_proto::{
    publication::Sha256Hex,
    refusal::{Refusal, Violations},
    wire,
};
use shouwang_serving::grpc::internal;
use tonic::{Status, Streaming};

use super::Publishing;
use crate::attachments::{Incoming, PIECE_LIMIT, TakeError};

impl From<TakeError> for Status {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::Refused(refusal) => refusal.into_status(),
            TakeError::Disk(error) => internal(&error),
        }
    }
}

impl Publishing {
    /// Stores an attachment and answers its size. Storing it again changes nothing.
    pub(super) async fn upload(
        &self,
        mut requests: Streaming<wire::UploadAttachmentRequest>,
    ) -> Result<u64, Status> {
        let empty = || Refusal::field("sha256", "is required in the first message （首条消息必填）");
        let wire::UploadAttachmentRequest { sha256, chunk } = requests.message().await?.ok_or_else(empty)?;
        let mut wrong = Violations::new();
        let sha256 = wrong.check("sha256", sha256.parse::<Sha256Hex>());
        let sha256 = wrong.finish(|| sha256)?;
        let mut incoming = self.attachments.begin(sha256, u64::from_be_bytes(self.world.random()))?;
        incoming.piece(&chunk)?;
        while let Some(request) = requests.message().await? {
            let wire::UploadAttachmentRequest { sha256: _, chunk } = request;
            incoming.piece(&chunk)?;
        }
        self.settle(incoming).await
    }

    /// Stores a file that is whole in memory and answers its size. Storing it again changes nothing.
    ///
    /// # Errors
    /// INVALID_ARGUMENT (HASH_MISMATCH), RESOURCE_EXHAUSTED (ATTACHMENT_TOO_LARGE).
    pub async fn keep_file(&self, sha256: &str, bytes: &[u8]) -> Result<u64, Status> {
        let mut wrong = Violations::new();
        let sha256 = wrong.check("sha256", sha256.parse::<Sha256Hex>());
        let sha256 = wrong.finish(|| sha256)?;
        let mut incoming = self.attachments.begin(sha256, u64::from_be_bytes(self.world.random()))?;
        for piece in bytes.chunks(PIECE_LIMIT) {
            incoming.piece(piece)?;
        }
        self.settle(incoming).await
    }

    async fn settle(&self, incoming: Incoming) -> Result<u64, Status> {
        let _arriving = self.attachments.arriving().await;
        // Making it durable takes the disk some milliseconds, in which other calls shall go on.
        let finished = tokio::task::spawn_blocking(move || incoming.finish()).await;
        let (sha256, size) = finished.map_err(|error| internal(&error))??;
        self.store.attachment_put(sha256, size, self.world.now()).await?;
        Ok(size)
    }
}
