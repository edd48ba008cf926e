//! What callers read. A member sees what concerns it; to everything else the answer is that there is no such thing.

use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        id::{AssignmentId, IncidentId, RequestId},
        term::{AssignmentState, IncidentState, Mode, RequestState},
    },
    page,
    publication::time_to_wire,
    refusal::{Refusal, Violations},
    wire,
};
use shouwang_serving::store::{Conn, StoreError};

use super::{
    Desk, read,
    watch::{may_see, own_requests},
};
use crate::{
    council::caller::Caller,
    mutual_aid::{
        machine::{
            assignment::Assignment,
            ledger::{Book, LedgerKey},
            request::Request,
        },
        unknown, write,
    },
    store::mutual_aid::{
        assignment::{
            AssignmentAfter, AssignmentFilter, assignment_find, assignments_list, assignments_of_request,
            assignments_using,
        },
        delivery::deliveries_list,
        incident::{IncidentAfter, IncidentFilter, incident_concerns, incident_find, incidents_list},
        ledger::{LedgerAfter, LedgerFilter, ledgers_list},
        request::{RequestAfter, RequestFilter, request_find, requests_list},
        timeline::timeline_after,
    },
};

/// The incident, if it concerns the caller.
pub(super) async fn concerned_incident(
    conn: &mut Conn,
    id: IncidentId,
    member: Option<&MemberId>,
) -> Result<crate::mutual_aid::machine::incident::Incident, StoreError> {
    let found = incident_find(conn, id).await?.ok_or_else(|| unknown::incident(id))?;
    if let Some(member) = member
        && !incident_concerns(conn, id, member).await?
    {
        return Err(unknown::incident(id).into());
    }
    Ok(found)
}

/// The request with its assignments, if it concerns the caller.
pub(super) async fn concerned_request(
    conn: &mut Conn,
    id: RequestId,
    member: Option<&MemberId>,
) -> Result<(Request, Vec<Assignment>), StoreError> {
    let found = request_find(conn, id).await?.ok_or_else(|| unknown::request(id))?;
    let assignments = assignments_of_request(conn, id).await?;
    let concerns = member.is_none_or(|member| {
        found.requester == *member || assignments.iter().any(|assignment| assignment.owner() == member)
    });
    if concerns { Ok((found, assignments)) } else { Err(unknown::request(id).into()) }
}

/// Does the assignment concern the member: is it the owner's, or for the requester?
pub(super) fn is_concerned(assignment: &Assignment, request: &Request, member: Option<&MemberId>) -> bool {
    member.is_none_or(|member| assignment.owner() == member || request.requester == *member)
}

impl Desk {
    pub(super) async fn incident_get(
        &self,
        by: &Caller,
        message: wire::GetIncidentRequest,
    ) -> Result<wire::Incident, StoreError> {
        let mut wrong = Violations::new();
        let id = read::incident("name", &message.name, &mut wrong);
        let (id, member) = (read::whole(wrong, || id)?, by.member.clone());
        let read = async move |conn: &mut Conn| {
            Ok(write::incident(&concerned_incident(conn, id, member.as_ref()).await?))
        };
        self.store.read(read).await
    }

    pub(super) async fn incidents(
        &self,
        by: &Caller,
        message: wire::ListIncidentsRequest,
    ) -> Result<wire::ListIncidentsResponse, StoreError> {
        let mut wrong = Violations::new();
        let states = read::terms("states", &message.states, IncidentState::from_wire, &mut wrong);
        let modes = read::terms("modes", &message.modes, Mode::from_wire, &mut wrong);
        read::whole(wrong, || Some(()))?;
        let after: Option<IncidentAfter> = page::decode(&message.page_token)?;
        let size = page::size(message.page_size, 50, 1_000);
        let filter = IncidentFilter { states, modes, concerning: by.member.clone() };
        let read = async move |conn: &mut Conn| incidents_list(conn, &filter, after.as_ref(), size + 1).await;
        let mut found = self.store.read(read).await?;
        let next_page_token = cut(&mut found, size, |last| page::encode(&IncidentAfter::of(last)));
        let incidents = found.iter().map(write::incident).collect();
        Ok(wire::ListIncidentsResponse { incidents, next_page_token })
    }

    pub(super) async fn request_get(
        &self,
        by: &Caller,
        message: wire::GetRequestRequest,
    ) -> Result<wire::MutualAidRequest, StoreError> {
        let mut wrong = Violations::new();
        let id = read::request("name", &message.name, &mut wrong);
        let (id, member) = (read::whole(wrong, || id)?, by.member.clone());
        let read = async move |conn: &mut Conn| {
            let (request, assignments) = concerned_request(conn, id, member.as_ref()).await?;
            Ok(write::request(&request, &assignments))
        };
        self.store.read(read).await
    }

