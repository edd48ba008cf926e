use std::collections::{BTreeMap, BTreeSet};

use shouwang_proto::{
    clock::World,
    log::{
        digest::{Live, StateDigest},
        entry::EntryKind,
        key::LogKey,
    },
    publication::{Content, Sha256Hex},
    wire,
};
use tempfile::TempDir;

use super::*;
use crate::shelf::{Standing, Wish};

pub(super) fn author() -> Author {
    Author {
        alliance: "chenghu-park".parse().unwrap(),
        member: "hengrui-foundry".parse().unwrap(),
        key: LogKey::from_secret([7; 32]),
    }
}

pub(super) async fn open(folder: &TempDir) -> NodeStore {
    NodeStore::open(&folder.path().join("data"), Some(author()), StoreOptions::default()).await.unwrap()
}

pub(super) fn content(external_id: &str, title: &str) -> Content {
    Content::from_wire(wire::Publication {
        external_id: external_id.to_owned(),
        title: title.to_owned(),
        body: "先通风，再检测，后作业。".to_owned(),
        detail: Some(wire::publication::Detail::Practice(wire::Practice::default())),
        ..wire::Publication::default()
    })
    .unwrap()
}

pub(super) fn change(target: Target, wish: Wish) -> Change {
    let world = World::system();
    let fresh = RecordId::new(from_millis(1_000), world.random());
    Change { target, wish, fresh, salt: world.random(), reason: "不再适用".to_owned() }
}

pub(super) fn create(external_id: &str, publish: bool) -> Change {
    change(Target::ByExternalId, Wish::Create { content: content(external_id, "甲"), publish })
}

pub(super) fn import(external_id: &str, title: &str) -> Change {
    change(Target::ByExternalId, Wish::Import { content: content(external_id, title), publish: true })
}

pub(super) async fn one(store: &NodeStore, change: Change) -> Result<Outcome, Refusal> {
    store.change_all(vec![change], from_millis(2_000)).await.unwrap().pop().unwrap()
}

/// The log verifies from its first entry to the head, and the head's digest is what its headers say.
#[track_caller]
fn check_log(entries: &[SealedEntry], head: &Head) {
    let mut position = Position::default();
    let mut live = BTreeMap::new();
    for entry in entries {
        assert!(entry.verifies(&author().key.public()));
        position = position.follow(entry.header(), entry.hash()).unwrap();
        match entry.header().kind {
            EntryKind::Put => {
                let put = Live::of_put(entry.header(), entry.hash());
                live.insert(entry.header().record, put);
            }
            EntryKind::Withdraw | EntryKind::Redact => {
                live.remove(&entry.header().record);
            }
            EntryKind::Key | EntryKind::EpochBegin => {}
        }
    }
    let mut digest = StateDigest::default();
    live.values().flatten().for_each(|live| digest.insert(live));
    assert_eq!(position, head.position);
    assert_eq!((digest.count(), digest.root()), (head.live_count, head.state_digest));
}

pub(super) async fn checked(store: &NodeStore) -> (Vec<SealedEntry>, Head) {
    let head = store.head().await.unwrap().unwrap();
    let mut entries = Vec::new();
    loop {
        let slice = store.log_after(entries.len() as u64, 10_000_000).await.unwrap();
        if slice.entries.is_empty() {
            break;
        }
        entries.extend(slice.entries);
    }
    check_log(&entries, &head);
    (entries, head)
}

