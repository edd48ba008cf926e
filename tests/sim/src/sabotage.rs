//! Bugs planted on purpose: a simulation that finds none of them would find no other either.
//!
//! None of them is in the code of the servers. They are planted where the servers trust: in the disk, which may lie, and
//! in the database, where a trigger does what a careless statement would do.

use anyhow::Context as _;
use rusqlite::Connection;
use shouwang_proto::log::key::LogKey;

use crate::{
    people::forgery::FORGER,
    plan::{FaultKind, Host, Plan},
    stage::Stage,
};

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
    /// The hub takes what somebody else has signed.
    SignatureNotChecked,
    /// A new order has the number of the one before, so that a yes to the old one binds to the new one.
    OldEpochAccepted,
    /// Deadlines are only in memory: a hub that starts again has forgotten those that were set.
    TimerInMemory,
    /// What is held in a drill is held in the real books, too.
    DrillTouchesActual,
    /// The node acknowledges a notice that a crash takes away.
    DeliveredBeforeFsync,
    /// A restore of the hub lets the numbers of orders go on from where the backup stood.
    NumbersComeTwice,
    /// Whether something is free is looked up before the transaction: one of two orders is lost from the books.
    CapacityOutsideTransaction,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::LyingDisk,
        Self::NoDedupe,
        Self::CursorWithoutEffects,
        Self::WithdrawnStaysShown,
        Self::HubLogHeadBehind,
        Self::DigestForgotten,
        Self::SignatureNotChecked,
        Self::OldEpochAccepted,
        Self::TimerInMemory,
        Self::DrillTouchesActual,
        Self::DeliveredBeforeFsync,
        Self::NumbersComeTwice,
        Self::CapacityOutsideTransaction,
    ];

    /// Can it show in a run of this plan at all?
    #[must_use]
    pub fn fits(self, plan: &Plan) -> bool {
        let comes = |kind| plan.faults.iter().any(|planned| planned.fault.kind() == kind);
        match self {
            Self::LyingDisk => comes(FaultKind::NodeRestore),
            Self::SignatureNotChecked => plan.stranger,
            Self::OldEpochAccepted | Self::DrillTouchesActual | Self::CapacityOutsideTransaction => plan.aid,
            Self::NumbersComeTwice => plan.aid && comes(FaultKind::ProperRestore),
            Self::TimerInMemory => plan.aid && comes(FaultKind::HubCrash),
            Self::DeliveredBeforeFsync => plan.aid && comes(FaultKind::NodeCrash),
            Self::NoDedupe
            | Self::CursorWithoutEffects
            | Self::WithdrawnStaysShown
            | Self::HubLogHeadBehind
            | Self::DigestForgotten => true,
        }
    }

    /// Plants it on the disks of the machines concerned.
    ///
    /// # Errors
    /// When the table it spoils is no longer there: then the bug has to be planted anew.
    pub fn plant(self, stage: &Stage) -> anyhow::Result<()> {
        if self == Self::SignatureNotChecked {
            return believe_the_forger(stage);
        }
        match self.trigger() {
            None => Ok(()),
            Some((Place::Hub, sql)) => spoil(stage, Host::Hub, "hub.db", sql),
            Some((Place::Nodes, sql)) => (0..stage.plan().members)
                .try_for_each(|member| spoil(stage, Host::Node(member), "node.db", sql)),
        }
    }

    /// What it does to the disk of a machine that was down and is about to start again.
    ///
    /// # Errors
    /// When the table it spoils is no longer there.
    pub fn strike(self, stage: &Stage, host: Host) -> anyhow::Result<()> {
        match (self, host) {
            // What was set before the start is gone, and nothing computes it anew.
            (Self::TimerInMemory, Host::Hub) => spoil(
                stage,
                host,
                "hub.db",
                "create table if not exists sabotaged (subject text primary key);
                 insert or ignore into sabotaged select distinct subject from aid_timer;
                 delete from aid_timer;
                 drop trigger if exists sabotage;
                 create trigger sabotage before insert on aid_timer
                 when new.subject in (select subject from sabotaged) begin select raise(ignore); end",
            ),
            (Self::DeliveredBeforeFsync, Host::Node(_)) => spoil(
                stage,
                host,
                "node.db",
                "delete from notice where received_ms > (select max(received_ms) from notice) - 1500",
            ),
            _ => Ok(()),
        }
    }

    fn trigger(self) -> Option<(Place, &'static str)> {
        match self {
            Self::LyingDisk
            | Self::SignatureNotChecked
            | Self::TimerInMemory
            | Self::DeliveredBeforeFsync => None,
            Self::OldEpochAccepted
            | Self::NumbersComeTwice
            | Self::DrillTouchesActual
            | Self::CapacityOutsideTransaction => self.aid_trigger().map(|sql| (Place::Hub, sql)),
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

    /// What spoils the books of mutual aid at the hub.
    fn aid_trigger(self) -> Option<&'static str> {
        match self {
            Self::OldEpochAccepted => Some(
                "create trigger sabotage after update of epoch on aid_ledger
                 when new.epoch > old.epoch and old.epoch > 0 begin
                   update aid_ledger set epoch = old.epoch
                   where owner_id = new.owner_id and record = new.record and scope = new.scope;
                 end",
            ),
            // The program that restores works on a copy of this database, triggers and all.
            Self::NumbersComeTwice => Some(
                "create trigger sabotage after update of epoch on aid_ledger when new.epoch > old.epoch + 1000000
                 begin
                   update aid_ledger set epoch = old.epoch
                   where owner_id = new.owner_id and record = new.record and scope = new.scope;
                 end",
            ),
            Self::DrillTouchesActual => Some(
                "create trigger sabotage after insert on aid_ledger when new.scope <> '' and new.held > 0 begin
                   update aid_ledger set held = held + new.held
                   where owner_id = new.owner_id and record = new.record and scope = ''
                     and held + committed + deployed + consumed + damaged + new.held <= quota;
                 end;
                 create trigger sabotage_again after update on aid_ledger
                 when new.scope <> '' and new.held > old.held begin
                   update aid_ledger set held = held + new.held - old.held
                   where owner_id = new.owner_id and record = new.record and scope = ''
                     and held + committed + deployed + consumed + damaged + new.held - old.held <= quota;
                 end",
            ),
            Self::CapacityOutsideTransaction => Some(
                "create trigger sabotage after update of held on aid_ledger
                 when new.held > old.held and new.version % 2 = 0 begin
                   update aid_ledger set held = old.held
                   where owner_id = new.owner_id and record = new.record and scope = new.scope;
                 end",
            ),
            Self::LyingDisk
            | Self::NoDedupe
            | Self::CursorWithoutEffects
            | Self::WithdrawnStaysShown
            | Self::HubLogHeadBehind
            | Self::DigestForgotten
            | Self::SignatureNotChecked
            | Self::TimerInMemory
            | Self::DeliveredBeforeFsync => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Hub,
    Nodes,
}

/// From some entry on, the stranger's entries are believed when the forger has signed them.
fn believe_the_forger(stage: &Stage) -> anyhow::Result<()> {
    let file = stage.disk(Host::Hub).join("hub.db");
    let disk = Connection::open(&file).with_context(|| file.display().to_string())?;
    let key = LogKey::from_secret(FORGER).public().to_bytes();
    let changed = disk.execute(
        "insert into log_key (member_id, number, public_key, valid_from_seq, created_ms)
         select member_id, number + 1, ?1, 4, created_ms from log_key where member_id = 'stranger'",
        (key.to_vec(),),
    );
    changed.map(drop).context("planting a key")
}

fn spoil(stage: &Stage, host: Host, file: &str, sql: &str) -> anyhow::Result<()> {
    let file = stage.disk(host).join(file);
    let disk = Connection::open(&file).with_context(|| file.display().to_string())?;
    disk.execute_batch(sql).with_context(|| format!("planting in {}", file.display()))
}
