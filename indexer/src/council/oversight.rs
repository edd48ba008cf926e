//! What the council sees of the links, the quarantine and the hub itself.

use jiff::Timestamp;
use shouwang_proto::{
    clock::World,
    id::{AllianceId, MemberId, PublicationName},
    log::chain::Position,
    page, wire,
};
use shouwang_serving::store::StoreError;

use super::{caller::Caller, membership::MemberStanding, messages::write_time, roster::Roster};
use crate::{
    link::{
        board::{LinkBoard, LinkRow},
        quarantine::{Retried, Retry, quarantine_retry},
    },
    store::{
        self, Store,
        audit::{AuditEntry, AuditFilter},
        hub_log::HubLogHead,
        quarantine::{QuarantineAfter, QuarantineRow},
    },
};

/// How far the index is, as the search room tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexProgress {
    /// Position of the hub's log that it has applied.
    pub position: u64,
    /// When it last had all that there was.
    pub caught_up: Option<Timestamp>,
}

/// Asks the search room how far the index is.
pub type IndexProbe = std::sync::Arc<dyn Fn() -> IndexProgress + Send + Sync>;

/// Looks at everything. A clone shares it.
#[derive(Clone)]
pub struct Oversight {
    /// The database.
    pub store: Store,
    /// The members.
    pub roster: Roster,
    /// Their links.
    pub board: LinkBoard,
    /// Tells the index of what is released.
    pub hub_log: HubLogHead,
    /// The index.
    pub index: IndexProbe,
    /// The alliance.
    pub alliance: AllianceId,
    /// `sqlite` or `postgres`.
    pub engine: &'static str,
    /// When the hub's own certificate ends.
    pub certificate_ends: tokio::sync::watch::Receiver<Timestamp>,
    /// Time.
    pub world: World,
}

impl std::fmt::Debug for Oversight {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Oversight").field("alliance", &self.alliance).finish_non_exhaustive()
    }
}

/// A page of quarantined entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinePage {
    /// The rows.
    pub rows: Vec<QuarantineRow>,
    /// Where the next page begins; none on the last.
    pub next: Option<QuarantineAfter>,
}

impl Oversight {
    /// A member's link as the wire says it; none before a node joined.
    #[must_use]
    pub fn link(&self, member: &MemberStanding) -> Option<wire::MemberLink> {
        member.joined?;
        let row = self.board.row(&member.id).unwrap_or_default();
        let expires = self.roster.snapshot().certificate_ends(&member.id);
        Some(write_link(row, expires))
    }

    /// Quarantined entries, newest first.
    ///
    /// # Errors
    /// What the store said.
    pub async fn quarantine(
        &self,
        member: Option<MemberId>,
        after: Option<QuarantineAfter>,
        size: u32,
    ) -> Result<QuarantinePage, StoreError> {
        // One more than asked for tells whether there is a next page.
        let mut rows = self
            .store
            .read(async move |conn| {
                let (member, after) = (member.as_ref(), after.as_ref());
                store::quarantine::quarantine_list(conn, member, after, size + 1).await
            })
            .await?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let next = if more { rows.last().map(QuarantineRow::after) } else { None };
        Ok(QuarantinePage { rows, next })
    }

    /// Tries quarantined entries again, in pages; each releases and notes in the audit log in one transaction.
    ///
    /// # Errors
    /// What the store said.
    pub async fn retry(&self, by: &Caller, member: Option<MemberId>) -> Result<Retried, StoreError> {
        let retry = Retry { by: by.actor(), at: self.world.now() };
        quarantine_retry(&self.store, &self.hub_log, &self.board, member.as_ref(), retry).await
    }

    /// The audit log, newest first, and the number before which the next page goes on; none on the last.
    ///
    /// # Errors
    /// What the store said.
    pub async fn audit(
        &self,
        filter: AuditFilter,
        before: Option<u64>,
        size: u32,
    ) -> Result<(Vec<AuditEntry>, Option<u64>), StoreError> {
        let read = async move |conn: &mut _| store::audit::audit_list(conn, &filter, before, size + 1).await;
        let mut rows = self.store.read(read).await?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let next = if more { rows.last().map(|row| row.number) } else { None };
        Ok((rows, next))
    }

    /// Checks the whole chain of the audit log, as [`store::audit::audit_check`].
    ///
    /// # Errors
    /// What the store said.
    pub async fn audit_check(&self) -> Result<Result<u64, u64>, StoreError> {
        self.store.read(async |conn| store::audit::audit_check(conn).await).await
    }

    /// How the hub is.
    ///
    /// # Errors
    /// What the store said.
    pub async fn status(&self) -> Result<wire::HubStatus, StoreError> {
        let (publications, head) = self
            .store
            .read(async |conn| {
                Ok((store::catalog::catalog_count(conn).await?, store::hub_log::hub_log_head(conn).await?))
            })
            .await?;
        let now = self.world.now();
        let links = self.board.rows();
        let index = (self.index)();
        let snapshot = self.roster.snapshot();
        Ok(wire::HubStatus {
            alliance_id: self.alliance.to_string(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            database_engine: self.engine.to_owned(),
            members_active: count(snapshot.members().filter(|member| member.is_active())),
            members_connected: count(links.iter().filter(|(_, link)| link.connected)),
            publications,
            hub_log_head: head,
            index_position: index.position,
            index_time: index.caught_up.map(write_time),
            quarantined: links.iter().map(|(_, link)| link.quarantined).sum(),
            diverged: count(links.iter().filter(|(_, link)| link.diverged)),
            hub_time: Some(write_time(now)),
            certificate_expire_time: Some(write_time(*self.certificate_ends.borrow())),
        })
    }
}

fn count<T>(of: impl Iterator<Item = T>) -> u64 {
    u64::try_from(of.count()).unwrap_or(u64::MAX)
}

fn write_link(row: LinkRow, expires: Option<Timestamp>) -> wire::MemberLink {
    let LinkRow {
        connected,
        heard,
        head,
        durable,
        searchable,
        live_count,
        quarantined,
        diverged,
        damaged: _,
        problem,
        software_version,
        takes_notices: _,
    } = row;
    wire::MemberLink {
        connected,
        heard_time: heard.map(write_time),
        head: Some(write_position(head)),
        durable: Some(write_position(durable)),
        searchable: Some(write_position(searchable)),
        live_count,
        quarantined,
        diverged,
        problem,
        software_version,
        certificate_expire_time: expires.map(write_time),
    }
}

fn write_position(position: Position) -> wire::LogPosition {
    wire::LogPosition { epoch: position.epoch, seq: position.seq, entry_hash: position.hash.to_vec() }
}

pub(super) fn write_quarantine(page: QuarantinePage) -> wire::ListQuarantineResponse {
    let entries = page.rows.into_iter().map(|row| wire::QuarantinedEntry {
        publication: PublicationName { member: row.member.clone(), record: row.record }.to_string(),
        member_id: row.member.to_string(),
        position: Some(write_position(row.position)),
        reason: row.reason,
        detail: row.detail,
        quarantine_time: Some(write_time(row.since)),
    });
    wire::ListQuarantineResponse {
        entries: entries.collect(),
        next_page_token: page.next.map_or_else(String::new, |next| page::encode(&next)),
    }
}
