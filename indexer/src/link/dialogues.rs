//! What scripted nodes and the link room say to each other over a real connection.

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    log::{entry::EntryKind, key::LogKey, sealed::SealedEntry},
    wire::{self, ResumeCase},
};
use tokio::sync::oneshot;

use super::{
    script::{Script, member, payload, practice},
    translate::write_position,
    trial_node::{TrialHub, TrialNode, head, reason},
};
use crate::store::{StoreError, log, trial::TrialEngine};

fn published(count: u64) -> Script {
    let mut script = Script::new();
    for number in 1..=count {
        script.put(number, "动火监护");
    }
    script
}

#[track_caller]
fn at(ack: &wire::BatchAck, script: &Script, seq: u64) {
    assert_eq!(ack.cursor, Some(write_position(script.position(seq))));
}

/// The log is at the hub up to here.
async fn durable(hub: &TrialHub) -> u64 {
    let read = async |conn: &mut crate::store::Conn| log::cursor_position(conn, &member()).await;
    hub.hub.store.read(read).await.unwrap().1
}

async fn first_contact(engine: TrialEngine) {
    let script = published(10);
    let hub = TrialHub::start(engine, &script).await;
    let node = hub.node("a1").await;
    let (mut line, welcome) = node.sync(&script).await.unwrap();
    assert_eq!((welcome.resume_case(), welcome.credit_bytes), (ResumeCase::FirstContact, 4 << 20));
    assert_eq!(welcome.cursor, Some(write_position(script.position(0))));
    let ack = line.deliver(&script.entries[..4]).await.unwrap();
    at(&ack, &script, 4);
    assert_eq!(ack.credit_bytes as usize, script.entries[..4].iter().map(SealedEntry::size).sum::<usize>());
    at(&line.deliver(&script.entries[2..7]).await.unwrap(), &script, 7); // three of them again
    at(&line.deliver(&script.entries[..2]).await.unwrap(), &script, 7); // long known
    assert_eq!(hub.room.parts.hub_log.position(), 7);
    drop(line);

    let (mut line, welcome) = node.sync(&script).await.unwrap();
    assert_eq!(welcome.resume_case(), ResumeCase::Normal);
    assert_eq!(welcome.cursor, Some(write_position(script.position(7))));
    line.send_batch(&script.entries[7..], Some(head(&script))).await;
    let Some(wire::sync_response::Message::Ack(ack)) = line.answer().await.unwrap() else { panic!("no ack") };
    at(&ack, &script, 10);
    let row = hub.room.parts.board.row(&member()).unwrap();
    assert_eq!((row.durable, row.live_count, row.diverged), (script.end(), 10, false));
    drop(line.requests);
    assert!(line.answers.message().await.unwrap().is_none(), "a node that has said all ends cleanly");
}

#[tokio::test]
async fn first_contact_resume_and_resend_on_sqlite() {
    first_contact(TrialEngine::Sqlite).await;
}

#[tokio::test]
async fn first_contact_resume_and_resend_on_postgres() {
    first_contact(TrialEngine::Postgres).await;
}

/// Sends the batch on a fresh hub that has the first `known` entries; gives the reason of the end.
async fn refused(known: usize, batch: Vec<wire::SignedEntry>) -> String {
    let script = published(6);
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let node = hub.node("a1").await;
    let (mut line, _) = node.sync(&script).await.unwrap();
    if known > 0 {
        line.deliver(&script.entries[..known]).await.unwrap();
    }
    line.send(wire::sync_request::Message::Batch(wire::EntryBatch { entries: batch, head: None })).await;
    let end = line.end().await;
    assert_eq!(durable(&hub).await, known as u64, "nothing of a refused batch is stored");
    let row = hub.room.parts.board.row(&member()).unwrap();
    assert!(!row.problem.is_empty(), "people are told");
    end
}

fn on_wire(entries: &[SealedEntry]) -> Vec<wire::SignedEntry> {
    entries.iter().map(SealedEntry::to_wire).collect()
}

