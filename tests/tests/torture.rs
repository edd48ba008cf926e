//! Real processes, killed with -9 at random points; a ledger outside the system says what must be there afterwards.
//!
//! What several dispatchers saw of the same ledgers while the hub was killed has to be linearizable.
//!
//! `SHOUWANG_TORTURE_KILLS` sets how many kills (default 12), `SHOUWANG_TORTURE_SEED` repeats a run.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise and tells what it did"
)]

#[path = "support/racing.rs"]
mod racing;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use shouwang_proto::{
    clock::World,
    publication::time_to_wire,
    wire::{self, CreatePublicationRequest, GetNodeStatusRequest, MinApplied, SearchRequest},
};
use shouwang_tests::{
    linearizable::{Asked, Call, Heard, Ledger as Crane, Shown, check},
    processes::{MutualAid, Park, Publishing, Search},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{interval, timeout},
};

use self::racing::{Racer, Scene};

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

const RACERS: u64 = 3;

fn on_duty() -> wire::DutyContact {
    wire::DutyContact {
        name: "王队".to_owned(),
        phone: "13800000000".to_owned(),
        ..wire::DutyContact::default()
    }
}

/// A crane, as its owner publishes it.
fn crane(number: u32) -> wire::Publication {
    wire::Publication {
        external_id: format!("C-{number}"),
        title: format!("{number} 号汽车起重机"),
        detail: Some(wire::publication::Detail::Resource(wire::MutualAidResource {
            resource_kind: "vehicle".to_owned(),
            resource_type: "汽车起重机".to_owned(),
            quantity: 1.0,
            unit: "1".to_owned(),
            muster_minutes: 5,
            duty_contacts: vec![on_duty()],
            ..wire::MutualAidResource::default()
        })),
        ..wire::Publication::default()
    }
}

/// Two cranes of one member, and requests of the two others that want both: all that there is to race for.
async fn scene_of(park: &Park) -> Scene {
    let mut owner = park.publishing(MEMBERS[0]).unwrap();
    let mut cranes = Vec::new();
    for number in 1..=2 {
        let request = CreatePublicationRequest {
            publication: Some(crane(number)),
            request_id: request_id(9, u64::from(number)),
            publish: true,
        };
        cranes.push(owner.create_publication(request).await.unwrap().into_inner().name);
    }
    let mut aid = park.mutual_aid().unwrap();
    let mut tick = interval(Duration::from_millis(50));
    for crane in &cranes {
        let ledger = wire::GetLedgerRequest { resource: crane.clone(), incident: String::new() };
        while aid.get_ledger(ledger.clone()).await.is_err() {
            tick.tick().await;
        }
    }
    let mut requests = Vec::new();
    for (number, member) in (0..).zip(&MEMBERS[1..]) {
        requests.push(call_for_cranes(&mut aid, number, member).await);
    }
    Scene::new(requests, cranes, MEMBERS[0])
}

/// An open request of a member for as many cranes as there are.
async fn call_for_cranes(aid: &mut MutualAid, number: u64, member: &str) -> wire::MutualAidRequest {
    let context = |writer| {
        let request_id = request_id(writer, number);
        Some(wire::ChangeContext { request_id, ..wire::ChangeContext::default() })
    };
    let incident = wire::Incident {
        mode: wire::IncidentMode::Actual.into(),
        title: format!("{member} 罐区泄漏"),
        place: Some(wire::Location { latitude: 31.31, longitude: 120.71, address: "罐区".to_owned() }),
        accident_type: "leak".to_owned(),
        occurred_at: Some(time_to_wire(World::system().now())),
        ..wire::Incident::default()
    };
    let open = wire::OpenIncidentRequest { context: context(10), incident: Some(incident) };
    let incident = aid.open_incident(open).await.unwrap().into_inner();
    let request = wire::MutualAidRequest {
        incident: incident.name,
        requester: format!("members/{member}"),
        priority: wire::RequestPriority::P1.into(),
        title: "需要起重机".to_owned(),
        contact: Some(on_duty()),
        lines: vec![wire::NeedLine {
            resource_kind: "vehicle".to_owned(),
            what: "汽车起重机".to_owned(),
            // More than there is, so that only the cranes are scarce.
            requested: 10,
            unit: "1".to_owned(),
            ..wire::NeedLine::default()
        }],
        ..wire::MutualAidRequest::default()
    };
    let submit = wire::SubmitRequestRequest {
        context: context(11),
        request: Some(request),
        ..wire::SubmitRequestRequest::default()
    };
    aid.submit_request(submit).await.unwrap().into_inner()
}