#[tokio::test]
async fn a_record_its_log_and_its_digest_move_together_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let made = one(&store, create("P-1", true)).await.unwrap();
    let record = made.item.record;
    one(&store, create("P-2", false)).await.unwrap();
    let wish = Wish::Revise { content: content("P-1", "乙"), expected_revision: 1 };
    one(&store, change(Target::Record(record), wish)).await.unwrap();
    one(&store, create("P-3", true)).await.unwrap();
    one(&store, change(Target::Record(record), Wish::Withdraw)).await.unwrap();
    let (entries, head) = checked(&store).await;
    let kinds: Vec<_> = entries.iter().map(|entry| (entry.header().kind, entry.header().revision)).collect();
    let (put, withdraw) = (EntryKind::Put, EntryKind::Withdraw);
    assert_eq!(kinds, [(put, 1), (put, 2), (put, 1), (withdraw, 2)]);
    assert_eq!((head.position.seq, head.live_count), (4, 1));
    store.close().await;

    let store = open(&folder).await;
    assert_eq!(checked(&store).await, (entries, head));
    one(&store, change(Target::Record(record), Wish::Publish)).await.unwrap();
    let (_, head) = checked(&store).await;
    assert_eq!((head.position.seq, head.live_count), (5, 2));
    assert_eq!(store.find(record).await.unwrap().unwrap().standing.revision(), 3);
    assert_eq!(store.find_by_external_id("P-3".to_owned()).await.unwrap().unwrap().standing.revision(), 1);
    assert_eq!(store.count().await.unwrap(), (1, 2));
    assert_eq!(store.link_memory().await.unwrap().boots, 2);
}

#[tokio::test]
async fn a_refused_change_leaves_its_neighbours_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut huge = content("P-2", "大");
    huge.body = "险".repeat(90_000);
    let batch = vec![
        import("P-1", "甲"),
        change(Target::ByExternalId, Wish::Import { content: huge, publish: true }),
        import("P-1", "甲"),
        import("P-1", "乙"),
        import("P-3", "丙"),
        change(Target::Record(RecordId::nil()), Wish::Publish),
    ];
    let outcomes = store.change_all(batch, from_millis(2_000)).await.unwrap();
    let told: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(outcome) => format!("{:?} {:?}", outcome.effect, outcome.seq),
            Err(refusal) => refusal.reason.to_string(),
        })
        .collect();
    assert_eq!(
        told,
        [
            "Created Some(1)",
            "FIELDS_INVALID",
            "Unchanged None",
            "Changed Some(2)",
            "Created Some(3)",
            "PUBLICATION_UNKNOWN",
        ]
    );
    checked(&store).await;
}

#[tokio::test]
async fn many_at_once_share_commits_and_leave_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut grown = store.grown();
    let all = (0..500).map(|n| {
        let store = store.clone();
        async move { one(&store, create(&format!("P-{n}"), n % 5 != 0)).await.unwrap().seq }
    });
    let mut seqs: Vec<u64> = futures::future::join_all(all).await.into_iter().flatten().collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=400).collect::<Vec<_>>());
    grown.wait_for(|seq| *seq == 400).await.unwrap();
    checked(&store).await;
    assert_eq!(store.count().await.unwrap(), (100, 400));
}

