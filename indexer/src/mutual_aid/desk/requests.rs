//! Incidents and requests: what callers change.

use prost::Message;
use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        command::{About, Submission},
        incident::{IncidentFacts, NewIncident},
        request::WrittenRequest,
    },
    refusal::{Refusal, Violations},
    wire,
};
use shouwang_serving::store::StoreError;

use super::{Desk, read};
use crate::{
    council::caller::Caller,
    mutual_aid::{
        coordinator::Said,
        machine::{
            command::{Body, Decided},
            incident::HaltCause,
        },
        write,
    },
};

type Incident = Result<wire::Incident, StoreError>;
type Request = Result<wire::MutualAidRequest, StoreError>;

impl Desk {
    pub(super) async fn incident_open(&self, by: &Caller, message: wire::OpenIncidentRequest) -> Incident {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let new = NewIncident::read("incident", message.incident.unwrap_or_default(), &mut wrong);
        let (said, new) = read::whole(wrong, || Some((said?, new?)))?;
        self.incident_changed(by, ("OpenIncident", said), &kept, Body::OpenIncident(new)).await
    }

    pub(super) async fn incident_update(
        &self,
        by: &Caller,
        message: wire::UpdateIncidentRequest,
    ) -> Incident {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let told = message.incident.unwrap_or_default();
        let incident = read::incident("incident.name", &told.name, &mut wrong);
        let expected = read::expected("expected_version", message.expected_version, &mut wrong);
        let facts = IncidentFacts::read("incident", told, &mut wrong);
        let (said, body) = read::whole(wrong, || {
            let body = Body::UpdateIncident { incident: incident?, expected: expected?, facts: facts? };
            Some((said?, body))
        })?;
        self.incident_changed(by, ("UpdateIncident", said), &kept, body).await
    }

    pub(super) async fn incident_close(&self, by: &Caller, message: wire::CloseIncidentRequest) -> Incident {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let incident = read::incident("name", &message.name, &mut wrong);
        let expected = read::expected("expected_version", message.expected_version, &mut wrong);
        let rule = shouwang_proto::publication::text::TextRule::lines(500);
        let note = rule.read("note", &message.note, &mut wrong);
        let (said, body) = read::whole(wrong, || {
            Some((said?, Body::CloseIncident { incident: incident?, expected: expected?, note }))
        })?;
        self.incident_changed(by, ("CloseIncident", said), &kept, body).await
    }

    pub(super) async fn drill_halt(&self, by: &Caller, message: wire::HaltDrillRequest) -> Incident {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let incident = read::incident("name", &message.name, &mut wrong);
        let cause = HaltCause::Person(read::words("reason", &message.reason, 500, &mut wrong));
        let (said, body) =
            read::whole(wrong, || Some((said?, Body::HaltDrill { incident: incident?, cause })))?;
        self.incident_changed(by, ("HaltDrill", said), &kept, body).await
    }

    pub(super) async fn request_submit(&self, by: &Caller, message: wire::SubmitRequestRequest) -> Request {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let wire::SubmitRequestRequest { context, request, draft, expected_version } = message;
        let said = read::said(by, context, self.gate.now(), &mut wrong);
        let request = request.unwrap_or_default();
        if !request.name.is_empty() {
            let name = read::request("request.name", &request.name, &mut wrong);
            let expected = read::expected("expected_version", expected_version, &mut wrong);
            let (said, decided) =
                read::whole(wrong, || Some((said?, Decided { request: name?, expected: expected? })))?;
            return self
                .request_changed(by, ("SubmitRequest", said), &kept, Body::SubmitDraft(decided))
                .await;
        }
        let about = read::incident("request.incident", &request.incident, &mut wrong).map(About::Known);
        let requester = match (&by.member, request.requester.as_str()) {
            // Its own people need not say who they are.
            (Some(own), "") => Some(own.clone()),
            (_, name) => wrong.check("request.requester", MemberId::from_name(name)),
        };
        let written = WrittenRequest::read("request", request, false, &mut wrong);
        let (said, requester, submission) = read::whole(wrong, || {
            Some((said?, requester?, Submission { about: about?, request: written? }))
        })?;
        if by.member.as_ref().is_some_and(|own| *own != requester) {
            return Err(not_yours().into());
        }
        let body = Body::Submit { requester, submission: Box::new(submission), draft };
        self.request_changed(by, ("SubmitRequest", said), &kept, body).await
    }

    pub(super) async fn request_accept(&self, by: &Caller, message: wire::AcceptRequestRequest) -> Request {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let decided = read::decided(&message.name, message.expected_version, &mut wrong);
        let (said, decided) = read::whole(wrong, || Some((said?, decided?)))?;
        self.request_changed(by, ("AcceptRequest", said), &kept, Body::Accept(decided)).await
    }

