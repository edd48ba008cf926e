//! The park's roads and what lies over them.

use shouwang_proto::{
    mutual_aid::id::{ClosureId, IncidentId},
    publication::{text::TextRule, time_from_wire},
    refusal::{Refusal, Violations},
    wire,
};
use shouwang_serving::store::{Conn, StoreError};
use tonic::{Code, Status, Streaming};

use super::{Desk, read};
use crate::{
    council::caller::Caller,
    mutual_aid::{
        planning::{read_plume, read_roads},
        unknown,
    },
    store::mutual_aid::{
        incident::incident_find,
        roads::{closure_add, closure_remove, closures_in_force, road_graph_put},
    },
};

/// Most junctions of a graph.
const NODES: usize = 100_000;
/// Most roads of a graph.
const EDGES: usize = 400_000;

impl Desk {
    pub(super) async fn road_graph(
        &self,
        by: &Caller,
        mut pieces: Streaming<wire::UploadRoadGraphRequest>,
    ) -> Result<wire::UploadRoadGraphResponse, Status> {
        let mut whole = wire::UploadRoadGraphRequest::default();
        while let Some(piece) = pieces.message().await? {
            let wire::UploadRoadGraphRequest { nodes, edges, context, complete } = piece;
            whole.context = whole.context.or(context);
            whole.complete = complete;
            whole.nodes.extend(nodes);
            whole.edges.extend(edges);
            if whole.nodes.len() > NODES || whole.edges.len() > EDGES {
                let words = format!("a graph has at most {NODES} nodes and {EDGES} edges （路网过大）");
                return Err(Refusal::new(Code::InvalidArgument, "GRAPH_INVALID", words).into());
            }
        }
        let mut wrong = Violations::new();
        let now = self.gate.now();
        let said = read::said(by, whole.context.clone(), now, &mut wrong);
        // The library reads a call that its caller has given up as an ordinary end.
        if !whole.complete {
            wrong.add("complete", "must be true in the last message （末条消息必须为 true）");
        }
        let said = read::whole(wrong, || said)?;
        read_roads(&whole).map_err(|faults| graph_invalid(&faults))?;
        let counted = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let answer = wire::UploadRoadGraphResponse {
            nodes: counted(whole.nodes.len()),
            edges: counted(whole.edges.len()),
        };
        let graph = wire::UploadRoadGraphRequest { context: None, complete: false, ..whole.clone() };
        let done = self.room.note(by, ("UploadRoadGraph", said), &whole, "roads.replace", async move |tx| {
            road_graph_put(tx, &graph, now).await?;
            Ok(answer)
        });
        Ok(Box::pin(done).await?)
    }

    pub(super) async fn closure_new(
        &self,
        by: &Caller,
        message: wire::AddClosureRequest,
    ) -> Result<wire::Closure, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let now = self.gate.now();
        let said = read::said(by, message.context, now, &mut wrong);
        let mut closure = message.closure.unwrap_or_default();
        closure.reason =
            TextRule { least: 1, ..TextRule::lines(200) }.read("closure.reason", &closure.reason, &mut wrong);
        let incident =
            read::optional(&closure.incident, "closure.incident", IncidentId::from_name, &mut wrong);
        let expires = closure.expire_time.as_ref().map(|time| {
            wrong.check("closure.expire_time", time_from_wire(time).ok_or("is no time （时间无效）"))
        });
        if let Err(words) = read_plume(&closure) {
            wrong.add("closure.polygon", words);
        }
        let said = read::whole(wrong, || said)?;
        let id = ClosureId::new(now, self.room.shared.parts.world.random());
        closure.name = id.name();
        let expires = expires.flatten();
        let done = self.room.note(by, ("AddClosure", said), &kept, "closure.add", async move |tx| {
            if let Some(incident) = incident {
                incident_find(tx, incident).await?.ok_or_else(|| unknown::incident(incident))?;
            }
            closure_add(tx, id, incident, expires, &closure, now).await?;
            Ok(closure)
        });
        Box::pin(done).await
    }

    pub(super) async fn closure_end(
        &self,
        by: &Caller,
        message: wire::RemoveClosureRequest,
    ) -> Result<wire::RemoveClosureResponse, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let now = self.gate.now();
        let said = read::said(by, message.context, now, &mut wrong);
        let id = wrong.check("name", ClosureId::from_name(&message.name));
        let (said, id) = read::whole(wrong, || Some((said?, id?)))?;
        let done = self.room.note(by, ("RemoveClosure", said), &kept, "closure.remove", async move |tx| {
            closure_remove(tx, id, now).await?.ok_or_else(|| unknown::closure(id))?;
            Ok(wire::RemoveClosureResponse {})
        });
        Box::pin(done).await
    }

    pub(super) async fn closures(
        &self,
        message: wire::ListClosuresRequest,
    ) -> Result<wire::ListClosuresResponse, StoreError> {
        let mut wrong = Violations::new();
        let incident = read::optional(&message.incident, "incident", IncidentId::from_name, &mut wrong);
        read::whole(wrong, || Some(()))?;
        let now = self.gate.now();
        let closures = self
            .store
            .read(async move |conn: &mut Conn| closures_in_force(conn, incident, now).await)
            .await?;
        Ok(wire::ListClosuresResponse { closures })
    }
}

fn graph_invalid(faults: &[String]) -> Refusal {
    let shown = faults.iter().take(10).cloned().collect::<Vec<_>>().join("; ");
    let words = format!("{} mistakes in the graph （路网有误）: {shown}", faults.len());
    Refusal::new(Code::InvalidArgument, "GRAPH_INVALID", words)
}
