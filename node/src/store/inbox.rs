//! The inbox: what the hub told this member and what its people said. Each operation is one urgent transaction; whoever
//! follows the inbox is woken after the commit.

use std::sync::Arc;

use jiff::Timestamp;
use shouwang_proto::{
    refusal::Refusal,
    wire::{self, member_command::Word},
};
use shouwang_serving::store::{Conn, StoreError, Tx};
use tokio::sync::watch;

use super::{
    NodeStore, Wake,
    alert::silence,
    command::{
        KeptCommand, command_find, command_insert, command_repeated, commands_about, commands_changed,
        commands_list, commands_waiting,
    },
    inbox_step::{close_answered, decide, receive},
    kept,
    notice::{
        KeptNotice, NoticeQuery, change_newest, notice_find, notice_see, notices_about, notices_changed,
        notices_list,
    },
};
use crate::inbox::{
    duty::AlarmPlan,
    machine::{Waiting, Wanted},
    notice::Facts,
};

/// A notice with what people of this node said about its assignment, oldest first.
pub type Item = (KeptNotice, Vec<KeptCommand>);

/// One change of the inbox, as the thing is now.
#[derive(Clone, Debug, PartialEq)]
pub enum InboxChange {
    /// A notice.
    Notice(Box<Item>),
    /// A word.
    Command(Box<KeptCommand>),
}

impl InboxChange {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        match self {
            Self::Notice(item) => item.0.change,
            Self::Command(command) => command.change,
        }
    }
}

/// Wakes whoever hands out alerts, when it is dropped: after the commit.
struct WakeAlarms(Arc<watch::Sender<u64>>);

impl Drop for WakeAlarms {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count += 1);
    }
}

impl NodeStore {
    /// Wakes when the inbox has changed. The number is a hint; the store is the truth.
    #[must_use]
    pub fn inbox_changed(&self) -> watch::Receiver<u64> {
        self.inbox.subscribe()
    }

    /// Wakes when deadlines or alerts may have changed.
    #[must_use]
    pub fn alarms_changed(&self) -> watch::Receiver<u64> {
        self.alarms.subscribe()
    }

