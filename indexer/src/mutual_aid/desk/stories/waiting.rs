//! What waits for people, and how the council is called.

use serde_json::Value;
use shouwang_proto::{mutual_aid::term::Channel, wire};
use shouwang_serving::{
    alerts::{AlertChannel, AlertOutcome, AlertRows as _},
    store::Tx,
};
use wire::AidTaskKind as Kind;

use super::{Trial, dispatcher, people, refused};
use crate::{
    mutual_aid::council_duty::CouncilAlerts,
    store::{
        hub::hub_epoch_raise,
        mutual_aid::ahead::{floor, numbers_go_ahead},
        trial::TrialEngine,
    },
};

impl Trial {
    async fn tasks(&self) -> Vec<wire::AidTask> {
        self.desk.tasks(wire::ListTasksRequest::default()).await.unwrap().tasks
    }

    async fn task(&self, kind: Kind) -> Option<wire::AidTask> {
        self.tasks().await.into_iter().find(|task| task.kind() == kind)
    }

    fn said_of(&self, task: &wire::AidTask, who: &str) -> wire::CompleteTaskRequest {
        let context = self
            .context()
            .map(|context| wire::ChangeContext { channel: Channel::Phone.to_wire().into(), ..context });
        wire::CompleteTaskRequest {
            context,
            name: task.name.clone(),
            who: who.to_owned(),
            ..wire::CompleteTaskRequest::default()
        }
    }

    /// Some time passes, and what is due comes.
    async fn later(&self, seconds: i64) {
        self.clock.pass(seconds);
        self.desk.room.round().await.unwrap();
    }
}

pub(super) async fn what_waits_for_a_person_is_listed_until_it_is_done(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let one = dispatcher("desk-1");
    let request = trial.call_for_help("苯罐泄漏").await;
    let take_up = trial.task(Kind::TakeUp).await.expect("nobody has taken it up");
    assert_eq!(
        (take_up.request.as_str(), take_up.priority()),
        (request.name.as_str(), wire::RequestPriority::P1)
    );
    assert_eq!(take_up.phones, ["李工 13900000000"]);
    assert!(take_up.due_time.is_some());
    let report = trial.task(Kind::Report).await.expect("the hour runs");
    let hour = report.due_time.unwrap().seconds - report.since_time.unwrap().seconds;
    assert_eq!(hour, 3_600);
    assert!(trial.tasks().await[0].kind() == Kind::TakeUp, "lives first");

    // What ends with a command, ends with it.
    let refusal = refused(trial.desk.task_complete(&one, trial.said_of(&take_up, "")).await);
    assert_eq!(refusal.0, "TASK_NEEDS_COMMAND");
    let accept = wire::AcceptRequestRequest {
        context: trial.context(),
        name: request.name.clone(),
        expected_version: request.version,
    };
    let request = trial.desk.request_accept(&one, accept).await.unwrap();
    assert_eq!(trial.task(Kind::TakeUp).await, None);
    assert_eq!(trial.task(Kind::Verify).await, None);

    // Nobody answers, and the node has never been here: phone.
    let solicit = wire::SolicitRequest {
        context: trial.context(),
        request: request.name.clone(),
        line: 1,
        resources: vec![super::crane().name.to_string()],
        quantity: 1,
        expected_version: request.version,
    };
    trial.desk.aid_solicit(&one, solicit).await.unwrap();
    trial.later(90).await;
    trial.later(90).await;
    let phone = trial.task(Kind::PhoneOwner).await.expect("nobody answers");
    assert_eq!(
        (phone.member.as_str(), &phone.phones[..]),
        ("members/hengrui-crane", &["王队 13800000000".to_owned()][..])
    );
    let away = trial.task(Kind::Unreachable).await.expect("its node is away");
    assert_eq!((away.member.as_str(), &away.phones), ("members/hengrui-crane", &phone.phones));

    let tried = wire::CompleteTaskRequest { not_reached: true, ..trial.said_of(&phone, "王队") };
    trial.desk.task_complete(&one, tried).await.unwrap();
    let still = trial.task(Kind::PhoneOwner).await.expect("nobody was reached");
    assert_eq!(still.reached.len(), 1);
    assert!(still.reached[0].text_zh.contains("王队（电话）未送达"), "{:?}", still.reached);
    assert!(still.reached[0].alarm);
    let again = trial.said_of(&phone, "王队");
    let done = trial.desk.task_complete(&one, again.clone()).await.unwrap();
    assert_eq!(done.task.as_ref().unwrap().reached.len(), 2);
    assert_eq!(
        trial.desk.task_complete(&one, again).await.unwrap(),
        done,
        "the same attempt, the same answer"
    );
    assert_eq!(trial.task(Kind::PhoneOwner).await, None);
    assert_eq!(
        refused(trial.desk.task_complete(&one, trial.said_of(&phone, "王队")).await).0,
        "TASK_UNKNOWN"
    );
    let told = trial.timeline(&request.incident).await;
    assert_eq!(told.iter().filter(|entry| entry.event == "REACHED").count(), 2);
}

