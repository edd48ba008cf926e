//! The MutualAidService's edge: who calls, may it, and which of this desk's drawers answers.

mod agreements;
mod assignments;
mod lookups;
mod mission;
mod pages;
mod planning;
mod read;
mod requests;
mod roads;
#[cfg(test)]
mod stories;
mod tasks;
pub mod traffic;
mod watch;

use shouwang_proto::wire::{self, mutual_aid_service_server::MutualAidService};
use shouwang_serving::store::{Store, StoreError};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::room::MutualAid;
use crate::{
    council::{
        caller::Caller,
        gate::Gate,
        permission::{Authorized, Rpc, rpc},
        roster::Roster,
    },
    link::board::LinkBoard,
};

/// Serves dispatchers, and people of members for what concerns them.
#[derive(Clone, Debug)]
pub struct Desk {
    room: MutualAid,
    gate: Gate,
    store: Store,
    roster: Roster,
    board: LinkBoard,
    /// Ends the streams of those who look on when the hub stops.
    stopping: tokio_util::sync::CancellationToken,
}

impl Desk {
    /// A desk of this room.
    #[must_use]
    pub fn new(room: MutualAid, gate: Gate, stopping: tokio_util::sync::CancellationToken) -> Self {
        let parts = &room.shared.parts;
        let (store, roster, board) = (parts.store.clone(), parts.roster.clone(), parts.board.clone());
        Self { room, gate, store, roster, board, stopping }
    }
}

/// A unary rpc and the drawer that answers it, for whoever is let through: a call over gRPC or a page.
#[tonic::async_trait]
pub trait Drawer: Rpc + Sized {
    /// What is asked.
    type Question: Send;
    /// What is answered.
    type Answer: Send;

    /// Answers.
    ///
    /// # Errors
    /// As the contract says of the rpc.
    async fn answer(
        desk: &Desk,
        caller: &Authorized<Self>,
        question: Self::Question,
    ) -> Result<Self::Answer, StoreError>;
}

/// One drawer and one method for each unary rpc: through the gate, then to the drawer.
macro_rules! drawers {
    ($($name:ident: $rpc:ident($question:ident) -> $answer:ident, |$desk:ident, $caller:ident, $message:ident| $work:expr;)+) => {
        $(
            #[tonic::async_trait]
            impl Drawer for rpc::$rpc {
                type Question = wire::$question;
                type Answer = wire::$answer;

                async fn answer(
                    desk: &Desk,
                    caller: &Authorized<Self>,
                    question: wire::$question,
                ) -> Result<wire::$answer, StoreError> {
                    let ($desk, $caller, $message): (_, &Caller, _) = (desk, caller, question);
                    $work.await
                }
            }
        )+

        #[tonic::async_trait]
        impl MutualAidService for Desk {
            type WatchRequestStream = ReceiverStream<Result<wire::WatchRequestResponse, Status>>;

            $(
                async fn $name(
                    &self,
                    request: Request<wire::$question>,
                ) -> Result<Response<wire::$answer>, Status> {
                    let caller = self.gate.admit::<rpc::$rpc, _>(&request)?;
                    Ok(Response::new(<rpc::$rpc as Drawer>::answer(self, &caller, request.into_inner()).await?))
                }
            )+

            async fn watch_request(
                &self,
                request: Request<wire::WatchRequestRequest>,
            ) -> Result<Response<Self::WatchRequestStream>, Status> {
                let caller = self.gate.admit::<rpc::WatchRequest, _>(&request)?.into_caller();
                Ok(Response::new(self.watch(caller, request.into_inner()).await?))
            }

            async fn upload_road_graph(
                &self,
                request: Request<Streaming<wire::UploadRoadGraphRequest>>,
            ) -> Result<Response<wire::UploadRoadGraphResponse>, Status> {
                let caller = self.gate.admit::<rpc::UploadRoadGraph, _>(&request)?.into_caller();
                Ok(Response::new(self.road_graph(&caller, request.into_inner()).await?))
            }
        }
    };
}

