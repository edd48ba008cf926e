//! Where people are signed in, the browsers they did it with, and the tokens they made themselves.

use jiff::Timestamp;
use shouwang_proto::clock::from_millis;
use shouwang_serving::on;

pub use shouwang_pages::store::session::{
    device_find, device_mistakes_set, device_put, session_add, session_end, session_find, session_seen,
    sessions_end, sessions_of, sessions_sweep,
};

use super::{Conn, StoreError};

/// A token that a person made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnToken {
    /// Its id.
    pub id: String,
    /// What it is for, in the person's words.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// The tokens that a person made and that are not revoked, the newest first.
///
/// # Errors
/// What the store said.
pub async fn own_tokens(conn: &mut Conn, account: &str) -> Result<Vec<OwnToken>, StoreError> {
    let rows: Vec<(String, String, i64, i64)> = on!(conn, c => sqlx::query_as(
        "select id, label, created_ms, expires_ms from token where account_id = $1 and revoked_ms is null
         order by created_ms desc, id").bind(account).fetch_all(&mut *c).await?);
    let token = |(id, label, created, expires)| OwnToken {
        id,
        label,
        created: from_millis(created),
        expires: from_millis(expires),
    };
    Ok(rows.into_iter().map(token).collect())
}
