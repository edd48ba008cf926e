//! A hub's store for tests: founded, with one member whose node has joined. And the SQL that only tests need.

use jiff::Timestamp;
use shouwang_proto::{
    id::MemberId,
    log::key::{LogKey, LogPublicKey},
};
use shouwang_serving::{
    on,
    store::{StoreOptions, trial},
};

use super::{Store, StoreError, Tx, enrolment, hub, open, roster};
use crate::council::{authority::IssuedCertificate, membership::MemberState};

/// A store on SQLite or PostgreSQL, removed when dropped.
pub(crate) struct TrialStore {
    pub(crate) store: Store,
    _folder: tempfile::TempDir,
}

/// Tells a story on both engines.
macro_rules! told_on_both {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            #[tokio::test]
            async fn on_sqlite() {
                super::$story(super::TrialEngine::Sqlite).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$story(super::TrialEngine::Postgres).await;
            }
        }
    )+ };
}

pub(crate) use told_on_both;

/// The two engines.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TrialEngine {
    Sqlite,
    Postgres,
}

impl TrialStore {
    pub(crate) async fn open(engine: TrialEngine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            TrialEngine::Sqlite => format!("sqlite:{}", folder.path().join("data/hub.db").display()),
            TrialEngine::Postgres => trial::postgres_url(),
        };
        let store = open(&url, StoreOptions::default()).await.unwrap();
        let now = Timestamp::UNIX_EPOCH;
        store
            .write(async move |tx| hub::hub_found(tx, &"park".parse().unwrap(), [3; 32], [4; 16], now).await)
            .await
            .unwrap();
        Self { store, _folder: folder }
    }

    /// Adds an active member with this log key and certificate.
    pub(crate) async fn join(&self, member: &MemberId, key: &LogKey, serial: &str) {
        let (member, key, serial) = (member.clone(), key.public(), serial.to_owned());
        self.store.write(async move |tx| join(tx, &member, &key, &serial).await).await.unwrap();
    }

    /// Suspends a member.
    pub(crate) async fn suspend(&self, member: &MemberId) {
        let member = member.clone();
        let suspended = MemberState::Suspended;
        self.store
            .write(async move |tx| roster::member_state_set(tx, &member, suspended).await)
            .await
            .unwrap();
    }

    /// Changes one byte of a stored payload, as a bad disk does.
    pub(crate) async fn flip_payload(&self, member: &MemberId, seq: i64) {
        let member = member.clone();
        let flip = async move |tx: &mut Tx| {
            let mut payload: Vec<u8> = on!(tx, c => sqlx::query_scalar(
                "select payload from log_entry where member_id = $1 and seq = $2")
                .bind(member.as_str()).bind(seq).fetch_one(&mut *c).await?);
            if let Some(last) = payload.last_mut() {
                *last ^= 1;
            }
            on!(tx, c => sqlx::query("update log_entry set payload = $3 where member_id = $1 and seq = $2")
                .bind(member.as_str()).bind(seq).bind(payload).execute(&mut *c).await?.rows_affected());
            Ok::<_, StoreError>(())
        };
        self.store.write(flip).await.unwrap();
    }

    /// Forgets what the hub has of a record, in the table of records and in the digest, as a bad statement would.
    pub(crate) async fn forget_record(&self, member: &MemberId, record: String) {
        let member = member.clone();
        let digest = shouwang_proto::log::digest::StateDigest::default().to_bytes();
        let forget = async move |tx: &mut Tx| {
            on!(tx, c => sqlx::query("delete from record where member_id = $1 and record = $2")
                .bind(member.as_str()).bind(&record).execute(&mut *c).await?.rows_affected());
            on!(tx, c => sqlx::query("update member_cursor set digest = $2 where member_id = $1")
                .bind(member.as_str()).bind(digest).execute(&mut *c).await?.rows_affected());
            Ok::<_, StoreError>(())
        };
        self.store.write(forget).await.unwrap();
    }

    /// Bytes of payload that are kept of a record.
    pub(crate) async fn payload_bytes(&self, member: &MemberId, record: String) -> i64 {
        let member = member.clone();
        let read = async move |conn: &mut super::Conn| {
            Ok(on!(conn, c => sqlx::query_scalar(
                "select cast(coalesce(sum(length(payload)), 0) as bigint) from log_entry
                 where member_id = $1 and record = $2")
                .bind(member.as_str()).bind(&record).fetch_one(&mut *c).await?))
        };
        self.store.read(read).await.unwrap()
    }
}

async fn join(tx: &mut Tx, member: &MemberId, key: &LogPublicKey, serial: &str) -> Result<(), StoreError> {
    let now = Timestamp::UNIX_EPOCH;
    roster::member_put(tx, member, "北方化工", now).await?;
    roster::log_key_add(tx, member, key, 1, now).await?;
    let issued = IssuedCertificate {
        serial: serial.to_owned(),
        chain_pem: "none".to_owned(),
        not_after: Timestamp::MAX,
    };
    enrolment::certificate_add(tx, member, &issued, &[1], None, now).await?;
    roster::member_joined(tx, member, 0, now).await
}
