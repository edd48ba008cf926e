//! How notices reach a node over a real connection, whatever ends in between.

use std::time::Duration;

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    id::PublicationName,
    log::entry::EntryKind,
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
    script::{Script, member, payload, record},
    trial_node::{ControlLine, TrialHub},
};
use crate::{
    mutual_aid::{
        machine::{
            incident::{Incident, State},
            ledger::{Book, Ledger, LedgerKey},
        },
        pack::PACK_TAG,
        trial::take_in,
    },
    store::{
        mutual_aid::{
            delivery::deliveries_list,
            incident::incident_put,
            ledger::ledger_find,
            outbox::{DeliveryState, NewNotice, notices_add},
        },
        trial::{TrialEngine, TrialStore},
    },
};

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
    hub.room.parts.mutual_aid.bell().ring([&member()]);
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

#[tokio::test]
async fn notices_come_until_they_are_on_disk_on_sqlite() {
    notices_come_until_they_are_on_disk(TrialEngine::Sqlite).await;
}

#[tokio::test]
async fn notices_come_until_they_are_on_disk_on_postgres() {
    notices_come_until_they_are_on_disk(TrialEngine::Postgres).await;
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

fn foam(quantity: f64, floor: f64) -> wire::Publication {
    let resource = wire::MutualAidResource {
        resource_kind: "team".to_owned(),
        resource_type: "泡沫队".to_owned(),
        quantity,
        unit: "1".to_owned(),
        muster_minutes: 5,
        duty_contacts: vec![wire::DutyContact {
            name: "王队".to_owned(),
            phone: "13800000000".to_owned(),
            duty: String::new(),
        }],
        floor,
        ..wire::MutualAidResource::default()
    };
    wire::Publication {
        title: "泡沫队".to_owned(),
        audience: vec!["alliance".to_owned()],
        detail: Some(wire::publication::Detail::Resource(resource)),
        ..wire::Publication::default()
    }
}

async fn ledger(hub: &TrialHub) -> Option<Ledger> {
    let resource = PublicationName { member: member(), record: record(1) };
    let key = LedgerKey { resource, book: Book::Actual };
    hub.hub.store.read(async move |conn| ledger_find(conn, &key).await).await.unwrap()
}

async fn what_is_published_is_lent(engine: TrialEngine) {
    let mut script = Script::new();
    script.append(EntryKind::Put, 1, payload(foam(6.5, 2.0)), |_| {});
    script.put(2, "不是资源");
    let hub = TrialHub::start(engine, &script).await;
    let room = hub.room.parts.mutual_aid.clone();
    let (mut line, _) = hub.node("a1").await.sync(&script).await.unwrap();
    line.deliver(&script.entries).await.unwrap();
    assert!(ledger(&hub).await.is_none(), "not before it was taken in");
    assert_eq!((take_in(&room).await, take_in(&room).await), (2, 0));
    let first = ledger(&hub).await.unwrap();
    assert_eq!((first.terms.quota, first.free(), first.version), (4, 4, 1), "whole ones, less what is kept");

    script.append(EntryKind::Put, 1, payload(foam(10.0, 2.0)), |_| {});
    line.deliver(&script.entries[2..]).await.unwrap();
    take_in(&room).await;
    assert_eq!(ledger(&hub).await.unwrap().terms.quota, 8);
    script.withdraw(1);
    line.deliver(&script.entries[3..]).await.unwrap();
    take_in(&room).await;
    let gone = ledger(&hub).await.unwrap();
    assert_eq!((gone.terms.quota, gone.free()), (0, 0));
}

#[tokio::test]
async fn what_is_published_is_lent_on_sqlite() {
    what_is_published_is_lent(TrialEngine::Sqlite).await;
}

#[tokio::test]
async fn what_is_published_is_lent_on_postgres() {
    what_is_published_is_lent(TrialEngine::Postgres).await;
}

#[tokio::test]
async fn a_pack_is_signed_and_its_version_rises_only_with_what_it_holds() {
    let mut script = Script::new();
    script.append(EntryKind::Put, 1, payload(foam(6.0, 2.0)), |_| {});
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let (mut line, _) = hub.node("a1").await.sync(&script).await.unwrap();
    line.deliver(&script.entries).await.unwrap();
    take_in(&hub.room.parts.mutual_aid).await;
    let parts = &hub.room.parts;
    let roster = parts.roster.snapshot();
    let reader = roster.member(&member()).unwrap().clone();
    let pack = async |known: u64| {
        parts.mutual_aid.packer().pack(&reader, &roster, known, Timestamp::UNIX_EPOCH).await.unwrap()
    };
    let encoded = pack(0).await.unwrap();
    let signed = wire::SignedOfflinePack::decode(encoded.as_slice()).unwrap();
    assert!(is_signed(&signed));
    let mut forged = signed.clone();
    forged.pack.push(0);
    assert!(!is_signed(&forged));
    let opened = wire::OfflinePack::decode(signed.pack.as_slice()).unwrap();
    assert_eq!((opened.version, opened.member_id.as_str(), opened.resources.len()), (1, "north", 1));
    assert_eq!(opened.resources[0].free, 4);
    assert!(pack(1).await.is_none(), "it has the newest");
    let again = wire::SignedOfflinePack::decode(pack(0).await.unwrap().as_slice()).unwrap();
    assert_eq!(again.pack, signed.pack, "the same pack again");

    script.append(EntryKind::Put, 1, payload(foam(9.0, 2.0)), |_| {});
    line.deliver(&script.entries[1..]).await.unwrap();
    take_in(&hub.room.parts.mutual_aid).await;
    let newer = wire::SignedOfflinePack::decode(pack(1).await.unwrap().as_slice()).unwrap();
    assert_eq!(wire::OfflinePack::decode(newer.pack.as_slice()).unwrap().version, 2);
}

fn is_signed(signed: &wire::SignedOfflinePack) -> bool {
    use x509_parser::prelude::{FromDer as _, X509Certificate};
    let (_, leaf) = X509Certificate::from_der(&signed.certificates[0]).unwrap();
    let message = [PACK_TAG, &signed.pack].concat();
    let signature = x509_parser::der_parser::asn1_rs::BitString::new(0, &signed.signature);
    // The leaf was signed with the same algorithm: ECDSA with SHA-256.
    x509_parser::verify::verify_signature(leaf.public_key(), &leaf.signature_algorithm, &signature, &message)
        .is_ok()
}