    pub(super) async fn request_reject(&self, by: &Caller, message: wire::RejectRequestRequest) -> Request {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let decided = read::decided(&message.name, message.expected_version, &mut wrong);
        let reason = read::words("reason", &message.reason, 500, &mut wrong);
        let (said, decided) = read::whole(wrong, || Some((said?, decided?)))?;
        self.request_changed(by, ("RejectRequest", said), &kept, Body::Reject(decided, reason)).await
    }

    pub(super) async fn request_amend(&self, by: &Caller, message: wire::AmendRequestRequest) -> Request {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let request = message.request.unwrap_or_default();
        let name = read::request("request.name", &request.name, &mut wrong);
        let expected = read::expected("expected_version", message.expected_version, &mut wrong);
        let written = WrittenRequest::read("request", request, true, &mut wrong);
        let (said, body) = read::whole(wrong, || {
            let decided = Decided { request: name?, expected: expected? };
            Some((said?, Body::Amend(decided, Box::new(written?))))
        })?;
        self.request_changed(by, ("AmendRequest", said), &kept, body).await
    }

    pub(super) async fn request_merge(&self, by: &Caller, message: wire::MergeRequestRequest) -> Request {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let from = read::decided(&message.name, message.expected_version, &mut wrong);
        let into = read::request("into", &message.into, &mut wrong);
        let expected = read::expected("expected_into_version", message.expected_into_version, &mut wrong);
        if message.carry_lines.len() > 50 {
            wrong.add("carry_lines", "has more than 50 values （超过 50 项）");
        }
        let carry = message.carry_lines.iter().take(50);
        let carry: Vec<_> =
            carry.filter_map(|number| read::line("carry_lines", *number, &mut wrong)).collect();
        let (said, body) = read::whole(wrong, || {
            let into = Decided { request: into?, expected: expected? };
            Some((said?, Body::Merge { from: from?, into, carry }))
        })?;
        self.request_changed(by, ("MergeRequest", said), &kept, body).await
    }

    pub(super) async fn request_stand_down(
        &self,
        by: &Caller,
        message: wire::StandDownRequestRequest,
    ) -> Request {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let decided = read::decided(&message.name, message.expected_version, &mut wrong);
        let reason = read::words("reason", &message.reason, 500, &mut wrong);
        let (said, decided) = read::whole(wrong, || Some((said?, decided?)))?;
        self.request_changed(by, ("StandDownRequest", said), &kept, Body::StandDown(decided, reason)).await
    }

    pub(super) async fn request_close(&self, by: &Caller, message: wire::CloseRequestRequest) -> Request {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let decided = read::decided(&message.name, message.expected_version, &mut wrong);
        let (said, decided) = read::whole(wrong, || Some((said?, decided?)))?;
        self.request_changed(by, ("CloseRequest", said), &kept, Body::Close(decided)).await
    }

    pub(super) async fn request_review(&self, by: &Caller, message: wire::ReviewRequestRequest) -> Request {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let decided = read::decided(&message.name, message.expected_version, &mut wrong);
        let wire::Review { text, lessons, review_time: _ } = message.review.unwrap_or_default();
        let text = read::words("review.text", &text, 10_000, &mut wrong);
        let lessons =
            shouwang_proto::publication::text::read_lines("review.lessons", &lessons, 20, 300, &mut wrong);
        let (said, body) =
            read::whole(wrong, || Some((said?, Body::Review { request: decided?, text, lessons })))?;
        self.request_changed(by, ("ReviewRequest", said), &kept, body).await
    }

    async fn incident_changed(
        &self,
        by: &Caller,
        attempt: (&'static str, Said),
        message: &impl Message,
        body: Body,
    ) -> Incident {
        let change = self.room.change(
            by,
            attempt,
            message,
            async move |_| Ok(body),
            async |conn, answer| write::stored_incident(conn, answer.incident).await,
        );
        Box::pin(change).await
    }

    async fn request_changed(
        &self,
        by: &Caller,
        attempt: (&'static str, Said),
        message: &impl Message,
        body: Body,
    ) -> Request {
        let change = self.room.change(
            by,
            attempt,
            message,
            async move |_| Ok(body),
            async |conn, answer| write::stored_request(conn, answer.request).await,
        );
        Box::pin(change).await
    }
}

/// Somebody else's.
pub(super) fn not_yours() -> Refusal {
    Refusal::denied(
        "NOT_YOURS",
        "this is for the other side, or for a dispatcher （此操作属于另一方或调度员）",
    )
}
