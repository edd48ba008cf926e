//! Attachments that nobody needs: finding them without holding anybody up, and forgetting them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use shouwang_proto::{log::chain::Position, publication::Sha256Hex};
use shouwang_serving::store::StoreError;

use super::{
    NodeStore,
    attachment::{attachments_find, hash_kept},
    log::position_find,
    row::sqlite,
};
use crate::shelf::cross_off;

/// Everything that may name an attachment, in pages. The hub's branch stands before the log and the log before what was
/// set aside: entries move that way when a fork ends, so none slips through between two pages.
const MESSAGES: [&str; 6] = [
    "select rowid, payload from branch_entry where rowid > $1 order by rowid limit $2",
    "select rowid, payload from log_entry where rowid > $1 order by rowid limit $2",
    "select rowid, payload from parted_entry where rowid > $1 order by rowid limit $2",
    "select rowid, content from publication where rowid > $1 order by rowid limit $2",
    "select rowid, content from notice where rowid > $1 order by rowid limit $2",
    "select rowid, content from command where rowid > $1 order by rowid limit $2",
];
/// Messages in a page. Each has at most 256 KiB.
const PAGE: i64 = 64;

impl NodeStore {
    /// Attachments that were neither stored nor named since this time, and that the hub neither has nor waits for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attachments_idle(&self, before: Timestamp) -> Result<BTreeSet<Sha256Hex>, StoreError> {
        let before_ms = before.as_millisecond();
        let idle: Vec<String> = self
            .store
            .read(async move |conn| {
                let sql = "select sha256 from attachment where stored_ms < $1 and delivered = 0 and due_seq is null";
                Ok(sqlx::query_scalar(sql).bind(before_ms).fetch_all(sqlite(conn)?).await?)
            })
            .await?;
        idle.into_iter().map(|sha256| hash_kept(&sha256)).collect()
    }

    /// Those of these files that have no row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attachments_unknown(
        &self,
        mut files: BTreeSet<Sha256Hex>,
    ) -> Result<BTreeSet<Sha256Hex>, StoreError> {
        if files.is_empty() {
            return Ok(files);
        }
        self.store
            .read(async move |conn| {
                let known = attachments_find(conn, &files.iter().map(Sha256Hex::as_str).collect()).await?;
                files.retain(|file| !known.contains_key(file.as_str()));
                Ok(files)
            })
            .await
    }

    /// Those of these attachments that no publication names, in no state and no version of it, nor anything of an
    /// emergency.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attachments_unnamed(
        &self,
        mut asked: BTreeSet<Sha256Hex>,
    ) -> Result<BTreeSet<Sha256Hex>, StoreError> {
        for sql in MESSAGES {
            let mut after = i64::MIN;
            while !asked.is_empty() {
                let page: Vec<(i64, Vec<u8>)> = self
                    .store
                    .read(async move |conn| {
                        Ok(sqlx::query_as(sql).bind(after).bind(PAGE).fetch_all(sqlite(conn)?).await?)
                    })
                    .await?;
                let Some((last, _)) = page.last() else { break };
                after = *last;
                page.iter().for_each(|(_, message)| cross_off(&mut asked, message));
            }
        }
        Ok(asked)
    }

    /// Forgets attachments that were found unneeded when `tip` was the newest entry, and answers whose files may go: those
    /// that have no row now. `None`, and nothing is forgotten, when the log has moved since: what came may name one.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is forgotten then.
    pub async fn attachments_forget(
        &self,
        mut unneeded: BTreeSet<Sha256Hex>,
        before: Timestamp,
        tip: Position,
    ) -> Result<Option<BTreeSet<Sha256Hex>>, StoreError> {
        let before_ms = before.as_millisecond();
        self.store
            .write(async move |tx| {
                if position_find(tx).await? != tip {
                    return Ok(None);
                }
                let hashes: BTreeSet<&str> = unneeded.iter().map(Sha256Hex::as_str).collect();
                sqlx::query(
                    "delete from attachment where stored_ms < $1 and delivered = 0 and due_seq is null
                     and sha256 in (select value from json_each($2))",
                )
                .bind(before_ms)
                .bind(serde_json::json!(hashes).to_string())
                .execute(sqlite(tx)?)
                .await?;
                let kept = attachments_find(tx, &hashes).await?;
                unneeded.retain(|hash| !kept.contains_key(hash.as_str()));
                Ok(Some(unneeded))
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use shouwang_serving::store::Tx;

    use super::{super::tests::open, *};

    /// A row of each kind that names an attachment in a message, and how to remove it again.
    const ROWS: [(&str, &str); 6] = [
        (
            "insert into branch_entry values (9, 1, zeroblob(32), x'', zeroblob(64), $1)",
            "delete from branch_entry",
        ),
        ("insert into log_entry values (9, 1, zeroblob(32), x'', zeroblob(64), $1)", "delete from log_entry"),
        ("insert into parted_entry values ('f', 9, 1, x'', x'', x'', $1)", "delete from parted_entry"),
        (
            "insert into publication (record, kind, state, content, revision, created_ms, updated_ms)
             values (zeroblob(16), 'practice', 'draft', $1, 0, 1, 1)",
            "delete from publication",
        ),
        (
            "insert into notice (name, content, incident, wants_answer, received_ms, change)
             values ('n', $1, 'i', 0, 1, 1)",
            "delete from notice",
        ),
        (
            "insert into command (command_id, fingerprint, content, created_ms, change)
             values ('c', zeroblob(32), $1, 1, 1)",
            "delete from command",
        ),
    ];

    async fn execute(tx: &mut Tx, sql: &'static str, message: &[u8]) -> Result<(), StoreError> {
        sqlx::query(sql).bind(message.to_vec()).execute(sqlite(tx)?).await?;
        Ok(())
    }

    #[tokio::test]
    async fn every_message_that_is_kept_counts_also_behind_many_others() {
        let folder = tempfile::tempdir().unwrap();
        let node = open(&folder).await;
        let asked: BTreeSet<Sha256Hex> = [1, 2].map(|byte| hex::encode([byte; 32]).parse().unwrap()).into();
        let (named, other) = (asked.first().unwrap().clone(), asked.last().unwrap().clone());
        let crowd = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200)
                     insert into parted_entry select 'f', i + 100, 1, x'', x'', x'', $1 from n";
        let fork = "insert into fork values ('f', 1, $1)";
        node.store
            .write(async move |tx| {
                execute(tx, fork, b"").await?;
                execute(tx, crowd, b"abc").await
            })
            .await
            .unwrap();
        for (insert, delete) in ROWS {
            assert_eq!(node.attachments_unnamed(asked.clone()).await.unwrap(), asked, "{insert}");
            let message = named.as_str().as_bytes().to_vec();
            node.store.write(async move |tx| execute(tx, insert, &message).await).await.unwrap();
            let left = node.attachments_unnamed(asked.clone()).await.unwrap();
            assert_eq!(left, BTreeSet::from([other.clone()]), "{insert}");
            let clean = async move |tx: &mut Tx| {
                sqlx::query(delete).execute(sqlite(tx)?).await?;
                Ok(())
            };
            node.store.write(clean).await.unwrap();
        }
    }
}