pub(super) async fn tasks_come_in_pages_and_for_one_incident(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let (one, two) = (trial.call_for_help("苯罐泄漏").await, trial.call_for_help("管廊坍塌").await);
    let all = trial.tasks().await;
    assert!(all.len() >= 4, "{all:?}");
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let question =
            wire::ListTasksRequest { page_size: 1, page_token, ..wire::ListTasksRequest::default() };
        let page = trial.desk.tasks(question).await.unwrap();
        assert!(page.tasks.len() <= 1);
        found.extend(page.tasks);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, all);
    let question = wire::ListTasksRequest {
        incident: two.incident.clone(),
        kinds: vec![Kind::TakeUp.into()],
        ..wire::ListTasksRequest::default()
    };
    let only = trial.desk.tasks(question).await.unwrap().tasks;
    assert_eq!(only.iter().map(|task| task.request.as_str()).collect::<Vec<_>>(), [two.name.as_str()]);

    // A second report of the same thing is put beside the first, and merged by a person.
    let submit = wire::SubmitRequestRequest {
        context: trial.context(),
        request: Some(super::need_of_a_crane(&one.incident)),
        ..wire::SubmitRequestRequest::default()
    };
    let twin = trial.desk.request_submit(&people("jinsuo-chem"), submit).await.unwrap();
    let pair = trial.task(Kind::MergeCandidates).await.expect("both ask for a crane");
    let named = std::collections::BTreeSet::from([&pair.request, &pair.other_request]);
    assert_eq!(named, [&one.name, &twin.name].into());
    let merge = wire::MergeRequestRequest {
        context: trial.context(),
        name: twin.name.clone(),
        expected_version: twin.version,
        into: one.name.clone(),
        expected_into_version: one.version,
        carry_lines: vec![1],
    };
    let goes_on = trial.desk.request_merge(&dispatcher("desk-1"), merge).await.unwrap();
    assert_eq!((goes_on.state(), &goes_on.name), (wire::RequestState::Open, &one.name));
    let asked = wire::GetRequestRequest { name: twin.name };
    let ended = trial.desk.request_get(&people("jinsuo-chem"), asked).await.unwrap();
    assert_eq!((ended.state(), &ended.merged_into), (wire::RequestState::Merged, &one.name));
    assert_eq!(trial.task(Kind::MergeCandidates).await, None);
    let asked = wire::GetRequestRequest { name: one.name };
    let goes_on = trial.desk.request_get(&people("jinsuo-chem"), asked).await.unwrap();
    assert_eq!(goes_on.lines.len(), 2, "no need is lost");
}

pub(super) async fn after_files_went_back_people_are_asked_like_after_a_restore(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let before = trial.call_for_help("苯罐泄漏").await;
    let room = &trial.desk.room;
    let [one, other] = ["jinsuo-chem", "hengrui-crane"].map(|member| member.parse().unwrap());
    for again in [false, true] {
        trial.later(1).await;
        let known = trial.clock.world().now();
        trial.later(1).await;
        room.went_back(&one, known).await.unwrap();
        let now = trial.clock.world().now();
        let task = trial.task(Kind::Restored).await.unwrap_or_else(|| panic!("people are asked, {again}"));
        let asked = wire::GetRequestRequest { name: before.name.clone() };
        let found = trial.desk.request_get(&dispatcher("desk-1"), asked).await.unwrap();
        assert!(found.version > floor(now), "no number comes twice");
        assert_eq!(
            (found.state(), found.lines),
            (before.state(), before.lines.clone()),
            "nothing else changed"
        );
        trial.desk.task_complete(&dispatcher("desk-1"), trial.said_of(&task, "各单位")).await.unwrap();
        room.went_back(&other, known).await.unwrap();
        assert_eq!(trial.task(Kind::Restored).await, None, "who notices it later tells nothing new");
    }
}

