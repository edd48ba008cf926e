//! Mutual aid as it is on the disks, read from outside.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Context as _;
use jiff::Timestamp;
use prost::Message as _;
use rusqlite::{Connection, OpenFlags, Row};
use shouwang_proto::wire;

/// A ledger's row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerRow {
    /// The owner.
    pub owner: String,
    /// The resource's record.
    pub record: String,
    /// The drill whose copy it is; empty for the real one.
    pub scope: String,
    /// True for one thing that cannot be in two places.
    pub serialised: bool,
    /// What the owner lends.
    pub quota: u64,
    /// Ordered, not confirmed.
    pub held: u64,
    /// Confirmed, not departed.
    pub committed: u64,
    /// Out.
    pub deployed: u64,
    /// Used up.
    pub consumed: u64,
    /// Damaged.
    pub damaged: u64,
    /// What is missing.
    pub shortfall: u64,
}

/// An assignment's row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssignmentRow {
    /// Its id.
    pub id: String,
    /// The request.
    pub request: String,
    /// The line.
    pub line: u64,
    /// The owner.
    pub owner: String,
    /// The resource's record.
    pub record: String,
    /// The drill; empty for a real one.
    pub scope: String,
    /// Counts the changes.
    pub version: u64,
    /// State, as its code.
    pub state: String,
    /// How much.
    pub quantity: u64,
    /// When its state began.
    pub since: Option<Timestamp>,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// A person of the owner has seen the newest question or order.
    pub seen: bool,
    /// Steps of the owner's duty chain that were called.
    pub reminded: usize,
}

/// A request's row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestRow {
    /// Its id.
    pub id: String,
    /// The incident.
    pub incident: String,
    /// Mode, as its code.
    pub mode: String,
    /// Priority, as its code.
    pub priority: String,
    /// State, as its code.
    pub state: String,
    /// Asked for and explicitly overcommitted, by line.
    pub lines: BTreeMap<u64, u64>,
    /// Open since, as long as nobody has taken it up.
    pub waits_since: Option<Timestamp>,
    /// Steps of the council's duty chain that were called.
    pub council_reached: usize,
}

/// A notice's row at the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeRow {
    /// Its name.
    pub name: String,
    /// For whom.
    pub recipient: String,
    /// How far it has come, as its code.
    pub state: String,
}

/// All of it at the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AidDisk {
    /// Ledgers.
    pub ledgers: Vec<LedgerRow>,
    /// Assignments.
    pub assignments: Vec<AssignmentRow>,
    /// Requests by id.
    pub requests: BTreeMap<String, RequestRow>,
    /// Mode and state of each incident by id.
    pub incidents: BTreeMap<String, (String, String)>,
    /// Which restore of the hub it is.
    pub incarnation: Vec<u8>,
    /// Notices.
    pub notices: Vec<NoticeRow>,
    /// The earliest deadline that is set.
    pub next_deadline: Option<i64>,
    /// Sender and id of each change that was answered.
    pub answered: BTreeSet<(String, String)>,
    /// Ids of the changes in the audit log.
    pub audited: BTreeSet<String>,
}

/// A word at a node: what was said, and what the hub decided.
#[derive(Clone, Debug, PartialEq)]
pub struct WordRow {
    /// What was said.
    pub said: wire::MemberCommand,
    /// What the hub decided.
    pub decided: Option<wire::MemberCommandResult>,
}

/// Mutual aid on a node's disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeAid {
    /// Names of the notices it keeps.
    pub notices: BTreeSet<String>,
    /// The restore of the hub that it has met last.
    pub hub: Vec<u8>,
    /// What it remembers as acknowledged of its log.
    pub durable: u64,
    /// Words by command id.
    pub words: BTreeMap<String, WordRow>,
}

impl AidDisk {
    /// How much this hub has heard of a member's node: words decided and notices that are on its disk.
    #[must_use]
    pub fn heard_of(&self, member: &str) -> usize {
        let sender = format!("node/{member}");
        let words = self.answered.iter().filter(|(from, _)| *from == sender).count();
        let told = self.notices.iter().filter(|notice| notice.recipient == member);
        words + told.filter(|notice| matches!(&*notice.state, "delivered" | "seen" | "answered")).count()
    }
}