/// How often the calls had this answer.
fn count(calls: &[Call<Crane>], is: impl Fn(&Heard) -> bool) -> usize {
    calls.iter().filter(|call| call.answered.as_ref().is_some_and(|(_, heard)| is(heard))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_racing_dispatchers_see_of_a_ledger_is_linearizable_through_kill_nine() {
    let kills = setting("SHOUWANG_TORTURE_KILLS", 12);
    let seed = setting("SHOUWANG_TORTURE_SEED", 20_261_122);
    let mut random = SmallRng::seed_from_u64(seed);
    // A hold that nobody answers stands: what lapses by itself is no call of anybody.
    let mut park = Park::start_with(&MEMBERS, "[mutual_aid]\nhold = [86400, 86400, 86400]\n").await.unwrap();
    let scene = Arc::new(scene_of(&park).await);
    let each = kills * 16;
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let random = SmallRng::seed_from_u64(seed + racer + 1);
        let racer = Racer { aid: park.mutual_aid().unwrap(), scene: Arc::clone(&scene), random };
        racers.spawn(racer.race(each));
    }
    let mut ended = scene.ended.subscribe();
    for _ in 0..kills {
        let next = *ended.borrow() + random.random_range(1..=each * RACERS / kills);
        loop {
            tokio::select! {
                reached = ended.wait_for(|count| *count >= next.min(each * RACERS)) => break drop(reached.unwrap()),
                // One that panics ends the test, instead of letting it wait for calls that never come.
                Some(one) = racers.join_next() => one.unwrap(),
            }
        }
        park.kill_hub().unwrap();
        park.start_hub().await.unwrap();
    }
    racers.join_all().await;
    let unanswered = scene.unanswered.load(Ordering::Relaxed);
    assert!(
        unanswered > 0,
        "no call was under way when the hub was killed: this run shows nothing, seed {seed}"
    );
    let mut aid = park.mutual_aid().unwrap();
    for crane in 0..scene.cranes.len() {
        let mut calls = std::mem::take(&mut scene.seen.lock().unwrap().calls[crane]);
        calls.push(scene.read(&mut aid, crane).await.unwrap());
        let pictures = check(Crane::default(), &calls)
            .unwrap_or_else(|found| panic!("crane {crane}, seed {seed}: {} calls, {found:?}", calls.len()));
        let ordered = count(&calls, |heard| matches!(heard, Heard::Ordered(..)));
        let taken = count(&calls, |heard| matches!(heard, Heard::Taken));
        assert!(ordered > 0 && taken > 0, "they did not race, seed {seed}");
        println!(
            "crane {crane}: {} calls, {ordered} orders, {taken} came too late, {} unknown; {pictures} pictures",
            calls.len(),
            calls.iter().filter(|call| call.answered.is_none()).count(),
        );
        assert!(check(Crane::default(), &forgotten(&scene, &calls)).is_err(), "a lost order would be found");
    }
    println!("torture: {kills} kills of the hub, {unanswered} attempts unanswered, seed {seed}");
}

/// The same history, but in the end the last order is gone.
fn forgotten(scene: &Scene, calls: &[Call<Crane>]) -> Vec<Call<Crane>> {
    let newest = calls.iter().filter_map(|call| match &call.answered {
        Some((_, Heard::Ordered(_, epoch))) => Some(*epoch),
        Some((_, Heard::Taken | Heard::OwnAlready | Heard::Acted(_) | Heard::Read(_))) | None => None,
    });
    let shown = Shown { held: 0, committed: 0, deployed: 0, epoch: newest.max().unwrap_or(1) - 1 };
    let mut calls = calls.to_vec();
    let began = scene.tick();
    calls.push(Call { began, asked: Asked::Read, answered: Some((scene.tick(), Heard::Read(shown))) });
    calls
}