#[tokio::test]
async fn an_undone_operation_leaves_no_false_digest_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    one(&store, create("P-1", true)).await.unwrap();
    // The change is made, the tip in memory moves on, and then the operation is undone.
    let (pen, cache) = (store.pen.clone(), store.cache.clone());
    let undone: Result<(), StoreError> = store
        .store
        .write(async move |tx| {
            change::shelf_change(tx, &pen, &cache, vec![create("P-2", true)], from_millis(1)).await?;
            Err(StoreError::Unavailable("the test says so".to_owned()))
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(one(&store, create("P-3", true)).await.unwrap().seq, Some(2));
    let (_, head) = checked(&store).await;
    assert_eq!(head.live_count, 2);
    assert!(store.find_by_external_id("P-2".to_owned()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let key = |fingerprint| RequestKey { id: "a".to_owned(), fingerprint: [fingerprint; 32] };
    let ask = async |fingerprint| {
        let answer = |outcome: &Outcome| outcome.item.record.to_string().into_bytes();
        store.change_once(create("P-1", true), Some(key(fingerprint)), from_millis(5), answer).await
    };
    let Ok(Answered::Now(first)) = ask(1).await else { panic!("the first time") };
    assert_eq!(ask(1).await.unwrap(), Answered::Before(first.item.record.to_string().into_bytes()));
    assert!(
        matches!(ask(2).await, Err(StoreError::Refused(refusal)) if refusal.violations[0].field == "request_id")
    );
    assert_eq!(store.position().await.unwrap().seq, 1);
    assert_eq!(store.forget_answers(from_millis(6)).await.unwrap(), 1);
}

#[tokio::test]
async fn without_an_author_or_while_held_only_drafts_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let unjoined = NodeStore::open(&folder.path().join("data"), None, StoreOptions::default()).await.unwrap();
    assert_eq!(one(&unjoined, create("P-1", true)).await.unwrap_err().reason, "NOT_JOINED");
    one(&unjoined, create("P-1", false)).await.unwrap();
    unjoined.close().await;

    let store = open(&folder).await;
    store.hold(Some("the log has forked".to_owned())).await.unwrap();
    store.close().await;
    let store = open(&folder).await;
    assert_eq!(one(&store, create("P-2", true)).await.unwrap_err().reason, "PUBLISHING_HELD");
    one(&store, create("P-2", false)).await.unwrap();
    store.hold(None).await.unwrap();
    store.pause();
    assert_eq!(one(&store, create("P-3", true)).await.unwrap_err().reason, "LOG_RESTORING");
    store.hold(None).await.unwrap();
    assert_eq!(one(&store, create("P-3", true)).await.unwrap().seq, Some(1));
}

#[tokio::test]
async fn own_entries_come_back_and_a_new_epoch_begins() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = open(&first).await;
    let record = one(&old, create("P-1", true)).await.unwrap().item.record;
    one(&old, create("P-2", true)).await.unwrap();
    one(&old, change(Target::Record(record), Wish::Withdraw)).await.unwrap();
    let (entries, head) = checked(&old).await;

    let new = open(&second).await;
    let now = from_millis(9);
    let mut grown = new.grown();
    assert_eq!(
        new.restore(entries[..1].to_vec(), head.position, now, [1; 16]).await.unwrap(),
        Restored::Partly
    );
    let again = new.restore(entries[..1].to_vec(), head.position, now, [1; 16]).await;
    assert!(matches!(again, Err(RestoreError::Forked(_))), "{again:?}");
    let Restored::Complete(position) =
        new.restore(entries[1..].to_vec(), head.position, now, [1; 16]).await.unwrap()
    else {
        panic!("everything is there")
    };
    assert_eq!((position.seq, position.epoch), (4, 2));
    grown.wait_for(|seq| *seq == 4).await.unwrap();
    let (restored, _) = checked(&new).await;
    assert_eq!(restored[..3], entries);
    assert!(matches!(new.find(record).await.unwrap().unwrap().standing, Standing::Withdrawn(_)));
    assert_eq!(one(&new, import("P-2", "甲")).await.unwrap().effect, Effect::Unchanged);
    one(&new, import("P-2", "乙")).await.unwrap();
    let (entries, _) = checked(&new).await;
    assert_eq!(entries.last().map(|entry| (entry.header().epoch, entry.header().revision)), Some((2, 2)));
}

#[tokio::test]
async fn two_restores_of_one_backup_begin_two_branches_even_in_the_same_millisecond() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let old = open(&folders[0]).await;
    one(&old, create("P-1", true)).await.unwrap();
    let (entries, head) = checked(&old).await;
    let mut begun = Vec::new();
    for (folder, salt) in folders[1..].iter().zip([[1; 16], [2; 16]]) {
        let new = open(folder).await;
        let restored = new.restore(entries.clone(), head.position, from_millis(9), salt).await.unwrap();
        let Restored::Complete(position) = restored else { panic!("everything is there") };
        begun.push(position);
    }
    assert_eq!((begun[0].epoch, begun[0].seq), (begun[1].epoch, begun[1].seq));
    assert_ne!(begun[0].hash, begun[1].hash, "the hub sees at the first entry that they are two");
}

