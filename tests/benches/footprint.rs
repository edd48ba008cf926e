//! How much memory a hub takes: with 100,000 publications, and for each node that is linked and quiet.
//!
//! Baseline for a link: tonic's own server with its defaults behind the same TLS, as a process of its own, with the
//! same light nodes holding the same streams open. Memory is what the kernel says is resident.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use anyhow::Context as _;
use shouwang_proto::wire::{self, InviteMemberRequest, link_service_client::LinkServiceClient};
use shouwang_serving::tls::{ClientRule, Identity, ServerTls, trial::Authority};
use shouwang_tests::{
    corpus::Corpus,
    measure::{
        Scale,
        bare_link::serve_bare,
        busy_park,
        light_node::{LightNode, hub_channel, member_ids},
        process::{Usage, machine},
        report::{Goal, Report, figure, progress},
    },
    processes::Park,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

/// Whose nodes hold the records.
const MEMBERS: [&str; 2] = ["north-chem", "south-steel"];
/// Set for the process that is the baseline: the folder in which it finds its keys.
const BARE_VARIABLE: &str = "SHOUWANG_BENCH_BARE_SERVER";

/// What links cost, in KiB for each node.
#[derive(Clone, Copy, Debug)]
struct PerNode {
    control_kib: f64,
    both_kib: f64,
}

fn per_node(before: Usage, after: Usage, nodes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "kibibytes")]
    let each = after.own_kib.saturating_sub(before.own_kib) as f64 / nodes as f64;
    each
}

/// Links many light nodes to the park's hub, first the control links, then the sync links.
async fn link_ours(park: &mut Park, nodes: u64) -> anyhow::Result<PerNode> {
    let root = fs::read_to_string(park.hub_data().join("root.pem"))?;
    let people = hub_channel(park.people_address(), &root, None)?;
    let mut council = park.council()?;
    let mut light = Vec::new();
    for (number, member_id) in (0..).zip(member_ids(nodes)) {
        let display_name = member_id.clone();
        let request = InviteMemberRequest { member_id, display_name, ..InviteMemberRequest::default() };
        let invite = council.invite_member(request).await?.into_inner().invite;
        light.push(LightNode::join(people.clone(), &invite, number).await?);
    }
    let pid = park.hub().context("the hub runs")?.pid();
    let before = Usage::settled(pid).await?;
    let mut held: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for node in &light {
        held.spawn(node.control().await?.hold());
    }
    let control = Usage::settled(pid).await?;
    let mut syncs = Vec::new();
    for node in &light {
        syncs.push(node.sync().await?);
    }
    let both = Usage::settled(pid).await?;
    if let Some(ended) = held.try_join_next() {
        ended??;
    }
    anyhow::ensure!(held.len() == light.len(), "{} of {} control links are open", held.len(), light.len());
    drop(syncs);
    Ok(PerNode { control_kib: per_node(before, control, nodes), both_kib: per_node(before, both, nodes) })
}

