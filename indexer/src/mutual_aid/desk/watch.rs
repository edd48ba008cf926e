//! Follows an incident or a request: first the picture, then every entry with the state after it. What was missed is
//! read from the timeline, so a caller that was cut off goes on where it was.

use std::collections::BTreeSet;

use shouwang_proto::{
    id::MemberId,
    mutual_aid::id::{AssignmentId, IncidentId, RequestId},
    wire,
};
use shouwang_serving::store::{Conn, StoreError};
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{
    Desk,
    lookups::{Named, concerned_incident, is_concerned},
};
use crate::{
    council::caller::Caller,
    mutual_aid::{
        machine::{assignment::Assignment, request::Request, timeline::Entry},
        write,
    },
    store::mutual_aid::{
        assignment::{assignments_of_incident, assignments_of_request},
        request::{request_find, requests_of_incident},
        timeline::timeline_after,
    },
};

/// Entries read at once.
const PAGE: u32 = 100;
/// Pictures that wait for a slow caller; beyond that its stream waits, and reads what it missed.
const QUEUE: usize = 16;

type Out = Sender<Result<wire::WatchRequestResponse, Status>>;

/// Whom the stream is for and what it follows.
#[derive(Clone, Debug)]
struct View {
    incident: IncidentId,
    request: Option<RequestId>,
    member: Option<MemberId>,
}

impl Desk {
    /// Opens a stream.
    pub(super) async fn watch(
        &self,
        by: Caller,
        message: wire::WatchRequestRequest,
    ) -> Result<ReceiverStream<Result<wire::WatchRequestResponse, Status>>, StoreError> {
        let wire::WatchRequestRequest { name, after_sequence } = message;
        let named = Named::read(&name)?;
        let member = by.member.clone();
        let find = async move |conn: &mut Conn| named.find(conn, member.as_ref()).await;
        let (incident, request) = self.store.read(find).await?;
        let view = View { incident, request, member: by.member.clone() };
        let (out, answers) = channel(QUEUE);
        let desk = self.clone();
        // Before the first picture: what changes after it rings.
        let mut changes = self.room.shared.changes.subscribe();
        self.room.shared.tasks.spawn(async move {
            let _looking = desk.room.shared.present.enter(&name, &by.label);
            let follow = async {
                let mut sequence = after_sequence;
                if sequence == 0 {
                    sequence = desk.first_picture(&view, &name, &out).await?;
                }
                loop {
                    changes.borrow_and_update();
                    while let Some(last) = desk.next_entries(&view, &name, sequence, &out).await? {
                        sequence = last;
                    }
                    tokio::select! {
                        biased;
                        () = out.closed() => return Ok(()),
                        more = changes.changed() => if more.is_err() { return Ok(()) },
                    }
                }
            };
            let ended: Result<(), Status> = tokio::select! {
                biased;
                () = desk.stopping.cancelled() => Err(Status::unavailable("the hub stops")),
                ended = follow => ended,
            };
            if let Err(status) = ended {
                // The caller may be gone already.
                drop(out.send(Err(status)).await);
            }
        });
        Ok(ReceiverStream::new(answers))
    }

    async fn first_picture(&self, view: &View, name: &str, out: &Out) -> Result<u64, Status> {
        let (view, present) = (view.clone(), self.room.shared.present.at(name, self.gate.now()));
        let read = async move |conn: &mut Conn| {
            let incident = concerned_incident(conn, view.incident, view.member.as_ref()).await?;
            let (mut requests, mut assignments) = (Vec::new(), Vec::new());
            for request in requests_of_incident(conn, view.incident).await? {
                if view.request.is_none_or(|only| only == request.id) {
                    let (shown, theirs) = picture(conn, &view, &request).await?;
                    requests.extend(shown);
                    assignments.extend(theirs);
                }
            }
            let sequence = incident.sequence;
            let incident = Some(write::incident(&incident));
            Ok(wire::WatchRequestResponse { sequence, entry: None, incident, requests, assignments, present })
        };
        let picture = self.store.read(read).await?;
        let sequence = picture.sequence;
        out.send(Ok(picture)).await.map_err(|_| Status::cancelled("the caller has gone"))?;
        Ok(sequence)
    }

