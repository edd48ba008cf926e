//! What becomes of entries that the hub's disk has damaged.

use shouwang_proto::{log::sealed::SealedEntry, wire};

use super::{
    script::{Script, member, record},
    trial_node::{ControlLine, TrialHub, TrialNode},
};
use crate::{
    link::{heal::Unhealed, scrub::Scrubbed},
    store::{StoreError, audit, catalog, log, trial::TrialEngine},
};

async fn repair(node: &TrialNode, entries: &[SealedEntry]) -> u64 {
    let entries = entries.iter().map(SealedEntry::to_wire).collect();
    let request = node.shown(wire::RepairEntriesRequest { entries });
    node.client.clone().repair_entries(request).await.unwrap().into_inner().repaired
}

/// The seqs that a scrub finds damaged.
async fn damaged(hub: &TrialHub) -> Vec<u64> {
    let Scrubbed { entries: _, mut damaged } = hub.room.scrub().await.unwrap();
    damaged.remove(&member()).unwrap_or_default()
}

async fn can_be_read(hub: &TrialHub, number: u64) -> bool {
    let name = shouwang_proto::id::PublicationName { member: member(), record: record(number) };
    let found: Result<_, StoreError> =
        hub.hub.store.read(async move |conn| catalog::catalog_find(conn, &name).await).await;
    found.is_ok_and(|row| row.is_some())
}

async fn damage_is_found_and_repaired_by_the_node(engine: TrialEngine) {
    let mut script = Script::new();
    (1..=4).for_each(|number| script.put(number, "动火监护"));
    let hub = TrialHub::start(engine, &script).await;
    let node = hub.node("a1").await;
    node.sync(&script).await.unwrap().0.deliver(&script.entries).await.unwrap();
    assert!(damaged(&hub).await.is_empty());
    let shown = hub.room.parts.hub_log.position();

    for seq in [2, 3, 4] {
        hub.hub.flip_payload(&member(), seq).await;
    }
    assert_eq!(damaged(&hub).await, [2, 3, 4]);
    let (mut control, _) = node.control().await.unwrap();
    assert_eq!(control.heartbeat(&script).await.unwrap().damaged, [2, 3, 4]);
    assert!(hub.room.parts.board.row(&member()).unwrap().problem.contains("3 entries are damaged"));
    assert!(!can_be_read(&hub, 3).await);

    // Neither another past, nor what is sound, nor what nothing vouches for: entry 3 has no sound one after it yet.
    let mut rewritten = Script::new();
    (1..=4).for_each(|number| rewritten.put(number, "另一段历史"));
    assert_eq!(repair(&node, &rewritten.entries).await, 0);
    assert_eq!(repair(&node, &script.entries[..1]).await, 0);
    assert_eq!(repair(&node, &script.entries[2..3]).await, 0);

    assert_eq!(repair(&node, &script.entries[1..]).await, 3);
    assert!(control.heartbeat(&script).await.unwrap().damaged.is_empty());
    assert_eq!(hub.room.parts.board.row(&member()).unwrap().problem, "");
    assert!(damaged(&hub).await.is_empty());
    assert!(can_be_read(&hub, 3).await);
    assert_eq!(hub.room.parts.hub_log.position(), shown + 3, "the index hears of them again");
    assert_eq!(repair(&node, &script.entries).await, 0, "once is enough");
}

async fn records_that_differ_are_made_anew_from_the_log(engine: TrialEngine) {
    let mut script = Script::new();
    (1..=4).for_each(|number| script.put(number, "动火监护"));
    script.withdraw(4);
    let hub = TrialHub::start(engine, &script).await;
    let node = hub.node("a1").await;
    node.sync(&script).await.unwrap().0.deliver(&script.entries).await.unwrap();
    let (head, _) = script.head();
    let shown = hub.room.parts.hub_log.position();

    hub.hub.forget_record(&member(), record(2).to_string()).await;
    hub.room.reload(&member()).await.unwrap();
    assert!(!can_be_read(&hub, 2).await);
    // A node that says something else than its own log changes nothing.
    let mut liar = head.clone();
    liar.live_count += 1;
    assert_eq!(hub.room.heal(&liar).await.unwrap(), Err(Unhealed::NodeErrs));
    assert!(!can_be_read(&hub, 2).await);

    let (mut control, _) = node.control().await.unwrap();
    assert!(control.heartbeat(&script).await.unwrap().diverged, "people are told");
    until_healed(&mut control, &script).await;
    assert!(can_be_read(&hub, 2).await);
    assert!(!can_be_read(&hub, 4).await, "what was withdrawn stays withdrawn");
    assert_eq!(hub.room.parts.hub_log.position(), shown + 1, "the index hears of it");
    let cursor =
        hub.hub.store.read(async |conn| log::cursor_find(conn, &member()).await).await.unwrap().unwrap();
    assert_eq!((cursor.log.differs(&head), cursor.diverged), (Some(false), false));
    let rows = hub.hub.store.read(async |conn| audit::audit_check(conn).await).await.unwrap();
    assert_eq!(rows, Ok(1), "it is in the audit log");

    // A copy with a damaged entry leads nowhere: that has to be repaired first.
    hub.hub.forget_record(&member(), record(1).to_string()).await;
    hub.hub.flip_payload(&member(), 3).await;
    hub.room.reload(&member()).await.unwrap();
    assert_eq!(hub.room.heal(&head).await.unwrap(), Err(Unhealed::Unsound(3)));
    assert_eq!(damaged(&hub).await, [3]);
    assert!(control.heartbeat(&script).await.unwrap().diverged);
    assert_eq!(repair(&node, &script.entries).await, 1);
    until_healed(&mut control, &script).await;
    assert!(can_be_read(&hub, 1).await && can_be_read(&hub, 3).await);
}

async fn until_healed(control: &mut ControlLine, script: &Script) {
    let healed = async {
        while control.heartbeat(script).await.unwrap().diverged {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), healed).await.unwrap();
}

#[tokio::test]
async fn records_that_differ_are_made_anew_from_the_log_on_sqlite() {
    records_that_differ_are_made_anew_from_the_log(TrialEngine::Sqlite).await;
}

#[tokio::test]
async fn records_that_differ_are_made_anew_from_the_log_on_postgres() {
    records_that_differ_are_made_anew_from_the_log(TrialEngine::Postgres).await;
}

#[tokio::test]
async fn damage_is_found_and_repaired_by_the_node_on_sqlite() {
    damage_is_found_and_repaired_by_the_node(TrialEngine::Sqlite).await;
}

#[tokio::test]
async fn damage_is_found_and_repaired_by_the_node_on_postgres() {
    damage_is_found_and_repaired_by_the_node(TrialEngine::Postgres).await;
}