    pub(super) async fn requests(
        &self,
        by: &Caller,
        message: wire::ListRequestsRequest,
    ) -> Result<wire::ListRequestsResponse, StoreError> {
        let mut wrong = Violations::new();
        let filter = RequestFilter {
            incident: read::optional(&message.incident, "incident", IncidentId::from_name, &mut wrong),
            states: read::terms("states", &message.states, RequestState::from_wire, &mut wrong),
            modes: read::terms("modes", &message.modes, Mode::from_wire, &mut wrong),
            requester: read::optional(&message.requester, "requester", MemberId::from_name, &mut wrong),
            concerning: by.member.clone(),
        };
        read::whole(wrong, || Some(()))?;
        let after: Option<RequestAfter> = page::decode(&message.page_token)?;
        let size = page::size(message.page_size, 50, 1_000);
        let read = async move |conn: &mut Conn| {
            let mut found = requests_list(conn, &filter, after.as_ref(), size + 1).await?;
            let next_page_token = cut(&mut found, size, |last| page::encode(&RequestAfter::of(last)));
            let mut requests = Vec::with_capacity(found.len());
            for request in found {
                requests.push(write::request(&request, &assignments_of_request(conn, request.id).await?));
            }
            Ok(wire::ListRequestsResponse { requests, next_page_token })
        };
        self.store.read(read).await
    }

    pub(super) async fn timeline(
        &self,
        by: &Caller,
        message: wire::ListTimelineRequest,
    ) -> Result<wire::ListTimelineResponse, StoreError> {
        let named = Named::read(&message.name)?;
        let after: Option<u64> = page::decode(&message.page_token)?;
        let (size, member) = (page::size(message.page_size, 200, 1_000), by.member.clone());
        let read = async move |conn: &mut Conn| {
            let (incident, request) = named.find(conn, member.as_ref()).await?;
            let own = own_requests(conn, incident, member.as_ref()).await?;
            let found = timeline_after(conn, incident, request, after.unwrap_or(0), size + 1).await?;
            Ok((found, own, member))
        };
        let (mut found, own, member) = self.store.read(read).await?;
        let next_page_token = cut(&mut found, size, |last| page::encode(&last.sequence));
        let seen = found.iter().filter(|entry| may_see(member.as_ref(), &own, entry));
        Ok(wire::ListTimelineResponse { entries: seen.map(write::entry).collect(), next_page_token })
    }

    pub(super) async fn assignment_get(
        &self,
        by: &Caller,
        message: wire::GetAssignmentRequest,
    ) -> Result<wire::Assignment, StoreError> {
        let mut wrong = Violations::new();
        let id = read::assignment("name", &message.name, &mut wrong);
        let (id, member) = (read::whole(wrong, || id)?, by.member.clone());
        let read = async move |conn: &mut Conn| {
            let (assignment, _) = concerned_assignment(conn, id, member.as_ref()).await?;
            Ok(assignment.view().to_wire())
        };
        self.store.read(read).await
    }

    pub(super) async fn assignments(
        &self,
        by: &Caller,
        message: wire::ListAssignmentsRequest,
    ) -> Result<wire::ListAssignmentsResponse, StoreError> {
        let mut wrong = Violations::new();
        let filter = AssignmentFilter {
            request: read::optional(&message.request, "request", RequestId::from_name, &mut wrong),
            owner: read::optional(&message.owner, "owner", MemberId::from_name, &mut wrong),
            states: read::terms("states", &message.states, AssignmentState::from_wire, &mut wrong),
            concerning: by.member.clone(),
        };
        read::whole(wrong, || Some(()))?;
        let after: Option<AssignmentAfter> = page::decode(&message.page_token)?;
        let size = page::size(message.page_size, 100, 1_000);
        let read =
            async move |conn: &mut Conn| assignments_list(conn, &filter, after.as_ref(), size + 1).await;
        let mut found = self.store.read(read).await?;
        let next_page_token = cut(&mut found, size, |(_, after)| page::encode(after));
        let assignments = found.iter().map(|(assignment, _)| assignment.view().to_wire()).collect();
        Ok(wire::ListAssignmentsResponse { assignments, next_page_token })
    }

    pub(super) async fn deliveries(
        &self,
        message: wire::ListDeliveriesRequest,
    ) -> Result<wire::ListDeliveriesResponse, StoreError> {
        let mut wrong = Violations::new();
        let id = read::incident("incident", &message.incident, &mut wrong);
        let id = read::whole(wrong, || id)?;
        let before: Option<u64> = page::decode(&message.page_token)?;
        let (size, undelivered) = (page::size(message.page_size, 100, 1_000), message.undelivered_only);
        let read = async move |conn: &mut Conn| {
            incident_find(conn, id).await?.ok_or_else(|| unknown::incident(id))?;
            deliveries_list(conn, id, undelivered, before, size + 1).await
        };
        let mut found = self.store.read(read).await?;
        let next_page_token = cut(&mut found, size, |last| page::encode(&last.number));
        let (roster, board) = (self.roster.snapshot(), &self.board);
        let deliveries = found.into_iter().map(|row| {
            let member = roster.member(&row.recipient);
            wire::Delivery {
                notice: Some(row.notice),
                member_display_name: member.map(|member| member.display_name.clone()).unwrap_or_default(),
                state: row.state.to_wire().into(),
                state_time: Some(time_to_wire(row.since)),
                unreachable: !board.row(&row.recipient).is_some_and(|row| row.is_reachable()),
                phones: row.phones,
            }
        });
        Ok(wire::ListDeliveriesResponse { deliveries: deliveries.collect(), next_page_token })
    }