/// The baseline's process: serves until it is killed.
async fn be_bare(folder: &Path) -> anyhow::Result<()> {
    let identity = Identity::load(folder.join("server.pem"))?;
    let ca_pem = fs::read_to_string(folder.join("ca.pem"))?;
    let rule = ClientRule { ca_pem, allow: Arc::new(|_: &str| true), required: true };
    let tls = ServerTls::for_nodes(&identity, rule)?;
    let mut tasks = JoinSet::new();
    let address = serve_bare(&tls, CancellationToken::new(), &mut tasks)?;
    say(address);
    while tasks.join_next().await.is_some() {}
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the parent process reads the address there")]
fn say(address: SocketAddr) {
    println!("{address}");
}

/// The baseline's process as its parent sees it. Dropping it kills it.
struct Bare {
    child: Child,
    address: String,
    authority: Authority,
    _folder: tempfile::TempDir,
}

impl Bare {
    fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let authority = Authority::new("park");
        authority.server("hub.shouwang").save(folder.path().join("server.pem"))?;
        fs::write(folder.path().join("ca.pem"), authority.ca_pem())?;
        let mut child = Command::new(std::env::current_exe()?)
            .env(BARE_VARIABLE, folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        let output = child.stdout.take().context("its output is piped")?;
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned(), authority, _folder: folder })
    }

    /// Opens a connection of its own with one stream.
    async fn open(&self, number: u64, sync: bool, held: &mut JoinSet<()>) -> anyhow::Result<()> {
        let identity = self.authority.client("light", number + 2);
        let channel = hub_channel(&self.address, &self.authority.ca_pem(), Some(&identity))?;
        let mut client = LinkServiceClient::new(channel);
        if sync {
            let (requests, outgoing) = mpsc::channel(1);
            let hello = wire::sync_request::Message::Hello(wire::SyncHello::default());
            requests.send(wire::SyncRequest { message: Some(hello) }).await?;
            let mut answers = client.sync(ReceiverStream::new(outgoing)).await?.into_inner();
            answers.message().await?;
            held.spawn(async move {
                drop(answers.message().await);
                drop(requests);
            });
        } else {
            let (requests, outgoing) = mpsc::channel(1);
            let hello = wire::control_request::Message::Hello(wire::ControlHello::default());
            requests.send(wire::ControlRequest { message: Some(hello) }).await?;
            let mut answers = client.control(ReceiverStream::new(outgoing)).await?.into_inner();
            answers.message().await?;
            held.spawn(async move {
                drop(answers.message().await);
                drop(requests);
            });
        }
        Ok(())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// Links as many light clients to the bare server.
async fn link_bare(nodes: u64) -> anyhow::Result<PerNode> {
    let bare = Bare::start()?;
    let pid = bare.child.id();
    let mut held = JoinSet::new();
    let before = Usage::settled(pid).await?;
    for number in 0..nodes {
        bare.open(number, false, &mut held).await?;
    }
    let control = Usage::settled(pid).await?;
    for number in 0..nodes {
        bare.open(number, true, &mut held).await?;
    }
    let both = Usage::settled(pid).await?;
    anyhow::ensure!(held.try_join_next().is_none(), "the bare server closed a link");
    Ok(PerNode { control_kib: per_node(before, control, nodes), both_kib: per_node(before, both, nodes) })
}

fn mebibytes(kib: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a size")]
    let size = kib as f64 / 1024.0;
    size
}

fn memory_row(report: &mut Report, what: &str, usage: Usage) {
    let (all, own) = (mebibytes(usage.resident_kib), mebibytes(usage.own_kib));
    let text = format!("{} MiB, of it {} MiB its own", figure(all), figure(own));
    report.alone(what, text, Goal::at_most(all, 300.0, " MiB"));
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    if let Some(folder) = std::env::var_os(BARE_VARIABLE) {
        return be_bare(Path::new(&folder)).await;
    }
    let scale = Scale::from_environment()?;
    let (total, nodes) = (scale.of(100_000, 2_000), scale.of(500, 20));
    let corpus = Arc::new(Corpus::of_the_demo()?);
    let mut report = Report::new("Memory", scale);
    let mut park = busy_park::start(&MEMBERS).await?;
    progress("loading");
    busy_park::load(&mut park, &MEMBERS, &corpus, total).await?;
    let pid = park.hub().context("the hub runs")?.pid();
    let usage = Usage::settled(pid).await?;
    memory_row(&mut report, &format!("the hub after taking in {total} publications"), usage);
    park.end_hub().await?;
    park.start_hub().await?;
    let pid = park.hub().context("the hub runs")?.pid();
    let usage = Usage::settled(pid).await?;
    memory_row(&mut report, &format!("the hub with {total} publications, started anew"), usage);

    progress("linking light nodes to the hub");
    let ours = link_ours(&mut park, nodes).await?;
    let pid = park.hub().context("the hub runs")?.pid();
    memory_row(&mut report, "the same with the light nodes linked", Usage::of(pid)?);
    progress("linking light nodes to the bare server");
    let bare = link_bare(nodes).await?;
    report.once(
        "one link of a node (control), own memory",
        "KiB",
        ours.control_kib,
        bare.control_kib,
        |_| Goal::at_most(ours.control_kib, 45.0, " KiB"),
    );
    report.once("both links of a node, own memory", "KiB", ours.both_kib, bare.both_kib, |_| {
        Goal::at_most(ours.both_kib, 80.0, " KiB")
    });
    report.note(format!("{}; {total} publications, {nodes} light nodes", machine()));
    report.note(
        "resident memory counts pages of the index files that the kernel may take back; own memory does not",
    );
    report.print();
    Ok(())
}
