//! What happens at the hub in an emergency, told on both engines: the desk, the coordinator, the store and the clock.

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
use shouwang_serving::store::{Store, StoreError};
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
        machine::{
            assignment::Assignment,
            ledger::{Book, LedgerKey},
        },
        room::MutualAid,
        trial::{self, SetClock, join_all, member, offered},
    },
    store::{
        audit::audit_check,
        mutual_aid::{
            assignment::{assignment_find, assignment_put},
            ledger::{ledger_change, ledger_find},
            outbox::notices_waiting,
        },
        trial::{TrialEngine, TrialStore},
    },
};

/// Tells a story on both engines.
macro_rules! told_on_both {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$story(super::TrialEngine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$story(super::TrialEngine::Postgres).await;
            }
        }
    )+ };
}

told_on_both!(
    from_the_call_for_help_to_the_team_back_home,
    two_dispatchers_race_for_one_crane,
    an_answer_that_comes_an_hour_late_binds_nobody,
    a_supplier_withdraws_on_the_road,
    the_same_request_id_gives_the_first_answer_again,
    the_fences_hold_without_the_machine,
    a_member_sees_only_what_concerns_it,
    deadlines_come_after_a_restart,
    a_hub_that_is_killed_during_an_order_has_ordered_or_not,
    a_pre_authorised_package_commits_in_one_step,
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
        let request_id = Uuid::from_u64_pair(self.clock.world().now().as_millisecond() as u64, number).to_string();
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
            basis: wire::MissionBasis::Agreement.into(),
            expected_version: request.version,
            eta_seconds: 900,
            ..wire::OrderRequest::default()
        }
    }

    async fn ordered(&self, request: &wire::MutualAidRequest) -> wire::Assignment {
        let order = self.order(request);
        self.desk.aid_order(&dispatcher("desk-1"), order).await.unwrap().assignment.unwrap()
    }

    /// A word of the crane's owner at its own node.
    async fn said(&self, assignment: &wire::Assignment, epoch: u64, action: Action) -> wire::MemberCommandResult {
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
        waiting.iter().map(|waiting| waiting.notice.kind()).collect()
    }

    async fn ledger(&self) -> wire::LedgerEntry {
        let message =
            wire::GetLedgerRequest { resource: crane().name.to_string(), incident: String::new() };
        self.desk.ledger_get(&dispatcher("desk-1"), message).await.unwrap()
    }

    async fn timeline(&self, incident: &str) -> Vec<wire::TimelineEntry> {
        let message = wire::ListTimelineRequest { name: incident.to_owned(), ..wire::ListTimelineRequest::default() };
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
    Caller { token_id: token.to_owned(), label: token.to_owned(), role, member, groups }
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

async fn from_the_call_for_help_to_the_team_back_home(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let held = trial.ordered(&request).await;
    assert_eq!((held.state(), held.epoch), (wire::AssignmentState::Held, 1));
    assert_eq!(trial.mail("hengrui-crane").await, [wire::NoticeKind::Order]);
    assert_eq!((trial.ledger().await.held, trial.ledger().await.free), (1, 0));

    let committed = trial.does(&held, confirm()).await;
    assert_eq!(committed.state(), wire::AssignmentState::Committed);
    assert_eq!(trial.mail("hengrui-crane").await, [wire::NoticeKind::MissionOrder], "the order is answered");
    let page = wire::GetMissionOrderRequest { name: held.name.clone() };
    let page = trial.desk.mission_order(&people("hengrui-crane"), page).await.unwrap();
    assert!(page.number.starts_with("调令 2026-1121-") && page.text_zh.contains("三号罐区"), "{page:?}");

    let way = trial.does(&committed, Action::Depart(wire::DepartAction::default())).await;
    assert_eq!((way.state(), trial.ledger().await.deployed), (wire::AssignmentState::EnRoute, 1));
    let there = trial.does(&way, Action::Arrive(report())).await;
    let asked = wire::GetRequestRequest { name: request.name.clone() };
    let met = trial.desk.request_get(&people("jinsuo-chem"), asked.clone()).await.unwrap();
    assert_eq!((met.fulfilment[0].on_scene, met.fulfilment[0].state()), (1, wire::FulfilmentState::Met));
    let home = trial.does(&there, Action::Release(report())).await;
    let account = wire::Return { returned: 1, ..wire::Return::default() };
    let home = trial.does(&home, Action::Return(account)).await;
    assert_eq!((home.state(), trial.ledger().await.free), (wire::AssignmentState::Returned, 1));

    let now = trial.desk.request_get(&people("jinsuo-chem"), asked).await.unwrap();
    let stand_down = wire::StandDownRequestRequest {
        context: trial.context(),
        name: request.name.clone(),
        expected_version: now.version,
        reason: "险情解除".to_owned(),
    };
    let down = trial.desk.request_stand_down(&people("jinsuo-chem"), stand_down).await.unwrap();
    let close = wire::CloseRequestRequest {
        context: trial.context(),
        name: request.name.clone(),
        expected_version: down.version,
    };
    let closed = trial.desk.request_close(&dispatcher("desk-1"), close).await.unwrap();
    assert_eq!(closed.state(), wire::RequestState::Closed);
    let entries = trial.timeline(&request.incident).await;
    let numbers: Vec<_> = entries.iter().map(|entry| entry.sequence).collect();
    assert_eq!(numbers, (1..=entries.len() as u64).collect::<Vec<_>>(), "without a gap");
    // Open, submit, order, confirm, depart, arrive, release, return, stand down, close: repeated words left no row.
    assert_eq!(trial.audited().await, 10);
}

async fn two_dispatchers_race_for_one_crane(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let (first, second) = (trial.call_for_help("苯罐泄漏").await, trial.call_for_help("管廊坍塌").await);
    let (one, two) = (dispatcher("desk-1"), dispatcher("desk-2"));
    let (a, b) = tokio::join!(
        trial.desk.aid_order(&one, trial.order(&first)),
        trial.desk.aid_order(&two, trial.order(&second)),
    );
    let (won, lost) = if a.is_ok() { (a, b) } else { (b, a) };
    let won = won.unwrap().assignment.unwrap();
    let (reason, words) = refused(lost);
    assert_eq!(reason, "RESOURCE_TAKEN");
    assert!(words.contains("jinsuo-chem") && words.contains("04:03:00"), "who has it, and until when: {words}");
    let ledger = trial.ledger().await;
    assert_eq!((ledger.held, ledger.free, ledger.uses.len()), (1, 0, 1));
    assert_eq!(ledger.uses[0].assignment, won.name);
    assert_eq!(trial.mail("hengrui-crane").await, [wire::NoticeKind::Order], "one order, one notice");
}

async fn an_answer_that_comes_an_hour_late_binds_nobody(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let held = trial.ordered(&request).await;
    trial.clock.pass(3_600);
    trial.desk.room.round().await.unwrap();
    assert_eq!((trial.ledger().await.held, trial.ledger().await.free), (0, 1), "the hold has ended");
    let result = trial.said(&held, held.epoch, confirm()).await;
    assert_eq!(result.outcome(), wire::CommandOutcome::BecameOffer, "{result:?}");
    assert_eq!(trial.ledger().await.free, 1, "a promise is not a hold");

    let again = trial.ordered(&request).await;
    assert_eq!(again.epoch, 2);
    let late = trial.said(&again, 1, confirm()).await;
    assert_eq!(
        (late.outcome(), late.reason.as_str()),
        (wire::CommandOutcome::Refused, "ORDER_SUPERSEDED"),
        "{late:?}"
    );
    let noted = trial.timeline(&request.incident).await;
    assert!(noted.iter().any(|entry| entry.noted_only), "it is in the timeline all the same");
    assert_eq!(trial.ledger().await.held, 1, "the new order stands");
}

async fn a_supplier_withdraws_on_the_road(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let held = trial.ordered(&request).await;
    let committed = trial.does(&held, confirm()).await;
    let way = trial.does(&committed, Action::Depart(wire::DepartAction::default())).await;
    let no = wire::DeclineAction { reason: "broken".to_owned(), note: "爆胎".to_owned() };
    let back = trial.does(&way, Action::Withdraw(no)).await;
    assert_eq!(back.state(), wire::AssignmentState::Returning, "it is theirs, and it comes home");
    let asked = wire::GetRequestRequest { name: request.name.clone() };
    let open = trial.desk.request_get(&dispatcher("desk-1"), asked).await.unwrap();
    assert_eq!((open.fulfilment[0].missing, open.state()), (1, wire::RequestState::Open), "the line is open again");
    assert!(trial.mail("jinsuo-chem").await.contains(&wire::NoticeKind::AidLost));
    assert!(trial.timeline(&request.incident).await.iter().any(|entry| entry.alarm));
    let account = wire::Return { returned: 1, ..wire::Return::default() };
    trial.does(&back, Action::Return(account)).await;
    assert_eq!(trial.ledger().await.free, 1);
}

async fn the_same_request_id_gives_the_first_answer_again(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let desk = dispatcher("desk-1");
    let open = wire::OpenIncidentRequest { context: trial.context(), incident: Some(trial.leak("苯罐泄漏")) };
    let first = trial.desk.incident_open(&desk, open.clone()).await.unwrap();
    let again = trial.desk.incident_open(&dispatcher("desk-9"), open.clone()).await.unwrap();
    assert_eq!(first, again);
    let other = wire::OpenIncidentRequest { incident: Some(trial.leak("另一起")), ..open };
    assert_eq!(refused(trial.desk.incident_open(&desk, other).await).0, "REQUEST_ID_REUSED");
    assert_eq!(trial.audited().await, 1);

    let submit = wire::SubmitRequestRequest {
        context: trial.context(),
        request: Some(need_of_a_crane(&first.name)),
        ..wire::SubmitRequestRequest::default()
    };
    let request = trial.desk.request_submit(&people("jinsuo-chem"), submit).await.unwrap();
    let mut stale = trial.order(&request);
    stale.expected_version += 7;
    let refusal = refused(trial.desk.aid_order(&desk, stale.clone()).await);
    assert_eq!(refusal.0, "VERSION_MISMATCH");
    trial.ordered(&request).await;
    assert_eq!(refused(trial.desk.aid_order(&desk, stale).await), refusal, "a refusal is an answer, too");
    let wrong = wire::OrderRequest { context: trial.context(), ..wire::OrderRequest::default() };
    assert_eq!(refused(trial.desk.aid_order(&desk, wrong).await).0, "FIELDS_INVALID");
}

async fn the_fences_hold_without_the_machine(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let held = trial.ordered(&request).await;
    let store: &Store = &trial.hub.store;
    let key = LedgerKey { resource: crane().name, book: Book::Actual };
    let ledger = store.read(async move |conn| ledger_find(conn, &key).await).await.unwrap().unwrap();

    // First fence: what is not free when it is written, is not taken; nor from an older picture.
    let mut more = ledger.clone();
    (more.version, more.held) = (more.version + 1, 2);
    let (before, after) = (ledger.clone(), more.clone());
    let taken = store.write(async move |tx| ledger_change(tx, &before, &after, false).await).await;
    assert_eq!(refused(taken).0, "RESOURCE_TAKEN");
    let mut older = ledger.clone();
    (older.version, older.held) = (older.version - 1, 0);
    let (before, after) = (older, ledger.clone());
    let taken = store.write(async move |tx| ledger_change(tx, &before, &after, false).await).await;
    assert_eq!(refused(taken).0, "RESOURCE_TAKEN");
    // Second: a row that promises more than there is, and does not say so, cannot be.
    let spoil = store.write(async |tx| crate::store::mutual_aid::ledger::ledger_spoil(tx).await).await;
    assert!(spoil.unwrap_err().is_check_violation());
    // Third: one thing is ordered to one place.
    let id = shouwang_proto::mutual_aid::id::AssignmentId::from_name(&held.name).unwrap();
    let kept = store.read(async move |conn| assignment_find(conn, id).await).await.unwrap().unwrap();
    let twin = Assignment {
        id: shouwang_proto::mutual_aid::id::AssignmentId::from_uuid(Uuid::from_u128(99)),
        ..kept
    };
    let now = trial.clock.world().now();
    let second = store.write(async move |tx| assignment_put(tx, 0, &twin, true, now).await).await;
    assert!(second.unwrap_err().is_unique_violation());
}

async fn a_member_sees_only_what_concerns_it(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let held = trial.ordered(&request).await;
    let get = wire::GetRequestRequest { name: request.name.clone() };
    let stranger = people("north-steel");
    assert_eq!(refused(trial.desk.request_get(&stranger, get.clone()).await).0, "REQUEST_UNKNOWN");
    let absent = wire::GetRequestRequest { name: format!("requests/{}", Uuid::nil()) };
    assert_eq!(refused(trial.desk.request_get(&stranger, absent).await).0, "REQUEST_UNKNOWN");
    let assignment = wire::GetAssignmentRequest { name: held.name.clone() };
    assert_eq!(refused(trial.desk.assignment_get(&stranger, assignment.clone()).await).0, "ASSIGNMENT_UNKNOWN");
    let incident = wire::GetIncidentRequest { name: request.incident.clone() };
    assert_eq!(refused(trial.desk.incident_get(&stranger, incident.clone()).await).0, "INCIDENT_UNKNOWN");
    let all = trial.desk.incidents(&stranger, wire::ListIncidentsRequest::default()).await.unwrap();
    assert!(all.incidents.is_empty() && all.next_page_token.is_empty());
    for concerned in ["jinsuo-chem", "hengrui-crane"] {
        let concerned = people(concerned);
        trial.desk.request_get(&concerned, get.clone()).await.unwrap();
        trial.desk.assignment_get(&concerned, assignment.clone()).await.unwrap();
        trial.desk.incident_get(&concerned, incident.clone()).await.unwrap();
    }
    // Another's request in the same incident is none of the supplier's business.
    let other = wire::SubmitRequestRequest {
        context: trial.context(),
        request: Some(wire::MutualAidRequest {
            requester: "members/north-steel".to_owned(),
            ..need_of_a_crane(&request.incident)
        }),
        ..wire::SubmitRequestRequest::default()
    };
    let other = trial.desk.request_submit(&stranger, other).await.unwrap();
    let timeline = wire::ListTimelineRequest { name: request.incident.clone(), ..wire::ListTimelineRequest::default() };
    let seen = trial.desk.timeline(&people("hengrui-crane"), timeline).await.unwrap().entries;
    assert!(seen.iter().any(|entry| entry.assignment == held.name), "{seen:?}");
    assert!(seen.iter().all(|entry| entry.request != other.name || entry.assignment.is_empty()), "{seen:?}");
    let act = wire::ActOnAssignmentRequest {
        context: trial.context(),
        action: Some(wire::AssignmentAction {
            assignment: held.name.clone(),
            epoch: held.epoch,
            action: Some(confirm()),
        }),
        expected_version: 0,
    };
    let refusal = refused(trial.desk.aid_act(&stranger, act).await);
    assert!(["NOT_YOURS", "ASSIGNMENT_UNKNOWN"].contains(&refusal.0.as_str()), "{refusal:?}");
    assert_eq!(trial.ledger().await.held, 1);
}

async fn deadlines_come_after_a_restart(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    trial.ordered(&request).await;
    let Trial { hub, desk, clock, .. } = trial;
    // The hub is gone while the hold ends.
    drop(desk);
    clock.pass(200);
    let trial = Trial::on(hub, clock).await;
    trial.desk.room.recompute().await.unwrap();
    // What comes sets the next step, which may be due as well.
    let mut known = 0;
    loop {
        trial.desk.room.round().await.unwrap();
        let events = trial.timeline(&request.incident).await.len();
        if events == known {
            break;
        }
        known = events;
    }
    assert_eq!(trial.ledger().await.free, 1, "the hold has ended");
    let events = trial.timeline(&request.incident).await;
    let lapsed = events.iter().filter(|entry| entry.event == "LAPSED").count();
    assert_eq!(lapsed, 1, "once: {events:?}");
}

async fn a_hub_that_is_killed_during_an_order_has_ordered_or_not(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let (desk, order) = (trial.desk.clone(), trial.order(&request));
    let dying = order.clone();
    let mut ordering = tokio::task::JoinSet::new();
    ordering.spawn(async move { desk.aid_order(&dispatcher("desk-1"), dying).await.is_ok() });
    tokio::task::yield_now().await;
    ordering.abort_all();
    while ordering.join_next().await.is_some() {}

    let Trial { hub, desk, clock, .. } = trial;
    drop(desk);
    let trial = Trial::on(hub, clock).await;
    // The dispatcher heard nothing and asks again: one order, one notice, one row, whatever the first attempt did.
    let again = trial.desk.aid_order(&dispatcher("desk-1"), order.clone()).await.unwrap();
    assert_eq!(again.assignment.as_ref().unwrap().epoch, 1);
    assert_eq!(trial.desk.aid_order(&dispatcher("desk-1"), order).await.unwrap(), again);
    assert_eq!(trial.mail("hengrui-crane").await, [wire::NoticeKind::Order], "the outbox goes on");
    assert_eq!((trial.ledger().await.held, trial.audited().await), (1, 3));
    let held = again.assignment.unwrap();
    assert_eq!(trial.does(&held, confirm()).await.state(), wire::AssignmentState::Committed);
}

async fn a_pre_authorised_package_commits_in_one_step(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    trial.desk.room.shared.shelf.put(offered("hengrui-crane", 1, 1.0, true));
    let request = trial.call_for_help("苯罐泄漏").await;
    let committed = trial.ordered(&request).await;
    assert_eq!(committed.state(), wire::AssignmentState::Committed);
    assert_eq!(trial.mail("hengrui-crane").await, [wire::NoticeKind::MissionOrder]);
    let asked = wire::ListCandidatesRequest {
        request: request.name.clone(),
        line: 1,
        with_excluded: true,
        ..wire::ListCandidatesRequest::default()
    };
    let answer = trial.desk.candidates(asked).await.unwrap();
    assert_eq!((answer.considered, answer.candidates.len()), (1, 0), "nothing is missing any more");
}

#[test]
fn ids_of_the_trial_are_ids() {
    assert!(Uuid::from_u64_pair(7, 1).to_string().parse::<CommandId>().is_ok());
    assert!(IncidentId::from_name("incidents/x").is_err());
    let PublicationName { member, .. } = crane().name;
    assert_eq!(member.as_str(), "hengrui-crane");
}
