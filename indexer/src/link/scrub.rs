//! The scrub: reads every stored entry once a day and looks whether it is still what its node signed. A database finds few
//! flipped bits by itself (SQLite noticed 9 of 200); a damaged entry is not served anyway, but without a scrub nobody would
//! know before somebody asks for it, or before the node's own copy is gone.

use std::{collections::BTreeMap, time::Duration};

use shouwang_proto::{id::MemberId, log::sealed::SealedEntry};

use super::room::LinkRoom;
use crate::{
    council::membership::LogKeyStanding,
    store::{StoreError, log},
};

/// When the first scrub begins after the hub's start: not while the nodes come back.
const FIRST: Duration = Duration::from_secs(600);
/// Time between two scrubs.
const EVERY: Duration = Duration::from_secs(24 * 3_600);
/// Entries read at once; at most 16 MiB, however large they are.
const PAGE: u32 = 64;
/// Rest between two pages, so that a scrub takes at most some hundredths of a core.
const REST: Duration = Duration::from_millis(50);

/// What a scrub found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Entries looked at.
    pub entries: u64,
    /// Seqs of damaged entries, by member.
    pub damaged: BTreeMap<MemberId, Vec<u64>>,
}

/// True when the row's entry could be opened (so that header, payload and stored hash belong together) and one of the
/// member's keys signed it.
fn is_sound(entry: Option<&SealedEntry>, keys: &[LogKeyStanding]) -> bool {
    entry.is_some_and(|entry| keys.iter().any(|standing| entry.verifies(&standing.key)))
}

impl LinkRoom {
    /// Scrubs once a day, for ever.
    pub async fn keep_scrubbing(self) {
        tokio::time::sleep(FIRST).await;
        loop {
            match self.scrub().await {
                Ok(Scrubbed { entries, damaged }) => {
                    let damaged = damaged.values().map(Vec::len).sum::<usize>();
                    tracing::info!(entries, damaged, "all stored entries were looked at");
                }
                Err(error) => tracing::error!(%error, "the scrub could not go on; it begins anew tomorrow"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Looks at every stored entry, tells the board what is damaged, and with that asks the nodes for it.
    ///
    /// # Errors
    /// What the store said.
    pub async fn scrub(&self) -> Result<Scrubbed, StoreError> {
        let cursors = self.parts.store.read(async |conn| log::cursor_list(conn).await).await?;
        let mut scrubbed = Scrubbed::default();
        for (member, cursor) in cursors {
            let (entries, damaged) = self.scrub_log(&member, cursor.log.position.seq).await?;
            scrubbed.entries += entries;
            self.parts.board.damaged(&member, damaged.clone());
            if !damaged.is_empty() {
                tracing::error!(%member, seqs = ?damaged, "entries are damaged on disk; their node is asked for them");
                scrubbed.damaged.insert(member, damaged);
            }
        }
        metrics::gauge!("shouwang_damaged_entries")
            .set(scrubbed.damaged.values().map(Vec::len).sum::<usize>() as f64);
        Ok(scrubbed)
    }

    /// One log up to a seq. A row that is not there at all counts as damaged.
    async fn scrub_log(&self, member: &MemberId, until: u64) -> Result<(u64, Vec<u64>), StoreError> {
        let keys = self.parts.roster.snapshot().member(member).map(|known| known.log_keys.clone());
        let keys = keys.unwrap_or_default();
        let (mut next, mut entries, mut damaged) = (1, 0, Vec::new());
        while next <= until {
            let (id, after) = (member.clone(), next - 1);
            let page = self
                .parts
                .store
                .read(async move |conn| log::entries_examine(conn, &id, after, PAGE).await)
                .await?;
            let Some((last, _)) = page.last() else {
                damaged.extend(next..=until);
                break;
            };
            let last = *last;
            for (seq, entry) in page {
                damaged.extend(next..seq);
                if !is_sound(entry.as_ref(), &keys) {
                    damaged.push(seq);
                }
                (next, entries) = (seq + 1, entries + 1);
            }
            if last < until {
                tokio::time::sleep(REST).await;
            }
        }
        Ok((entries, damaged))
    }
}
