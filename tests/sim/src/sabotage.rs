//! Bugs planted on purpose: a simulation that finds none of them would find no other either.
//!
//! None of them is in the code of the servers. They are planted where the servers trust: in the disk, which may lie, and
//! in the database, where a trigger does what a careless statement would do.

use anyhow::Context as _;
use rusqlite::Connection;

use crate::{plan::Host, stage::Stage};

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sabotage {
    /// The node acknowledges what is not durable: a crash takes it back to an older state of its disk.
    LyingDisk,
    /// The node forgets which requests it has answered.
    NoDedupe,
    /// The hub moves its cursor without the effects of some entries: as if they were another transaction that failed.
    CursorWithoutEffects,
    /// A withdrawn publication stays in the hub's records.
    WithdrawnStaysShown,
    /// The hub takes the head of its own log from a counter that was written at another time.
    HubLogHeadBehind,
    /// The hub's digest is not updated with its copy.
    DigestForgotten,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::LyingDisk,
        Self::NoDedupe,
        Self::CursorWithoutEffects,
        Self::WithdrawnStaysShown,
        Self::HubLogHeadBehind,
        Self::DigestForgotten,
    ];

    /// Plants it on the disks of the machines concerned.
    ///
    /// # Errors
    /// When the table it spoils is no longer there: then the bug has to be planted anew.
    pub fn plant(self, stage: &Stage) -> anyhow::Result<()> {
        match self.trigger() {
            None => Ok(()),
            Some((Place::Hub, sql)) => spoil(stage, Host::Hub, "hub.db", sql),
            Some((Place::Nodes, sql)) => (0..stage.plan().members)
                .try_for_each(|member| spoil(stage, Host::Node(member), "node.db", sql)),
        }
    }

    fn trigger(self) -> Option<(Place, &'static str)> {
        match self {
            Self::LyingDisk => None,
            Self::NoDedupe => Some((
                Place::Nodes,
                "create trigger sabotage after insert on answer begin
                   delete from answer where request_id = new.request_id;
                 end",
            )),
            Self::CursorWithoutEffects => Some((
                Place::Hub,
                "create trigger sabotage before insert on record when new.shown_seq % 5 = 2 begin
                   select raise(ignore);
                 end",
            )),
            Self::WithdrawnStaysShown => Some((
                Place::Hub,
                "create trigger sabotage after update on record
                 when new.shown_seq is null and old.shown_seq is not null begin
                   update record set shown_seq = old.shown_seq, shown_revision = old.shown_revision,
                     shown_entry = old.shown_entry, kind = old.kind, audience = old.audience,
                     published_ms = old.published_ms, has_files = old.has_files
                   where member_id = new.member_id and record = new.record;
                 end",
            )),
            Self::HubLogHeadBehind => Some((
                Place::Hub,
                "create trigger sabotage after update on hub_log_head when new.position % 9 = 4 begin
                   update hub_log_head set position = new.position - 1;
                 end",
            )),
            Self::DigestForgotten => Some((
                Place::Hub,
                "create trigger sabotage after update of digest on member_cursor when new.seq % 4 = 1 begin
                   update member_cursor set digest = old.digest where member_id = new.member_id;
                 end",
            )),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Hub,
    Nodes,
}

fn spoil(stage: &Stage, host: Host, file: &str, sql: &str) -> anyhow::Result<()> {
    let file = stage.disk(host).join(file);
    let disk = Connection::open(&file).with_context(|| file.display().to_string())?;
    disk.execute_batch(sql).with_context(|| format!("planting in {}", file.display()))
}
