//! A dispatcher at the hub. There are two, and neither asks the other: they open incidents, take requests up, order, ask
//! home, call off and close, on what they read a moment ago.

use std::time::Duration;

use shouwang_proto::{
    publication::time_to_wire,
    wire::{self, AssignmentState, IncidentMode, RequestPriority, RequestState, assignment_action::Action},
};

use super::{
    asking::{Asking, Hub},
    memory::Resource,
    papers,
};
use crate::{
    people::calls::{Ended, Line, ended},
    stage::{Phase, Stage},
};

/// Longest wait for something to read.
pub(super) const READING: Duration = Duration::from_secs(3);
/// Incidents that go on at once.
const INCIDENTS: usize = 3;
/// Requests that are alive at once.
const REQUESTS: usize = 8;

/// A dispatcher.
pub struct Dispatcher {
    pub(super) asking: Asking,
}

/// What a dispatcher has read.
pub(super) struct Picture {
    pub(super) incidents: Vec<wire::Incident>,
    pub(super) requests: Vec<wire::MutualAidRequest>,
}

impl Dispatcher {
    /// A dispatcher with a line to the hub.
    #[must_use]
    pub fn new(stage: &Stage, number: usize, hub: Line) -> Self {
        Self { asking: Asking::new(stage, format!("desk-{number}"), hub) }
    }

    /// Works until the weather is good. The first of them then sees to it that everything is closed.
    ///
    /// # Errors
    /// None; people do not fail.
    pub async fn work(mut self, closes: bool) -> anyhow::Result<()> {
        let stage = self.asking.stage.clone();
        while stage.phase() == Phase::Chaos {
            let pause = self.asking.chance.within(20..stage.plan().manners.pause);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            if let Some(picture) = self.read().await {
                self.decide(picture).await;
            }
        }
        if closes {
            self.close_everything().await;
        }
        stage.end_work();
        Ok(())
    }

    /// What goes on now.
    pub(super) async fn read(&mut self) -> Option<Picture> {
        let hub = &mut self.asking.hub;
        let wanted = wire::ListIncidentsRequest { page_size: 1_000, ..wire::ListIncidentsRequest::default() };
        let Ended::Answered(incidents) = ended(READING, hub.list_incidents(wanted)).await else {
            return None;
        };
        let wanted = wire::ListRequestsRequest { page_size: 1_000, ..wire::ListRequestsRequest::default() };
        let Ended::Answered(requests) = ended(READING, hub.list_requests(wanted)).await else { return None };
        let mut incidents = incidents.into_inner().incidents;
        if incidents.iter().any(|incident| !incident.halted_by.is_empty()) {
            self.asking.stage.hit("aid: drill halted by a real P1");
        }
        incidents.retain(|incident| incident.state() != wire::IncidentState::Closed);
        let mut requests = requests.into_inner().requests;
        requests.retain(|request| is_alive(request.state()));
        Some(Picture { incidents, requests })
    }

    pub(super) async fn assignments(&mut self, request: &str) -> Option<Vec<wire::Assignment>> {
        let wanted = wire::ListAssignmentsRequest {
            page_size: 1_000,
            request: request.to_owned(),
            ..wire::ListAssignmentsRequest::default()
        };
        let asked = ended(READING, self.asking.hub.list_assignments(wanted)).await;
        let Ended::Answered(found) = asked else { return None };
        let found = found.into_inner().assignments;
        self.saw(&found);
        Some(found)
    }

