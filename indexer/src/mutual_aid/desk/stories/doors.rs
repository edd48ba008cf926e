//! Keys, fences, scopes and deadlines.

use shouwang_proto::{mutual_aid::id::AssignmentId, wire};
use shouwang_serving::store::Store;
use tokio_stream::StreamExt as _;
use uuid::Uuid;

use super::{Trial, confirm, crane, dispatcher, need_of_a_crane, people, refused};
use crate::{
    mutual_aid::machine::{
        assignment::Assignment,
        ledger::{Book, LedgerKey},
    },
    store::{
        mutual_aid::{
            assignment::{assignment_find, assignment_put},
            ledger::{ledger_change, ledger_find},
        },
        trial::TrialEngine,
    },
};

pub(super) async fn the_same_request_id_gives_the_first_answer_again(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let desk = dispatcher("desk-1");
    let open =
        wire::OpenIncidentRequest { context: trial.context(), incident: Some(trial.leak("苯罐泄漏")) };
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

pub(super) async fn the_fences_hold_without_the_machine(engine: TrialEngine) {
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
    let id = AssignmentId::from_name(&held.name).unwrap();
    let kept = store.read(async move |conn| assignment_find(conn, id).await).await.unwrap().unwrap();
    let twin = Assignment { id: AssignmentId::from_uuid(Uuid::from_u128(99)), ..kept };
    let now = trial.clock.world().now();
    let second = store.write(async move |tx| assignment_put(tx, 0, &twin, true, now).await).await;
    assert!(second.unwrap_err().is_unique_violation());
}

pub(super) async fn a_member_sees_only_what_concerns_it(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let held = trial.ordered(&request).await;
    let get = wire::GetRequestRequest { name: request.name.clone() };
    let stranger = people("north-steel");
    assert_eq!(refused(trial.desk.request_get(&stranger, get.clone()).await).0, "REQUEST_UNKNOWN");
    let absent = wire::GetRequestRequest { name: format!("requests/{}", Uuid::nil()) };
    assert_eq!(refused(trial.desk.request_get(&stranger, absent).await).0, "REQUEST_UNKNOWN");
    let assignment = wire::GetAssignmentRequest { name: held.name.clone() };
    assert_eq!(
        refused(trial.desk.assignment_get(&stranger, assignment.clone()).await).0,
        "ASSIGNMENT_UNKNOWN"
    );
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
    let timeline =
        wire::ListTimelineRequest { name: request.incident.clone(), ..wire::ListTimelineRequest::default() };
    let seen = trial.desk.timeline(&people("hengrui-crane"), timeline).await.unwrap().entries;
    assert!(seen.iter().any(|entry| entry.assignment == held.name), "{seen:?}");
    assert!(seen.iter().all(|entry| entry.request != other.name), "{seen:?}");
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

pub(super) async fn deadlines_come_after_a_restart(engine: TrialEngine) {
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

pub(super) async fn who_looks_on_misses_nothing(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let watch = |after_sequence| wire::WatchRequestRequest { name: request.name.clone(), after_sequence };
    let mut stream = trial.desk.watch(dispatcher("desk-1"), watch(0)).await.unwrap();
    let picture = stream.next().await.unwrap().unwrap();
    assert!(picture.entry.is_none() && picture.incident.is_some(), "{picture:?}");
    assert_eq!((picture.requests.len(), picture.present.as_slice()), (1, &["desk-1".to_owned()][..]));

    let held = trial.ordered(&request).await;
    let mut last = picture.sequence;
    loop {
        let news = stream.next().await.unwrap().unwrap();
        assert_eq!(news.sequence, last + 1, "in order, without a gap");
        last = news.sequence;
        if news.entry.is_some_and(|entry| entry.event == "ORDERED") {
            assert_eq!(news.assignments, std::slice::from_ref(&held), "with the state after it");
            break;
        }
    }
    drop(stream);
    // Cut off, and on again from where it was.
    trial.does(&held, confirm()).await;
    let mut stream = trial.desk.watch(dispatcher("desk-1"), watch(last)).await.unwrap();
    let news = stream.next().await.unwrap().unwrap();
    assert_eq!((news.sequence, news.entry.unwrap().event.as_str()), (last + 1, "CONFIRMED"));
    let stranger = trial.desk.watch(people("north-steel"), watch(0)).await;
    assert_eq!(refused(stranger.map(|_| ())).0, "REQUEST_UNKNOWN");
}

pub(super) async fn who_was_not_reached_is_shown_with_phones(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    trial.ordered(&request).await;
    let list = wire::ListDeliveriesRequest {
        incident: request.incident.clone(),
        undelivered_only: true,
        ..wire::ListDeliveriesRequest::default()
    };
    let all = trial.desk.deliveries(list).await.unwrap().deliveries;
    let order =
        all.iter().find(|one| one.notice.as_ref().is_some_and(|told| told.kind() == wire::NoticeKind::Order));
    let order = order.unwrap();
    assert_eq!((order.state(), order.unreachable), (wire::NoticeDeliveryState::Queued, true));
    assert_eq!(order.phones, ["王队 13800000000"]);
    assert_eq!(order.member_display_name, "北方化工");
}
