//! Forgets what is over and old: notices nobody has to answer, words the hub has decided, alerts that came out or came to
//! nothing. A little at a time, so that nobody waits.

use jiff::Timestamp;
use shouwang_serving::store::StoreError;

use super::{NodeStore, row::sqlite};

/// Most rows of a kind in one transaction.
const AT_ONCE: i64 = 200;

/// What is over, oldest first: each statement deletes at most [`AT_ONCE`] rows of what ended before a time. What hangs on
/// a notice goes before it; a word goes when no notice is left that it answered.
const STATEMENTS: [&str; 4] = [
    "delete from alert where id in (select id from alert where outcome is not null and outcome_ms < $1 limit $2)",
    "delete from duty_call where notice in (select name from notice
     where (closed is not null or not wants_answer) and received_ms < $1 order by received_ms limit $2)",
    "delete from notice where name in (select name from notice
     where (closed is not null or not wants_answer) and received_ms < $1 order by received_ms limit $2)",
    "delete from command where seq in (select seq from command where result is not null and result_ms < $1
     and not exists (select 1 from notice where notice.closed_by = command.command_id) order by seq limit $2)",
];

impl NodeStore {
    /// Forgets some of what was over before this time; how many rows. When it is not 0 there may be more.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is forgotten then.
    pub async fn inbox_forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let before_ms = before.as_millisecond();
        self.store
            .write(async move |tx| {
                let mut gone = 0;
                for sql in STATEMENTS {
                    let done = sqlx::query(sql).bind(before_ms).bind(AT_ONCE).execute(sqlite(tx)?).await?;
                    gone += done.rows_affected();
                }
                Ok(gone)
            })
            .await
    }
}
