//! Members, groups, log keys, certificates and tokens.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shouwang_proto::{
    clock::from_millis,
    id::{GroupId, MemberId},
    log::key::LogPublicKey,
};
use shouwang_serving::on;

use super::{Conn, StoreError, Tx, bad_row, column, counter};
use crate::council::{
    caller::SecretHash,
    membership::{
        CertificateStanding, LogKeyStanding, MemberStanding, MemberState, RosterChanges, TokenStanding,
    },
};

/// The version of the roster; 0 before the hub was founded.
///
/// # Errors
/// What the store said.
pub async fn roster_version(conn: &mut Conn) -> Result<u64, StoreError> {
    let version: Option<i64> = on!(conn, c => sqlx::query_scalar("select roster_version from hub")
        .fetch_optional(&mut *c).await?);
    counter("hub", "roster_version", 1, version.unwrap_or(0))
}

/// Raises the version and gives it. It also locks the row of the hub, so versions become visible in order.
pub(super) async fn roster_raise(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(
        on!(tx, c => sqlx::query_scalar("update hub set roster_version = roster_version + 1 returning roster_version")
        .fetch_one(&mut *c).await?),
    )
}

/// Marks a member as changed; every function that changes one, its groups or its keys does it last.
pub(super) async fn member_touch(tx: &mut Tx, id: &MemberId) -> Result<(), StoreError> {
    let version = roster_raise(tx).await?;
    on!(tx, c => sqlx::query("update member set version = $1 where id = $2")
        .bind(version).bind(id.as_str()).execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// What changed in the roster after a version; after version 0, all of it.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn roster_changes(conn: &mut Conn, after: u64) -> Result<RosterChanges, StoreError> {
    let version = roster_version(conn).await?;
    let after = column(after);
    let members = members_read(conn, after).await?;
    let certificates = certificates_read(conn, after).await?;
    let tokens = tokens_read(conn, after).await?;
    Ok(RosterChanges { version, members, certificates, tokens })
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    id: String,
    display_name: String,
    state: String,
    created_ms: i64,
    joined_ms: Option<i64>,
    minimum_epoch: i64,
}

impl MemberRow {
    fn into_standing(
        self,
        assigned_groups: BTreeSet<GroupId>,
        log_keys: Vec<LogKeyStanding>,
    ) -> Result<MemberStanding, StoreError> {
        let id: MemberId = self.id.parse().map_err(|error| bad_row("member", "id", &self.id, error))?;
        let state: MemberState =
            self.state.parse().map_err(|error| bad_row("member", "state", &id, error))?;
        let mut groups = BTreeSet::new();
        if state == MemberState::Active {
            groups.clone_from(&assigned_groups);
            groups.insert(GroupId::alliance());
        }
        Ok(MemberStanding {
            minimum_epoch: counter("member", "minimum_epoch", &id, self.minimum_epoch)?,
            id,
            display_name: self.display_name,
            state,
            groups,
            assigned_groups,
            log_key: log_keys.last().map(|standing| standing.key),
            log_keys,
            created: from_millis(self.created_ms),
            joined: self.joined_ms.map(from_millis),
        })
    }
}

async fn members_read(conn: &mut Conn, after: i64) -> Result<Vec<MemberStanding>, StoreError> {
    let rows: Vec<MemberRow> = on!(conn, c => sqlx::query_as(
        "select id, display_name, state, created_ms, joined_ms, minimum_epoch from member where version > $1")
        .bind(after).fetch_all(&mut *c).await?);
    let mut groups = groups_read(conn, after).await?;
    let mut keys = log_keys_read(conn, after).await?;
    rows.into_iter()
        .map(|row| {
            let assigned = groups.remove(&row.id).unwrap_or_default();
            let keys = keys.remove(&row.id).unwrap_or_default();
            row.into_standing(assigned, keys)
        })
        .collect()
}

async fn groups_read(conn: &mut Conn, after: i64) -> Result<BTreeMap<String, BTreeSet<GroupId>>, StoreError> {
    let rows: Vec<(String, String)> = on!(conn, c => sqlx::query_as(
        "select g.member_id, g.group_id from member_group g join member m on m.id = g.member_id where m.version > $1")
        .bind(after).fetch_all(&mut *c).await?);
    let mut groups = BTreeMap::<String, BTreeSet<GroupId>>::new();
    for (member, group) in rows {
        let id = group.parse().map_err(|error| bad_row("member_group", "group_id", &member, error))?;
        groups.entry(member).or_default().insert(id);
    }
    Ok(groups)
}

async fn log_keys_read(
    conn: &mut Conn,
    after: i64,
) -> Result<BTreeMap<String, Vec<LogKeyStanding>>, StoreError> {
    let rows: Vec<(String, Vec<u8>, i64)> = on!(conn, c => sqlx::query_as(
        "select k.member_id, k.public_key, k.valid_from_seq from log_key k join member m on m.id = k.member_id
         where m.version > $1 order by k.member_id, k.number")
        .bind(after).fetch_all(&mut *c).await?);
    let mut keys = BTreeMap::<String, Vec<LogKeyStanding>>::new();
    for (member, key, seq) in rows {
        keys.entry(member.clone()).or_default().push(log_key(&member, &key, seq)?);
    }
    Ok(keys)
}

fn log_key(member: &str, key: &[u8], valid_from_seq: i64) -> Result<LogKeyStanding, StoreError> {
    let key = LogPublicKey::from_slice(key)
        .ok_or_else(|| bad_row("log_key", "public_key", member, "is no Ed25519 key"))?;
    Ok(LogKeyStanding { key, valid_from_seq: counter("log_key", "valid_from_seq", member, valid_from_seq)? })
}

/// Revoked ones only when they were not before, for whoever reads all has no use for them.
async fn certificates_read(
    conn: &mut Conn,
    after: i64,
) -> Result<Vec<(String, Option<CertificateStanding>)>, StoreError> {
    let rows: Vec<ListedRow> = on!(conn, c => sqlx::query_as(
        "select serial, member_id, not_after_ms, seen_ms, revoked_ms from certificate
         where version > $1 and (revoked_ms is null or $1 > 0)")
        .bind(after).fetch_all(&mut *c).await?);
    rows.into_iter().map(ListedRow::into_standing).collect()
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    serial: String,
    member_id: String,
    not_after_ms: i64,
    seen_ms: Option<i64>,
    revoked_ms: Option<i64>,
}

impl ListedRow {
    fn into_standing(self) -> Result<(String, Option<CertificateStanding>), StoreError> {
        let member = self
            .member_id
            .parse()
            .map_err(|error| bad_row("certificate", "member_id", &self.serial, error))?;
        let not_after = from_millis(self.not_after_ms);
        let standing = CertificateStanding { member, not_after, seen: self.seen_ms.is_some() };
        Ok((self.serial, self.revoked_ms.is_none().then_some(standing)))
    }
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: String,
    secret_hash: Vec<u8>,
    label: String,
    role: String,
    member_id: Option<String>,
    expires_ms: i64,
    revoked_ms: Option<i64>,
}

impl TokenRow {
    fn into_standing(self) -> Result<(SecretHash, Option<TokenStanding>), StoreError> {
        let hash = self.secret_hash.try_into();
        let hash = hash.map_err(|_| bad_row("token", "secret_hash", &self.id, "is not 32 bytes"))?;
        let role = self.role.parse().map_err(|error| bad_row("token", "role", &self.id, error))?;
        let member = self.member_id.map(|member| member.parse()).transpose();
        let member = member.map_err(|error| bad_row("token", "member_id", &self.id, error))?;
        let expires = from_millis(self.expires_ms);
        let standing = TokenStanding { id: self.id, label: self.label, role, member, expires };
        Ok((SecretHash(hash), self.revoked_ms.is_none().then_some(standing)))
    }
}

async fn tokens_read(
    conn: &mut Conn,
    after: i64,
) -> Result<Vec<(SecretHash, Option<TokenStanding>)>, StoreError> {
    let rows: Vec<TokenRow> = on!(conn, c => sqlx::query_as(
        "select id, secret_hash, label, role, member_id, expires_ms, revoked_ms from token
         where version > $1 and (revoked_ms is null or $1 > 0)")
        .bind(after).fetch_all(&mut *c).await?);
    rows.into_iter().map(TokenRow::into_standing).collect()
}

/// Adds a member in the state INVITED, or gives an existing one a new name.
///
/// # Errors
/// What the store said.
pub async fn member_put(
    tx: &mut Tx,
    id: &MemberId,
    display_name: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query(
        "insert into member (id, display_name, state, created_ms, version) values ($1, $2, 'invited', $3, 0)
         on conflict (id) do update set display_name = excluded.display_name")
        .bind(id.as_str()).bind(display_name).bind(now.as_millisecond()).execute(&mut *c).await?.rows_affected());
    member_touch(tx, id).await
}

/// Replaces the groups of a member. `alliance` is not among them: it follows from the state.
///
/// # Errors
/// What the store said.
pub async fn member_groups_set(
    tx: &mut Tx,
    id: &MemberId,
    groups: &BTreeSet<GroupId>,
) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query("delete from member_group where member_id = $1")
        .bind(id.as_str()).execute(&mut *c).await?.rows_affected());
    for group in groups {
        on!(tx, c => sqlx::query("insert into member_group (member_id, group_id) values ($1, $2)")
            .bind(id.as_str()).bind(group.as_str()).execute(&mut *c).await?.rows_affected());
    }
    member_touch(tx, id).await
}

/// Sets the state of a member.
///
/// # Errors
/// What the store said.
pub async fn member_state_set(tx: &mut Tx, id: &MemberId, state: MemberState) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query("update member set state = $1 where id = $2")
        .bind(state.as_str()).bind(id.as_str()).execute(&mut *c).await?.rows_affected());
    member_touch(tx, id).await
}

