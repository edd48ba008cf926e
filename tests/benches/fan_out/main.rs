//! How long it takes until a notice for everybody has reached the last of 10,000 nodes over their control links, from the
//! call that tells it: outbox rows and fsync at the hub, the wire, and the node's reading. And until the hub has every
//! acknowledgement on disk.
//!
//! Baseline, in the same run: a loop of tokio under the same mutual TLS that hands one message of as many bytes to each
//! connection and keeps nothing; its "acknowledged" is the answer's arrival, not a disk. Both ends of everything are in this
//! process. Other brokers are no baseline here: they are no packages of this project.

mod backfill;
mod bare;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use bytes::Bytes;
use prost::Message as _;
use rusqlite::OpenFlags;
use shouwang_hub::{Hub, HubHandle, Surroundings, config::HubConfig, store::mutual_aid::outbox::NewNotice};
use shouwang_proto::{
    clock::World,
    id::MemberId,
    mutual_aid::id::{IncidentId, NoticeId},
    publication::time_to_wire,
    wire::{
        self, ChangeContext, InviteMemberRequest, OpenIncidentRequest,
        council_service_client::CouncilServiceClient, mutual_aid_service_client::MutualAidServiceClient,
    },
};
use shouwang_serving::accept::bind;
use shouwang_tests::measure::{
    Scale,
    latency::Latencies,
    light_node::{LightNode, hub_channel, member_ids},
    process::machine,
    report::{Goal, Report, progress},
    rounds::{Rounds, median},
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{JoinSet, spawn_blocking},
};
use tonic::{Request, metadata::MetadataValue};

use self::{backfill::Backfill, bare::Bare};

/// Rounds of each side.
const ROUNDS: usize = 9;
/// Between two looks at the hub's file.
const LOOK: Duration = Duration::from_millis(5);
/// Files that are not links.
const OTHER_FILES: u64 = 1_000;

/// Files that this process may hold.
fn file_limit() -> anyhow::Result<u64> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find(|line| line.starts_with("Max open files")).context("no limit of files")?;
    let soft = line.split_whitespace().nth(3).context("no limit of files")?;
    Ok(soft.parse().unwrap_or(u64::MAX))
}

/// What one round found, in milliseconds: half of all, nearly all, the last.
#[derive(Clone, Copy, Debug)]
struct Spread {
    half: f64,
    nearly_all: f64,
    last: f64,
}

impl Spread {
    fn of(latencies: &Latencies) -> Self {
        let part = |part| latencies.percentile_ms(part);
        Self { half: part(0.5), nearly_all: part(0.99), last: part(1.0) }
    }
}

/// Rounds of both moments.
#[derive(Debug, Default)]
struct Found {
    here: Vec<Spread>,
    /// When 99 of 100 acknowledgements were at the hub, ours on disk; in milliseconds.
    durable: Vec<f64>,
}

/// Waits until everybody has told.
async fn collect(
    told: &mut UnboundedReceiver<Instant>,
    count: u64,
    since: Instant,
) -> anyhow::Result<Spread> {
    let mut latencies = Latencies::default();
    while (latencies.len() as u64) < count {
        let at = told.recv().await.context("nobody listens any more")?;
        latencies.add(at.duration_since(since));
    }
    Ok(Spread::of(&latencies))
}

/// The hub's file, as somebody sees it who only reads what is committed.
struct Outbox(rusqlite::Connection);