#[tokio::test]
async fn entries_of_others_are_not_taken() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let other = Author { key: LogKey::from_secret([8; 32]), ..author() };
    let store =
        NodeStore::open(&first.path().join("data"), Some(other), StoreOptions::default()).await.unwrap();
    one(&store, create("P-1", true)).await.unwrap();
    let entries = store.log_after(0, 1_000_000).await.unwrap().entries;
    let until = store.position().await.unwrap();
    let refused = open(&second).await.restore(entries, until, from_millis(1), [1; 16]).await;
    assert!(matches!(refused, Err(RestoreError::NotOurs)), "{refused:?}");
}

#[tokio::test]
async fn a_batch_is_cut_where_it_would_grow_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    for n in 0..3 {
        one(&store, create(&format!("P-{n}"), true)).await.unwrap();
    }
    let whole = store.log_after(0, 1_000_000).await.unwrap();
    assert_eq!((whole.entries.len(), whole.cut), (3, false));
    let size = |n: usize| whole.entries[..n].iter().map(|entry| entry.size() as u64).sum::<u64>();
    let cut = store.log_after(0, size(2)).await.unwrap();
    assert_eq!((cut.entries.len(), cut.bytes, cut.cut), (2, size(2), true));
    let nothing = store.log_after(2, 10).await.unwrap();
    assert_eq!((nothing.entries.len(), nothing.cut), (0, true));
    assert_eq!(store.log_after(3, 10).await.unwrap(), LogSlice::default());
}

#[tokio::test]
async fn attachments_are_due_after_their_record_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let sha256: Sha256Hex = "ab".repeat(32).parse().unwrap();
    let with_file = || {
        let mut named = content("P-1", "甲");
        named.attachments = vec![shouwang_proto::publication::Attachment {
            file_name: "图.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            size_bytes: 5,
            sha256: sha256.clone(),
        }];
        change(Target::ByExternalId, Wish::Import { content: named, publish: true })
    };
    let refusal = one(&store, with_file()).await.unwrap_err();
    assert_eq!(refusal.violations[0].field, "attachments[0].sha256");
    store.attachment_put(sha256.clone(), 6, from_millis(1)).await.unwrap();
    let refusal = one(&store, with_file()).await;
    assert_eq!(refusal.unwrap_err().violations[0].field, "attachments[0].size_bytes");
    store
        .store
        .write(async |tx| {
            sqlx::query("update attachment set size_bytes = 5").execute(row::sqlite(tx)?).await?;
            Ok(())
        })
        .await
        .unwrap();
    one(&store, create("P-0", true)).await.unwrap();
    one(&store, with_file()).await.unwrap();
    assert_eq!(store.attachment_due(1).await.unwrap(), None);
    assert_eq!(store.attachment_due(2).await.unwrap(), Some(sha256.clone()));
    store.attachment_settle(sha256.clone(), true).await.unwrap();
    assert_eq!(store.attachment_due(2).await.unwrap(), None);
    let notice = Quarantined { epoch: 1, seq: 2, reason: "POISON".to_owned(), detail: String::new() };
    store.note(vec![notice], vec![sha256.clone()], 2).await.unwrap();
    assert_eq!(store.attachment_due(2).await.unwrap(), Some(sha256));
    assert_eq!(store.quarantined(vec![1, 2, 3]).await.unwrap(), BTreeSet::from([2]));
    store.quarantine_clear(2).await.unwrap();
    assert!(store.quarantined(vec![1, 2, 3]).await.unwrap().is_empty());
}

#[tokio::test]
async fn lists_turn_pages_without_losing_any() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    for n in 0..7 {
        one(&store, create(&format!("P-{n}"), n % 2 == 0)).await.unwrap();
    }
    let query = |after, standings| ListQuery { kinds: Vec::new(), standings, after, limit: 3 };
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let (page, total) = store.list(query(after, Vec::new())).await.unwrap();
        assert_eq!(total, 7);
        let Some(last) = page.last() else { break };
        after = Some((last.updated, last.record));
        seen.extend(page.iter().map(|item| item.record));
    }
    let distinct: BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!((seen.len(), distinct.len()), (7, 7));
    let drafts = vec![crate::shelf::StandingName::Draft];
    assert_eq!(store.list(query(None, drafts)).await.unwrap().1, 3);
}
