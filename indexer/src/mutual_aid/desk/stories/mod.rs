//! What happens at the hub in an emergency, told on both engines: the desk, the coordinator, the store and the clock.

mod agreements;
mod doors;
mod missions;
mod planned;
mod waiting;

use std::collections::BTreeSet;

use jiff::Timestamp;
use shouwang_proto::{
    id::{GroupId, MemberId, PublicationName},
    mutual_aid::{
        id::{CommandId, IncidentId},
        term::Priority,
    },
    publication::time_to_wire,
    wire::{self, assignment_action::Action},
};
use shouwang_serving::store::StoreError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Desk;
use crate::{
    council::{
        caller::{Caller, Role},
        gate::Gate,
        roster::Roster,
    },
    link::board::LinkBoard,
    mutual_aid::{
        room::MutualAid,
        trial::{self, SetClock, join_all, member, offered},
    },
    store::{
        audit::audit_check,
        mutual_aid::outbox::notices_waiting,
        trial::{TrialEngine, TrialStore},
    },
};

/// Tells a story on both engines.
macro_rules! told_on_both {
    ($($room:ident::$story:ident),+ $(,)?) => { $(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$room::$story(super::TrialEngine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$room::$story(super::TrialEngine::Postgres).await;
            }
        }
    )+ };
}

told_on_both!(
    missions::from_the_call_for_help_to_the_team_back_home,
    missions::two_dispatchers_race_for_one_crane,
    missions::an_answer_that_comes_an_hour_late_binds_nobody,
    missions::a_supplier_withdraws_on_the_road,
    missions::a_word_said_before_the_recall_came_leaves_it_in_the_outbox,
    doors::the_same_request_id_gives_the_first_answer_again,
    doors::the_fences_hold_without_the_machine,
    doors::a_member_sees_only_what_concerns_it,
    doors::deadlines_come_after_a_restart,
    doors::who_looks_on_misses_nothing,
    doors::who_was_not_reached_is_shown_with_phones,
    missions::a_hub_that_is_killed_during_an_order_has_ordered_or_not,
    missions::a_pre_authorised_package_commits_in_one_step,
    planned::candidates_follow_ledger_shelf_and_closures,
    planned::a_plan_is_applied_whole_or_by_line,
    planned::an_amended_request_keeps_what_is_sent,
    planned::aid_that_came_of_itself_is_booked_afterwards,
    agreements::aid_under_an_agreement_needs_one_that_is_in_force,
    agreements::agreements_are_listed_ended_and_never_changed,
    waiting::what_waits_for_a_person_is_listed_until_it_is_done,
    waiting::tasks_come_in_pages_and_for_one_incident,
    waiting::after_a_restore_people_are_asked_and_no_number_comes_again,
    waiting::after_files_went_back_people_are_asked_like_after_a_restore,
    waiting::the_council_is_called_one_after_the_other,
);

/// A hub's desk with three members; the second has a crane.
struct Trial {
    hub: TrialStore,
    desk: Desk,
    clock: SetClock,
    numbers: std::sync::atomic::AtomicU64,
}

impl Trial {
    async fn new(engine: TrialEngine) -> Self {
        let hub = TrialStore::open(engine).await;
        join_all(&hub).await;
        Self::on(hub, SetClock::new()).await
    }

    /// A new hub on this store, as after a crash.
    async fn on(hub: TrialStore, clock: SetClock) -> Self {
        let board = LinkBoard::load(&hub.store).await.unwrap();
        let room: MutualAid = trial::open(&hub, &board, clock.world()).await;
        room.shared.shelf.put(crane());
        let gate = Gate::new(Roster::load(hub.store.clone()).await.unwrap(), clock.world(), 1_000);
        let desk = Desk::new(room, gate, CancellationToken::new());
        Self { hub, desk, clock, numbers: std::sync::atomic::AtomicU64::new(1) }
    }

    fn context(&self) -> Option<wire::ChangeContext> {
        let number = self.numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let request_id =
            Uuid::from_u64_pair(self.clock.world().now().as_millisecond() as u64, number).to_string();
        Some(wire::ChangeContext { request_id, ..wire::ChangeContext::default() })
    }

    /// An open P1 request for one crane.
    async fn call_for_help(&self, title: &str) -> wire::MutualAidRequest {
        let open = wire::OpenIncidentRequest { context: self.context(), incident: Some(self.leak(title)) };
        let incident = self.desk.incident_open(&dispatcher("desk-1"), open).await.unwrap();
        let submit = wire::SubmitRequestRequest {
            context: self.context(),
            request: Some(need_of_a_crane(&incident.name)),
            draft: false,
            expected_version: 0,
        };
        let request = self.desk.request_submit(&people("jinsuo-chem"), submit).await.unwrap();
        assert_eq!(request.state(), wire::RequestState::Open, "a P1 request opens at once");
        request
    }

    fn leak(&self, title: &str) -> wire::Incident {
        wire::Incident {
            mode: wire::IncidentMode::Actual.into(),
            title: title.to_owned(),
            place: Some(place()),
            accident_type: "leak".to_owned(),
            member: "members/jinsuo-chem".to_owned(),
            occurred_at: Some(time_to_wire(self.clock.world().now())),
            ..wire::Incident::default()
        }
    }

    fn order(&self, request: &wire::MutualAidRequest) -> wire::OrderRequest {
        wire::OrderRequest {
            context: self.context(),
            request: request.name.clone(),
            line: 1,
            resource: crane().name.to_string(),
            quantity: 1,
            basis: wire::MissionBasis::Voluntary.into(),
            expected_version: request.version,
            eta_seconds: 900,
            ..wire::OrderRequest::default()
        }
    }

