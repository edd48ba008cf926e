use shouwang_proto::{clock::World, log::entry::EntryKind};
use tempfile::TempDir;

use super::{
    tests::{author, change, checked, content, create, import, one, open},
    *,
};
use crate::shelf::{Standing, StandingName, Step, Wish};

/// A node and what the hub has of it: three entries in common, then a copy of the node wrote what the hub followed while
/// the node itself wrote something else.
struct Parted {
    folder: TempDir,
    node: NodeStore,
    hub: Vec<SealedEntry>,
}

async fn revise(store: &NodeStore, number: &str, title: &str) {
    one(store, import(number, title)).await.unwrap();
}

async fn withdraw(store: &NodeStore, number: &str) {
    let record = store.find_by_external_id(number.to_owned()).await.unwrap().unwrap().record;
    one(store, change(Target::Record(record), Wish::Withdraw)).await.unwrap();
}

async fn parted() -> Parted {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = open(&folder).await;
    for number in ["P-1", "P-2", "P-3"] {
        one(&node, create(number, true)).await.unwrap();
    }
    let (entries, head) = checked(&node).await;
    let copy = open(&other).await;
    copy.restore(entries, head.position, from_millis(9), [1; 16]).await.unwrap();
    revise(&copy, "P-1", "theirs").await;
    revise(&copy, "P-9", "theirs").await;
    withdraw(&copy, "P-2").await;
    let (hub, _) = checked(&copy).await;

    revise(&node, "P-1", "own").await;
    revise(&node, "P-4", "own").await;
    revise(&node, "P-5", "own").await;
    withdraw(&node, "P-5").await;
    withdraw(&node, "P-3").await;
    revise(&node, "P-9", "own").await;
    node.hold(Some("the log has forked".to_owned())).await.unwrap();
    Parted { folder, node, hub }
}

/// Lays the hub's branch beside the log, in pages.
async fn lay(node: &NodeStore, hub: &[SealedEntry]) {
    node.branch_begin(3).await.unwrap();
    for page in hub[3..].chunks(2) {
        node.branch_add(page.to_vec()).await.unwrap();
    }
}

async fn end(node: &NodeStore, name: &str) -> Result<ForkEnded, StoreError> {
    let response =
        |fork: &ForkView, head: Position, _: Timestamp| format!("{} {}", fork.name, head.seq).into_bytes();
    node.fork_end(name.to_owned(), &World::system(), response).await
}

#[track_caller]
fn reason<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Refused(refusal)) => refusal.reason.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn shelf(node: &NodeStore, number: &str) -> (String, StandingName, u64) {
    let item = node.find_by_external_id(number.to_owned()).await.unwrap().unwrap();
    (item.content.title, item.standing.name(), item.standing.revision())
}

#[tokio::test]
async fn the_hubs_branch_stands_and_own_writes_come_again() {
    let Parted { folder, node, hub } = parted().await;
    let own = checked(&node).await.0;
    lay(&node, &hub).await;
    // Nothing is lost by a restart in between.
    node.close().await;
    let node = open(&folder).await;
    let fork = node.fork().await.unwrap();
    assert_eq!((fork.common.seq, fork.own.seq, fork.hub.seq), (3, 9, 7));
    let again = fork.mended.iter().filter(|one| matches!(one.step, Step::PutAgain { .. })).count();
    assert_eq!((fork.mended.len(), again), (6, 3), "{:#?}", fork.mended);

    let ForkEnded::Now(_, head, first) = end(&node, &fork.name).await.unwrap() else {
        panic!("the first time")
    };
    let (log, now) = checked(&node).await;
    assert_eq!(log[..7], hub);
    assert_eq!((now.position, head.seq, head.epoch), (head, 12, 3));
    let added: Vec<_> = log[7..].iter().map(|entry| (entry.header().kind, entry.header().revision)).collect();
    let (put, begin) = (EntryKind::Put, EntryKind::EpochBegin);
    assert_eq!(added, [(begin, 0), (put, 3), (put, 2), (EntryKind::Withdraw, 1), (put, 2)]);
    let (published, withdrawn) = (StandingName::Published, StandingName::Withdrawn);
    assert_eq!(shelf(&node, "P-1").await, ("own".to_owned(), published, 3));
    assert_eq!(shelf(&node, "P-2").await, ("甲".to_owned(), withdrawn, 1));
    assert_eq!(shelf(&node, "P-3").await, ("甲".to_owned(), withdrawn, 1));
    assert_eq!(shelf(&node, "P-4").await, ("own".to_owned(), published, 2));
    assert_eq!(shelf(&node, "P-5").await, ("own".to_owned(), StandingName::Draft, 0));
    assert_eq!(shelf(&node, "P-9").await, ("own".to_owned(), published, 2));
    let nine = hub.iter().rfind(|entry| entry.header().kind == put).unwrap().header().record;
    assert_eq!(node.find(nine).await.unwrap().unwrap().content.external_id.as_deref(), Some("P-9"));

    let kept = node.parted_entries(&fork.name).await.unwrap();
    assert_eq!(kept, own[3..], "own entries are kept aside, verbatim");
    let answer = format!("{} 12", fork.name).into_bytes();
    assert_eq!((first, end(&node, &fork.name).await.unwrap()), (answer.clone(), ForkEnded::Before(answer)));
    assert_eq!(checked(&node).await, (log, now), "once is enough");

    // Only the hub's agreement opens the gate.
    assert_eq!(one(&node, create("P-6", true)).await.unwrap_err().reason, "PUBLISHING_HELD");
    node.hold(None).await.unwrap();
    revise(&node, "P-4", "later").await;
    assert_eq!(shelf(&node, "P-4").await, ("later".to_owned(), published, 3));
    checked(&node).await;
}