    pub(super) async fn ledger_get(
        &self,
        by: &Caller,
        message: wire::GetLedgerRequest,
    ) -> Result<wire::LedgerEntry, StoreError> {
        let mut wrong = Violations::new();
        let resource = read::resource("resource", &message.resource, &mut wrong);
        let incident = read::optional(&message.incident, "incident", IncidentId::from_name, &mut wrong);
        let resource = read::whole(wrong, || resource)?;
        if by.member.as_ref().is_some_and(|own| *own != resource.member) {
            return Err(unknown::resource(&resource).into());
        }
        let read = async move |conn: &mut Conn| {
            let book = book_of(conn, incident).await?;
            let key = LedgerKey { resource, book };
            let found = write::stored_ledger(conn, &key).await?;
            found.ok_or_else(|| unknown::resource(&key.resource).into())
        };
        self.store.read(read).await
    }

    pub(super) async fn ledgers(
        &self,
        by: &Caller,
        message: wire::ListLedgerRequest,
    ) -> Result<wire::ListLedgerResponse, StoreError> {
        let mut wrong = Violations::new();
        let owner = read::optional(&message.owner, "owner", MemberId::from_name, &mut wrong);
        let incident = read::optional(&message.incident, "incident", IncidentId::from_name, &mut wrong);
        read::whole(wrong, || Some(()))?;
        let shortfall_only = message.shortfall_only;
        let filter = match (&by.member, owner) {
            (Some(own), Some(owner)) if *own != owner => return Ok(wire::ListLedgerResponse::default()),
            (own, owner) => LedgerFilter { incident, owner: own.clone().or(owner), shortfall_only },
        };
        let after: LedgerAfter = page::decode(&message.page_token)?.unwrap_or_default();
        let size = page::size(message.page_size, 100, 1_000);
        let read = async move |conn: &mut Conn| {
            let mut found = ledgers_list(conn, &filter, &after, size + 1).await?;
            let next_page_token = cut(&mut found, size, |last| page::encode(&LedgerAfter::of(last)));
            let mut entries = Vec::with_capacity(found.len());
            for ledger in found {
                let uses = assignments_using(conn, &ledger.key.resource, ledger.key.book).await?;
                entries.push(write::ledger(&ledger, &uses));
            }
            Ok(wire::ListLedgerResponse { entries, next_page_token })
        };
        self.store.read(read).await
    }
}

/// The assignment with its request, if it concerns the caller.
pub(super) async fn concerned_assignment(
    conn: &mut Conn,
    id: AssignmentId,
    member: Option<&MemberId>,
) -> Result<(Assignment, Request), StoreError> {
    let found = assignment_find(conn, id).await?.ok_or_else(|| unknown::assignment(id))?;
    let request = request_find(conn, found.line.request).await?.ok_or_else(|| unknown::assignment(id))?;
    if is_concerned(&found, &request, member) {
        Ok((found, request))
    } else {
        Err(unknown::assignment(id).into())
    }
}

/// The book of a drill, or the real one.
async fn book_of(conn: &mut Conn, incident: Option<IncidentId>) -> Result<Book, StoreError> {
    let Some(id) = incident else { return Ok(Book::Actual) };
    let incident = incident_find(conn, id).await?.ok_or_else(|| unknown::incident(id))?;
    Ok(incident.book())
}

/// Cuts a list that was read one too long, and says where it goes on.
pub(super) fn cut<T>(found: &mut Vec<T>, size: u32, token: impl FnOnce(&T) -> String) -> String {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if found.len() <= size {
        return String::new();
    }
    found.truncate(size);
    found.last().map(token).unwrap_or_default()
}

/// An incident or a request, by its name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    Incident(IncidentId),
    Request(RequestId),
}

impl Named {
    /// Reads a name of either.
    pub(super) fn read(name: &str) -> Result<Self, Refusal> {
        let request = RequestId::from_name(name).map(Self::Request);
        request
            .or_else(|_| IncidentId::from_name(name).map(Self::Incident))
            .map_err(|_| Refusal::field("name", "must be requests/{uuid} or incidents/{uuid} （格式错误）"))
    }

    /// The incident and, if it is one, the request, if they concern the caller.
    pub(super) async fn find(
        self,
        conn: &mut Conn,
        member: Option<&MemberId>,
    ) -> Result<(IncidentId, Option<RequestId>), StoreError> {
        match self {
            Self::Incident(id) => {
                let incident = concerned_incident(conn, id, member).await?;
                Ok((incident.id, None))
            }
            Self::Request(id) => {
                let (request, _) = concerned_request(conn, id, member).await?;
                Ok((request.incident, Some(id)))
            }
        }
    }
}