drawers! {
    open_incident: OpenIncident(OpenIncidentRequest) -> Incident, |desk, caller, message| desk.incident_open(caller, message);
    update_incident: UpdateIncident(UpdateIncidentRequest) -> Incident, |desk, caller, message| desk.incident_update(caller, message);
    get_incident: GetIncident(GetIncidentRequest) -> Incident, |desk, caller, message| desk.incident_get(caller, message);
    list_incidents: ListIncidents(ListIncidentsRequest) -> ListIncidentsResponse, |desk, caller, message| desk.incidents(caller, message);
    close_incident: CloseIncident(CloseIncidentRequest) -> Incident, |desk, caller, message| desk.incident_close(caller, message);
    halt_drill: HaltDrill(HaltDrillRequest) -> Incident, |desk, caller, message| desk.drill_halt(caller, message);
    submit_request: SubmitRequest(SubmitRequestRequest) -> MutualAidRequest, |desk, caller, message| desk.request_submit(caller, message);
    accept_request: AcceptRequest(AcceptRequestRequest) -> MutualAidRequest, |desk, caller, message| desk.request_accept(caller, message);
    reject_request: RejectRequest(RejectRequestRequest) -> MutualAidRequest, |desk, caller, message| desk.request_reject(caller, message);
    amend_request: AmendRequest(AmendRequestRequest) -> MutualAidRequest, |desk, caller, message| desk.request_amend(caller, message);
    merge_request: MergeRequest(MergeRequestRequest) -> MutualAidRequest, |desk, caller, message| desk.request_merge(caller, message);
    stand_down_request: StandDownRequest(StandDownRequestRequest) -> MutualAidRequest, |desk, caller, message| desk.request_stand_down(caller, message);
    close_request: CloseRequest(CloseRequestRequest) -> MutualAidRequest, |desk, caller, message| desk.request_close(caller, message);
    review_request: ReviewRequest(ReviewRequestRequest) -> MutualAidRequest, |desk, caller, message| desk.request_review(caller, message);
    get_request: GetRequest(GetRequestRequest) -> MutualAidRequest, |desk, caller, message| desk.request_get(caller, message);
    list_requests: ListRequests(ListRequestsRequest) -> ListRequestsResponse, |desk, caller, message| desk.requests(caller, message);
    list_timeline: ListTimeline(ListTimelineRequest) -> ListTimelineResponse, |desk, caller, message| desk.timeline(caller, message);
    list_candidates: ListCandidates(ListCandidatesRequest) -> ListCandidatesResponse, |desk, _caller, message| desk.candidates(message);
    propose_plan: ProposePlan(ProposePlanRequest) -> PlanProposal, |desk, _caller, message| desk.plan_propose(message);
    apply_plan: ApplyPlan(ApplyPlanRequest) -> ApplyPlanResponse, |desk, caller, message| desk.plan_apply(caller, message);
    solicit: Solicit(SolicitRequest) -> SolicitResponse, |desk, caller, message| desk.aid_solicit(caller, message);
    order: Order(OrderRequest) -> OrderResponse, |desk, caller, message| desk.aid_order(caller, message);
    act_on_assignment: ActOnAssignment(ActOnAssignmentRequest) -> ActOnAssignmentResponse, |desk, caller, message| desk.aid_act(caller, message);
    offer_unsolicited: OfferUnsolicited(OfferUnsolicitedRequest) -> Assignment, |desk, caller, message| desk.aid_offer(caller, message);
    book_self_deployment: BookSelfDeployment(BookSelfDeploymentRequest) -> Assignment, |desk, caller, message| desk.aid_book(caller, message);
    get_assignment: GetAssignment(GetAssignmentRequest) -> Assignment, |desk, caller, message| desk.assignment_get(caller, message);
    list_assignments: ListAssignments(ListAssignmentsRequest) -> ListAssignmentsResponse, |desk, caller, message| desk.assignments(caller, message);
    get_mission_order: GetMissionOrder(GetMissionOrderRequest) -> MissionOrder, |desk, caller, message| desk.mission_order(caller, message);
    list_deliveries: ListDeliveries(ListDeliveriesRequest) -> ListDeliveriesResponse, |desk, _caller, message| desk.deliveries(message);
    list_tasks: ListTasks(ListTasksRequest) -> ListTasksResponse, |desk, _caller, message| desk.tasks(message);
    complete_task: CompleteTask(CompleteTaskRequest) -> CompleteTaskResponse, |desk, caller, message| desk.task_complete(caller, message);
    get_ledger: GetLedger(GetLedgerRequest) -> LedgerEntry, |desk, caller, message| desk.ledger_get(caller, message);
    list_ledger: ListLedger(ListLedgerRequest) -> ListLedgerResponse, |desk, caller, message| desk.ledgers(caller, message);
    set_quota: SetQuota(SetQuotaRequest) -> LedgerEntry, |desk, caller, message| desk.quota_set(caller, message);
    add_closure: AddClosure(AddClosureRequest) -> Closure, |desk, caller, message| desk.closure_new(caller, message);
    remove_closure: RemoveClosure(RemoveClosureRequest) -> RemoveClosureResponse, |desk, caller, message| desk.closure_end(caller, message);
    list_closures: ListClosures(ListClosuresRequest) -> ListClosuresResponse, |desk, _caller, message| desk.closures(message);
    put_agreement: PutAgreement(PutAgreementRequest) -> Agreement, |desk, caller, message| desk.agreement_put(caller, message);
    list_agreements: ListAgreements(ListAgreementsRequest) -> ListAgreementsResponse, |desk, _caller, message| desk.agreements(message);
    end_agreement: EndAgreement(EndAgreementRequest) -> Agreement, |desk, caller, message| desk.agreement_end(caller, message);
}
