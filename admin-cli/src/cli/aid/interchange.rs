//! Documents of other dispatch systems: CAP 1.2 for incidents, EDXL-RM 1.0 for requests.

use std::path::Path;

use shouwang_proto::{
    interchange::{cap, edxl_rm},
    wire::{MutualAidRequest, OpenIncidentRequest},
};

use super::{content::read_file, refer, said::Said, show};
use crate::{
    exit::Exit,
    failure::{Failure, Outcome},
    render::aid,
    session::Session,
};

/// Who sends our documents: stable, and unlike any mail address.
const SENDER: &str = "shouwang";

/// Prints an incident as a CAP alert.
pub(super) async fn export_incident(session: &Session, written: &str) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let incident = refer::incident(&hub, written).await?;
    let alert = cap::Alert::from_incident(&incident, SENDER, session.world.now())
        .map_err(|refusal| Failure::fields(refusal.violations))?;
    session.output.raw(alert.to_xml().trim_end());
    Ok(Exit::Done)
}

/// Opens an incident from a CAP alert, or only checks the alert.
pub(super) async fn import_incident(
    session: &Session,
    file: &Path,
    check: bool,
    said: &Said,
) -> Outcome<Exit> {
    let text = read_file(file)?;
    let alert = cap::Alert::parse(&text).map_err(|refusal| Failure::fields(refusal.violations))?;
    let incident = alert.to_incident().map_err(|refusal| Failure::fields(refusal.violations))?;
    if check {
        return Ok(show(session, incident, aid::incident::one));
    }
    let hub = session.hub().await?;
    let (attempt, context) = said.imported(session)?;
    let request = OpenIncidentRequest { context: Some(context), incident: Some(incident) };
    let answer = hub.aid().open_incident(request).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::incident::one))
}

/// Prints a request as an EDXL-RM RequestResource message.
pub(super) async fn export_request(session: &Session, written: &str) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let request = refer::request(&hub, written).await?;
    let incident = refer::incident(&hub, &request.incident).await?;
    let message = edxl_rm::RequestResource::from_request(&request, &incident, session.world.now())
        .map_err(|refusal| Failure::fields(refusal.violations))?;
    session.output.raw(message.to_xml().trim_end());
    Ok(Exit::Done)
}

/// Reads a request from an EDXL-RM RequestResource message; it names neither incident nor requester of ours.
pub(super) fn read_request(file: &Path) -> Outcome<MutualAidRequest> {
    let text = read_file(file)?;
    let wrong = |refusal: shouwang_proto::refusal::Refusal| Failure::fields(refusal.violations);
    edxl_rm::RequestResource::parse(&text).and_then(|message| message.to_request()).map_err(wrong)
}
