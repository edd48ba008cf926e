//! Stories of the link room over a real store, told on both engines.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use shouwang_proto::{
    id::PublicationName,
    log::{entry::EntryKind, key::LogKey},
    publication::Sha256Hex,
    wire,
};

use super::{
    apply::{self, LogState},
    board::LinkBoard,
    commit::{Applied, Delivery, batch_apply},
    judge::{Examined, Poison, Reason, examine},
    quarantine::{Retried, Retry, quarantine_retry},
    script::{Script, member, payload, practice, record},
    tracker::Tracker,
};
use crate::{
    council::membership::LogKeyStanding,
    store::{
        StoreError, attachment, audit, catalog, hub_log,
        hub_log::{HubChange, HubLogHead},
        log, quarantine, roster,
        trial::{TrialEngine, TrialStore, told_on_both},
    },
};

told_on_both!(
    a_log_is_kept_and_shown,
    a_moved_cursor_undoes_the_batch,
    poison_is_kept_and_released_after_an_upgrade,
    a_redaction_destroys,
    a_flipped_bit_is_never_served,
    keys_reach_the_roster,
    files_are_wanted_until_they_are_there,
    any_cut_gives_what_the_whole_log_gives,
    divergence_is_noticed,
);

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn retry() -> Retry {
    Retry { by: "operator".to_owned(), at: NOW }
}

/// A hub's store and one member's log.
struct Trial {
    hub: TrialStore,
    script: Script,
    tracker: Tracker,
    sent: usize,
}

impl Trial {
    async fn new(engine: TrialEngine) -> Self {
        let hub = TrialStore::open(engine).await;
        let script = Script::new();
        hub.join(&member(), &script.key, "a1").await;
        let keys = vec![LogKeyStanding { key: script.key.public(), valid_from_seq: 1 }];
        let tracker = Tracker::new(script.alliance.clone(), member(), script.end(), keys, 0);
        Self { hub, script, tracker, sent: 0 }
    }

    /// The next entries as a batch, looked at as a session does.
    fn delivery(&mut self, count: usize) -> Delivery {
        let from = self.tracker.position();
        let batch: Vec<Examined> = self.script.entries[self.sent..self.sent + count]
            .iter()
            .map(|entry| examine(entry.to_wire()).unwrap())
            .collect();
        self.tracker.begin_batch();
        for examined in &batch {
            self.tracker.admit(&examined.entry).unwrap();
        }
        self.sent += count;
        let named = batch.iter().map(|examined| examined.entry.header().record).collect();
        Delivery { member: member(), from, batch, turned: self.tracker.take_turned(), head: None, named }
    }

    async fn apply(&self, delivery: Delivery) -> Result<Applied, StoreError> {
        self.hub.store.write(async move |tx| batch_apply(tx, delivery, NOW).await).await
    }

    /// Sends everything that was not sent yet.
    async fn send(&mut self) -> Applied {
        let delivery = self.delivery(self.script.entries.len() - self.sent);
        self.apply(delivery).await.unwrap()
    }

    async fn audit_rows(&self) -> u64 {
        self.hub.store.read(async |conn| audit::audit_check(conn).await).await.unwrap().unwrap()
    }

    async fn find(&self, number: u64) -> Result<Option<catalog::CatalogRow>, StoreError> {
        let name = PublicationName { member: member(), record: record(number) };
        self.hub.store.read(async move |conn| catalog::catalog_find(conn, &name).await).await
    }

    /// The hub's log in words.
    async fn hub_log(&self) -> Vec<String> {
        let rows =
            self.hub.store.read(async |conn| hub_log::hub_log_after(conn, 0, 1_000).await).await.unwrap();
        rows.iter()
            .map(|row| {
                let change = match &row.change {
                    HubChange::Put(entry) => format!("put {}", entry.header().revision),
                    HubChange::Remove => "remove".to_owned(),
                };
                format!("{}: {} {change} by {}", row.position, row.record.as_bytes()[15], row.seq)
            })
            .collect()
    }
}

