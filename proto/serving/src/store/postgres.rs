//! What we ask of a PostgreSQL server before trusting it with an acknowledgement.

use super::OpenError;
use sqlx::PgConnection;

/// Refuses servers that acknowledge before the write is on disk, and encodings that cannot hold Chinese.
pub(super) async fn assert_safe(conn: &mut PgConnection) -> Result<(), OpenError> {
    let rules: [(&'static str, &[&str]); 4] = [
        ("show synchronous_commit", &["on", "remote_apply"]),
        ("show fsync", &["on"]),
        ("show full_page_writes", &["on"]),
        ("show server_encoding", &["UTF8"]),
    ];
    for (question, good) in rules {
        let found: String = sqlx::query_scalar(question).fetch_one(&mut *conn).await?;
        if !good.contains(&found.as_str()) {
            return Err(OpenError::Unsafe(format!("PostgreSQL answers `{question}` with `{found}`")));
        }
    }
    Ok(())
}
