//! Emergency mutual aid in the store. Rows are believed only after they were checked; a body must say the same as the
//! columns beside it.

pub mod agreement;
pub mod ahead;
pub mod alert;
pub mod assignment;
pub mod command;
pub mod delivery;
pub mod incident;
pub mod ledger;
pub mod outbox;
pub mod pack;
pub mod plan;
pub mod request;
pub mod response;
pub mod roads;
pub mod task;
pub mod timeline;
pub mod timer;

use shouwang_serving::on;

use super::{Conn, StoreError, Tx, counter};

/// Makes all mutual aid on one database wait for its turn, whichever hub does it, and gives the number of this change.
/// Call it first in a transaction that decides by what it reads.
///
/// # Errors
/// What the store said.
pub async fn aid_lock(tx: &mut Tx) -> Result<u64, StoreError> {
    let number: i64 = on!(tx, c => sqlx::query_scalar(
        "update aid_counter set change_number = change_number + 1 returning change_number")
        .fetch_one(&mut *c).await?);
    counter("aid_counter", "change_number", 1, number)
}

/// Numbers of the newest change and of the newest notice: when they have not risen, nothing is new.
///
/// # Errors
/// What the store said.
pub async fn aid_heads(conn: &mut Conn) -> Result<(u64, u64), StoreError> {
    let (change, notice): (i64, i64) = on!(conn, c => sqlx::query_as(
        "select change_number, notice_number from aid_counter").fetch_one(&mut *c).await?);
    Ok((
        counter("aid_counter", "change_number", 1, change)?,
        counter("aid_counter", "notice_number", 1, notice)?,
    ))
}