async fn a_log_is_kept_and_shown(engine: TrialEngine) {
    let mut trial = Trial::new(engine).await;
    for number in 1..=150 {
        trial.script.put(number, "动火监护");
    }
    let applied = trial.send().await;
    assert_eq!((applied.position, applied.hub_log, applied.live_count), (trial.script.end(), Some(150), 150));
    assert_eq!(applied.digest, trial.script.digest.root());
    trial.script.put(1, "动火监护二");
    trial.script.withdraw(2);
    let applied = trial.send().await;
    assert_eq!((applied.withdrawn, applied.live_before, applied.hub_log), (1, 150, Some(152)));

    let shown = trial.find(1).await.unwrap().unwrap();
    assert_eq!((shown.seq, shown.revision, shown.sealed), (151, 2, trial.script.entries[150].clone()));
    assert_eq!(trial.find(2).await.unwrap(), None);
    assert_eq!(trial.find(999).await.unwrap(), None);
    assert_eq!(
        trial.hub_log().await[149..],
        ["150: 150 put 1 by 150", "151: 1 put 2 by 151", "152: 2 remove by 152"]
    );

    let store = &trial.hub.store;
    let cursor = store.read(async |conn| log::cursor_find(conn, &member()).await).await.unwrap().unwrap();
    assert_eq!((cursor.log.position, &cursor.log.digest), (trial.script.end(), &trial.script.digest));
    let again = store.read(async |conn| log::entries_from(conn, &member(), 100, 500).await).await.unwrap();
    assert_eq!(again, trial.script.entries[99..]);
    let count = store.read(async |conn| catalog::catalog_count(conn).await).await.unwrap();
    assert_eq!(count, 149);
}

async fn a_moved_cursor_undoes_the_batch(engine: TrialEngine) {
    let mut trial = Trial::new(engine).await;
    trial.script.put(1, "一");
    trial.script.put(2, "二");
    let first = trial.delivery(1);
    let second = trial.delivery(1);
    trial.apply(first.clone()).await.unwrap();
    for stale in [first, Delivery { from: trial.script.end(), ..second.clone() }] {
        let refused = trial.apply(stale).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::Refused(refusal) if refusal.reason == "CURSOR_MOVED"),
            "{refused:?}"
        );
    }
    assert_eq!(trial.hub_log().await, ["1: 1 put 1 by 1"]);
    trial.apply(second).await.unwrap();
    assert_eq!(trial.hub_log().await.len(), 2);
}

async fn poison_is_kept_and_released_after_an_upgrade(engine: TrialEngine) {
    let mut trial = Trial::new(engine).await;
    trial.script.put(1, "");
    trial.script.put(2, "好");
    trial.script.put(3, "新");
    let mut delivery = trial.delivery(3);
    // As a hub of before would have seen it.
    delivery.batch[2].finding = Some(Err(Poison::new(Reason::SchemaUnknown, "schema 2")));
    let applied = trial.apply(delivery).await.unwrap();
    let notices: Vec<_> = applied.notices.iter().map(|kept| (kept.seq, kept.poison.reason)).collect();
    assert_eq!(notices, [(1, Reason::ContentInvalid), (3, Reason::SchemaUnknown)]);
    assert_eq!((applied.quarantined, applied.digest), (Some(2), trial.script.digest.root()));
    assert_eq!(trial.hub_log().await, ["1: 2 put 1 by 2"]);

    let store = &trial.hub.store;
    let first =
        store.read(async |conn| quarantine::quarantine_list(conn, None, None, 1).await).await.unwrap();
    let after = first[0].after();
    let rest = store
        .read(async move |conn| quarantine::quarantine_list(conn, Some(&member()), Some(&after), 9).await)
        .await
        .unwrap();
    let listed: Vec<_> = first.iter().chain(&rest).map(|row| (row.position, row.reason.as_str())).collect();
    let kept = |seq| trial.script.position(seq);
    assert_eq!(listed, [(kept(1), "CONTENT_INVALID"), (kept(3), "SCHEMA_UNKNOWN")]);

    let (head, board) = (HubLogHead::new(1), LinkBoard::load(store).await.unwrap());
    let audited = trial.audit_rows().await;
    let retried = quarantine_retry(store, &head, &board, None, retry()).await.unwrap();
    assert_eq!(retried, Retried { released: 1, kept: 1 });
    assert_eq!(trial.audit_rows().await, audited + 1);
    assert_eq!((head.position(), board.row(&member()).unwrap().quarantined), (2, 1));
    assert_eq!(trial.hub_log().await, ["1: 2 put 1 by 2", "2: 3 put 1 by 3"]);
    assert_eq!(trial.find(3).await.unwrap().unwrap().seq, 3);
    let retried = quarantine_retry(store, &head, &board, Some(&member()), retry()).await.unwrap();
    assert_eq!(retried, Retried { released: 0, kept: 1 });
    assert_eq!(trial.audit_rows().await, audited + 1, "nothing was done, so nothing is noted");
}