    async fn ordered(&self, request: &wire::MutualAidRequest) -> wire::Assignment {
        let order = self.order(request);
        self.desk.aid_order(&dispatcher("desk-1"), order).await.unwrap().assignment.unwrap()
    }

    /// A word of the crane's owner at its own node, which has everything that it was told.
    async fn said(
        &self,
        assignment: &wire::Assignment,
        epoch: u64,
        action: Action,
    ) -> wire::MemberCommandResult {
        let (owner, now) = (member("hengrui-crane"), Timestamp::UNIX_EPOCH);
        let recipient = owner.clone();
        let read = async move |conn: &mut _| notices_waiting(conn, &recipient, 0, 100, now).await;
        let waiting = self.hub.store.read(read).await.unwrap();
        let numbers: Vec<u64> = waiting.iter().map(|waiting| waiting.number).collect();
        self.desk.room.delivered(&owner, &numbers).await.unwrap();
        self.spoke(assignment, epoch, action).await
    }

    /// A word of the crane's owner, whatever its node has.
    async fn spoke(
        &self,
        assignment: &wire::Assignment,
        epoch: u64,
        action: Action,
    ) -> wire::MemberCommandResult {
        let number = self.numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let command = wire::MemberCommand {
            command_id: Uuid::from_u64_pair(7, number).to_string(),
            actor: "王队".to_owned(),
            occurred_at: Some(time_to_wire(self.clock.world().now())),
            channel: wire::Channel::Node.into(),
            word: Some(wire::member_command::Word::Action(wire::AssignmentAction {
                assignment: assignment.name.clone(),
                epoch,
                action: Some(action),
            })),
        };
        let first = self.desk.room.hear(&member("hengrui-crane"), command.clone()).await.unwrap();
        let again = self.desk.room.hear(&member("hengrui-crane"), command).await.unwrap();
        assert_eq!(first, again, "however often it comes");
        first
    }

    /// A word that is accepted.
    async fn does(&self, assignment: &wire::Assignment, action: Action) -> wire::Assignment {
        let result = self.said(assignment, assignment.epoch, action).await;
        assert_eq!(result.outcome(), wire::CommandOutcome::Accepted, "{result:?}");
        result.assignment.unwrap()
    }

    /// Kinds of the notices that wait for a member.
    async fn mail(&self, id: &str) -> Vec<wire::NoticeKind> {
        let (recipient, now) = (member(id), Timestamp::UNIX_EPOCH);
        let read = async move |conn: &mut _| notices_waiting(conn, &recipient, 0, 100, now).await;
        let waiting = self.hub.store.read(read).await.unwrap();
        waiting.iter().map(|waiting| waiting.notice().unwrap().kind()).collect()
    }

    async fn ledger(&self) -> wire::LedgerEntry {
        let message = wire::GetLedgerRequest { resource: crane().name.to_string(), incident: String::new() };
        self.desk.ledger_get(&dispatcher("desk-1"), message).await.unwrap()
    }

    async fn timeline(&self, incident: &str) -> Vec<wire::TimelineEntry> {
        let message =
            wire::ListTimelineRequest { name: incident.to_owned(), ..wire::ListTimelineRequest::default() };
        self.desk.timeline(&dispatcher("desk-1"), message).await.unwrap().entries
    }

    /// Rows of the audit log; the chain is whole.
    async fn audited(&self) -> u64 {
        self.hub.store.read(async |conn| audit_check(conn).await).await.unwrap().unwrap()
    }
}

fn crane() -> crate::mutual_aid::shelf::Offered {
    offered("hengrui-crane", 1, 1.0, false)
}

fn place() -> wire::Location {
    wire::Location { latitude: 31.31, longitude: 120.71, address: "三号罐区".to_owned() }
}

fn need_of_a_crane(incident: &str) -> wire::MutualAidRequest {
    wire::MutualAidRequest {
        incident: incident.to_owned(),
        requester: "members/jinsuo-chem".to_owned(),
        priority: Priority::P1.to_wire().into(),
        title: "需要汽车吊".to_owned(),
        contact: Some(wire::DutyContact {
            name: "李工".to_owned(),
            phone: "13900000000".to_owned(),
            duty: String::new(),
        }),
        lines: vec![wire::NeedLine {
            resource_kind: "vehicle".to_owned(),
            what: "50 吨汽车吊".to_owned(),
            requested: 1,
            unit: "1".to_owned(),
            ..wire::NeedLine::default()
        }],
        ..wire::MutualAidRequest::default()
    }
}

fn caller(token: &str, role: Role, member: Option<MemberId>) -> Caller {
    let groups = BTreeSet::from([GroupId::alliance()]);
    let proof = crate::council::caller::Proof::Token;
    Caller { token_id: token.to_owned(), proof, label: token.to_owned(), role, member, groups }
}

fn dispatcher(token: &str) -> Caller {
    caller(token, Role::Dispatcher, None)
}

fn people(id: &str) -> Caller {
    caller("people", Role::Member, Some(member(id)))
}

fn report() -> wire::ReportAction {
    wire::ReportAction::default()
}

fn confirm() -> Action {
    Action::Confirm(wire::ConfirmAction::default())
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> (String, String) {
    match result {
        Err(StoreError::Refused(refusal)) => (refusal.reason.into_owned(), refusal.message),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn ids_of_the_trial_are_ids() {
    assert!(Uuid::from_u64_pair(7, 1).to_string().parse::<CommandId>().is_ok());
    assert!(IncidentId::from_name("incidents/x").is_err());
    let PublicationName { member, .. } = crane().name;
    assert_eq!(member.as_str(), "hengrui-crane");
}
