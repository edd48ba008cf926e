//! The park's roads, and what lies over them.

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    mutual_aid::id::{ClosureId, IncidentId},
    wire,
};
use shouwang_serving::{execute, on};

use super::super::{Conn, StoreError, Tx, bad_row, counter};

/// Most closures in force at once.
pub const CLOSURES_LIMIT: u32 = 1_000;

/// Replaces the road graph.
///
/// # Errors
/// What the store said.
pub async fn road_graph_put(
    tx: &mut Tx,
    graph: &wire::UploadRoadGraphRequest,
    now: Timestamp,
) -> Result<(), StoreError> {
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    execute!(
        tx,
        "insert into aid_road_graph (one, version, nodes, edges, updated_ms, graph) values (1, 1, $1, $2, $3, $4)
         on conflict (one) do update set version = aid_road_graph.version + 1, nodes = excluded.nodes,
         edges = excluded.edges, updated_ms = excluded.updated_ms, graph = excluded.graph",
        count(graph.nodes.len()),
        count(graph.edges.len()),
        now.as_millisecond(),
        graph.encode_to_vec(),
    );
    Ok(())
}

/// Version of the road graph; 0 when there is none.
///
/// # Errors
/// What the store said.
pub async fn road_graph_version(conn: &mut Conn) -> Result<u64, StoreError> {
    let version: Option<i64> = on!(conn, c => sqlx::query_scalar("select version from aid_road_graph")
        .fetch_optional(&mut *c).await?);
    counter("aid_road_graph", "version", 1, version.unwrap_or(0))
}

/// The road graph; none when none was loaded.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn road_graph_find(conn: &mut Conn) -> Result<Option<wire::UploadRoadGraphRequest>, StoreError> {
    let graph: Option<Vec<u8>> = on!(conn, c => sqlx::query_scalar("select graph from aid_road_graph")
        .fetch_optional(&mut *c).await?);
    graph
        .map(|graph| wire::UploadRoadGraphRequest::decode(graph.as_slice()))
        .transpose()
        .map_err(|error| bad_row("aid_road_graph", "graph", 1, error))
}

/// Adds a closure.
///
/// # Errors
/// What the store said.
pub async fn closure_add(
    tx: &mut Tx,
    id: ClosureId,
    incident: Option<IncidentId>,
    expires: Option<Timestamp>,
    closure: &wire::Closure,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into aid_closure (id, incident_id, created_ms, expires_ms, closure) values ($1, $2, $3, $4, $5)",
        id.to_string(),
        incident.map(|incident| incident.to_string()),
        now.as_millisecond(),
        expires.map(Timestamp::as_millisecond),
        closure.encode_to_vec(),
    );
    Ok(())
}

/// Removes a closure; none when there never was one, false when it was removed before.
///
/// # Errors
/// What the store said.
pub async fn closure_remove(tx: &mut Tx, id: ClosureId, now: Timestamp) -> Result<Option<bool>, StoreError> {
    let removed = execute!(
        tx,
        "update aid_closure set removed_ms = $2 where id = $1 and removed_ms is null",
        id.to_string(),
        now.as_millisecond(),
    );
    if removed == 1 {
        return Ok(Some(true));
    }
    let known: Option<i64> = on!(tx, c => sqlx::query_scalar("select created_ms from aid_closure where id = $1")
        .bind(id.to_string()).fetch_optional(&mut *c).await?);
    Ok(known.map(|_| false))
}

/// The closures in force, newest first; those of a closed incident have ended with it.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn closures_in_force(
    conn: &mut Conn,
    incident: Option<IncidentId>,
    now: Timestamp,
) -> Result<Vec<wire::Closure>, StoreError> {
    let only = incident.map_or_else(String::new, |incident| incident.to_string());
    let rows: Vec<(String, Vec<u8>)> = on!(conn, c => sqlx::query_as(
        "select k.id, k.closure from aid_closure k left join aid_incident i on i.id = k.incident_id
         where k.removed_ms is null and (k.expires_ms is null or k.expires_ms > $1)
           and (i.id is null or i.state <> 'closed') and ($2 = '' or k.incident_id = $2)
         order by k.created_ms desc, k.id desc limit $3")
        .bind(now.as_millisecond()).bind(only).bind(i64::from(CLOSURES_LIMIT)).fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|(id, closure)| {
            wire::Closure::decode(closure.as_slice())
                .map_err(|error| bad_row("aid_closure", "closure", id, error))
        })
        .collect()
}
