//! How notices reach a node over a real connection, whatever ends in between.

use std::time::Duration;

use jiff::Timestamp;
use shouwang_proto::{
    log::{chain::Position, sealed::SealedEntry},
    mutual_aid::{
        id::{IncidentId, NoticeId},
        incident::{Casualties, IncidentFacts},
        term::Mode,
    },
    publication::Location,
    wire,
};
use uuid::Uuid;

use super::{
    script::{Script, member},
    trial_node::{ControlLine, TrialHub},
};
use crate::{
    mutual_aid::machine::incident::{Incident, State},
    store::{
        hub::hub_restored,
        log::{Cursor, cursor_find},
        mutual_aid::{
            delivery::deliveries_list,
            incident::incident_put,
            outbox::{DeliveryState, NewNotice, notices_add},
        },
        trial::{TrialEngine, TrialStore, told_on_both},
    },
};

told_on_both!(
    notices_come_until_they_are_on_disk,
    a_restored_node_gets_its_notices_again,
    a_node_that_was_told_of_more_tells_that_the_hub_went_back,
);

fn incident() -> IncidentId {
    IncidentId::from_uuid(Uuid::from_u128(5))
}

/// Puts notices with these numbers into the outbox of the trial's member, as a decision does.
async fn tell(hub: &TrialStore, numbers: std::ops::Range<u128>) {
    let now = Timestamp::UNIX_EPOCH;
    let notices: Vec<NewNotice> = numbers
        .map(|number| {
            let id = NoticeId::from_uuid(Uuid::from_u128(number));
            NewNotice {
                id,
                recipient: member(),
                incident: incident(),
                request: None,
                assignment: None,
                expires: None,
                phones: vec!["王队 13800000000".to_owned()],
                notice: wire::Notice { name: id.name(), alarm: true, ..wire::Notice::default() },
            }
        })
        .collect();
    hub.store.write_urgent(async move |tx| notices_add(tx, &notices, now).await).await.unwrap();
}

async fn open_incident(hub: &TrialStore) {
    let place = Location { latitude: 31.0, longitude: 120.0, address: String::new() };
    let facts = IncidentFacts {
        title: "苯罐泄漏".to_owned(),
        place,
        accident_type: "leak".to_owned(),
        accident_level: None,
        substances: Vec::new(),
        casualties: Casualties::default(),
        description: String::new(),
        member: None,
        reports: Vec::new(),
    };
    let incident = Incident {
        id: incident(),
        version: 1,
        mode: Mode::Actual,
        occurred: Timestamp::UNIX_EPOCH,
        opened: Timestamp::UNIX_EPOCH,
        facts,
        state: State::Open,
        sequence: 0,
        report_reached: 0,
    };
    hub.store.write(async move |tx| incident_put(tx, 0, &incident).await).await.unwrap();
}

/// The next notice: its number in the outbox.
async fn next(line: &mut ControlLine) -> u64 {
    loop {
        match line.answer().await.unwrap().unwrap() {
            wire::control_response::Message::Directive(wire::Directive {
                action: Some(wire::directive::Action::Notice(delivery)),
            }) => return delivery.delivery_id,
            wire::control_response::Message::Directive(_)
            | wire::control_response::Message::Welcome(_)
            | wire::control_response::Message::HeartbeatAnswer(_)
            | wire::control_response::Message::MemberCommandResult(_) => {}
        }
    }
}

async fn acknowledge(line: &mut ControlLine, script: &Script, delivery_ids: Vec<u64>) {
    line.send(wire::control_request::Message::NoticeAck(wire::NoticeAck { delivery_ids })).await;
    // The answer to what is sent after it shows that it was heard.
    line.send(wire::control_request::Message::Heartbeat(wire::Heartbeat {
        head: Some(super::trial_node::head(script)),
        number: 9,
    }))
    .await;
    loop {
        let answer = line.answer().await.unwrap().unwrap();
        if matches!(answer, wire::control_response::Message::HeartbeatAnswer(_)) {
            return;
        }
    }
}

async fn states(hub: &TrialStore) -> Vec<DeliveryState> {
    let read = async |conn: &mut _| deliveries_list(conn, incident(), false, None, 100).await;
    hub.store.read(read).await.unwrap().into_iter().rev().map(|row| row.state).collect()
}

