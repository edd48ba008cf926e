//! Numbers after a restore from a backup. What the hub gave out after the backup it has forgotten, but people's pages and
//! members' nodes have not: a number that comes a second time would be taken for the first, such as a yes to a lost order
//! for a yes to a new one, and a node takes what has a lower one than it knows for overtaken. So all numbers go to where
//! none can have been.

use jiff::Timestamp;
use serde_json::Value;
use shouwang_serving::{execute, on};

use super::{
    super::{Conn, StoreError, Tx, column, hub::hub_restored},
    incident::{read_body, write_body},
};

/// 2025-01-01T00:00:00Z, before which there was no hub, in milliseconds.
const BEGINNING: i64 = 1_735_689_600_000;

/// Whatever has its version in its body, too: how it is read and written.
const BODIES: [(&str, &str, &str); 3] = [
    (
        "aid_incident",
        "select id, version, body from aid_incident",
        "update aid_incident set version = $2, body = $3 where id = $1",
    ),
    (
        "aid_request",
        "select id, version, body from aid_request",
        "update aid_request set version = $2, body = $3 where id = $1",
    ),
    (
        "aid_assignment",
        "select id, version, body from aid_assignment",
        "update aid_assignment set version = $2, body = $3 where id = $1",
    ),
];

/// Where numbers begin after a restore at this time: beyond all of any life of this hub before, for none of them rises a
/// thousand times a second for long.
#[must_use]
pub fn floor(now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond().saturating_sub(BEGINNING)).unwrap_or(0)
}

/// The number after which the orders of a ledger count that is opened now: one that was opened after the backup is
/// forgotten with its numbers, and is opened again.
///
/// # Errors
/// What the store said, or which column cannot be believed.
pub async fn orders_begin(conn: &mut Conn) -> Result<u64, StoreError> {
    Ok(hub_restored(conn).await?.map_or(0, |restored| floor(restored.at)))
}

/// Lets versions, numbers of orders, changes and notices begin beyond the floor.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn numbers_go_ahead(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    let floor = column(floor(now));
    for (table, select, update) in BODIES {
        let rows: Vec<(String, i64, String)> = on!(tx, c => sqlx::query_as(select).fetch_all(&mut *c).await?);
        for (id, version, body) in rows {
            let version = version.max(floor).saturating_add(1);
            let mut value: Value = read_body(table, &id, &body)?;
            value["version"] = version.into();
            execute!(tx, update, &id, version, write_body(table, &value)?);
        }
    }
    execute!(
        tx,
        "update aid_counter set change_number = case when change_number > $1 then change_number else $1 end + 1,
         notice_number = case when notice_number > $1 then notice_number else $1 end",
        floor
    );
    // With the number of this change, so that whoever has read the ledgers reads them again.
    execute!(
        tx,
        "update aid_ledger set version = case when version > $1 then version else $1 end + 1,
         epoch = case when epoch > $1 then epoch else $1 end,
         change_number = (select change_number from aid_counter)",
        floor
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_restore_begins_beyond_an_earlier_one() {
        let at = |second: i64| floor(Timestamp::from_second(second).unwrap());
        assert_eq!(at(0), 0);
        assert!(at(1_800_000_000) < at(1_800_000_001));
        assert!(at(4_000_000_000) < 1 << 53, "programs of others read it as a double");
    }
}