    fn saw<'a>(&self, shown: impl IntoIterator<Item = &'a wire::Assignment>) {
        let now = self.asking.stage.now();
        self.asking.stage.aid(|aid| shown.into_iter().for_each(|assignment| aid.saw(assignment, Some(now))));
    }

    async fn decide(&mut self, picture: Picture) {
        let drawn = self.asking.chance.within(0..100);
        let Picture { incidents, requests } = picture;
        if incidents.is_empty() || (incidents.len() < INCIDENTS && drawn < 8) {
            return self.open_incident().await;
        }
        if requests.is_empty() || (requests.len() < REQUESTS && drawn < 20) {
            return self.submit(&incidents).await;
        }
        let Some(request) = self.asking.chance.pick(&requests).cloned() else { return };
        let waits = request.acknowledge_time.is_none();
        match drawn {
            _ if request.state() == RequestState::Submitted => self.take_up(&request).await,
            _ if request.state() == RequestState::StandingDown => self.close(&request).await,
            _ if waits && drawn < 30 => self.take_up(&request).await,
            0..75 => self.order(&request).await,
            75..80 => self.solicit(&request).await,
            80..94 => self.act(&request).await,
            94..97 => self.stand_down(&request).await,
            _ => self.halt_or_close(&incidents).await,
        }
    }

    async fn open_incident(&mut self) {
        let drill = self.asking.chance.per_mille(300);
        let at = self.asking.chance.index(self.asking.stage.plan().members);
        let context = self.asking.context();
        let now = time_to_wire(self.asking.stage.clock());
        let incident = Some(papers::incident(drill, at, now));
        let request = wire::OpenIncidentRequest { context: Some(context.clone()), incident };
        let call = async |mut hub: Hub, request: wire::OpenIncidentRequest| hub.open_incident(request).await;
        self.asking.change("open incident", (context.request_id, request), call).await;
    }

    async fn submit(&mut self, incidents: &[wire::Incident]) {
        let Some(incident) = self.asking.chance.pick(incidents).cloned() else { return };
        let requester = self.asking.chance.index(self.asking.stage.plan().members);
        let request = Some(papers::request(&incident.name, requester, &mut self.asking.chance));
        let context = wire::ChangeContext {
            on_behalf_of: papers::member(requester),
            channel: wire::Channel::Phone.into(),
            ..self.asking.context()
        };
        let id = context.request_id.clone();
        let request = wire::SubmitRequestRequest {
            context: Some(context),
            request,
            ..wire::SubmitRequestRequest::default()
        };
        let call =
            async |mut hub: Hub, request: wire::SubmitRequestRequest| hub.submit_request(request).await;
        let answer = self.asking.change("submit", (id, request), call).await;
        if let Some(Ok(made)) = answer
            && made.mode() == IncidentMode::Actual
            && made.priority() == RequestPriority::P1
        {
            self.asking.stage.hit("aid: real P1");
        }
    }

    async fn take_up(&mut self, request: &wire::MutualAidRequest) {
        let context = self.asking.context();
        let id = context.request_id.clone();
        let (name, expected_version) = (request.name.clone(), request.version);
        if request.state() == RequestState::Submitted && self.asking.chance.per_mille(100) {
            let reason = "查无此事".to_owned();
            let request =
                wire::RejectRequestRequest { context: Some(context), name, expected_version, reason };
            let call =
                async |mut hub: Hub, request: wire::RejectRequestRequest| hub.reject_request(request).await;
            self.asking.change("reject", (id, request), call).await;
            return;
        }
        let request = wire::AcceptRequestRequest { context: Some(context), name, expected_version };
        let call =
            async |mut hub: Hub, request: wire::AcceptRequestRequest| hub.accept_request(request).await;
        self.asking.change("accept", (id, request), call).await;
    }

    /// A line that misses something, and a resource that could serve it.
    fn choose(&mut self, request: &wire::MutualAidRequest) -> Option<(wire::NeedLine, u64, Resource)> {
        let line = self.asking.chance.pick(&request.lines).cloned()?;
        let missing = request.fulfilment.iter().find(|met| met.line == line.number)?.missing;
        // Now and then somebody orders what is held already: the new order replaces the old one.
        let again = self.asking.chance.per_mille(250);
        let wanted = if missing == 0 && again { 1 } else { missing };
        let fitting: Vec<Resource> = self.asking.stage.aid(|aid| {
            aid.resources().iter().filter(|resource| resource.unit == line.unit).cloned().collect()
        });
        let first = self.asking.chance.per_mille(400);
        let resource =
            if first { fitting.first().cloned() } else { self.asking.chance.pick(&fitting).cloned() };
        Some((line, wanted, resource?)).filter(|_| wanted > 0)
    }

    async fn order(&mut self, request: &wire::MutualAidRequest) {
        let Some((line, wanted, resource)) = self.choose(request) else { return };
        let quantity = wanted.min(1 + self.asking.chance.within(0..resource.quota));
        let context = self.asking.context();
        let id = context.request_id.clone();
        let preempt = self.victims(request, &resource).await;
        let preempt_reason = if preempt.is_empty() { String::new() } else { "救人优先".to_owned() };
        let wish = wire::OrderRequest {
            context: Some(context),
            request: request.name.clone(),
            line: line.number,
            resource: resource.name,
            quantity,
            basis: wire::MissionBasis::Voluntary.into(),
            expected_version: request.version,
            overcommit: self.asking.chance.per_mille(50),
            eta_seconds: 4,
            preempt,
            preempt_reason,
            ..wire::OrderRequest::default()
        };
        let call = async |mut hub: Hub, request: wire::OrderRequest| hub.order(request).await;
        match self.asking.change("order", (id.clone(), wish), call).await {
            Some(Ok(answer)) => {
                let drill =
                    if request.mode() == IncidentMode::Actual { "" } else { request.incident.as_str() };
                let now = self.asking.stage.now();
                if let Some(assignment) = &answer.assignment {
                    self.asking.stage.aid(|aid| aid.ordered(drill, &id, assignment, now));
                }
                self.saw(answer.assignment.iter().chain(&answer.preempted));
                if !answer.preempted.is_empty() {
                    self.asking.stage.hit("aid: taken for a P1");
                }
            }
            Some(Err(refusal)) if refusal.reason == "RESOURCE_TAKEN" => {
                self.asking.stage.hit("aid: order raced and lost");
            }
            Some(Err(_)) | None => {}
        }
    }

    /// What a P1 request may take: now and then somebody looks.
    async fn victims(&mut self, request: &wire::MutualAidRequest, resource: &Resource) -> Vec<String> {
        if request.priority() != RequestPriority::P1 || !self.asking.chance.per_mille(300) {
            return Vec::new();
        }
        let wanted = wire::ListAssignmentsRequest {
            owner: papers::member(resource.owner),
            states: vec![AssignmentState::Held.into(), AssignmentState::Committed.into()],
            ..wire::ListAssignmentsRequest::default()
        };
        let Ended::Answered(found) = ended(READING, self.asking.hub.list_assignments(wanted)).await else {
            return Vec::new();
        };
        let found = found.into_inner().assignments.into_iter();
        let theirs = found.filter(|found| found.resource == resource.name && found.mode == request.mode);
        theirs.filter(|found| found.request != request.name).map(|found| found.name).take(1).collect()
    }

    async fn solicit(&mut self, request: &wire::MutualAidRequest) {
        let Some((line, _, resource)) = self.choose(request) else { return };
        let context = self.asking.context();
        let id = context.request_id.clone();
        let wish = wire::SolicitRequest {
            context: Some(context),
            request: request.name.clone(),
            line: line.number,
            resources: vec![resource.name],
            quantity: 0,
            expected_version: request.version,
        };
        let call = async |mut hub: Hub, request: wire::SolicitRequest| hub.solicit(request).await;
        if let Some(Ok(answer)) = self.asking.change("solicit", (id, wish), call).await {
            self.saw(&answer.assignments);
        }
    }

    async fn act(&mut self, request: &wire::MutualAidRequest) {
        let Some(found) = self.assignments(&request.name).await else { return };
        let Some(found) = self.asking.chance.pick(&found).cloned() else { return };
        let why = wire::RecallAction { reason: "险情解除".to_owned() };
        let (state, often) = (found.state(), self.asking.chance.per_mille(600));
        let action = if state == AssignmentState::Held && often {
            Action::Confirm(wire::ConfirmAction { eta_seconds: 3, lead: None })
        } else if matches!(state, AssignmentState::Held | AssignmentState::Committed) {
            Action::StandDown(why)
        } else if state == AssignmentState::EnRoute && often {
            Action::Recall(why)
        } else if state == AssignmentState::OnScene {
            Action::Release(wire::ReportAction::default())
        } else if state == AssignmentState::Returned {
            Action::Settle(wire::Settlement {
                cost_fen: 120_000,
                payer: wire::Payer::ResponsibleParty.into(),
                basis: wire::MissionBasis::Voluntary.into(),
                ..wire::Settlement::default()
            })
        } else {
            return;
        };
        self.report(&found, action).await;
    }

    /// Says something about an assignment for its owner, by telephone; decisions are the dispatcher's own.
    pub(super) async fn report(&mut self, found: &wire::Assignment, action: Action) -> bool {
        let own = matches!(action, Action::StandDown(_) | Action::Recall(_) | Action::Settle(_));
        let owner = found.resource.split("/publications/").next().unwrap_or_default();
        let on_behalf_of = if own { String::new() } else { owner.to_owned() };
        let context = wire::ChangeContext {
            on_behalf_of,
            channel: if own { wire::Channel::Hub } else { wire::Channel::Phone }.into(),
            ..self.asking.context()
        };
        let id = context.request_id.clone();
        let expected_version = if own { found.version } else { 0 };
        let word = wire::AssignmentAction {
            assignment: found.name.clone(),
            epoch: found.epoch,
            action: Some(action),
        };
        let request =
            wire::ActOnAssignmentRequest { context: Some(context), action: Some(word), expected_version };
        let call =
            async |mut hub: Hub, request: wire::ActOnAssignmentRequest| hub.act_on_assignment(request).await;
        let answer = self.asking.change("act", (id, request), call).await;
        let Some(Ok(answer)) = answer else { return false };
        self.saw(&answer.assignment);
        true
    }

    pub(super) async fn stand_down(&mut self, request: &wire::MutualAidRequest) {
        let context = self.asking.context();
        let id = context.request_id.clone();
        let request = wire::StandDownRequestRequest {
            context: Some(context),
            name: request.name.clone(),
            expected_version: request.version,
            reason: "险情解除".to_owned(),
        };
        let call = async |mut hub: Hub, request: wire::StandDownRequestRequest| {
            hub.stand_down_request(request).await
        };
        self.asking.change("stand down", (id, request), call).await;
    }

    pub(super) async fn close(&mut self, request: &wire::MutualAidRequest) {
        let context = self.asking.context();
        let id = context.request_id.clone();
        let (name, expected_version) = (request.name.clone(), request.version);
        let request = wire::CloseRequestRequest { context: Some(context), name, expected_version };
        let call = async |mut hub: Hub, request: wire::CloseRequestRequest| hub.close_request(request).await;
        self.asking.change("close", (id, request), call).await;
    }

    async fn halt_or_close(&mut self, incidents: &[wire::Incident]) {
        let Some(incident) = self.asking.chance.pick(incidents).cloned() else { return };
        let drill = incident.mode() == IncidentMode::Exercise;
        if drill && incident.state() == wire::IncidentState::Open && self.asking.chance.per_mille(300) {
            let context = self.asking.context();
            let id = context.request_id.clone();
            let (name, reason) = (incident.name, "演练中止".to_owned());
            let request = wire::HaltDrillRequest { context: Some(context), name, reason };
            let call = async |mut hub: Hub, request: wire::HaltDrillRequest| hub.halt_drill(request).await;
            self.asking.change("halt", (id, request), call).await;
        } else {
            self.close_incident(&incident).await;
        }
    }

    pub(super) async fn close_incident(&mut self, incident: &wire::Incident) {
        let context = self.asking.context();
        let id = context.request_id.clone();
        let request = wire::CloseIncidentRequest {
            context: Some(context),
            name: incident.name.clone(),
            expected_version: incident.version,
            note: String::new(),
        };
        let call =
            async |mut hub: Hub, request: wire::CloseIncidentRequest| hub.close_incident(request).await;
        self.asking.change("close incident", (id, request), call).await;
    }
}

/// Has it not ended?
fn is_alive(state: RequestState) -> bool {
    matches!(
        state,
        RequestState::Draft | RequestState::Submitted | RequestState::Open | RequestState::StandingDown
    )
}