async fn notices_come_until_they_are_on_disk(engine: TrialEngine) {
    let script = Script::new();
    let hub = TrialHub::start(engine, &script).await;
    open_incident(&hub.hub).await;
    tell(&hub.hub, 1..41).await;
    let node = hub.node("a1").await;

    // Queued ones go first after the hello, in order, more than a page.
    let (mut line, welcome) = node.control_speaking(1).await.unwrap();
    assert_eq!(welcome.mutual_aid_version, 1);
    for number in 1..=40 {
        assert_eq!(next(&mut line).await, number);
    }
    // A new one is pushed at once.
    tell(&hub.hub, 41..42).await;
    hub.room.parts.mutual_aid.bell().ring(&hub.hub.store, [&member()]).await;
    assert_eq!(next(&mut line).await, 41);
    acknowledge(&mut line, &script, (1..=20).collect()).await;
    drop(line);

    // What was not acknowledged comes again, and only that; also at another hub, after this one was killed.
    let (mut line, _) = node.control_speaking(1).await.unwrap();
    for number in 21..=41 {
        assert_eq!(next(&mut line).await, number);
    }
    acknowledge(&mut line, &script, (21..=40).collect()).await;
    let TrialHub { hub: store, .. } = hub;
    let hub = TrialHub::on(store, &script, Duration::from_secs(60)).await;
    let node = hub.node("a1").await;
    let (mut line, _) = node.control_speaking(1).await.unwrap();
    assert_eq!(next(&mut line).await, 41);
    let delivered = states(&hub.hub).await;
    assert!(delivered[..40].iter().all(|state| *state == DeliveryState::Delivered));
    assert_ne!(delivered[40], DeliveryState::Delivered, "only the node's word makes it so");
    // Numbers that are not its own, or do not exist, change nothing.
    acknowledge(&mut line, &script, vec![41, 77]).await;
    assert!(states(&hub.hub).await.iter().all(|state| *state == DeliveryState::Delivered));
    assert!(hub.room.parts.board.row(&member()).unwrap().is_reachable());
}

async fn a_restored_node_gets_its_notices_again(engine: TrialEngine) {
    let (mut script, mut backup) = (Script::new(), Script::new());
    (1..=3).for_each(|number| script.put(number, "检测"));
    (1..=2).for_each(|number| backup.put(number, "检测"));
    let hub = TrialHub::start(engine, &script).await;
    open_incident(&hub.hub).await;
    tell(&hub.hub, 1..5).await;
    let node = hub.node("a1").await;
    node.sync(&script).await.unwrap().0.deliver(&script.entries).await.unwrap();
    let (mut line, _) = node.control_speaking(1).await.unwrap();
    for number in 1..=4 {
        assert_eq!(next(&mut line).await, number);
    }
    acknowledge(&mut line, &script, vec![1, 2, 3]).await;
    // Its disk is what it was before: the log shows it, and the three come again, in order, on the line that is open.
    drop(node.sync(&backup).await.unwrap());
    for number in 5..=7 {
        assert_eq!(next(&mut line).await, number);
    }
    acknowledge(&mut line, &script, vec![4, 5, 6, 7]).await;
    assert_eq!(states(&hub.hub).await, [DeliveryState::Delivered; 4]);
    drop(node.sync(&script).await.unwrap());
    assert_eq!(states(&hub.hub).await, [DeliveryState::Delivered; 4], "only after a restore");
}

#[tokio::test]
async fn a_node_that_takes_no_notices_gets_none_and_its_people_are_phoned() {
    let script = Script::new();
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    open_incident(&hub.hub).await;
    tell(&hub.hub, 1..2).await;
    let (mut line, _) = hub.node("a1").await.control_speaking(0).await.unwrap();
    hub.room.parts.mutual_aid.bell().ring_all();
    let answer = line.heartbeat(&script).await.unwrap();
    assert_eq!(answer.number, 7, "nothing came before the answer");
    assert_eq!(states(&hub.hub).await, [DeliveryState::Queued]);
    let row = hub.room.parts.board.row(&member()).unwrap();
    assert!(row.connected && !row.is_reachable());
}

#[tokio::test]
async fn a_word_that_is_no_word_is_answered_and_ends_nothing() {
    let script = Script::new();
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let (mut line, _) = hub.node("a1").await.control_speaking(1).await.unwrap();
    let word = wire::MemberCommand { command_id: "?".to_owned(), ..wire::MemberCommand::default() };
    line.send(wire::control_request::Message::MemberCommand(word)).await;
    let Some(wire::control_response::Message::MemberCommandResult(result)) = line.answer().await.unwrap()
    else {
        panic!("no result")
    };
    assert_eq!((result.command_id.as_str(), result.reason.as_str()), ("?", "FIELDS_INVALID"));
    line.heartbeat(&script).await.unwrap();
}

async fn a_node_that_was_told_of_more_tells_that_the_hub_went_back(engine: TrialEngine) {
    let mut script = Script::new();
    (1..=3).for_each(|number| script.put(number, "检测"));
    let hub = TrialHub::start(engine, &script).await;
    let node = hub.node("a1").await;
    node.sync(&script).await.unwrap().0.deliver(&script.entries).await.unwrap();
    let known = cursor(&hub.hub).await.advanced;
    (4..=5).for_each(|number| script.put(number, "检测"));
    let acknowledged = async |entry: &SealedEntry| {
        let position = Position { epoch: 1, seq: entry.header().seq, hash: entry.hash() };
        let (_line, welcome) = node.sync_after(&script, position).await.unwrap();
        let restored = hub.hub.store.read(async |conn| hub_restored(conn).await).await.unwrap();
        (welcome.resume_case(), restored.map(|restored| restored.known))
    };
    assert_eq!(acknowledged(&script.entries[2]).await, (wire::ResumeCase::Normal, None));
    assert_eq!(
        acknowledged(&script.entries[4]).await,
        (wire::ResumeCase::HubRestored, Some(known)),
        "it knows everything up to its newest entry of this member"
    );
}

async fn cursor(hub: &TrialStore) -> Cursor {
    hub.store.read(async |conn| cursor_find(conn, &member()).await).await.unwrap().unwrap()
}