#[tokio::test]
async fn a_batch_that_does_not_belong_is_refused_whole() {
    let script = published(6);
    assert_eq!(refused(2, on_wire(&script.entries[3..])).await, "DataLoss CHAIN_BROKEN");
    let mut unsigned = on_wire(&script.entries);
    unsigned[5].signature = vec![7; 64].into();
    assert_eq!(refused(0, unsigned).await, "DataLoss SIGNATURE_INVALID");
    let mut garbled = on_wire(&script.entries);
    garbled[1].header = Bytes::from_static(b"\x01\x02");
    assert_eq!(refused(0, garbled).await, "DataLoss CHAIN_BROKEN");
    assert_eq!(refused(0, Vec::new()).await, "InvalidArgument BATCH_EMPTY");
    assert_eq!(refused(0, on_wire(&published(201).entries)).await, "ResourceExhausted BATCH_TOO_LARGE");

    let mut other = Script::new();
    for number in 1..=6 {
        other.put(number, "另一份");
    }
    assert_eq!(refused(2, on_wire(&other.entries[2..])).await, "FailedPrecondition LOG_FORKED");
    assert_eq!(refused(4, on_wire(&other.entries[..2])).await, "FailedPrecondition LOG_FORKED");
    let mut stranger = Script::of("south".parse().unwrap(), LogKey::from_secret([1; 32]));
    stranger.put(1, "冒名");
    assert_eq!(refused(0, on_wire(&stranger.entries)).await, "PermissionDenied ENTRY_FOREIGN");
}

#[tokio::test]
async fn a_hello_from_another_history_or_without_the_key_is_refused() {
    let script = published(6);
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let node = hub.node("a1").await;
    node.sync(&script).await.unwrap().0.deliver(&script.entries).await.unwrap();

    let mut other = published(5);
    other.put(6, "另一份");
    let refused = async |script: &Script| reason(&node.sync(script).await.err().unwrap());
    assert_eq!(refused(&other).await, "FailedPrecondition LOG_FORKED");
    let mut thief = script.clone();
    thief.key = LogKey::from_secret([9; 32]);
    assert_eq!(refused(&thief).await, "DataLoss SIGNATURE_INVALID");
    let mut stranger = Script::of("south".parse().unwrap(), script.key.clone());
    stranger.put(1, "冒名");
    assert_eq!(refused(&stranger).await, "InvalidArgument FIELDS_INVALID");
}

#[tokio::test]
async fn a_restored_node_fetches_its_entries_and_goes_on() {
    let mut script = published(6);
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let node = hub.node("a1").await;
    node.sync(&script).await.unwrap().0.deliver(&script.entries).await.unwrap();

    let backup = published(3);
    let (line, welcome) = node.sync(&backup).await.unwrap();
    assert_eq!(welcome.resume_case(), ResumeCase::NodeRestored);
    line.send_batch(&script.entries[2..4], None).await;
    assert_eq!(line.end().await, "FailedPrecondition NODE_BEHIND");

    let request = node.shown(wire::FetchEntriesRequest { from_seq: 4 });
    let mut fetched = node.client.clone().fetch_entries(request).await.unwrap().into_inner();
    assert_eq!(fetched.message().await.unwrap().unwrap().entries, on_wire(&script.entries[3..]));
    assert!(fetched.message().await.unwrap().is_none());

    script.begin_epoch(2);
    script.put(7, "恢复之后");
    let (mut line, welcome) = node.sync(&script).await.unwrap();
    assert_eq!(welcome.resume_case(), ResumeCase::Normal);
    at(&line.deliver(&script.entries[6..]).await.unwrap(), &script, 8);
}

#[tokio::test]
async fn an_old_copy_of_a_node_that_is_alive_is_not_let_in_and_does_not_disturb_it() {
    let script = published(6);
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let node = hub.node("a1").await;
    let (mut line, _) = node.sync(&script).await.unwrap();
    line.deliver(&script.entries[..5]).await.unwrap();
    let copy = TrialNode { boot: [2; 16], ..node.clone() };
    let _control = copy.control().await.unwrap();
    assert_eq!(reason(&copy.sync(&published(3)).await.err().unwrap()), "FailedPrecondition NODE_BEHIND");
    at(&line.deliver(&script.entries[5..]).await.unwrap(), &script, 6);
}

#[tokio::test]
async fn a_poisoned_record_is_acknowledged_and_stops_nobody() {
    let mut script = published(1);
    script.put(2, "");
    script.put(3, "好");
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let (mut line, _) = hub.node("a1").await.sync(&script).await.unwrap();
    let mut batch = on_wire(&script.entries);
    batch[0].payload = Bytes::from_static(b"a bad disk");
    line.send(wire::sync_request::Message::Batch(wire::EntryBatch {
        entries: batch,
        head: Some(head(&script)),
    }))
    .await;
    let Some(wire::sync_response::Message::Ack(ack)) = line.answer().await.unwrap() else { panic!("no ack") };
    at(&ack, &script, 3);
    let notices: Vec<_> = ack.quarantined.iter().map(|kept| (kept.seq, kept.reason.as_str())).collect();
    assert_eq!(notices, [(1, "PAYLOAD_DAMAGED"), (2, "CONTENT_INVALID")]);
    let row = hub.room.parts.board.row(&member()).unwrap();
    assert_eq!((row.quarantined, row.diverged, hub.room.parts.hub_log.position()), (2, false, 1));
}