    /// Sends what happened after a number; gives the newest number, none when nothing did.
    async fn next_entries(
        &self,
        view: &View,
        name: &str,
        after: u64,
        out: &Out,
    ) -> Result<Option<u64>, Status> {
        let (view, present) = (view.clone(), self.room.shared.present.at(name, self.gate.now()));
        let read = async move |conn: &mut Conn| {
            let entries = timeline_after(conn, view.incident, None, after, PAGE).await?;
            let own = own_requests(conn, view.incident, view.member.as_ref()).await?;
            let mut news = Vec::new();
            let last = entries.last().map(|entry| entry.sequence);
            for entry in entries {
                if follows(&view, &entry) && may_see(view.member.as_ref(), &own, &entry) {
                    news.push(news_of(conn, &view, &entry, present.clone()).await?);
                }
            }
            Ok((last, news))
        };
        let (last, news) = self.store.read(read).await?;
        for one in news {
            out.send(Ok(one)).await.map_err(|_| Status::cancelled("the caller has gone"))?;
        }
        Ok(last)
    }
}

fn follows(view: &View, entry: &Entry) -> bool {
    view.request.is_none() || entry.about.request.is_none() || entry.about.request == view.request
}

/// What a member has to do with the requests of an incident: those it made, and those that it was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    made: BTreeSet<RequestId>,
    asked: BTreeSet<RequestId>,
}

/// What the member has to do with the requests of the incident.
pub(super) async fn own_requests(
    conn: &mut Conn,
    incident: IncidentId,
    member: Option<&MemberId>,
) -> Result<Own, StoreError> {
    let Some(member) = member else { return Ok(Own::default()) };
    let requests = requests_of_incident(conn, incident).await?.into_iter();
    let made = requests.filter(|request| request.requester == *member).map(|request| request.id).collect();
    let assignments = assignments_of_incident(conn, incident).await?.into_iter();
    let theirs = assignments.filter(|assignment| assignment.owner() == member);
    Ok(Own { made, asked: theirs.map(|assignment| assignment.line.request).collect() })
}

/// May the caller see this entry? A member sees what is about its own requests and its own resources; of a request that
/// it was asked for, what is about nobody else's resource; and what is about the incident itself.
pub(super) fn may_see(member: Option<&MemberId>, own: &Own, entry: &Entry) -> bool {
    let Some(member) = member else { return true };
    let about = &entry.about;
    let anothers = about.resource.as_ref().is_some_and(|resource| resource.member != *member);
    match about.request {
        Some(request) if own.made.contains(&request) => true,
        Some(request) if own.asked.contains(&request) => {
            !anothers && (about.assignment.is_none() || about.resource.is_some())
        }
        Some(_) => false,
        None => !anothers,
    }
}

async fn news_of(
    conn: &mut Conn,
    view: &View,
    entry: &Entry,
    present: Vec<String>,
) -> Result<wire::WatchRequestResponse, StoreError> {
    let (mut requests, mut assignments) = (Vec::new(), Vec::new());
    if let Some(id) = entry.about.request
        && let Some(request) = request_find(conn, id).await?
    {
        let (shown, theirs) = picture(conn, view, &request).await?;
        requests.extend(shown);
        assignments.extend(theirs.into_iter().filter(|shown| {
            entry.about.assignment.is_some_and(|about: AssignmentId| shown.name == about.name())
        }));
    }
    let incident = match entry.about.request {
        None => Some(write::stored_incident(conn, Some(view.incident)).await?),
        Some(_) => None,
    };
    let (sequence, entry) = (entry.sequence, Some(write::entry(entry)));
    Ok(wire::WatchRequestResponse { sequence, entry, incident, requests, assignments, present })
}

/// A request and its assignments, as far as they concern the caller.
async fn picture(
    conn: &mut Conn,
    view: &View,
    request: &Request,
) -> Result<(Option<wire::MutualAidRequest>, Vec<wire::Assignment>), StoreError> {
    let all: Vec<Assignment> = assignments_of_request(conn, request.id).await?;
    let member = view.member.as_ref();
    let theirs = all.iter().filter(|assignment| is_concerned(assignment, request, member));
    let theirs: Vec<_> = theirs.map(|assignment| assignment.view().to_wire()).collect();
    let concerned = member.is_none_or(|member| request.requester == *member) || !theirs.is_empty();
    Ok((concerned.then(|| write::request(request, &all)), theirs))
}
