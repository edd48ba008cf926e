//! Agreements that were signed.

use jiff::Timestamp;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    clock::from_millis,
    id::MemberId,
    mutual_aid::{
        agreement::{Agreement, KeptAgreement},
        id::AgreementId,
    },
    refusal::Violations,
    wire,
};
use shouwang_serving::{execute, on};

use super::super::{Conn, StoreError, Tx, bad_row};

/// A row as it lies there.
#[derive(sqlx::FromRow)]
struct Raw {
    id: String,
    created_ms: i64,
    recorded_by: String,
    ended_ms: Option<i64>,
    end_reason: String,
    agreement: Vec<u8>,
}

impl Raw {
    fn check(self) -> Result<KeptAgreement, StoreError> {
        let bad = |what: &dyn std::fmt::Display| bad_row("aid_agreement", "agreement", &self.id, what);
        let id = self.id.parse::<AgreementId>().map_err(|error| bad(&error))?;
        let written = wire::Agreement::decode(self.agreement.as_slice()).map_err(|error| bad(&error))?;
        let agreement = Agreement::read("agreement", written, &mut Violations::new())
            .ok_or_else(|| bad(&"cannot be read any more"))?;
        Ok(KeptAgreement {
            id,
            agreement,
            ended: self.ended_ms.map(|at| (from_millis(at), self.end_reason)),
            created: from_millis(self.created_ms),
            recorded_by: self.recorded_by,
        })
    }
}

/// Adds an agreement.
///
/// # Errors
/// What the store said.
pub async fn agreement_add(tx: &mut Tx, kept: &KeptAgreement) -> Result<(), StoreError> {
    let KeptAgreement { id, agreement, ended: _, created, recorded_by } = kept;
    execute!(
        tx,
        "insert into aid_agreement (id, first_member, second_member, from_ms, until_ms, created_ms, recorded_by, agreement)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.to_string(),
        agreement.first.as_str(),
        agreement.second.as_ref().map(|member| member.as_str().to_owned()),
        agreement.from.as_millisecond(),
        agreement.until.map(Timestamp::as_millisecond),
        created.as_millisecond(),
        recorded_by,
        agreement.to_wire().encode_to_vec(),
    );
    Ok(())
}

/// Ends an agreement; one that was ended before stays as it is.
///
/// # Errors
/// What the store said.
pub async fn agreement_end(
    tx: &mut Tx,
    id: AgreementId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update aid_agreement set ended_ms = $2, end_reason = $3 where id = $1 and ended_ms is null",
        id.to_string(),
        now.as_millisecond(),
        reason,
    );
    Ok(())
}

/// Finds an agreement.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn agreement_find(conn: &mut Conn, id: AgreementId) -> Result<Option<KeptAgreement>, StoreError> {
    let raw: Option<Raw> = on!(conn, c => sqlx::query_as(
        "select id, created_ms, recorded_by, ended_ms, end_reason, agreement from aid_agreement where id = $1")
        .bind(id.to_string()).fetch_optional(&mut *c).await?);
    raw.map(Raw::check).transpose()
}

/// The agreements in force that may bind somebody to help this member: its own, and those with the alliance.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn agreements_for(
    conn: &mut Conn,
    requester: &MemberId,
    now: Timestamp,
) -> Result<Vec<KeptAgreement>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, created_ms, recorded_by, ended_ms, end_reason, agreement from aid_agreement
         where (second_member is null or second_member = $1 or first_member = $1) and ended_ms is null
           and from_ms <= $2 and (until_ms is null or until_ms > $2) order by created_ms, id")
        .bind(requester.as_str()).bind(now.as_millisecond()).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// Which agreements.
#[derive(Clone, Debug, Default)]
pub struct AgreementFilter {
    /// Only those of this member.
    pub member: Option<MemberId>,
    /// Only those in force at this time.
    pub in_force: Option<Timestamp>,
}

/// Where a list of agreements goes on: after this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementAfter {
    created_ms: i64,
    id: String,
}

impl AgreementAfter {
    /// Where the list goes on after this one.
    #[must_use]
    pub fn of(kept: &KeptAgreement) -> Self {
        Self { created_ms: kept.created.as_millisecond(), id: kept.id.to_string() }
    }
}

/// Agreements, newest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn agreements_list(
    conn: &mut Conn,
    filter: &AgreementFilter,
    after: Option<&AgreementAfter>,
    limit: u32,
) -> Result<Vec<KeptAgreement>, StoreError> {
    let member = filter.member.as_ref().map_or("", MemberId::as_str);
    let now = filter.in_force.map_or(0, Timestamp::as_millisecond);
    let (before, id) = after.map_or((i64::MAX, ""), |after| (after.created_ms, after.id.as_str()));
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, created_ms, recorded_by, ended_ms, end_reason, agreement from aid_agreement
         where ($1 = '' or first_member = $1 or second_member = $1)
           and (not $2 or (ended_ms is null and from_ms <= $3 and (until_ms is null or until_ms > $3)))
           and (created_ms < $4 or (created_ms = $4 and id < $5))
         order by created_ms desc, id desc limit $6")
        .bind(member).bind(filter.in_force.is_some()).bind(now).bind(before).bind(id)
        .bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}