/// Keeps the store's writer busy until the sender is dropped.
async fn hold_writer(hub: &TrialHub) -> oneshot::Sender<()> {
    let (release, held) = oneshot::channel::<()>();
    let (begun, running) = oneshot::channel();
    let store = hub.hub.store.clone();
    hub.room.tasks.spawn(async move {
        let hold = async move |_: &mut crate::store::Tx| {
            begun.send(()).unwrap();
            drop(held.await);
            Ok::<_, StoreError>(())
        };
        store.write(hold).await.unwrap();
    });
    running.await.unwrap();
    release
}

#[tokio::test]
async fn more_under_way_than_there_is_credit_for_is_refused() {
    let mut script = Script::new();
    for number in 0..30 {
        script.append(EntryKind::Put, number, vec![0; 250_000].into(), |_| {});
    }
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let (mut line, _) = hub.node("a1").await.sync(&script).await.unwrap();
    line.deliver(&script.entries[..1]).await.unwrap();
    let held = hold_writer(&hub).await;
    for batch in script.entries[1..].chunks(8) {
        line.send_batch(batch, None).await;
    }
    assert_eq!(line.end().await, "ResourceExhausted CREDIT_EXCEEDED");
    drop(held);
}

#[tokio::test]
async fn a_batch_whose_node_hangs_up_is_made_durable_and_told_of_all_the_same() {
    let script = published(3);
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let node = hub.node("a1").await;
    let (line, _) = node.sync(&script).await.unwrap();
    let held = hold_writer(&hub).await;
    line.send_batch(&script.entries, None).await;
    // The session, the writer's holder and the batch.
    while hub.room.tasks.len() < 3 {
        tokio::task::yield_now().await;
    }
    let mut head = hub.room.parts.hub_log.follow();
    // A second session takes the line over, so the first is gone for certain; the welcome needs no writer.
    let second = node.sync(&script).await.unwrap();
    assert_eq!(line.end().await, "Aborted SESSION_REPLACED");
    drop((held, second));
    assert_eq!(*head.wait_for(|position| *position == 3).await.unwrap(), 3);
    let (_, welcome) = node.sync(&script).await.unwrap();
    assert_eq!(welcome.cursor, Some(write_position(script.position(3))));
}

#[tokio::test]
async fn a_suspended_member_is_cut_within_a_second() {
    let script = published(1);
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let node = hub.node("a1").await;
    let (sync, _) = node.sync(&script).await.unwrap();
    let (control, _) = node.control().await.unwrap();
    hub.hub.suspend(&member()).await;
    hub.room.parts.roster.reload().await.unwrap();
    let ends = async { (sync.end().await, control.end().await) };
    let (sync, control) = tokio::time::timeout(Duration::from_secs(1), ends).await.unwrap();
    assert_eq!(
        (sync.as_str(), control.as_str()),
        ("PermissionDenied MEMBER_SUSPENDED", "PermissionDenied MEMBER_SUSPENDED")
    );
    assert_eq!(reason(&node.open_sync().await.err().unwrap()), "PermissionDenied MEMBER_SUSPENDED");
    for (serial, expected) in [("", "CERTIFICATE_MISSING"), ("b2", "CERTIFICATE_REVOKED")] {
        let refused = reason(&hub.node(serial).await.open_control().await.err().unwrap());
        assert_eq!(refused, format!("Unauthenticated {expected}"));
    }
}

#[tokio::test]
async fn heartbeats_are_answered_with_what_is_durable_and_searchable() {
    let mut script = published(2);
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let node = hub.node("a1").await;
    let (mut control, welcome) = node.control().await.unwrap();
    assert_eq!((welcome.hub_epoch, welcome.heartbeat_seconds), (1, 4));
    let answer = control.heartbeat(&script).await.unwrap();
    assert_eq!((answer.number, answer.durable), (7, Some(write_position(script.position(0)))));
    assert_eq!(answer.groups, ["alliance"]);

    let (mut sync, _) = node.sync(&script).await.unwrap();
    sync.deliver(&script.entries).await.unwrap();
    script.begin_epoch(2);
    sync.deliver(&script.entries[2..]).await.unwrap();
    let answer = control.heartbeat(&script).await.unwrap();
    let searchable = |seq| Some(write_position(script.position(seq)));
    assert_eq!((answer.durable, answer.searchable), (searchable(3), searchable(0)));
    hub.room.parts.board.index_reached(2);
    let answer = control.heartbeat(&script).await.unwrap();
    assert_eq!(
        answer.searchable,
        searchable(3),
        "an entry that shows nothing is searchable with the one before"
    );
    let row = hub.room.parts.board.row(&member()).unwrap();
    assert!(row.connected && row.problem.is_empty());
    assert_eq!((row.software_version.as_str(), row.head), ("9.9.9", script.end()));
    drop(control.requests);
    assert!(control.answers.message().await.unwrap().is_none());
}

