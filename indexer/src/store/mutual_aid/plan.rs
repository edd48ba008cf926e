//! Plan proposals as they were made.

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{mutual_aid::id::PlanId, wire};
use shouwang_serving::{execute, on};

use super::super::{Conn, StoreError, Tx, bad_row};

/// Keeps a proposal.
///
/// # Errors
/// What the store said.
pub async fn plan_add(
    tx: &mut Tx,
    id: PlanId,
    plan: &wire::PlanProposal,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into aid_plan (id, created_ms, plan) values ($1, $2, $3)",
        id.to_string(),
        now.as_millisecond(),
        plan.encode_to_vec(),
    );
    Ok(())
}

/// Reads a proposal; none when there is none.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn plan_find(conn: &mut Conn, id: PlanId) -> Result<Option<wire::PlanProposal>, StoreError> {
    let plan: Option<Vec<u8>> = on!(conn, c => sqlx::query_scalar("select plan from aid_plan where id = $1")
        .bind(id.to_string()).fetch_optional(&mut *c).await?);
    plan.map(|plan| wire::PlanProposal::decode(plan.as_slice()))
        .transpose()
        .map_err(|error| bad_row("aid_plan", "plan", id, error))
}
