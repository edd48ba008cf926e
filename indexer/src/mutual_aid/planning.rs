//! Lays out the scene for the matching from what is stored: roads, closures, ledgers, open lines.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use shouwang_proto::{
    id::PublicationName,
    mutual_aid::{id::LineNumber, term::AssignmentState},
    wire,
};
use shouwang_serving::store::{Conn, StoreError};

use super::{
    candidates::{LineWanted, Scene},
    machine::{
        assignment::Assignment, fulfilment::Fulfilment, incident::Incident, ledger::Book, request::Request,
    },
    matching::{
        place::Place,
        resource::Attempt,
        roads::{EdgeDraft, Effect, NodeDraft, Plume, Roads, RoadsDraft},
    },
    pool::News,
    room::{MutualAid, Shared},
};
use crate::store::mutual_aid::{
    ledger::ledgers_changed,
    roads::{closures_in_force, road_graph_find, road_graph_version},
};

/// What became of earlier attempts to have a resource for a line.
pub(super) type Attempts = BTreeMap<PublicationName, Attempt>;

/// The line as matching wants it, and the attempts so far; none when there is no such line or nothing is missing.
pub(super) fn line_wanted(
    incident: &Incident,
    request: &Request,
    assignments: &[Assignment],
    number: LineNumber,
) -> Option<(LineWanted, Attempts)> {
    let line = request.line(number)?;
    let id = request.line_id(number);
    let missing = Fulfilment::of(line, id, assignments.iter()).missing();
    let attempts = assignments.iter().filter_map(|assignment| {
        let on_line = assignment.line == id && assignment.uses().is_some();
        let attempt = if assignment.state.word() == AssignmentState::Declined {
            Some(Attempt::Declined)
        } else {
            on_line.then_some(Attempt::OnLine)
        };
        attempt.map(|attempt| (assignment.resource.clone(), attempt))
    });
    let wanted = LineWanted {
        line: id,
        priority: request.facts.priority,
        mode: request.book.mode(),
        requester: request.requester.clone(),
        need: line.need.clone(),
        missing,
        substances: incident.facts.substances.clone(),
        place: request.facts.place.clone().unwrap_or_else(|| incident.facts.place.clone()),
        agreements: None,
    };
    Some((wanted, attempts.collect()))
}

/// Reads a graph as it came.
///
/// # Errors
/// Every mistake, in words.
pub(super) fn read_roads(graph: &wire::UploadRoadGraphRequest) -> Result<Roads, Vec<String>> {
    let nodes = graph.nodes.iter().enumerate().map(|(index, node)| NodeDraft {
        line: index + 1,
        id: node.id.to_string(),
        latitude: node.latitude,
        longitude: node.longitude,
        gate_seconds: f64::from(node.gate_seconds),
    });
    let edges = graph.edges.iter().enumerate().map(|(index, edge)| EdgeDraft {
        line: index + 1,
        id: format!("{}-{}", edge.from, edge.to),
        from: edge.from.to_string(),
        to: edge.to.to_string(),
        length_m: f64::from(edge.length_metres),
        speed_kmh: f64::from(edge.speed_kmh),
        both_ways: !edge.one_way,
    });
    let draft = RoadsDraft { nodes: nodes.collect(), edges: edges.collect() };
    Roads::build(draft).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// Reads a closure as an area over the roads.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn read_plume(closure: &wire::Closure) -> Result<Plume, String> {
    if closure.polygon.len() > 100 {
        return Err("has more than 100 corners （顶点超过 100 个）".to_owned());
    }
    let corners: Result<Vec<_>, _> =
        closure.polygon.iter().map(|corner| Place::new(corner.latitude, corner.longitude)).collect();
    let corners = corners.map_err(|error| error.to_string())?;
    let effect = match closure.kind() {
        wire::ClosureKind::Closed | wire::ClosureKind::Plume => Effect::Blocked,
        wire::ClosureKind::Slow if (2..=20).contains(&closure.slowdown) => {
            Effect::Slowed(closure.slowdown * 100)
        }
        wire::ClosureKind::Slow => return Err("needs a slowdown of 2 to 20 （减速倍数须为 2–20）".to_owned()),
        wire::ClosureKind::Unspecified => return Err("needs a kind （缺少类型）".to_owned()),
    };
    Plume::new(&corners, effect).map_err(|error| error.to_string())
}

impl MutualAid {
    /// The scene of one book at this moment.
    ///
    /// # Errors
    /// What the store said.
    pub(super) async fn scene(&self, book: Book) -> Result<Scene, StoreError> {
        let Shared { parts, shelf, pools, .. } = &*self.shared;
        let (pool, now, known) = (pools.of(book), parts.world.now(), pools.map_version());
        let seen = pool.read().unwrap_or_else(PoisonError::into_inner).ledgers_seen();
        let read = async move |conn: &mut Conn| {
            let ledgers = ledgers_changed(conn, book, seen).await?;
            let map_version = road_graph_version(conn).await?;
            let graph = if map_version == known { None } else { road_graph_find(conn).await? };
            let closures = closures_in_force(conn, None, now).await?;
            Ok((News { ledgers, map_version, graph }, closures))
        };
        let (news, closures) = parts.store.read(read).await?;
        pools.follow(&pool, shelf, news);
        Ok(Scene { room: Arc::clone(&self.shared), pool, closures, roster: parts.roster.snapshot(), now })
    }

    /// Lays out what has changed, so that the next question need not.
    pub(super) async fn lay_out(&self) {
        if let Err(error) = self.scene(Book::Actual).await {
            tracing::warn!(%error, "what could help was not laid out; the next question does it");
        }
    }
}