#[tokio::test]
async fn a_second_fork_is_another_one() {
    let Parted { node, hub, .. } = parted().await;
    lay(&node, &hub).await;
    let first = node.fork().await.unwrap().name;
    end(&node, &first).await.unwrap();
    // The copy lived on, and the hub followed it once more.
    let other = tempfile::tempdir().unwrap();
    let copy = open(&other).await;
    let until = Position { epoch: 2, seq: 7, hash: hub[6].hash() };
    copy.restore(hub.clone(), until, from_millis(10), [3; 16]).await.unwrap();
    revise(&copy, "P-4", "theirs").await;
    let (longer, _) = checked(&copy).await;
    node.branch_begin(7).await.unwrap();
    node.branch_add(longer[7..].to_vec()).await.unwrap();
    let second = node.fork().await.unwrap();
    assert_ne!(second.name, first);
    end(&node, &second.name).await.unwrap();
    let (log, head) = checked(&node).await;
    assert_eq!(log[..longer.len()], longer);
    assert_eq!(head.position.epoch, 4, "above both branches");
    assert_eq!(shelf(&node, "P-1").await.0, "own");
    assert_eq!(shelf(&node, "P-4").await.0, "own");
}

#[tokio::test]
async fn only_what_was_shown_is_ended() {
    let Parted { node, hub, .. } = parted().await;
    assert_eq!(reason(node.fork().await), "NOT_FORKED", "nobody has looked");
    node.branch_begin(3).await.unwrap();
    assert_eq!(reason(node.fork().await), "NOT_FORKED", "the hub has nothing else");
    let gap = node.branch_add(hub[4..].to_vec()).await;
    assert!(matches!(gap, Err(RestoreError::Forked(_))), "{gap:?}");
    node.branch_add(hub[3..5].to_vec()).await.unwrap();
    let seen = node.fork().await.unwrap().name;
    node.branch_add(hub[5..].to_vec()).await.unwrap();
    let before = checked(&node).await;
    assert_eq!(reason(end(&node, &seen).await), "FORK_CHANGED");

    let name = node.fork().await.unwrap().name;
    node.hold(None).await.unwrap();
    assert_eq!(reason(end(&node, &name).await), "NOT_FORKED", "the hub agreed meanwhile");
    assert_eq!(reason(node.branch_begin(3).await), "NOT_FORKED");
    assert_eq!(checked(&node).await, before);
}

#[tokio::test]
async fn a_branch_that_another_key_signed_is_not_taken() {
    let Parted { node, hub, .. } = parted().await;
    let folder = tempfile::tempdir().unwrap();
    let forger = Author { key: shouwang_proto::log::key::LogKey::from_secret([8; 32]), ..author() };
    let options = StoreOptions::default();
    let forged = NodeStore::open(&folder.path().join("data"), Some(forger), options).await.unwrap();
    for number in ["P-1", "P-2", "P-3", "P-4"] {
        one(&forged, create(number, true)).await.unwrap();
    }
    let theirs = forged.log_after(0, 1_000_000).await.unwrap().entries;
    node.branch_begin(0).await.unwrap();
    let refused = node.branch_add(theirs).await;
    assert!(matches!(refused, Err(RestoreError::NotOurs)), "{refused:?}");
    node.branch_add(hub).await.unwrap();
}

#[tokio::test]
async fn a_draft_gives_its_number_up_for_what_comes_back() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = open(&first).await;
    one(&old, create("P-1", true)).await.unwrap();
    let (entries, head) = checked(&old).await;
    let new = open(&second).await;
    let wish = Wish::Create { content: content("P-1", "made anew"), publish: false };
    let draft = one(&new, change(Target::ByExternalId, wish)).await.unwrap().item.record;
    new.restore(entries.clone(), head.position, from_millis(9), [1; 16]).await.unwrap();
    let kept = new.find(draft).await.unwrap().unwrap();
    assert_eq!(
        (kept.content.title.as_str(), kept.content.external_id, kept.standing),
        ("made anew", None, Standing::Draft)
    );
    let back = new.find_by_external_id("P-1".to_owned()).await.unwrap().unwrap();
    assert_eq!(back.record, entries[0].header().record);
}

#[tokio::test]
async fn a_digest_that_was_spoiled_is_made_anew_from_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    one(&store, create("P-1", true)).await.unwrap();
    let before = checked(&store).await;
    assert!(!store.digest_anew().await.unwrap(), "nothing was wrong");
    let spoil = async |tx: &mut shouwang_serving::store::Tx| {
        let spoil = sqlx::query("update digest set sums = zeroblob(8200)");
        spoil.execute(row::sqlite(tx)?).await?;
        Ok::<_, StoreError>(())
    };
    store.store.write(spoil).await.unwrap();
    assert_eq!(store.head().await.unwrap().unwrap().live_count, 0);
    assert!(store.digest_anew().await.unwrap());
    assert_eq!(checked(&store).await, before);
    one(&store, create("P-2", true)).await.unwrap();
    checked(&store).await;
}