async fn a_redaction_destroys(engine: TrialEngine) {
    let mut trial = Trial::new(engine).await;
    trial.script.put(1, "秘密");
    trial.script.put(2, "别的");
    trial.send().await;
    trial.script.put(1, "秘密二");
    trial.script.redact(1);
    let applied = trial.send().await;
    assert!(applied.redacted);
    assert_eq!(trial.hub.payload_bytes(&member(), record(1).to_string()).await, 0);
    assert_ne!(trial.hub.payload_bytes(&member(), record(2).to_string()).await, 0);
    assert_eq!(trial.find(1).await.unwrap(), None);
    assert_eq!(
        trial.hub_log().await,
        ["1: 1 remove by 1", "2: 2 put 1 by 2", "3: 1 remove by 3", "4: 1 remove by 4"]
    );
    let entries =
        trial.hub.store.read(async |conn| log::entries_from(conn, &member(), 1, 10).await).await.unwrap();
    let key = trial.script.key.public();
    assert!(
        entries.len() == 4 && entries.iter().all(|entry| entry.verifies(&key)),
        "the chain still verifies"
    );
}

async fn a_flipped_bit_is_never_served(engine: TrialEngine) {
    let mut trial = Trial::new(engine).await;
    trial.script.put(1, "一");
    trial.script.put(2, "二");
    trial.send().await;
    trial.hub.flip_payload(&member(), 1).await;
    let found = trial.find(1).await.unwrap_err();
    assert!(
        matches!(&found, StoreError::Internal(cause) if cause.to_string().contains("log_entry.header of north/1"))
    );
    let store = &trial.hub.store;
    assert!(store.read(async |conn| log::entry_find(conn, &member(), 1).await).await.is_err());
    assert_eq!(trial.hub_log().await, ["1: 1 remove by 1", "2: 2 put 1 by 2"], "the others are not held up");
}

async fn keys_reach_the_roster(engine: TrialEngine) {
    let mut trial = Trial::new(engine).await;
    let old = trial.script.key.public();
    let next = LogKey::from_secret([8; 32]);
    trial.script.put(1, "一");
    trial.script.turn_key(next.clone());
    trial.script.begin_epoch(3);
    trial.script.put(2, "二");
    assert!(trial.send().await.roster_changed);
    let standing =
        trial.hub.store.read(async |conn| roster::member_find(conn, &member()).await).await.unwrap();
    let standing = standing.unwrap();
    assert_eq!(standing.log_key, Some(next.public()));
    assert_eq!((standing.log_key_at(2), standing.log_key_at(3)), (Some(&old), Some(&next.public())));
}