pub(super) async fn after_a_restore_people_are_asked_and_no_number_comes_again(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let one = dispatcher("desk-1");
    let before = trial.call_for_help("苯罐泄漏").await;
    assert_eq!(trial.task(Kind::Restored).await, None);
    let mut floors = vec![before.version];
    for restore in 1..=2 {
        // What `shouwang-hub restore` does to the database.
        trial.later(1).await;
        let now = trial.clock.world().now();
        let put_back = async move |tx: &mut Tx| {
            hub_epoch_raise(tx, [restore; 16], now).await?;
            numbers_go_ahead(tx, now).await
        };
        trial.hub.store.write(put_back).await.unwrap();
        let asked = wire::GetRequestRequest { name: before.name.clone() };
        let found = trial.desk.request_get(&one, asked).await.unwrap();
        assert!(found.version > floor(now) && floors.iter().all(|version| *version < found.version));
        floors.push(found.version);
        assert_eq!(
            (found.state(), found.lines),
            (before.state(), before.lines.clone()),
            "nothing else changed"
        );

        let task = trial.task(Kind::Restored).await.expect("each restore is told");
        assert_eq!((task.mode(), task.incident.as_str()), (wire::IncidentMode::Actual, ""));
        trial.desk.task_complete(&one, trial.said_of(&task, "各单位")).await.unwrap();
        assert_eq!(trial.task(Kind::Restored).await, None, "somebody has asked");
    }
    let late = wire::AcceptRequestRequest {
        context: trial.context(),
        name: before.name.clone(),
        expected_version: before.version,
    };
    assert_eq!(refused(trial.desk.request_accept(&one, late).await).0, "VERSION_MISMATCH");
    let asked = wire::GetRequestRequest { name: before.name };
    let found = trial.desk.request_get(&one, asked).await.unwrap();
    let order = trial.ordered(&found).await;
    let floor = floor(trial.clock.world().now());
    assert!(order.epoch > floor, "the first order of a ledger that was opened before and is forgotten");
}

pub(super) async fn the_council_is_called_one_after_the_other(engine: TrialEngine) {
    let trial = Trial::new(engine).await;
    let request = trial.call_for_help("苯罐泄漏").await;
    let alerts = CouncilAlerts::new(trial.desk.room.clone());
    let due = async || alerts.due(AlertChannel::Command, trial.clock.world().now(), 9).await.unwrap().0;
    let body = |alert: &shouwang_serving::alerts::Alert| serde_json::from_str::<Value>(&alert.body).unwrap();
    let [new] = due().await.try_into().unwrap();
    assert_eq!(
        (&body(&new)["whom"], body(&new)["request"].as_str()),
        (&"DUTY".into(), Some(request.name.as_str()))
    );
    let now = trial.clock.world().now();
    alerts.settle(&new, AlertChannel::Command, AlertOutcome::Expired, now).await.unwrap();
    trial.later(60).await;
    let [first] = due().await.try_into().unwrap();
    assert_eq!(
        (&body(&first)["whom"], &body(&first)["people"][0]["name"]),
        (&"DUTY".into(), &"钱值班".into())
    );
    assert_eq!(body(&first)["request"], request.name.as_str());
    let now = trial.clock.world().now();
    alerts.settle(&first, AlertChannel::Command, AlertOutcome::Delivered, now).await.unwrap();
    alerts.settle(&first, AlertChannel::Command, AlertOutcome::Delivered, now).await.unwrap();
    let told = trial.timeline(&request.incident).await;
    let reached: Vec<_> = told.iter().filter(|entry| entry.event == "REACHED").collect();
    assert_eq!(reached.len(), 2, "each once, however often it is said");
    assert!(reached[0].alarm && reached[0].text_zh.contains("未送达"), "{reached:?}");
    assert!(reached[1].text_zh.contains("钱值班 0512-5550-0001 · 告警程序"), "{reached:?}");
    assert!(reached[1].text_zh.contains("已送达"), "{reached:?}");

    trial.later(60).await;
    let [second] = due().await.try_into().unwrap();
    assert_eq!(
        (&body(&second)["whom"], &body(&second)["people"][0]["name"]),
        (&"DEPUTY".into(), &"孙副班".into())
    );
    assert_ne!(first.message_id, second.message_id);
    alerts.put_off(&second, "busy".to_owned(), now).await.unwrap();
    assert_eq!(due().await[0].attempts, 1, "it is tried again from its row");

    // Somebody takes it up: nobody has to be called for that any more.
    let accept = wire::AcceptRequestRequest {
        context: trial.context(),
        name: request.name.clone(),
        expected_version: request.version,
    };
    trial.desk.request_accept(&dispatcher("desk-1"), accept).await.unwrap();
    assert_eq!(due().await, []);
    trial.later(60).await;
    assert!(due().await.iter().all(|alert| body(alert)["whom"] != "COUNCIL"), "nor the whole council");
}
