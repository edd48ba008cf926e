//! Where a database is, and how to connect to it.

use super::conn::Raw;
use super::sqlite::SqliteFile;
use super::{Conn, OpenError, StoreOptions, error};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Longest wait for a new connection to PostgreSQL.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Where a database is.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Sqlite(SqliteFile),
    Postgres { options: Box<PgConnectOptions> },
}

impl Source {
    /// Understands an address. Nothing is opened or created.
    pub(super) fn parse(url: &str, options: &StoreOptions) -> Result<Self, OpenError> {
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(OpenError::Address("a SQLite store is a file".to_owned()));
            }
            return Ok(Self::Sqlite(SqliteFile::new(PathBuf::from(path), options)));
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)
                // The error may repeat the address, and with it a password.
                .map_err(|_| OpenError::Address("this postgres address cannot be read".to_owned()))?
                .application_name("shouwang");
            return Ok(Self::Postgres { options: Box::new(options) });
        }
        // Only the part before the colon, for what follows may hold a password.
        let scheme = url.split(':').next().unwrap_or_default();
        Err(OpenError::Address(format!("not `{scheme}:`")))
    }

    pub(super) async fn connect_writer(&self) -> Result<Conn, sqlx::Error> {
        match self {
            Self::Sqlite(file) => Ok(Conn::new(Raw::Sqlite(Box::new(file.writer()?)))),
            Self::Postgres { options } => connect_postgres(options).await,
        }
    }

    pub(super) async fn connect_reader(&self) -> Result<Conn, sqlx::Error> {
        match self {
            Self::Sqlite(file) => Ok(Conn::new(Raw::Sqlite(Box::new(file.reader()?)))),
            Self::Postgres { options } => connect_postgres(options).await,
        }
    }
}

async fn connect_postgres(options: &PgConnectOptions) -> Result<Conn, sqlx::Error> {
    let conn = error::within(CONNECT_LIMIT, options.connect()).await?;
    Ok(Conn::new(Raw::Postgres(conn)))
}

/// Says goodbye to the engine; an error is of no use to anybody.
pub(super) async fn close(conn: Conn) {
    match conn.into_raw() {
        // SQLite's goodbye is the drop.
        Raw::Sqlite(conn) => drop(conn),
        Raw::Postgres(conn) => {
            if let Err(error) = conn.close().await {
                tracing::debug!(%error, "a database connection did not close cleanly");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_engine() {
        let options = StoreOptions::default();
        for url in ["sqlite:a/b.db", "sqlite://a/b.db"] {
            let source = Source::parse(url, &options).unwrap();
            assert!(matches!(source, Source::Sqlite(file) if file.path == std::path::Path::new("a/b.db")));
        }
        assert!(matches!(Source::parse("postgres://u@h/d", &options), Ok(Source::Postgres { .. })));
        for url in ["sqlite:", "sqlite::memory:", "mysql://root:secret@h/d", "x"] {
            let error = Source::parse(url, &options).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
