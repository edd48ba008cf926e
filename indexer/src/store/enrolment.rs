//! Invites and the certificates issued on them.

use jiff::Timestamp;
use shouwang_proto::{clock::from_millis, id::MemberId};
use shouwang_serving::on;

use super::{Conn, StoreError, Tx, bad_row, roster::roster_raise};
use crate::council::{authority::IssuedCertificate, caller::SecretHash, membership::Invite};

/// Adds an invite and cancels the member's open ones, so that only the newest works.
///
/// # Errors
/// What the store said.
pub async fn invite_add(
    tx: &mut Tx,
    invite: &Invite,
    secret_hash: SecretHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    invites_cancel(tx, &invite.member, now).await?;
    on!(tx, c => sqlx::query(
        "insert into invite (id, member_id, secret_hash, replace_node, created_ms, expires_ms)
         values ($1, $2, $3, $4, $5, $6)")
        .bind(&invite.id).bind(invite.member.as_str()).bind(secret_hash.0.to_vec()).bind(invite.replace_node)
        .bind(now.as_millisecond()).bind(invite.expires.as_millisecond())
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// Cancels the open invites of a member.
///
/// # Errors
/// What the store said.
pub async fn invites_cancel(tx: &mut Tx, member: &MemberId, now: Timestamp) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query(
        "update invite set cancelled_ms = $1 where member_id = $2 and used_ms is null and cancelled_ms is null")
        .bind(now.as_millisecond()).bind(member.as_str()).execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// The invite with this secret.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn invite_find(conn: &mut Conn, secret_hash: SecretHash) -> Result<Option<Invite>, StoreError> {
    let row: Option<InviteRow> = on!(conn, c => sqlx::query_as(
        "select id, member_id, replace_node, expires_ms, used_ms, cancelled_ms from invite where secret_hash = $1")
        .bind(secret_hash.0.to_vec()).fetch_optional(&mut *c).await?);
    row.map(InviteRow::check).transpose()
}

#[derive(sqlx::FromRow)]
struct InviteRow {
    id: String,
    member_id: String,
    replace_node: bool,
    expires_ms: i64,
    used_ms: Option<i64>,
    cancelled_ms: Option<i64>,
}

impl InviteRow {
    fn check(self) -> Result<Invite, StoreError> {
        Ok(Invite {
            member: self
                .member_id
                .parse()
                .map_err(|error| bad_row("invite", "member_id", &self.id, error))?,
            id: self.id,
            replace_node: self.replace_node,
            expires: from_millis(self.expires_ms),
            used: self.used_ms.is_some(),
            cancelled: self.cancelled_ms.is_some(),
        })
    }
}

/// Burns an invite; false when it was burned or cancelled before.
///
/// # Errors
/// What the store said.
pub async fn invite_use(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    let rows = on!(tx, c => sqlx::query(
        "update invite set used_ms = $1 where id = $2 and used_ms is null and cancelled_ms is null")
        .bind(now.as_millisecond()).bind(id).execute(&mut *c).await?.rows_affected());
    Ok(rows == 1)
}

/// A certificate that was issued before.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CertificateRow {
    /// Serial number, lower-case hexadecimal.
    pub serial: String,
    /// The public key of the request.
    pub public_key: Vec<u8>,
    /// The certificate and the root.
    pub pem: String,
    /// When it ends, in milliseconds.
    pub not_after_ms: i64,
}

/// Puts a certificate on the allow-list.
///
/// # Errors
/// What the store said.
pub async fn certificate_add(
    tx: &mut Tx,
    member: &MemberId,
    issued: &IssuedCertificate,
    public_key: &[u8],
    invite: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let version = roster_raise(tx).await?;
    on!(tx, c => sqlx::query(
        "insert into certificate (serial, member_id, public_key, invite_id, pem, issued_ms, not_after_ms, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(&issued.serial).bind(member.as_str()).bind(public_key).bind(invite).bind(&issued.chain_pem)
        .bind(now.as_millisecond()).bind(issued.not_after.as_millisecond()).bind(version)
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// The certificate issued on an invite, unless it was revoked since.
///
/// # Errors
/// What the store said.
pub async fn certificate_of_invite(
    conn: &mut Conn,
    invite: &str,
) -> Result<Option<CertificateRow>, StoreError> {
    Ok(on!(conn, c => sqlx::query_as(
        "select serial, public_key, pem, not_after_ms from certificate where invite_id = $1 and revoked_ms is null")
        .bind(invite).fetch_optional(&mut *c).await?))
}

/// The certificate that a member was given and has not used yet.
///
/// # Errors
/// What the store said.
pub async fn certificate_unseen(
    conn: &mut Conn,
    member: &MemberId,
) -> Result<Option<CertificateRow>, StoreError> {
    Ok(on!(conn, c => sqlx::query_as(
        "select serial, public_key, pem, not_after_ms from certificate
         where member_id = $1 and seen_ms is null and revoked_ms is null order by issued_ms desc limit 1")
        .bind(member.as_str()).fetch_optional(&mut *c).await?))
}

/// Which certificates of a member to revoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// All: the node is replaced.
    All,
    /// Those that were never used: the node lost them and asks for another.
    Unseen,
}

/// Takes certificates of a member from the allow-list.
///
/// # Errors
/// What the store said.
pub async fn certificates_revoke(
    tx: &mut Tx,
    member: &MemberId,
    which: Revoked,
    now: Timestamp,
) -> Result<(), StoreError> {
    let version = roster_raise(tx).await?;
    let only_unseen = which == Revoked::Unseen;
    on!(tx, c => sqlx::query(
        "update certificate set revoked_ms = $1, version = $2
         where member_id = $3 and revoked_ms is null and (seen_ms is null or not $4)")
        .bind(now.as_millisecond()).bind(version).bind(member.as_str()).bind(only_unseen)
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// A token as it is added.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// Its id.
    pub id: &'a str,
    /// Hash of its secret.
    pub secret_hash: SecretHash,
    /// Who or what will use it.
    pub label: &'a str,
    /// What it may do.
    pub role: crate::council::caller::Role,
    /// The member whose scope it has.
    pub member: Option<&'a MemberId>,
    /// The account of the person who made it; none when the operator issued it.
    pub account: Option<&'a str>,
    /// When it ends.
    pub expires: Timestamp,
}

/// Adds an access token.
///
/// # Errors
/// What the store said.
pub async fn token_add(tx: &mut Tx, token: &NewToken<'_>, now: Timestamp) -> Result<(), StoreError> {
    let NewToken { id, secret_hash, label, role, member, account, expires } = token;
    let version = roster_raise(tx).await?;
    on!(tx, c => sqlx::query(
        "insert into token (id, secret_hash, label, role, member_id, account_id, created_ms, expires_ms, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(*id).bind(secret_hash.0.to_vec()).bind(*label).bind(role.as_str()).bind(member.map(MemberId::as_str))
        .bind(*account).bind(now.as_millisecond()).bind(expires.as_millisecond()).bind(version)
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// Revokes a token; the label it had, or none when there is no such token that works.
///
/// # Errors
/// What the store said.
pub async fn token_revoke(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
    let version = roster_raise(tx).await?;
    Ok(on!(tx, c => sqlx::query_scalar(
        "update token set revoked_ms = $1, version = $2 where id = $3 and revoked_ms is null returning label")
        .bind(now.as_millisecond()).bind(version).bind(id).fetch_optional(&mut *c).await?))
}