/// Notes that a node joined: the member is active, and its entries count from `minimum_epoch` on.
///
/// # Errors
/// What the store said.
pub async fn member_joined(
    tx: &mut Tx,
    id: &MemberId,
    minimum_epoch: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query(
        "update member set state = 'active', joined_ms = coalesce(joined_ms, $1), minimum_epoch = $2 where id = $3")
        .bind(now.as_millisecond()).bind(column(minimum_epoch)).bind(id.as_str()).execute(&mut *c).await?.rows_affected());
    member_touch(tx, id).await
}

/// One member as it stands in this transaction.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn member_find(conn: &mut Conn, id: &MemberId) -> Result<Option<MemberStanding>, StoreError> {
    let row: Option<MemberRow> = on!(conn, c => sqlx::query_as(
        "select id, display_name, state, created_ms, joined_ms, minimum_epoch from member where id = $1")
        .bind(id.as_str()).fetch_optional(&mut *c).await?);
    let Some(row) = row else { return Ok(None) };
    let groups: Vec<String> = on!(conn, c => sqlx::query_scalar(
        "select group_id from member_group where member_id = $1").bind(id.as_str()).fetch_all(&mut *c).await?);
    let groups = groups.iter().map(|group| group.parse()).collect::<Result<_, _>>();
    let groups = groups.map_err(|error| bad_row("member_group", "group_id", id, error))?;
    let keys: Vec<(Vec<u8>, i64)> = on!(conn, c => sqlx::query_as(
        "select public_key, valid_from_seq from log_key where member_id = $1 order by number")
        .bind(id.as_str()).fetch_all(&mut *c).await?);
    let keys = keys.iter().map(|(key, seq)| log_key(id.as_str(), key, *seq)).collect::<Result<_, _>>()?;
    row.into_standing(groups, keys).map(Some)
}

