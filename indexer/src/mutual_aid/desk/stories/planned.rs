//! Who could help and who should go where, as what is free and open changes; plans, and requests that are amended.

use shouwang_proto::wire;

use super::{Trial, confirm, crane, dispatcher, people, refused};
use crate::{mutual_aid::trial::offered, store::trial::TrialEngine};

impl Trial {
    async fn could_help(&self, request: &wire::MutualAidRequest) -> wire::ListCandidatesResponse {
        let question = wire::ListCandidatesRequest {
            request: request.name.clone(),
            line: 1,
            with_excluded: true,
            ..wire::ListCandidatesRequest::default()
        };
        self.desk.candidates(question).await.unwrap()
    }

    async fn planned(&self) -> wire::PlanProposal {
        self.desk.plan_propose(wire::ProposePlanRequest::default()).await.unwrap()
    }

    async fn applied(&self, plan: &wire::PlanProposal, lines: Vec<u32>) -> Vec<wire::PlanLineResult> {
        let apply = wire::ApplyPlanRequest {
            context: self.context(),
            name: plan.name.clone(),
            lines,
            basis: wire::MissionBasis::Voluntary.into(),
        };
        let first = self.desk.plan_apply(&dispatcher("desk-1"), apply.clone()).await.unwrap().results;
        let again = self.desk.plan_apply(&dispatcher("desk-1"), apply).await.unwrap().results;
        assert_eq!(first, again, "applying it again orders nothing twice");
        first
    }
}

pub(super) async fn candidates_follow_ledger_shelf_and_closures(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let one = dispatcher("desk-1");
    let first = trial.could_help(&request).await;
    assert_eq!((first.total, first.considered, first.candidates[0].free), (1, 1, 1));
    assert_eq!(first.candidates[0].travel_basis(), wire::TravelBasis::StraightLine);

    let held = trial.ordered(&request).await;
    let now = trial.could_help(&request).await;
    assert_eq!((now.total, now.candidates.len()), (0, 0), "it is held");
    let no = wire::DeclineAction { reason: "broken".to_owned(), ..wire::DeclineAction::default() };
    let refuse = wire::assignment_action::Action::Refuse(no);
    trial.said(&held, held.epoch, refuse).await;
    let free_again = trial.could_help(&request).await;
    assert!(
        free_again.excluded[0].reasons.contains(&wire::ExclusionReason::Declined.into()),
        "{free_again:?}"
    );

    trial.desk.room.shared.shelf.put(offered("north-steel", 2, 1.0, false));
    let two = trial.could_help(&request).await;
    assert_eq!((two.total, two.considered), (1, 2), "published meanwhile");
    assert!(two.candidates[0].resource.starts_with("members/north-steel/"));
    let way = two.candidates[0].cost_seconds;
    let corner = |latitude, longitude| wire::Location { latitude, longitude, ..wire::Location::default() };
    let closure = wire::Closure {
        kind: wire::ClosureKind::Closed.into(),
        polygon: vec![corner(31.3, 120.6), corner(31.3, 120.8), corner(31.32, 120.7)],
        reason: "管线泄漏".to_owned(),
        ..wire::Closure::default()
    };
    let close = wire::AddClosureRequest { context: trial.context(), closure: Some(closure) };
    trial.desk.closure_new(&one, close).await.unwrap();
    let straight = trial.could_help(&request).await;
    assert_eq!(straight.candidates[0].cost_seconds, way, "straight lines know of no closure");
}

pub(super) async fn a_plan_is_applied_whole_or_by_line(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    trial.desk.room.shared.shelf.put(offered("north-steel", 2, 1.0, false));
    let (one, two) = (trial.call_for_help("苯罐泄漏").await, trial.call_for_help("管廊坍塌").await);
    let plan = trial.planned().await;
    assert_eq!((plan.lines.len(), plan.gaps.len()), (2, 0), "{plan:?}");
    let resources: std::collections::BTreeSet<_> =
        plan.lines.iter().map(|line| line.candidate.as_ref().unwrap().resource.clone()).collect();
    assert_eq!(resources.len(), 2, "not one crane for both");

    let by_line = trial.applied(&plan, vec![plan.lines[0].number]).await;
    assert_eq!(by_line.len(), 1);
    let held = by_line[0].assignment.as_ref().unwrap();
    assert_eq!((held.state(), &held.request), (wire::AssignmentState::Held, &plan.lines[0].request));
    // The rest of it; what is ordered already is refused on its own.
    let whole = trial.applied(&plan, Vec::new()).await;
    assert_eq!(whole.len(), 2);
    assert!(whole[0].assignment.is_some() || !whole[0].reason.is_empty(), "{whole:?}");
    assert_eq!(whole[1].assignment.as_ref().map(wire::Assignment::state), Some(wire::AssignmentState::Held));
    for request in [&one, &two] {
        let question = wire::ListAssignmentsRequest {
            request: request.name.clone(),
            ..wire::ListAssignmentsRequest::default()
        };
        let active = trial.desk.assignments(&dispatcher("desk-1"), question).await.unwrap().assignments;
        assert_eq!(active.len(), 1, "one crane each");
    }
    let unknown = wire::ApplyPlanRequest {
        context: trial.context(),
        name: "plans/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a39".to_owned(),
        basis: wire::MissionBasis::Voluntary.into(),
        ..wire::ApplyPlanRequest::default()
    };
    assert_eq!(refused(trial.desk.plan_apply(&dispatcher("desk-1"), unknown).await).0, "PLAN_UNKNOWN");
}

