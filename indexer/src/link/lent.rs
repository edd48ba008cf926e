//! What owners lend, taken in from their logs, and the offline packs made of it.

use std::time::Duration;

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{id::PublicationName, log::entry::EntryKind, wire};

use super::{
    script::{Script, member, payload, record},
    trial_node::{ControlLine, TrialHub},
};
use crate::{
    mutual_aid::{
        machine::ledger::{Book, Ledger, LedgerKey},
        pack::PACK_TAG,
        trial::{take_in, touch},
    },
    store::{
        mutual_aid::ledger::{intake_position, ledger_find},
        trial::TrialEngine,
    },
};

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
    assert_eq!((take_in(&room).await, take_in(&room).await), (1, 0), "what is no resource is not looked at");
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

/// Removals stay in the hub's log until everybody has passed them, so mutual aid must pass what it does not look at.
#[tokio::test]
async fn a_long_log_without_resources_is_passed() {
    let mut script = Script::new();
    for number in 1..=1_100 {
        script.put(number, "不是资源");
    }
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let room = hub.room.parts.mutual_aid.clone();
    let (mut line, _) = hub.node("a1").await.sync(&script).await.unwrap();
    let passed = async || hub.hub.store.read(async |conn| intake_position(conn).await).await.unwrap();
    for (batch, expected) in script.entries.chunks(200).zip([0, 0, 0, 0, 1_000, 1_000]) {
        line.deliver(batch).await.unwrap();
        assert_eq!(take_in(&room).await, 0);
        assert_eq!(passed().await, expected);
    }
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

/// The version of the next pack that the hub tells of.
async fn next_pack(line: &mut ControlLine) -> u64 {
    loop {
        if let wire::control_response::Message::Directive(wire::Directive {
            action: Some(wire::directive::Action::FetchOfflinePack(version)),
        }) = line.answer().await.unwrap().unwrap()
        {
            return version;
        }
    }
}

#[tokio::test]
async fn a_linked_node_is_told_when_its_pack_has_changed_and_only_then() {
    let mut script = Script::new();
    script.append(EntryKind::Put, 1, payload(foam(6.0, 2.0)), |_| {});
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let room = hub.room.parts.mutual_aid.clone();
    let node = hub.node("a1").await;
    let (mut sync, _) = node.sync(&script).await.unwrap();
    let (mut line, _) = node.control_speaking(1).await.unwrap();
    let mut follow = tokio::task::JoinSet::new();
    follow.spawn(room.clone().follow_packs(Duration::from_millis(20)));
    tokio::task::yield_now().await;

    // Many changes that come together are told once, and what changes no pack is not told.
    sync.deliver(&script.entries).await.unwrap();
    take_in(&room).await;
    for _ in 0..5 {
        touch(&room);
    }
    assert_eq!(next_pack(&mut line).await, 1);
    script.append(EntryKind::Put, 1, payload(foam(9.0, 2.0)), |_| {});
    sync.deliver(&script.entries[1..]).await.unwrap();
    take_in(&room).await;
    touch(&room);

    // It hears of newer ones only, until it has heard of the newest.
    let parts = &hub.room.parts;
    let roster = parts.roster.snapshot();
    let reader = roster.member(&member()).unwrap();
    let mut told = 1;
    while parts
        .mutual_aid
        .packer()
        .pack(reader, &roster, told, Timestamp::UNIX_EPOCH)
        .await
        .unwrap()
        .is_some()
    {
        let version = next_pack(&mut line).await;
        assert!(version > told, "{version} was told after {told}");
        told = version;
    }
    assert!(told > 1);
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