fn open(file: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).with_context(|| file.display().to_string())
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let found: Option<i64> = row.get(column)?;
    Ok(u64::try_from(found.unwrap_or(0)).unwrap_or(u64::MAX))
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<usize> {
    Ok(usize::try_from(number(row, column)?).unwrap_or(usize::MAX))
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

fn all<T>(
    disk: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let mut rows = disk.prepare(sql)?;
    let found = rows.query_map([], |row| read(row))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Reads the hub's disk as far as it changes from moment to moment.
///
/// # Errors
/// When it cannot be read.
pub fn hub(folder: &Path) -> anyhow::Result<AidDisk> {
    let disk = open(&folder.join("hub.db"))?;
    let incidents = all(&disk, "select id, mode, state from aid_incident", |row| {
        Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
    })?;
    let notices = all(&disk, "select id, recipient_id, state from aid_notice order by number", |row| {
        let name = format!("notices/{}", row.get::<_, String>(0)?);
        Ok(NoticeRow { name, recipient: row.get(1)?, state: row.get(2)? })
    })?;
    Ok(AidDisk {
        ledgers: ledgers(&disk)?,
        assignments: assignments(&disk)?,
        requests: requests(&disk)?,
        incarnation: disk.query_row("select incarnation from hub", [], |row| row.get(0))?,
        incidents: incidents.into_iter().collect(),
        notices,
        next_deadline: disk.query_row("select min(due_ms) from aid_timer", [], |row| row.get(0))?,
        ..AidDisk::default()
    })
}

/// Reads all of the hub's disk.
///
/// # Errors
/// When it cannot be read.
pub fn whole_hub(folder: &Path) -> anyhow::Result<AidDisk> {
    let disk = open(&folder.join("hub.db"))?;
    let answered = all(&disk, "select sender, id from aid_command", |row| Ok((row.get(0)?, row.get(1)?)))?;
    let audited = all(
        &disk,
        "select json_extract(detail, '$.command') from audit where json_extract(detail, '$.command') is not null",
        |row| row.get(0),
    )?;
    Ok(AidDisk {
        answered: answered.into_iter().collect(),
        audited: audited.into_iter().collect(),
        ..hub(folder)?
    })
}

fn ledgers(disk: &Connection) -> anyhow::Result<Vec<LedgerRow>> {
    let sql =
        "select owner_id, record, scope, serialised, quota, held, committed, deployed, consumed, damaged,
      shortfall from aid_ledger order by owner_id, record, scope";
    all(disk, sql, |row| {
        Ok(LedgerRow {
            owner: row.get(0)?,
            record: row.get(1)?,
            scope: row.get(2)?,
            serialised: row.get(3)?,
            quota: number(row, 4)?,
            held: number(row, 5)?,
            committed: number(row, 6)?,
            deployed: number(row, 7)?,
            consumed: number(row, 8)?,
            damaged: number(row, 9)?,
            shortfall: number(row, 10)?,
        })
    })
}

fn assignments(disk: &Connection) -> anyhow::Result<Vec<AssignmentRow>> {
    let sql = "select id, request_id, line, owner_id, record, scope, version, state, quantity,
      json_extract(body, '$.since'),
      coalesce(json_extract(body, '$.state.Held.expires'), json_extract(body, '$.state.Solicited.expires'),
        json_extract(body, '$.state.Offered.expires')),
      json_extract(body, '$.flags.seen'), json_extract(body, '$.flags.reminded')
      from aid_assignment order by id";
    all(disk, sql, |row| {
        Ok(AssignmentRow {
            id: row.get(0)?,
            request: row.get(1)?,
            line: number(row, 2)?,
            owner: row.get(3)?,
            record: row.get(4)?,
            scope: row.get(5)?,
            version: number(row, 6)?,
            state: row.get(7)?,
            quantity: number(row, 8)?,
            since: time(row, 9)?,
            expires: time(row, 10)?,
            seen: number(row, 11)? > 0,
            reminded: count(row, 12)?,
        })
    })
}

fn requests(disk: &Connection) -> anyhow::Result<BTreeMap<String, RequestRow>> {
    let sql = "select id, incident_id, mode, priority, state,
      case when json_extract(body, '$.acknowledged') is null then json_extract(body, '$.state.Open.since') end,
      json_extract(body, '$.council_reached') from aid_request";
    let found = all(disk, sql, |row| {
        Ok(RequestRow {
            id: row.get(0)?,
            incident: row.get(1)?,
            mode: row.get(2)?,
            priority: row.get(3)?,
            state: row.get(4)?,
            lines: BTreeMap::new(),
            waits_since: time(row, 5)?,
            council_reached: count(row, 6)?,
        })
    })?;
    let mut requests: BTreeMap<String, RequestRow> =
        found.into_iter().map(|request| (request.id.clone(), request)).collect();
    let sql = "select aid_request.id, json_extract(line.value, '$.number'),
      json_extract(line.value, '$.need.requested') + json_extract(line.value, '$.overcommitted')
      from aid_request, json_each(aid_request.body, '$.lines') as line";
    let lines = all(disk, sql, |row| Ok((row.get::<_, String>(0)?, number(row, 1)?, number(row, 2)?)))?;
    for (request, line, most) in lines {
        if let Some(request) = requests.get_mut(&request) {
            request.lines.insert(line, most);
        }
    }
    Ok(requests)
}

/// Reads a node's disk.
///
/// # Errors
/// When it cannot be read, or holds a word that is none.
pub fn node(folder: &Path) -> anyhow::Result<NodeAid> {
    let disk = open(&folder.join("node.db"))?;
    let notices = all(&disk, "select name from notice", |row| row.get(0))?;
    let words = all(&disk, "select command_id, content, result from command order by seq", |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Option<Vec<u8>>>(2)?))
    })?;
    let words = words.into_iter().map(|(id, said, decided)| {
        let said = wire::MemberCommand::decode(said.as_slice()).context("a word on disk is none")?;
        let decided = decided.map(|decided| wire::MemberCommandResult::decode(decided.as_slice()));
        let decided = decided.transpose().context("a decision on disk is none")?;
        Ok((id, WordRow { said, decided }))
    });
    let (hub, durable) = disk.query_row("select hub_incarnation, durable_seq from link", [], |row| {
        Ok((row.get(0)?, number(row, 1)?))
    })?;
    Ok(NodeAid {
        notices: notices.into_iter().collect(),
        hub,
        durable,
        words: words.collect::<anyhow::Result<_>>()?,
    })
}
