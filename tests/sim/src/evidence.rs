//! What is on the disks when everything has stopped, read with another library than the servers use.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use rusqlite::{Connection, OpenFlags, Row};
use shouwang_proto::log::{
    Hash, chain::Position, digest::StateDigest, key::LogPublicKey, sealed::SealedEntry,
};

/// A log as it is on a disk, in the order of its seqs.
pub type Log = Vec<SealedEntry>;

/// A node's disk.
#[derive(Clone, Debug, Default)]
pub struct NodeDisk {
    /// Its own log.
    pub log: Log,
    /// Why publishing is held.
    pub held: Option<String>,
    /// Highest epoch a hub has shown it.
    pub hub_epoch: u64,
    /// Restores of the hub that it has left for another.
    pub hubs_left: Vec<Vec<u8>>,
}

/// What the hub keeps of one member.
#[derive(Clone, Debug, Default)]
pub struct Copied {
    /// The log.
    pub log: Log,
    /// Log keys and the seq from which each is valid, ascending.
    pub keys: Vec<(u64, LogPublicKey)>,
    /// The durable cursor and the digest beside it.
    pub cursor: Option<(Position, StateDigest)>,
    /// What readers may find: seq and revision by record.
    pub shown: BTreeMap<String, (u64, u64)>,
    /// Quarantined: seq and reason by record.
    pub quarantined: BTreeMap<String, (u64, String)>,
}

/// One change in the hub's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubChange {
    /// Position, from 1.
    pub position: u64,
    /// Member.
    pub member: String,
    /// Record.
    pub record: String,
    /// Entry of the member's log that it comes from.
    pub seq: u64,
    /// Put or removed.
    pub put: bool,
}

/// The hub's disk.
#[derive(Clone, Debug, Default)]
pub struct HubDisk {
    /// By member.
    pub members: BTreeMap<String, Copied>,
    /// Its own log.
    pub changes: Vec<HubChange>,
    /// What it believes to be the end of its own log.
    pub head: u64,
    /// Its epoch.
    pub epoch: u64,
    /// Which restore it is.
    pub incarnation: Vec<u8>,
}

fn open(file: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).with_context(|| file.display().to_string())
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(u64::MAX))
}

fn entry(parts: (Vec<u8>, Vec<u8>, Vec<u8>)) -> anyhow::Result<SealedEntry> {
    let (header, signature, payload) = parts;
    SealedEntry::open(header.into(), signature.into(), payload.into())
        .context("an entry on disk cannot be read")
}

/// Reads a node's disk.
///
/// # Errors
/// When it cannot be read, or an entry on it is none.
pub fn node(folder: &Path) -> anyhow::Result<NodeDisk> {
    let disk = open(&folder.join("node.db"))?;
    let mut rows = disk.prepare("select header, signature, payload from log_entry order by seq")?;
    let log = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .map(|parts| entry(parts?))
        .collect::<anyhow::Result<Log>>()?;
    let (held, hub_epoch) =
        disk.query_row("select held, hub_epoch from link", [], |row| Ok((row.get(0)?, number(row, 1)?)))?;
    let mut rows = disk.prepare("select incarnation from hub_left order by incarnation")?;
    let hubs_left = rows.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(NodeDisk { log, held, hub_epoch, hubs_left })
}

/// Reads the hub's disk.
///
/// # Errors
/// When it cannot be read, or an entry on it is none.
pub fn hub(folder: &Path) -> anyhow::Result<HubDisk> {
    let disk = open(&folder.join("hub.db"))?;
    let mut members: BTreeMap<String, Copied> = BTreeMap::new();
    read_logs(&disk, &mut members)?;
    read_keys(&disk, &mut members)?;
    read_cursors(&disk, &mut members)?;
    read_records(&disk, &mut members)?;
    let mut rows =
        disk.prepare("select position, member_id, record, seq, change from hub_log order by position")?;
    let changes = rows.query_map([], |row| {
        Ok(HubChange {
            position: number(row, 0)?,
            member: row.get(1)?,
            record: row.get(2)?,
            seq: number(row, 3)?,
            put: row.get::<_, String>(4)? == "put",
        })
    })?;
    let changes = changes.collect::<rusqlite::Result<_>>()?;
    let head = disk.query_row("select position from hub_log_head", [], |row| number(row, 0))?;
    let (epoch, incarnation) = disk
        .query_row("select hub_epoch, incarnation from hub", [], |row| Ok((number(row, 0)?, row.get(1)?)))?;
    Ok(HubDisk { members, changes, head, epoch, incarnation })
}

fn read_logs(disk: &Connection, members: &mut BTreeMap<String, Copied>) -> anyhow::Result<()> {
    let mut rows =
        disk.prepare("select member_id, header, signature, payload from log_entry order by member_id, seq")?;
    let found =
        rows.query_map([], |row| Ok((row.get::<_, String>(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))?;
    for row in found {
        let (member, parts) = row?;
        members.entry(member).or_default().log.push(entry(parts)?);
    }
    Ok(())
}

fn read_keys(disk: &Connection, members: &mut BTreeMap<String, Copied>) -> anyhow::Result<()> {
    let mut rows =
        disk.prepare("select member_id, valid_from_seq, public_key from log_key order by member_id, number")?;
    let found =
        rows.query_map([], |row| Ok((row.get::<_, String>(0)?, number(row, 1)?, row.get::<_, Vec<u8>>(2)?)))?;
    for row in found {
        let (member, from, key) = row?;
        let key = LogPublicKey::from_slice(&key).context("a log key on disk is none")?;
        members.entry(member).or_default().keys.push((from, key));
    }
    Ok(())
}

fn read_cursors(disk: &Connection, members: &mut BTreeMap<String, Copied>) -> anyhow::Result<()> {
    let mut rows = disk.prepare("select member_id, epoch, seq, hash, digest from member_cursor")?;
    let found = rows.query_map([], |row| {
        let (hash, digest) = (row.get::<_, Vec<u8>>(3)?, row.get::<_, Vec<u8>>(4)?);
        Ok((row.get::<_, String>(0)?, number(row, 1)?, number(row, 2)?, hash, digest))
    })?;
    for row in found {
        let (member, epoch, seq, hash, digest) = row?;
        let hash = Hash::from_slice(&hash).context("a cursor's hash is none")?;
        let digest = StateDigest::from_bytes(&digest).context("a cursor's digest is none")?;
        members.entry(member).or_default().cursor = Some((Position { epoch, seq, hash }, digest));
    }
    Ok(())
}

fn read_records(disk: &Connection, members: &mut BTreeMap<String, Copied>) -> anyhow::Result<()> {
    let mut rows = disk.prepare(
        "select member_id, record, shown_seq, shown_revision from record where shown_seq is not null",
    )?;
    let found = rows.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, number(row, 2)?, number(row, 3)?))
    })?;
    for row in found {
        let (member, record, seq, revision) = row?;
        members.entry(member).or_default().shown.insert(record, (seq, revision));
    }
    let mut rows = disk.prepare("select member_id, record, seq, reason from quarantine")?;
    let found = rows.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, number(row, 2)?, row.get(3)?))
    })?;
    for row in found {
        let (member, record, seq, reason) = row?;
        members.entry(member).or_default().quarantined.insert(record, (seq, reason));
    }
    Ok(())
}