#[tokio::test]
async fn a_silent_node_is_shown_as_unreachable() {
    let script = published(1);
    let hub = TrialHub::patient(TrialEngine::Sqlite, &script, Duration::from_millis(300)).await;
    let (control, _) = hub.node("a1").await.control().await.unwrap();
    assert_eq!(control.end().await, "DeadlineExceeded PEER_SILENT");
    let row = hub.room.parts.board.row(&member()).unwrap();
    assert!(!row.connected && row.problem.contains("nothing was heard"), "{row:?}");
}

#[tokio::test]
async fn two_nodes_with_one_identity_are_noticed_and_the_newest_wins() {
    let script = published(1);
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let first = hub.node("a1").await;
    let second = TrialNode { boot: [2; 16], ..first.clone() };
    let problem = || hub.room.parts.board.row(&member()).unwrap().problem;
    let (one, _) = first.control().await.unwrap();
    let (two, _) = second.control().await.unwrap();
    assert_eq!(one.end().await, "Aborted SESSION_REPLACED");
    assert_eq!(problem(), "", "so far it may be a restart");
    let _three = first.control().await.unwrap();
    assert_eq!(two.end().await, "Aborted SESSION_REPLACED");
    assert!(problem().contains("two nodes"));
}

#[tokio::test]
async fn before_it_stops_the_hub_asks_nodes_to_dial_again() {
    let script = published(1);
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let node = hub.node("a1").await;
    let (sync, _) = node.sync(&script).await.unwrap();
    let (mut control, _) = node.control().await.unwrap();
    hub.room.parts.stopping.cancel();
    let Some(wire::control_response::Message::Directive(directive)) = control.answer().await.unwrap() else {
        panic!("no directive")
    };
    assert_eq!(directive.action, Some(wire::directive::Action::ReconnectWithinMs(5_000)));
    assert_eq!((control.end().await.as_str(), sync.end().await.as_str()), ("clean", "clean"));
    hub.room.closed().await;
}

#[tokio::test]
async fn a_file_is_taken_when_it_is_wanted_and_goes_when_it_is_redacted() {
    let plan = b"plan of the yard";
    let sha256 = hex::encode(Sha256::digest(plan));
    let mut publication = practice("预案", &["alliance"]);
    publication.attachments = vec![wire::Attachment {
        file_name: "plan.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size_bytes: 16,
        sha256: sha256.clone(),
    }];
    let mut script = Script::new();
    script.append(EntryKind::Put, 1, payload(publication), |_| {});
    let hub = TrialHub::start(TrialEngine::Sqlite, &script).await;
    let node = hub.node("a1").await;
    let upload = async |sha256: &str, chunks: Vec<&'static [u8]>| {
        let sha256 = sha256.to_owned();
        let messages: Vec<_> = chunks
            .into_iter()
            .map(|chunk| wire::LinkUploadAttachmentRequest { sha256: sha256.clone(), chunk: chunk.into() })
            .collect();
        let request = node.shown(tokio_stream::iter(messages));
        node.client.clone().upload_attachment(request).await.map(|_| ()).map_err(|status| reason(&status))
    };
    let unknown = upload(&sha256, vec![plan]).await.unwrap_err();
    assert_eq!(unknown, "NotFound ATTACHMENT_UNKNOWN");
    let (mut line, _) = node.sync(&script).await.unwrap();
    let ack = line.deliver(&script.entries).await.unwrap();
    assert_eq!(ack.missing_attachments, std::slice::from_ref(&sha256));
    let again = line.deliver(&script.entries).await.unwrap();
    assert_eq!(again.missing_attachments, std::slice::from_ref(&sha256));

    assert_eq!(upload("xyz", vec![plan]).await.unwrap_err(), "InvalidArgument FIELDS_INVALID");
    assert_eq!(upload(&sha256, vec![b"another plan"]).await.unwrap_err(), "InvalidArgument HASH_MISMATCH");
    upload(&sha256, vec![&plan[..5], &plan[5..]]).await.unwrap();
    upload(&sha256, vec![plan]).await.unwrap();
    let hash = sha256.parse().unwrap();
    assert_eq!(hub.room.parts.attachments.read(&hash).await.unwrap(), plan);
    assert!(line.deliver(&script.entries).await.unwrap().missing_attachments.is_empty());

    script.redact(1);
    line.deliver(&script.entries[1..]).await.unwrap();
    assert!(!hub.room.parts.attachments.path(&hash).exists());
    assert_eq!(upload(&sha256, vec![plan]).await.unwrap_err(), "NotFound ATTACHMENT_UNKNOWN");
    drop(hub.files);
}
