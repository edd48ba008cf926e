//! Documents of other dispatch systems: CAP 1.2 for incidents, EDXL-RM 1.0 for requests.

use std::path::Path;

use shouwang_proto::{
    interchange::{cap, edxl_rm},
    wire::{
        ActOnAssignmentRequest, ListTimelineRequest, MutualAidRequest, OpenIncidentRequest, TimelineEntry,
    },
};

use super::{content::read_file, refer, said::Said, show, told};
use crate::{
    connection::Hub,
    exit::Exit,
    failure::{Failure, Outcome},
    render::aid,
    session::Session,
};

/// Who sends our documents: stable, and unlike any mail address.
const SENDER: &str = "shouwang";

/// Prints an incident as the newest of its CAP alerts, which names those before; `anew`: as a first one, for whoever has
/// none of them.
pub(super) async fn export_incident(session: &Session, written: &str, anew: bool) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let incident = refer::incident(&hub, written).await?;
    let alert = if anew {
        cap::Alert::from_incident(&incident, SENDER, session.world.now())
    } else {
        cap::Alert::newest(&incident, &timeline(&hub, &incident.name).await?, SENDER)
    };
    let alert = alert.map_err(|refusal| Failure::fields(refusal.violations))?;
    session.output.raw(alert.to_xml().trim_end());
    Ok(Exit::Done)
}

/// The whole timeline of an incident.
async fn timeline(hub: &Hub, name: &str) -> Outcome<Vec<TimelineEntry>> {
    let mut entries = Vec::new();
    let mut page_token = String::new();
    loop {
        let question = ListTimelineRequest { name: name.to_owned(), page_size: 1_000, page_token };
        let page = told(hub, hub.aid().list_timeline(question).await)?;
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(entries);
        }
    }
}

/// Prints an assignment as an EDXL-RM message: that of its state, or another that its state allows.
pub(super) async fn export_assignment(
    session: &Session,
    written: &str,
    kind: Option<edxl_rm::MessageKind>,
) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let assignment = refer::assignment(&hub, written).await?;
    let request = refer::request(&hub, &assignment.request).await?;
    let incident = refer::incident(&hub, &request.incident).await?;
    let now = session.world.now();
    let message = edxl_rm::Message::from_assignment(&assignment, &request, &incident, kind, now)
        .map_err(|refusal| Failure::fields(refusal.violations))?;
    session.output.raw(message.to_xml().trim_end());
    Ok(Exit::Done)
}

/// Says at the hub what an EDXL-RM answer says about an assignment.
pub(super) async fn import_answer(
    session: &Session,
    written: &str,
    file: &Path,
    epoch: Option<u64>,
    said: &Said,
) -> Outcome<Exit> {
    let wrong = |refusal: shouwang_proto::refusal::Refusal| Failure::fields(refusal.violations);
    let message = edxl_rm::Message::parse(&read_file(file)?).map_err(wrong)?;
    let hub = session.hub().await?;
    let name = match written {
        refer::LAST => refer::assignment(&hub, written).await?.name,
        written => refer::named("assignments", written),
    };
    let action = message.to_action(&name, epoch).map_err(wrong)?;
    let (attempt, context) = said.imported(session)?;
    let expected_version = said.said_version();
    let request = ActOnAssignmentRequest { context: Some(context), action: Some(action), expected_version };
    let answer = hub.aid().act_on_assignment(request).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::assignment::acted))
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
    let message = edxl_rm::Message::from_request(&request, &incident, session.world.now())
        .map_err(|refusal| Failure::fields(refusal.violations))?;
    session.output.raw(message.to_xml().trim_end());
    Ok(Exit::Done)
}

/// Reads a request from an EDXL-RM RequestResource message; it names neither incident nor requester of ours.
pub(super) fn read_request(file: &Path) -> Outcome<MutualAidRequest> {
    let text = read_file(file)?;
    let wrong = |refusal: shouwang_proto::refusal::Refusal| Failure::fields(refusal.violations);
    edxl_rm::Message::parse(&text).and_then(|message| message.to_request()).map_err(wrong)
}