/// Adds a log key that signs from `valid_from_seq` on.
///
/// # Errors
/// What the store said.
pub async fn log_key_add(
    tx: &mut Tx,
    id: &MemberId,
    key: &LogPublicKey,
    valid_from_seq: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query(
        "insert into log_key (member_id, number, public_key, valid_from_seq, created_ms)
         select $1, coalesce(max(number), 0) + 1, $2, $3, $4 from log_key where member_id = $1")
        .bind(id.as_str()).bind(key.to_bytes().to_vec()).bind(column(valid_from_seq)).bind(now.as_millisecond())
        .execute(&mut *c).await?.rows_affected());
    member_touch(tx, id).await
}

/// Notes the first use of a certificate and revokes the member's older ones. True when it was the first.
///
/// # Errors
/// What the store said.
pub async fn certificate_seen(tx: &mut Tx, serial: &str, now: Timestamp) -> Result<bool, StoreError> {
    let first: Option<(String, i64)> = on!(tx, c => sqlx::query_as(
        "update certificate set seen_ms = $1 where serial = $2 and seen_ms is null and revoked_ms is null
         returning member_id, issued_ms")
        .bind(now.as_millisecond()).bind(serial).fetch_optional(&mut *c).await?);
    let Some((member, issued)) = first else { return Ok(false) };
    let version = roster_raise(tx).await?;
    on!(tx, c => sqlx::query(
        "update certificate set revoked_ms = $1, version = $2
         where member_id = $3 and issued_ms <= $4 and serial <> $5 and revoked_ms is null")
        .bind(now.as_millisecond()).bind(version).bind(&member).bind(issued).bind(serial)
        .execute(&mut *c).await?.rows_affected());
    on!(tx, c => sqlx::query("update certificate set version = $1 where serial = $2")
        .bind(version).bind(serial).execute(&mut *c).await?.rows_affected());
    Ok(true)
}
