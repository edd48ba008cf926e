//! A crane, from the call for help to the team back home, and what may go wrong on the way.

use shouwang_proto::wire::{self, assignment_action::Action};

use super::{Trial, confirm, dispatcher, people, refused, report};
use crate::{mutual_aid::trial::offered, store::trial::TrialEngine};

pub(super) async fn from_the_call_for_help_to_the_team_back_home(engine: TrialEngine) {
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
    assert_eq!((now.fulfilment[0].missing, now.fulfilment[0].state()), (1, wire::FulfilmentState::Open));
    let stand_down = wire::StandDownRequestRequest {
        context: trial.context(),
        name: request.name.clone(),
        expected_version: now.version,
        reason: "险情解除".to_owned(),
    };
    let down = trial.desk.request_stand_down(&people("jinsuo-chem"), stand_down).await.unwrap();
    let met = &down.fulfilment[0];
    assert_eq!(
        (met.missing, met.state()),
        (0, wire::FulfilmentState::NotSought),
        "nobody is looked for any more"
    );
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

pub(super) async fn two_dispatchers_race_for_one_crane(engine: TrialEngine) {
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
    assert!(
        words.contains("jinsuo-chem") && words.contains("12:03 (+08:00)"),
        "who has it, and until when: {words}"
    );
    let ledger = trial.ledger().await;
    assert_eq!((ledger.held, ledger.free, ledger.uses.len()), (1, 0, 1));
    assert_eq!(ledger.uses[0].assignment, won.name);
    assert_eq!(trial.mail("hengrui-crane").await, [wire::NoticeKind::Order], "one order, one notice");
}

pub(super) async fn an_answer_that_comes_an_hour_late_binds_nobody(engine: TrialEngine) {
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

pub(super) async fn a_supplier_withdraws_on_the_road(engine: TrialEngine) {
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
    assert_eq!(
        (open.fulfilment[0].missing, open.state()),
        (1, wire::RequestState::Open),
        "the line is open again"
    );
    assert!(trial.mail("jinsuo-chem").await.contains(&wire::NoticeKind::AidLost));
    assert!(trial.timeline(&request.incident).await.iter().any(|entry| entry.alarm));
    let account = wire::Return { returned: 1, ..wire::Return::default() };
    trial.does(&back, Action::Return(account)).await;
    assert_eq!(trial.ledger().await.free, 1);
}

/// Found by the simulation: the recall was marked as answered by a head-count from the road, and never sent.
pub(super) async fn a_word_said_before_the_recall_came_leaves_it_in_the_outbox(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let held = trial.ordered(&request).await;
    let committed = trial.does(&held, confirm()).await;
    let way = trial.does(&committed, Action::Depart(wire::DepartAction::default())).await;
    let recall = wire::ActOnAssignmentRequest {
        context: trial.context(),
        action: Some(wire::AssignmentAction {
            assignment: way.name.clone(),
            epoch: way.epoch,
            action: Some(Action::Recall(wire::RecallAction { reason: "险情解除".to_owned() })),
        }),
        expected_version: way.version,
    };
    trial.desk.aid_act(&dispatcher("desk-1"), recall).await.unwrap();
    let count = Action::HeadCount(wire::HeadCountAction { people: 4, note: String::new() });
    let counted = trial.spoke(&way, way.epoch, count.clone()).await;
    assert_eq!(counted.outcome(), wire::CommandOutcome::Accepted);
    assert_eq!(trial.mail("hengrui-crane").await, [wire::NoticeKind::Recall], "nobody there knows of it yet");
    trial.does(&way, count).await;
    assert!(trial.mail("hengrui-crane").await.is_empty());
}

pub(super) async fn a_hub_that_is_killed_during_an_order_has_ordered_or_not(engine: TrialEngine) {
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

pub(super) async fn a_pre_authorised_package_commits_in_one_step(engine: TrialEngine) {
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