    /// One urgent transaction on the inbox.
    pub(super) async fn inbox_write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (inbox, alarms) = (Arc::clone(&self.inbox), Arc::clone(&self.alarms));
        let (value, _wake, _alarms) = self
            .store
            .write_urgent(async move |tx| {
                let value = work(tx).await?;
                let wake = Wake { grown: inbox, seq: change_newest(tx).await? };
                Ok((value, wake, WakeAlarms(alarms)))
            })
            .await?;
        Ok(value)
    }

    /// Keeps a notice and plans its alarms; false when it was here before. The answer comes after the disk has it: only
    /// then may its delivery be acknowledged.
    ///
    /// # Errors
    /// [`StoreError`]; it is not kept then.
    pub async fn notice_receive(
        &self,
        notice: wire::Notice,
        facts: Facts,
        plan: AlarmPlan,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inbox_write(async move |tx| receive(tx, &notice, &facts, &plan, now).await).await
    }

    /// Notes that a person has seen a notice, silences its alarm, and keeps the word of it for the hub.
    ///
    /// # Errors
    /// NOT_FOUND (NOTICE_UNKNOWN), or [`StoreError`].
    pub async fn notice_seen(
        &self,
        name: String,
        word: wire::MemberCommand,
        now: Timestamp,
    ) -> Result<Item, StoreError> {
        let now_ms = now.as_millisecond();
        self.inbox_write(async move |tx| {
            let known = notice_find(tx, &name).await?.ok_or_else(notice_unknown)?;
            if known.seen.is_none() {
                notice_see(tx, &name, &word.actor, now_ms).await?;
                silence(tx, &name, now_ms).await?;
                // Its id is new, so nothing can have been said under it.
                command_insert(tx, &word, [0; 32], now_ms).await?;
            }
            item(tx, &name).await?.ok_or_else(|| notice_unknown().into())
        })
        .await
    }

    /// Writes down what people say. The same under the same id again gives what was written the first time.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when something else was said under this id, or [`StoreError`].
    pub async fn command_say(
        &self,
        command: wire::MemberCommand,
        fingerprint: [u8; 32],
        now: Timestamp,
    ) -> Result<KeptCommand, StoreError> {
        let now = kept(now);
        self.inbox_write(async move |tx| {
            let id = &command.command_id;
            if let Some(before) = command_repeated(tx, id, fingerprint).await? {
                return Ok(before);
            }
            command_insert(tx, &command, fingerprint, now.as_millisecond()).await?;
            if let Some(Word::Action(action)) = &command.word {
                close_answered(tx, &command, action, now).await?;
            }
            command_find(tx, id).await?.ok_or_else(|| command_unknown().into())
        })
        .await
    }

    /// Keeps what the hub decided; false when nobody here said such a word.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn command_decide(
        &self,
        result: wire::MemberCommandResult,
        plan: AlarmPlan,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inbox_write(async move |tx| decide(tx, &result, &plan, now).await).await
    }

    /// Words that the hub has not decided.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commands_waiting(&self, wanted: Wanted) -> Result<Vec<Waiting>, StoreError> {
        self.store.read(async move |conn| commands_waiting(conn, wanted).await).await
    }

    /// One notice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notice(&self, name: String) -> Result<Option<Item>, StoreError> {
        self.store.read(async move |conn| item(conn, &name).await).await
    }

    /// A page of notices, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices(&self, query: NoticeQuery) -> Result<Vec<Item>, StoreError> {
        self.store
            .read(async move |conn| {
                let found = notices_list(conn, &query).await?;
                items(conn, found).await
            })
            .await
    }

    /// Number of the newest order of an assignment that this node was told of; 0 if of none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_epoch(&self, assignment: String) -> Result<u64, StoreError> {
        self.store
            .read(async move |conn| {
                let about = notices_about(conn, Some(&assignment), "").await?;
                let epochs = about.iter().filter_map(|known| known.notice.assignment.as_ref());
                Ok(epochs.map(|assignment| assignment.epoch).max().unwrap_or(0))
            })
            .await
    }

    /// One word.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn command(&self, id: String) -> Result<Option<KeptCommand>, StoreError> {
        self.store.read(async move |conn| command_find(conn, &id).await).await
    }

    /// A page of words, newest first, before a place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commands(
        &self,
        before: Option<u64>,
        waiting_only: bool,
        limit: u32,
    ) -> Result<Vec<KeptCommand>, StoreError> {
        self.store.read(async move |conn| commands_list(conn, before, waiting_only, limit).await).await
    }

    /// What still concerns somebody, in the order of its changes, and the newest change there is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inbox_pending(&self, now: Timestamp) -> Result<(Vec<InboxChange>, u64), StoreError> {
        self.store
            .read(async move |conn| {
                let newest = change_newest(conn).await?;
                let found = notices_changed(conn, 0, true, now.as_millisecond(), u32::MAX).await?;
                Ok((as_changes(items(conn, found).await?), newest))
            })
            .await
    }

    /// At most `limit` changes after this one, in their order; each thing once, as it is now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inbox_after(&self, change: u64, limit: u32) -> Result<Vec<InboxChange>, StoreError> {
        self.store
            .read(async move |conn| {
                let after = super::row::stored(change);
                let found = notices_changed(conn, after, false, 0, limit).await?;
                let mut changes = as_changes(items(conn, found).await?);
                let commands = commands_changed(conn, after, limit).await?;
                changes.extend(commands.into_iter().map(|one| InboxChange::Command(Box::new(one))));
                changes.sort_by_key(InboxChange::number);
                changes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                Ok(changes)
            })
            .await
    }
}

/// No such notice.
#[must_use]
pub fn notice_unknown() -> Refusal {
    Refusal::not_found("NOTICE_UNKNOWN", "this node has no such notice （本节点没有该通知）")
}

/// No such word.
#[must_use]
pub fn command_unknown() -> Refusal {
    Refusal::not_found("COMMAND_UNKNOWN", "nobody at this node said that （本节点没有该操作）")
}

fn as_changes(items: Vec<Item>) -> Vec<InboxChange> {
    items.into_iter().map(|item| InboxChange::Notice(Box::new(item))).collect()
}

async fn item(conn: &mut Conn, name: &str) -> Result<Option<Item>, StoreError> {
    let found = notice_find(conn, name).await?;
    Ok(items(conn, found.into_iter().collect()).await?.pop())
}

async fn items(conn: &mut Conn, notices: Vec<KeptNotice>) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::with_capacity(notices.len());
    for notice in notices {
        let commands = match &notice.notice.assignment {
            Some(assignment) => commands_about(conn, &assignment.name).await?,
            None => Vec::new(),
        };
        items.push((notice, commands));
    }
    Ok(items)
}
