//! The newest offline pack, verbatim.

use jiff::Timestamp;
use shouwang_proto::clock::from_millis;
use shouwang_serving::store::StoreError;

use super::{
    NodeStore,
    row::{sqlite, stored},
};

impl NodeStore {
    /// Keeps a signed pack in place of the one before.
    ///
    /// # Errors
    /// [`StoreError`]; the old one stays then.
    pub async fn pack_put(&self, version: u64, signed: Vec<u8>, now: Timestamp) -> Result<(), StoreError> {
        self.store
            .write(async move |tx| {
                sqlx::query(
                    "insert or replace into offline_pack (only_row, version, signed, received_ms)
                     values (1, $1, $2, $3)",
                )
                .bind(stored(version))
                .bind(signed)
                .bind(now.as_millisecond())
                .execute(sqlite(tx)?)
                .await?;
                Ok(())
            })
            .await
    }

    /// The signed pack and when it came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pack_find(&self) -> Result<Option<(Vec<u8>, Timestamp)>, StoreError> {
        self.store
            .read(async |conn| {
                let row: Option<(Vec<u8>, i64)> =
                    sqlx::query_as("select signed, received_ms from offline_pack")
                        .fetch_optional(sqlite(conn)?)
                        .await?;
                Ok(row.map(|(signed, received_ms)| (signed, from_millis(received_ms))))
            })
            .await
    }
}