impl Outbox {
    fn open(data: &Path) -> anyhow::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Self(rusqlite::Connection::open_with_flags(data.join("hub.db"), flags)?))
    }

    /// Number of the newest notice.
    fn head(&self) -> anyhow::Result<i64> {
        Ok(self.0.query_row("select notice_number from aid_counter", [], |row| row.get(0))?)
    }

    /// Returns when so many after a number are acknowledged; milliseconds.
    fn acknowledged(&self, after: i64, count: u64, since: Instant) -> anyhow::Result<f64> {
        let mut sql =
            self.0.prepare("select count(*) from aid_notice where number > ?1 and state = 'delivered'")?;
        loop {
            let found: u64 = sql.query_row([after], |row| row.get::<_, i64>(0))?.try_into()?;
            if found >= count {
                return Ok(since.elapsed().as_secs_f64() * 1_000.0);
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// The hub, an incident, and the members.
struct Ours {
    hub: HubHandle,
    incident: IncidentId,
    members: Vec<MemberId>,
    folder: tempfile::TempDir,
    /// A member's node with no link yet.
    library: LightNode,
    _links: JoinSet<anyhow::Result<()>>,
}

async fn start(count: u64) -> anyhow::Result<(HubHandle, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    let mut config = HubConfig::new(folder.path().join("hub"));
    config.alliance = Some("park".parse()?);
    config.calls_per_second = 1_000_000;
    let links = usize::try_from(count)? + 64;
    (config.node_limits.connections, config.node_limits.per_address) = (links, links);
    let any = "127.0.0.1:0".parse()?;
    let surroundings = Surroundings { world: World::system(), people: bind(any)?, nodes: bind(any)? };
    Ok((Hub::start(config, surroundings).await?, folder))
}

impl Ours {
    async fn open(count: u64, heard: &UnboundedSender<Instant>) -> anyhow::Result<Self> {
        let (hub, folder) = start(count).await?;
        let data = folder.path().join("hub");
        let root = fs::read_to_string(data.join("root.pem"))?;
        let people = hub_channel(&hub.addresses.people.to_string(), &root, None)?;
        let token = fs::read_to_string(data.join("operator.token"))?;
        let bearer: MetadataValue<_> = format!("Bearer {}", token.trim()).parse()?;
        let with_token = move |mut request: Request<()>| {
            request.metadata_mut().insert("authorization", bearer.clone());
            Ok(request)
        };
        let council = CouncilServiceClient::with_interceptor(people.clone(), with_token.clone());
        let join = async |member_id: String, number: u64| {
            let display_name = member_id.clone();
            let invite = InviteMemberRequest { member_id, display_name, ..InviteMemberRequest::default() };
            let invite = council.clone().invite_member(invite).await?.into_inner().invite;
            LightNode::join(people.clone(), &invite, number).await
        };
        let mut links = JoinSet::new();
        let mut members = Vec::new();
        for (number, member_id) in (0..).zip(member_ids(count)) {
            members.push(member_id.parse()?);
            let node = join(member_id, number).await?;
            links.spawn(node.control_speaking(1).await?.listen(heard.clone()));
        }
        let library = join("library".to_owned(), count).await?;
        let mut aid = MutualAidServiceClient::with_interceptor(people.clone(), with_token);
        let opened = aid.open_incident(incident()).await?.into_inner();
        let incident = IncidentId::from_name(&opened.name)?;
        Ok(Self { hub, incident, members, folder, library, _links: links })
    }

    /// Tells everybody. It returns when the outbox is on disk.
    async fn tell(&self, round: usize) -> anyhow::Result<()> {
        let notices = (0_u64..).zip(&self.members).map(|(number, member)| {
            let id = NoticeId::from_uuid(uuid::Uuid::from_u64_pair(round as u64 + 1, number));
            NewNotice {
                id,
                recipient: member.clone(),
                incident: self.incident,
                request: None,
                assignment: None,
                expires: None,
                phones: Vec::new(),
                notice: wire::Notice { name: id.name(), recipient: member.name(), ..notice() },
            }
        });
        Ok(self.hub.mutual_aid().tell(notices.collect()).await?)
    }

    /// Tells everybody once, and waits until it is here and acknowledged.
    async fn round(
        &self,
        round: usize,
        heard: &mut UnboundedReceiver<Instant>,
        found: &mut Found,
    ) -> anyhow::Result<()> {
        let outbox = Outbox::open(&self.folder.path().join("hub"))?;
        let (count, before, since) = (self.members.len() as u64, outbox.head()?, Instant::now());
        self.tell(round).await?;
        let acknowledged = spawn_blocking(move || outbox.acknowledged(before, count * 99 / 100, since));
        found.here.push(collect(heard, count, since).await?);
        found.durable.push(acknowledged.await??);
        Ok(())
    }
}

fn incident() -> OpenIncidentRequest {
    let place = wire::Location { latitude: 31.31, longitude: 120.75, address: "化工路8号".to_owned() };
    OpenIncidentRequest {
        context: Some(ChangeContext {
            request_id: uuid::Uuid::from_u128(1).to_string(),
            ..ChangeContext::default()
        }),
        incident: Some(wire::Incident {
            mode: wire::IncidentMode::Actual.into(),
            title: "苯罐泄漏".to_owned(),
            place: Some(place),
            accident_type: "leak".to_owned(),
            occurred_at: Some(time_to_wire(World::system().now())),
            ..wire::Incident::default()
        }),
    }
}

/// A notice as people get it.
fn notice() -> wire::Notice {
    wire::Notice {
        kind: wire::NoticeKind::DrillHalted.into(),
        mode: wire::IncidentMode::Actual.into(),
        alarm: true,
        incident_title: "苯罐泄漏".to_owned(),
        accident_type: "leak".to_owned(),
        substances: vec!["苯".to_owned()],
        text_zh: "化工路8号苯罐泄漏，请各单位关闭门窗、清点人数，等候理事会通知".to_owned(),
        text_en: "benzene leak at Huagong road 8: shut windows, count your people, wait for the council"
            .to_owned(),
        ..wire::Notice::default()
    }
}

fn rounds<T>(ours: &[T], bare: &[T], of: impl Fn(&T) -> f64) -> Rounds {
    let mut rounds = Rounds::default();
    for (ours, bare) in ours.iter().zip(bare) {
        rounds.add(of(ours), of(bare));
    }
    rounds
}

/// All rounds of ours: while nothing else goes on, and while a library of so many records comes in.
async fn ours(count: u64, records: u64) -> anyhow::Result<(Found, Found)> {
    let (told, mut heard) = unbounded_channel();
    let (mut idle, mut busy) = (Found::default(), Found::default());
    progress("joining the members");
    let park = Ours::open(count, &told).await?;
    progress("our links");
    for round in 0..=ROUNDS {
        park.round(round, &mut heard, &mut idle).await?;
    }
    progress("the same during a backfill");
    let mut backfill = Backfill::begin(park.library.clone(), records).await?;
    for round in ROUNDS + 1..=2 * ROUNDS + 1 {
        park.round(round, &mut heard, &mut busy).await?;
        if !backfill.goes_on()? {
            // This round had the hub to itself in part.
            busy.here.pop();
            break;
        }
    }
    anyhow::ensure!(busy.here.len() > 1, "the backfill was over too soon");
    drop(backfill);
    let Ours { hub, _links: links, .. } = park;
    drop(links);
    hub.stop().await;
    Ok((idle, busy))
}

/// All rounds of the bare loop.
async fn bare(count: u64, message: Bytes) -> anyhow::Result<Found> {
    let ((told, mut heard), (answer, mut answered)) = (unbounded_channel(), unbounded_channel());
    let mut found = Found::default();
    progress("bare connections");
    let loose = Bare::open(count, message.len(), &told, &answer).await?;
    for _ in 0..=ROUNDS {
        let since = Instant::now();
        loose.tell(&message)?;
        found.here.push(collect(&mut heard, count, since).await?);
        found.durable.push(collect(&mut answered, count, since).await?.nearly_all);
    }
    Ok(found)
}

/// Both, and the report.
async fn compare() -> anyhow::Result<()> {
    let scale = Scale::from_environment()?;
    let room = file_limit()?.saturating_sub(OTHER_FILES) / 2;
    let count = scale.of(10_000, 20).min(room);
    let message = Bytes::from(wire::Notice { name: "notices/x".repeat(5), ..notice() }.encode_to_vec());
    let bytes = message.len();
    let records = scale.of(100_000, 2_000);
    let ((mut ours, mut busy), mut bare) = (ours(count, records).await?, bare(count, message).await?);
    // The first of each warms up.
    for found in [&mut ours, &mut busy, &mut bare] {
        found.here.remove(0);
        found.durable.remove(0);
    }
    let mut report = Report::new("Fan-out", scale);
    let ratio = |ratio| Goal::at_most(ratio, 1.5, "×");
    report.compare("here, half of the nodes", "ms", &rounds(&ours.here, &bare.here, |of| of.half), |_| {
        Goal::none()
    });
    report.compare("here, 99 of 100 nodes", "ms", &rounds(&ours.here, &bare.here, |of| of.nearly_all), ratio);
    report.compare("here, the last node", "ms", &rounds(&ours.here, &bare.here, |of| of.last), |_| {
        Goal::none()
    });
    let durable = rounds(&ours.durable, &bare.durable, |of| *of);
    report.compare("acknowledged and on the hub's disk, 99 of 100 nodes", "ms", &durable, |_| Goal::none());
    let during = rounds(&busy.here, &ours.here, |of| of.nearly_all);
    report.compare("here, 99 of 100 nodes, during a backfill, by the same without", "ms", &during, |ratio| {
        Goal::at_most(ratio, 2.0, "×")
    });
    report.note(format!(
        "{}; {count} links under mutual TLS, {bytes} bytes a notice; median of the last node {:.1} ms",
        machine(),
        median(ours.here.iter().map(|of| of.last)),
    ));
    report.note(
        "ours writes one outbox row for each node before the first is sent; heartbeats and acknowledgements go on meanwhile",
    );
    report
        .note(format!("the backfill: {records} records of one member, verified, kept and indexed meanwhile"));
    report.note(format!("the hub's file is asked every {} ms what is acknowledged", LOOK.as_millis()));
    report.print();
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    // On one of the two threads: a third that is woken for each notice would be measured too.
    let mut all = JoinSet::new();
    all.spawn(compare());
    all.join_next().await.context("it has begun")??
}