pub(super) async fn an_amended_request_keeps_what_is_sent(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let held = trial.ordered(&request).await;
    trial.does(&held, confirm()).await;
    let mut amended = request.clone();
    amended.title = "吊车不再需要，改要泵".to_owned();
    amended.lines[0].requested = 0;
    amended.lines[0].minimum = 0;
    amended.lines.push(wire::NeedLine {
        resource_kind: "equipment".to_owned(),
        what: "防爆泵".to_owned(),
        requested: 2,
        unit: "1".to_owned(),
        ..wire::NeedLine::default()
    });
    let amend = wire::AmendRequestRequest {
        context: trial.context(),
        request: Some(amended),
        expected_version: request.version,
    };
    let now = trial.desk.request_amend(&people("jinsuo-chem"), amend.clone()).await.unwrap();
    assert_eq!((now.lines.len(), now.lines[1].number, now.version), (2, 2, request.version + 1));
    assert_eq!(trial.ledger().await.committed, 1, "nothing is called back by an amendment");
    let surplus = wire::ListTasksRequest {
        kinds: vec![wire::AidTaskKind::Surplus.into()],
        ..wire::ListTasksRequest::default()
    };
    assert_eq!(trial.desk.tasks(surplus).await.unwrap().tasks.len(), 1, "a person decides");
    let stale = wire::AmendRequestRequest { context: trial.context(), ..amend };
    assert_eq!(refused(trial.desk.request_amend(&people("jinsuo-chem"), stale).await).0, "VERSION_MISMATCH");
    assert_eq!(trial.could_help(&now).await.considered, 1);
    assert_eq!(crane().name.to_string(), trial.ledger().await.resource);
}

/// Neighbours helped each other while the hub was away; afterwards it is booked, also when it was
/// promised elsewhere.
pub(super) async fn aid_that_came_of_itself_is_booked_afterwards(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let (one, two) = (trial.call_for_help("苯罐泄漏").await, trial.call_for_help("管廊坍塌").await);
    trial.ordered(&one).await;
    let came = wire::SelfDeployment {
        request: two.name.clone(),
        line: 1,
        resource: crane().name.to_string(),
        quantity: 1,
        on_scene: true,
        note: "中心断线时自行前往".to_owned(),
    };
    let word = wire::MemberCommand {
        command_id: "01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a40".to_owned(),
        actor: "王队".to_owned(),
        occurred_at: two.submit_time,
        channel: wire::Channel::Node.into(),
        word: Some(wire::member_command::Word::SelfDeployment(came)),
    };
    let owner = crate::mutual_aid::trial::member("hengrui-crane");
    let first = trial.desk.room.hear(&owner, word.clone()).await.unwrap();
    assert_eq!(first, trial.desk.room.hear(&owner, word).await.unwrap(), "however often it comes");
    assert_eq!(first.outcome(), wire::CommandOutcome::Accepted, "{first:?}");
    let booked = first.assignment.unwrap();
    assert_eq!(booked.state(), wire::AssignmentState::OnScene);
    let ledger = trial.ledger().await;
    assert_eq!((ledger.held, ledger.deployed, ledger.shortfall), (0, 1, 0), "one thing is in one place");
    let asked = wire::GetRequestRequest { name: one.name.clone() };
    let open_again = trial.desk.request_get(&dispatcher("desk-1"), asked).await.unwrap();
    assert_eq!(open_again.fulfilment[0].missing, 1, "it does not come to the first one any more");
    assert_eq!(trial.could_help(&one).await.total, 0);
    let met = trial.desk.request_get(&dispatcher("desk-1"), wire::GetRequestRequest { name: two.name }).await;
    assert_eq!(met.unwrap().fulfilment[0].on_scene, 1);
}
