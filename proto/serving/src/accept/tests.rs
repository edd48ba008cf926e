//! The accept loop over pipes in memory with a clock that stands still unless everybody waits, and over TCP.

use super::{AcceptLimits, Acceptor, Listener, PeerAddr, PeerCertificate, bind};
use crate::tls::trial::Authority;
use crate::tls::{ClientRule, ClientTls, ServerTls};
use axum::routing::get;
use axum::{Extension, Router};
use futures::channel::oneshot;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

type Arrival = io::Result<(DuplexStream, SocketAddr)>;

/// A listener that a test feeds.
struct Pipes(mpsc::UnboundedReceiver<Arrival>);

impl Listener for Pipes {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> Arrival {
        match self.0.recv().await {
            Some(arrival) => arrival,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(address(0))
    }
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, last], 4000))
}

/// A port that serves in the background.
struct Served {
    arrivals: mpsc::UnboundedSender<Arrival>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Served {
    fn new(acceptor: Acceptor, router: Router) -> Self {
        let (arrivals, pipes) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(acceptor.serve(Pipes(pipes), router, stop.clone()));
        Self { arrivals, stop, tasks }
    }

    fn plain(limits: AcceptLimits, router: Router) -> Self {
        Self::new(Acceptor::new("test", limits), router)
    }

    fn connect_from(&self, last: u8) -> DuplexStream {
        let (near, far) = duplex(64 * 1024);
        self.arrivals.send(Ok((far, address(last)))).unwrap();
        near
    }

    async fn stopped(mut self) {
        self.tasks.join_next().await.unwrap().unwrap();
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const GET_AND_CLOSE: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

async fn answer(stream: &mut DuplexStream, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    rest(stream).await
}

/// Everything until the other end closes.
async fn rest(stream: &mut DuplexStream) -> String {
    let mut text = Vec::new();
    drop(stream.read_to_end(&mut text).await);
    String::from_utf8(text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn whoever_says_nothing_is_hung_up_on() {
    let served = Served::plain(AcceptLimits::default(), hello());
    for said in [&b""[..], b"G", b"GET / HTTP/1.1\r\nhost: x\r\n", b"PRI * HTTP/2.0\r\n"] {
        let start = Instant::now();
        let mut stream = served.connect_from(1);
        stream.write_all(said).await.unwrap();
        assert!(!rest(&mut stream).await.contains("hello"));
        assert_eq!(start.elapsed().as_secs(), 10, "{said:?}");
    }
    // An HTTP/2 connection without a request is no better.
    let start = Instant::now();
    let mut stream = served.connect_from(1);
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frames = Vec::new();
    drop(stream.read_to_end(&mut frames).await);
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn trickled_headers_do_not_help() {
    let served = Served::plain(AcceptLimits::default(), hello());
    let start = Instant::now();
    let mut stream = served.connect_from(1);
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    while stream.write_all(b"x: y\r\n").await.is_ok() {
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    assert!(start.elapsed() <= Duration::from_secs(12), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_has_five_seconds() {
    let authority = Authority::new("alliance");
    let tls = ServerTls::for_people(&authority.server("hub.shouwang")).unwrap();
    let served = Served::new(Acceptor::new("test", AcceptLimits::default()).with_tls(&tls), hello());
    let start = Instant::now();
    assert_eq!(rest(&mut served.connect_from(1)).await, "");
    assert_eq!(start.elapsed().as_secs(), 5);
    // Plain text is no handshake at all.
    let start = Instant::now();
    assert!(!answer(&mut served.connect_from(1), GET).await.contains("hello"));
    assert_eq!(start.elapsed().as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn both_caps_turn_away_and_make_room_again() {
    let limits = AcceptLimits { connections: 3, per_address: 2, ..AcceptLimits::default() };
    let served = Served::plain(limits, hello());
    let (mut a, _b) = (served.connect_from(1), served.connect_from(1));
    assert_eq!(rest(&mut served.connect_from(1)).await, "", "a third from one address");
    let _c = served.connect_from(2);
    assert_eq!(rest(&mut served.connect_from(3)).await, "", "a fourth of all");
    assert!(answer(&mut a, GET_AND_CLOSE).await.contains("hello"));
    // The place is free once the connection's task has ended, which may be after its last byte.
    loop {
        let mut next = served.connect_from(3);
        if next.write_all(GET_AND_CLOSE).await.is_ok() && rest(&mut next).await.contains("hello") {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn running_out_of_files_pauses_and_does_not_stop() {
    let served = Served::plain(AcceptLimits::default(), hello());
    let start = Instant::now();
    let no_files = || io::Error::from_raw_os_error(24);
    for _ in 0..4 {
        served.arrivals.send(Err(no_files())).unwrap();
    }
    assert!(answer(&mut served.connect_from(1), GET_AND_CLOSE).await.contains("hello"));
    assert_eq!(start.elapsed().as_millis(), 50 + 100 + 200 + 400);
    // One lost connection is no reason to pause.
    let start = Instant::now();
    served.arrivals.send(Err(io::ErrorKind::ConnectionAborted.into())).unwrap();
    assert!(answer(&mut served.connect_from(1), GET_AND_CLOSE).await.contains("hello"));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn headers_are_bounded() {
    let served = Served::plain(AcceptLimits::nodes(), hello());
    let request = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(9 * 1024));
    let answer = answer(&mut served.connect_from(1), request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

/// A request that waits for ever, and tells when it has begun and when it was dropped.
fn endless() -> (Router, mpsc::UnboundedReceiver<CancellationToken>, oneshot::Receiver<()>) {
    let (begun, has_begun) = mpsc::unbounded_channel();
    let (alive, has_ended) = oneshot::channel::<()>();
    let alive = Arc::new(Mutex::new(Some(alive)));
    let handler = move |Extension(connection): Extension<CancellationToken>| async move {
        let _alive = alive.lock().unwrap().take();
        begun.send(connection).unwrap();
        std::future::pending::<()>().await;
    };
    (Router::new().route("/", get(handler)), has_begun, has_ended)
}

#[tokio::test(start_paused = true)]
async fn a_connection_can_be_cut_from_inside() {
    let (router, mut begun, ended) = endless();
    let served = Served::plain(AcceptLimits::default(), router);
    let start = Instant::now();
    let mut stream = served.connect_from(1);
    stream.write_all(GET).await.unwrap();
    begun.recv().await.unwrap().cancel();
    ended.await.unwrap_err();
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_requests_finish() {
    let (go_on, gate) = oneshot::channel::<()>();
    let gate = Arc::new(Mutex::new(Some(gate)));
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let router = Router::new().route(
        "/",
        get(move || async move {
            begun.send(()).unwrap();
            let gate = gate.lock().unwrap().take();
            gate.unwrap().await.unwrap();
            "finished"
        }),
    );
    let served = Served::plain(AcceptLimits::default(), router);
    let mut stream = served.connect_from(1);
    stream.write_all(GET).await.unwrap();
    has_begun.recv().await.unwrap();
    let mut idle = served.connect_from(2);
    served.stop.cancel();
    assert_eq!(rest(&mut idle).await, "");
    go_on.send(()).unwrap();
    assert!(rest(&mut stream).await.contains("finished"));
    let start = Instant::now();
    served.stopped().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn stopping_has_a_hard_deadline() {
    let (router, mut begun, ended) = endless();
    let served = Served::plain(AcceptLimits::default(), router);
    let mut stream = served.connect_from(1);
    stream.write_all(GET).await.unwrap();
    begun.recv().await.unwrap();
    let start = Instant::now();
    served.stop.cancel();
    served.stopped().await;
    assert_eq!(start.elapsed().as_secs(), 10);
    ended.await.unwrap_err();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_request_knows_its_peer() {
    let authority = Authority::new("alliance");
    let member = authority.client("雅鹿", 0xc0ffee);
    let rule = ClientRule { ca_pem: authority.ca_pem(), allow: Arc::new(|_| true), required: true };
    let tls = ServerTls::for_nodes(&authority.server("hub.shouwang"), rule).unwrap();
    let router = Router::new().route(
        "/",
        get(
            |Extension(from): Extension<PeerAddr>, Extension(shown): Extension<PeerCertificate>| async move {
                format!(
                    "{} {} {} {}",
                    from.0.ip(),
                    shown.serial_hex,
                    shown.subject_common_name,
                    shown.der.len() > 100
                )
            },
        ),
    );
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let at = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let acceptor = Acceptor::new("test", AcceptLimits::default()).with_tls(&tls);
    let mut tasks = JoinSet::new();
    tasks.spawn(acceptor.serve(listener, router, stop.clone()));

    let client = ClientTls::new(&authority.ca_pem(), Some(&member)).unwrap();
    let stream = TcpStream::connect(at).await.unwrap();
    let name = ServerName::try_from("hub.shouwang").unwrap();
    let mut stream = TlsConnector::from(client.config()).connect(name, stream).await.unwrap();
    stream.write_all(GET_AND_CLOSE).await.unwrap();
    let mut text = Vec::new();
    drop(stream.read_to_end(&mut text).await);
    let text = String::from_utf8(text).unwrap();
    assert!(text.ends_with("127.0.0.1 c0ffee 雅鹿 true"), "{text}");
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
}