async fn files_are_wanted_until_they_are_there(engine: TrialEngine) {
    let mut trial = Trial::new(engine).await;
    let plan: Sha256Hex = "ab".repeat(32).parse().unwrap();
    let attachment = wire::Attachment {
        file_name: "plan.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 5,
        sha256: plan.as_str().to_owned(),
    };
    let mut publication = practice("预案", &["alliance"]);
    publication.attachments = vec![attachment.clone(), attachment];
    trial.script.append(EntryKind::Put, 1, payload(publication), |_| {});
    let applied = trial.send().await;
    assert_eq!(applied.missing, BTreeSet::from([plan.clone()]));

    let wanted = async |trial: &Trial| {
        let plan = plan.clone();
        let read = async move |conn: &mut _| attachment::attachment_wanted(conn, &member(), &plan).await;
        trial.hub.store.read(read).await.unwrap()
    };
    assert_eq!(wanted(&trial).await, attachment::Wanted::Yes(5));
    let stored = plan.clone();
    let add = async move |tx: &mut _| attachment::attachment_add(tx, &stored, 5, NOW).await;
    trial.hub.store.write(add).await.unwrap();
    assert_eq!(wanted(&trial).await, attachment::Wanted::Stored);

    trial.script.redact(1);
    assert!(trial.send().await.redacted);
    let forgotten = trial.hub.store.write(async |tx| attachment::attachments_forget(tx).await).await.unwrap();
    assert_eq!(forgotten, std::slice::from_ref(&plan));
    assert_eq!(wanted(&trial).await, attachment::Wanted::No);
}

/// Numbers from a seed, the same on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

async fn any_cut_gives_what_the_whole_log_gives(engine: TrialEngine) {
    let mut trial = Trial::new(engine).await;
    let mut dice = Dice(20_261_121);
    for _ in 0..300 {
        let number = dice.below(25);
        match dice.below(8) {
            0 => trial.script.withdraw(number),
            1 => trial.script.redact(number),
            2 => trial.script.put(number, ""),
            3 => trial.script.append(EntryKind::Put, number, Bytes::from_static(b"?"), |_| {}),
            _ => trial.script.put(number, "好"),
        }
    }
    while trial.sent < 300 {
        let count = usize::try_from(1 + dice.below(40)).unwrap().min(300 - trial.sent);
        let delivery = trial.delivery(count);
        trial.apply(delivery).await.unwrap();
    }
    let whole = trial.script.entries.iter().map(|entry| examine(entry.to_wire()).unwrap()).collect();
    let whole = apply::plan(LogState::default(), BTreeMap::new(), whole);
    let records = whole.records.keys().copied().collect();
    let states =
        trial.hub.store.read(async move |conn| catalog::record_states(conn, &member(), &records).await);
    assert_eq!(states.await.unwrap(), whole.records);
    let cursor =
        trial.hub.store.read(async |conn| log::cursor_find(conn, &member()).await).await.unwrap().unwrap();
    assert_eq!(cursor.log, whole.log);
    assert_eq!(trial.hub_log().await.len(), whole.changes.len());
    for number in 0..25 {
        let shown = whole.records.get(&record(number)).and_then(|state| state.shown.as_ref());
        assert_eq!(trial.find(number).await.unwrap().map(|row| row.seq), shown.map(|shown| shown.seq));
    }
    let kept =
        trial.hub.store.read(async |conn| quarantine::quarantine_count(conn, &member()).await).await.unwrap();
    assert_eq!(kept, whole.quarantined.len() as u64);
}

async fn divergence_is_noticed(engine: TrialEngine) {
    let mut trial = Trial::new(engine).await;
    trial.script.put(1, "一");
    let (mut head, _) = trial.script.head();
    head.live_count += 1;
    let delivery = Delivery { head: Some(head.clone()), ..trial.delivery(1) };
    assert!(trial.apply(delivery).await.unwrap().diverged);

    let board = LinkBoard::load(&trial.hub.store).await.unwrap();
    assert!(board.row(&member()).unwrap().diverged);
    let (row, turned) = board.heartbeat(&member(), &head, NOW);
    assert_eq!((row.diverged, turned), (true, None));
    let (honest, _) = trial.script.head();
    let (row, turned) = board.heartbeat(&member(), &honest, NOW);
    assert_eq!((row.diverged, turned), (false, Some(false)));
    board.heartbeat(&member(), &head, NOW);
    trial.script.put(2, "二");
    let (ahead, _) = trial.script.head();
    let (row, turned) = board.heartbeat(&member(), &ahead, NOW);
    assert_eq!((row.diverged, turned), (true, None), "heads at other places say nothing");
}
