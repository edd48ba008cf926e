//! Real processes, killed with -9 at random points; a ledger outside the system says what must be there afterwards.
//!
//! `SHOUWANG_TORTURE_KILLS` sets how many kills (default 12), `SHOUWANG_TORTURE_SEED` repeats a run.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise and tells what it did"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use shouwang_proto::wire::{self, CreatePublicationRequest, GetNodeStatusRequest, MinApplied, SearchRequest};
use shouwang_tests::processes::{Park, Publishing, Search};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{interval, timeout},
};

const MEMBERS: [&str; 3] = ["north-works", "south-works", "east-works"];

/// What the clients know: every title they were told is published.
#[derive(Debug, Default)]
struct Ledger {
    acknowledged: BTreeSet<String>,
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn practice(title: &str) -> wire::Publication {
    wire::Publication {
        external_id: title.to_owned(),
        title: title.to_owned(),
        body: format!("{title}：作业前通风检测，监护人不离开现场。"),
        detail: Some(wire::publication::Detail::Practice(wire::Practice::default())),
        ..wire::Publication::default()
    }
}

/// A UUID made of the record's own number, so that a repeat is the same request.
fn request_id(writer: usize, number: u64) -> String {
    format!("{writer:08x}-0000-7000-8000-{number:012x}")
}

/// Publishes `count` records, each again and again until it is acknowledged.
async fn write(
    mut client: Publishing,
    writer: usize,
    count: u64,
    ledger: Arc<Mutex<Ledger>>,
    acknowledged: watch::Sender<u64>,
) {
    let mut pause = interval(Duration::from_millis(20));
    for number in 0..count {
        let title = format!("{}-{number:05}", MEMBERS[writer]);
        loop {
            let request = CreatePublicationRequest {
                publication: Some(practice(&title)),
                request_id: request_id(writer, number),
                publish: true,
            };
            let answer = timeout(Duration::from_secs(10), client.create_publication(request)).await;
            if let Ok(Ok(answer)) = answer {
                let publication = answer.into_inner();
                assert_eq!((publication.title.as_str(), publication.revision), (title.as_str(), 1));
                ledger.lock().unwrap().acknowledged.insert(title);
                acknowledged.send_modify(|count| *count += 1);
                break;
            }
            pause.tick().await;
        }
    }
}

/// Everything the hub shows, by title, with how often it shows it.
async fn everything(
    search: &mut Search,
    min_applied: &[MinApplied],
) -> Result<BTreeMap<String, u32>, tonic::Status> {
    let mut found = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = SearchRequest {
            page_size: 100,
            page_token,
            min_applied: min_applied.to_vec(),
            ..SearchRequest::default()
        };
        let answer = search.search(request).await?.into_inner();
        for hit in answer.hits {
            *found.entry(hit.title.unwrap_or_default().text).or_insert(0) += 1;
        }
        if answer.next_page_token.is_empty() {
            return Ok(found);
        }
        page_token = answer.next_page_token;
    }
}

/// Asks until the hub has everything the nodes have; panics with the last answer after a generous time.
async fn everything_in_the_end(park: &Park) -> BTreeMap<String, u32> {
    let mut heads = Vec::new();
    for member in MEMBERS {
        let status = park
            .publishing(member)
            .unwrap()
            .get_node_status(GetNodeStatusRequest {})
            .await
            .unwrap()
            .into_inner();
        heads.push(MinApplied { member_id: member.to_owned(), seq: status.head.unwrap().seq });
    }
    let mut search = park.search().unwrap();
    let mut tick = interval(Duration::from_millis(100));
    for _ in 0..600 {
        tick.tick().await;
        match everything(&mut search, &heads).await {
            Ok(found) => return found,
            Err(status) => eprintln!("not yet: {status}"),
        }
    }
    panic!("the hub did not catch up");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_by_kill_nine() {
    let kills = setting("SHOUWANG_TORTURE_KILLS", 12);
    let seed = setting("SHOUWANG_TORTURE_SEED", 20_261_121);
    let per_writer = kills * 12;
    let mut random = SmallRng::seed_from_u64(seed);
    let mut park = Park::start(&MEMBERS).await.unwrap();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let (acknowledged, mut progress) = watch::channel(0_u64);
    let mut writers = JoinSet::new();
    for (writer, member) in MEMBERS.into_iter().enumerate() {
        let client = park.publishing(member).unwrap();
        writers.spawn(write(client, writer, per_writer, Arc::clone(&ledger), acknowledged.clone()));
    }
    let mut hub_kills = 0;
    for _ in 0..kills {
        let next = *progress.borrow() + random.random_range(1..=24);
        let most = per_writer * MEMBERS.len() as u64;
        progress.wait_for(|count| *count >= next.min(most)).await.unwrap();
        let victim = random.random_range(0..=MEMBERS.len());
        match MEMBERS.get(victim) {
            Some(member) => {
                park.kill_node(member).unwrap();
                park.start_node(member).await.unwrap();
            }
            None => {
                hub_kills += 1;
                park.kill_hub().unwrap();
                park.start_hub().await.unwrap();
            }
        }
    }
    writers.join_all().await;

    let expected: BTreeMap<_, _> =
        ledger.lock().unwrap().acknowledged.iter().map(|title| (title.clone(), 1)).collect();
    assert_eq!(expected.len() as u64, per_writer * MEMBERS.len() as u64);
    assert_eq!(everything_in_the_end(&park).await, expected, "seed {seed}");

    // The index is derived: without its folder the hub finds everything again.
    park.kill_hub().unwrap();
    fs::remove_dir_all(park.hub_data().join("index")).unwrap();
    park.start_hub().await.unwrap();
    assert_eq!(everything_in_the_end(&park).await, expected, "after the index was deleted, seed {seed}");
    println!(
        "torture: {kills} kills ({hub_kills} of the hub), {} acknowledged, 0 lost, 0 doubled, seed {seed}",
        expected.len()
    );
}
