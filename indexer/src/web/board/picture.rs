//! What the board shows, asked of the desk.

use std::collections::BTreeMap;

use shouwang_pages::trouble::Trouble;
use shouwang_proto::wire::{
    self, AssignmentState as Sent, IncidentState, ListAssignmentsRequest, ListIncidentsRequest,
    ListRequestsRequest, ListTasksRequest, RequestState,
};

use super::{
    form::Maker,
    forms,
    task_view::TaskView,
    view::{IncidentView, Light},
};
use crate::{
    council::permission::rpc,
    web::{
        asked::{Asked, Knowing as _},
        route::Route,
    },
};

/// Most incidents of a board. More than this at once no board can show.
const INCIDENTS: u32 = 100;
/// Most assignments, and most tasks.
const ROWS: u32 = 1_000;

/// Everything that goes on, as the caller may see it.
pub(super) struct Picture {
    /// It is at least as new as this change.
    pub(super) change: u64,
    pub(super) incidents: Vec<wire::Incident>,
    /// True when there are more incidents.
    pub(super) is_cut: bool,
    pub(super) requests: Vec<wire::MutualAidRequest>,
    pub(super) assignments: Vec<wire::Assignment>,
    /// None for those who only look on.
    pub(super) tasks: Option<Vec<wire::AidTask>>,
    pub(super) titles: BTreeMap<String, String>,
}

/// States of assignments that somebody still has to do with.
const ACTIVE: [Sent; 10] = [
    Sent::Solicited,
    Sent::Offered,
    Sent::Held,
    Sent::Committed,
    Sent::Mobilising,
    Sent::EnRoute,
    Sent::Staged,
    Sent::OnScene,
    Sent::Returning,
    Sent::Returned,
];

/// Takes the picture.
pub(super) async fn take<R: Route>(asked: &Asked<R>) -> Result<Picture, Trouble> {
    let desk = &asked.site().aid;
    // First: what changes while the rest is read is shown as not seen yet, never the other way round.
    let change = desk.newest_change().await?;
    let question = ListIncidentsRequest {
        page_size: INCIDENTS,
        states: vec![IncidentState::Open.into(), IncidentState::Halted.into()],
        ..ListIncidentsRequest::default()
    };
    let found = desk.ask(asked.authorized::<rpc::ListIncidents>()?, question).await?;
    let mut requests = Vec::new();
    for incident in &found.incidents {
        let question =
            ListRequestsRequest { incident: incident.name.clone(), page_size: ROWS, ..Default::default() };
        requests.extend(desk.ask(asked.authorized::<rpc::ListRequests>()?, question).await?.requests);
    }
    let states = ACTIVE.map(i32::from).into();
    let question = ListAssignmentsRequest { page_size: ROWS, states, ..Default::default() };
    let assignments = desk.ask(asked.authorized::<rpc::ListAssignments>()?, question).await?.assignments;
    let tasks = match asked.authorized::<rpc::ListTasks>() {
        Ok(caller) => {
            let question = ListTasksRequest { page_size: ROWS, ..ListTasksRequest::default() };
            Some(desk.ask(caller, question).await?.tasks)
        }
        Err(_) => None,
    };
    let titles = assignments.iter().map(|one| (one.resource.clone(), desk.title_of(&one.resource)));
    Ok(Picture {
        change,
        titles: titles.collect(),
        incidents: found.incidents,
        is_cut: !found.next_page_token.is_empty(),
        requests,
        assignments,
        tasks,
    })
}

impl Picture {
    /// The incidents with what belongs to them.
    pub(super) fn incidents(&self, light: &Light<'_>, maker: Option<&Maker<'_>>) -> Vec<IncidentView> {
        let view = |incident: &wire::Incident| {
            let own = || self.requests.iter().filter(|request| request.incident == incident.name);
            let shown = own().filter(|request| is_shown(request.state()));
            let shown = shown.map(|request| light.request(request, &self.assignments)).collect();
            let mut view = light.incident(incident, shown);
            let has_ended = !own().any(|request| is_going_on(request.state()));
            view.close = maker.filter(|_| has_ended).map(|maker| forms::of_incident(maker, incident));
            view
        };
        self.incidents.iter().map(view).collect()
    }

    /// The tasks in their order.
    pub(super) fn tasks(&self, light: &Light<'_>, maker: &Maker<'_>) -> Vec<TaskView> {
        self.tasks.iter().flatten().map(|task| light.task(task, maker)).collect()
    }
}

/// Is somebody still needed for it?
fn is_going_on(state: RequestState) -> bool {
    matches!(
        state,
        RequestState::Draft | RequestState::Submitted | RequestState::Open | RequestState::StandingDown
    )
}

/// What ended well but for the review stays on the board with its incident.
fn is_shown(state: RequestState) -> bool {
    is_going_on(state) || state == RequestState::Closed
}
