//! An incident and a request, and how a fake answers with messages.

use serde_json::Value;
use shouwang_proto::wire::{Incident, IncidentMode, Location, MutualAidRequest, NeedLine, RequestPriority};
use tonic::Status;

pub(crate) const ID: &str = "01980000-0000-4000-8000-000000000001";

pub(crate) fn one<M: prost::Message>(message: &M) -> Result<Vec<Vec<u8>>, Status> {
    Ok(vec![message.encode_to_vec()])
}

pub(crate) fn unknown(method: &str) -> Result<Vec<Vec<u8>>, Status> {
    Err(Status::unimplemented(method.to_owned()))
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(crate) fn incident() -> Incident {
    Incident {
        name: format!("incidents/{ID}"),
        version: 4,
        mode: IncidentMode::Actual as i32,
        title: "罐区泄漏".to_owned(),
        accident_type: "leak".to_owned(),
        member: "members/chenghu-chem".to_owned(),
        place: Some(Location { latitude: 31.32, longitude: 120.73, address: "化工路8号".to_owned() }),
        ..Incident::default()
    }
}

pub(crate) fn request() -> MutualAidRequest {
    MutualAidRequest {
        name: format!("requests/{ID}"),
        version: 7,
        incident: format!("incidents/{ID}"),
        requester: "members/chenghu-chem".to_owned(),
        priority: RequestPriority::P1 as i32,
        title: "泡沫支援".to_owned(),
        lines: vec![NeedLine {
            number: 1,
            what: "泡沫消防车".to_owned(),
            requested: 2,
            unit: "1".to_owned(),
            ..NeedLine::default()
        }],
        ..MutualAidRequest::default()
    }
}
