//! Channels to the standard health service behind our accept loop, and every way not to get there.

use super::{BoxedIo, DialLimits, DialProblem, Dialer, Target, TcpDialer, channel, connect};
use crate::accept::{AcceptLimits, Acceptor, Listener, bind};
use crate::grpc::health;
use crate::tls::trial::{Authority, Wish};
use crate::tls::{ClientRule, ClientTls, Identity, ServerTls};
use axum::Router;
use futures::future::BoxFuture;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

fn healthy() -> Router {
    Routes::new(health().1).into_axum_router()
}

async fn ask(channel: &Channel) -> Result<(), Status> {
    let request = HealthCheckRequest { service: String::new() };
    HealthClient::new(channel.clone()).check(request).await.map(drop)
}

/// A hub on a port of its own that lets certificates with an even serial number in.
struct Hub {
    authority: Authority,
    at: SocketAddr,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Hub {
    fn start() -> Self {
        Self::start_at(Authority::new("alliance"), "127.0.0.1:0".parse().unwrap())
    }

    fn start_at(authority: Authority, at: SocketAddr) -> Self {
        let even = |serial: &str| u64::from_str_radix(serial, 16).is_ok_and(|serial| serial % 2 == 0);
        let rule = ClientRule { ca_pem: authority.ca_pem(), allow: Arc::new(even), required: true };
        let tls = ServerTls::for_nodes(&authority.server("hub.shouwang"), rule).unwrap();
        let listener = bind(at).unwrap();
        let at = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let acceptor = Acceptor::new("nodes", AcceptLimits::nodes()).with_tls(&tls);
        tasks.spawn(acceptor.serve(listener, healthy(), stop.clone()));
        Self { authority, at, stop, tasks }
    }

    async fn stop(mut self) -> (Authority, SocketAddr) {
        self.stop.cancel();
        self.tasks.join_next().await.unwrap().unwrap();
        (self.authority, self.at)
    }

    fn target(&self, identity: Option<&Identity>) -> Target {
        target(self.at, &self.authority, identity)
    }
}

fn target(at: SocketAddr, authority: &Authority, identity: Option<&Identity>) -> Target {
    Target {
        host: at.ip().to_string(),
        port: at.port(),
        server_name: "hub.shouwang".to_owned(),
        tls: Some(ClientTls::new(&authority.ca_pem(), identity).unwrap()),
    }
}

fn dial(target: Target) -> Channel {
    channel(target, Arc::new(TcpDialer), &DialLimits::default()).unwrap()
}

async fn problem(target: Target) -> (Code, DialProblem) {
    let status = ask(&dial(target)).await.unwrap_err();
    let problem = DialProblem::of(&status).unwrap_or_else(|| panic!("no cause found in {status:?}"));
    (status.code(), problem)
}

#[tokio::test]
async fn a_member_gets_through_and_comes_back_after_a_restart() {
    let hub = Hub::start();
    let member = hub.authority.client("member", 2);
    let channel = dial(hub.target(Some(&member)));
    ask(&channel).await.unwrap();
    connect(hub.target(Some(&member)), Arc::new(TcpDialer), &DialLimits::default()).await.unwrap();
    let (authority, at) = hub.stop().await;
    let lost = ask(&channel).await.unwrap_err();
    assert!(DialProblem::of(&lost).is_some(), "{lost:?}");
    let hub = Hub::start_at(authority, at);
    ask(&channel).await.unwrap();
    hub.stop().await;
}

#[tokio::test]
async fn a_client_without_a_certificate_is_told_so() {
    let hub = Hub::start();
    // It seems to connect; only the first request fails, without a useful code.
    connect(hub.target(None), Arc::new(TcpDialer), &DialLimits::default()).await.unwrap();
    for _ in 0..20 {
        let (_, problem) = problem(hub.target(None)).await;
        assert_eq!(problem, DialProblem::CertificateMissing);
    }
}

#[tokio::test]
async fn a_client_whose_certificate_is_refused_is_told_why() {
    let hub = Hub::start();
    let revoked = hub.authority.client("member", 3);
    assert_eq!(problem(hub.target(Some(&revoked))).await.1, DialProblem::CertificateRefused);
    let foreign = Authority::new("somebody").client("member", 2);
    assert_eq!(problem(hub.target(Some(&foreign))).await.1, DialProblem::CertificateRefused);
    let wish = Wish {
        common_name: "member".to_owned(),
        names: Vec::new(),
        serial: vec![2],
        last_year: 2021,
        server: false,
    };
    let expired = hub.authority.issue(wish);
    assert_eq!(problem(hub.target(Some(&expired))).await.1, DialProblem::CertificateExpired);
}

#[tokio::test]
async fn a_new_certificate_is_shown_on_the_next_connection() {
    let hub = Hub::start();
    let target = hub.target(None);
    let tls = target.tls.clone().unwrap();
    let channel = dial(target);
    ask(&channel).await.unwrap_err();
    tls.replace(Some(&hub.authority.client("member", 4)));
    // The refused connection may still be in the channel for one more request.
    while ask(&channel).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_wrong_server_is_recognised() {
    let hub = Hub::start();
    let member = hub.authority.client("member", 2);
    let elsewhere = Target { server_name: "node.shouwang".to_owned(), ..hub.target(Some(&member)) };
    assert_eq!(problem(elsewhere).await, (Code::Unavailable, DialProblem::ServerMisnamed));
    let distrustful = target(hub.at, &Authority::new("somebody"), Some(&member));
    assert_eq!(problem(distrustful).await, (Code::Unavailable, DialProblem::ServerUntrusted));
    let bad = Target { server_name: "not a name".to_owned(), ..hub.target(None) };
    assert_eq!(channel(bad, Arc::new(TcpDialer), &DialLimits::default()).err(), Some(DialProblem::BadName));
}

#[tokio::test]
async fn a_place_without_a_server_is_recognised() {
    let authority = Authority::new("alliance");
    let vacant = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let at = vacant.local_addr().unwrap();
    let impatient = DialLimits { connect: Duration::from_millis(100), ..DialLimits::default() };
    let eager = |target| connect(target, Arc::new(TcpDialer), &impatient);
    // It listens, and nobody accepts.
    assert_eq!(eager(target(at, &authority, None)).await.err(), Some(DialProblem::TimedOut));
    drop(vacant);
    assert_eq!(eager(target(at, &authority, None)).await.err(), Some(DialProblem::Refused));
    let nowhere = Target { host: "no such host".to_owned(), ..target(at, &authority, None) };
    assert_eq!(eager(nowhere).await.err(), Some(DialProblem::NameUnknown));
}

#[tokio::test]
async fn a_server_without_tls_is_recognised() {
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let at = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    let acceptor = Acceptor::new("plain", AcceptLimits::people());
    tasks.spawn(acceptor.serve(listener, healthy(), CancellationToken::new()));
    let (code, problem) = problem(target(at, &Authority::new("alliance"), None)).await;
    assert_eq!((code, problem), (Code::Unavailable, DialProblem::NotTls));
}

#[test]
fn an_answer_of_the_server_is_no_dial_problem() {
    assert_eq!(DialProblem::of(&Status::unavailable("try later")), None);
    let inside = io::Error::other(io::Error::other(DialProblem::NotTls));
    assert_eq!(DialProblem::of(&inside), Some(DialProblem::NotTls));
}

/// The simulated network instead of TCP.
struct Simulated(turmoil::net::TcpListener);

impl Listener for Simulated {
    type Stream = turmoil::net::TcpStream;

    async fn accept(&mut self) -> io::Result<(Self::Stream, SocketAddr)> {
        self.0.accept().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

struct SimulatedDialer;

impl Dialer for SimulatedDialer {
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            let stream = turmoil::net::TcpStream::connect((host, port)).await?;
            Ok(Box::new(stream) as BoxedIo)
        })
    }
}

#[test]
fn both_ends_work_on_a_simulated_network_through_a_crash() {
    let mut simulation = turmoil::Builder::new().simulation_duration(Duration::from_secs(60)).build();
    simulation.host("hub", || async {
        let listener = Simulated(turmoil::net::TcpListener::bind("0.0.0.0:7443").await?);
        let acceptor = Acceptor::new("nodes", AcceptLimits::nodes());
        acceptor.serve(listener, healthy(), CancellationToken::new()).await;
        Ok(())
    });
    let asked = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = Arc::clone(&asked);
    simulation.client("node", async move {
        let target =
            Target { host: "hub".to_owned(), port: 7443, server_name: "hub.shouwang".to_owned(), tls: None };
        let channel = channel(target, Arc::new(SimulatedDialer), &DialLimits::default())?;
        for _ in 0..200 {
            if ask(&channel).await.is_ok() {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    });
    let mut before = 0;
    while before < 10 {
        assert!(!simulation.step().unwrap(), "the client ended early");
        before = asked.load(std::sync::atomic::Ordering::Relaxed);
    }
    simulation.bounce("hub");
    simulation.run().unwrap();
    assert!(asked.load(std::sync::atomic::Ordering::Relaxed) > before + 100, "it came back");
}
