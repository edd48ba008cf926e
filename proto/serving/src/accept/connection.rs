//! One connection, from its TLS handshake to its end.

use super::peer::{PeerAddr, PeerCertificate};
use super::{AcceptLimits, Ticket};
use axum::Router;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What all connections of a port share.
pub(super) struct Port {
    pub(super) name: &'static str,
    pub(super) limits: AcceptLimits,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) router: Router,
    pub(super) tasks: TaskTracker,
    /// Finish what runs.
    pub(super) drain: CancellationToken,
    /// Stop now.
    pub(super) kill: CancellationToken,
}

/// Why a connection ended, for the counter.
#[derive(Clone, Copy, Debug)]
enum End {
    Closed,
    Failed,
    HandshakeFailed,
    HandshakeSlow,
    Silent,
    Killed,
}

impl End {
    fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Failed => "failed",
            Self::HandshakeFailed => "handshake_failed",
            Self::HandshakeSlow => "handshake_slow",
            Self::Silent => "silent",
            Self::Killed => "killed",
        }
    }
}

/// Serves a connection to its end; the ticket is given back with it.
pub(super) async fn serve<S>(port: Arc<Port>, stream: S, from: SocketAddr, ticket: Ticket)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let kill = port.kill.child_token();
    let end =
        kill.run_until_cancelled(serve_until_end(&port, stream, from, &kill)).await.unwrap_or(End::Killed);
    // Requests of a dead connection end with it, also those that wait for something else than the connection.
    kill.cancel();
    metrics::counter!("shouwang_connections_ended_total", "port" => port.name, "how" => end.as_str())
        .increment(1);
    drop(ticket);
}

async fn serve_until_end<S>(port: &Port, stream: S, from: SocketAddr, kill: &CancellationToken) -> End
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Some(tls) = &port.tls else {
        return Box::pin(serve_http(port, stream, Peer { address: from, certificate: None }, kill)).await;
    };
    let stream = match tokio::time::timeout(port.limits.handshake, tls.accept(stream)).await {
        Err(_elapsed) => return End::HandshakeSlow,
        Ok(Err(error)) => {
            tracing::debug!(port = port.name, %from, %error, "TLS handshake failed");
            return End::HandshakeFailed;
        }
        Ok(Ok(stream)) => stream,
    };
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let certificate = match shown.map(|der| PeerCertificate::from_der(der)).transpose() {
        Ok(certificate) => certificate,
        Err(error) => {
            tracing::debug!(port = port.name, %from, %error, "a verified certificate cannot be read");
            return End::HandshakeFailed;
        }
    };
    // In a box, so that the room for the handshake does not stay for as long as the connection.
    Box::pin(serve_http(port, stream, Peer { address: from, certificate }, kill)).await
}

async fn serve_http<S>(port: &Port, stream: S, peer: Peer, kill: &CancellationToken) -> End
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let from = peer.address;
    let asked = Arc::new(AtomicBool::new(false));
    let requests =
        Requests { router: port.router.clone(), peer, kill: kill.clone(), asked: Arc::clone(&asked) };
    let http = protocol(&port.limits, Tasks { tasks: port.tasks.clone(), kill: kill.clone() });
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), requests));
    let mut patience = std::pin::pin!(tokio::time::sleep(port.limits.headers));
    let (mut patient, mut draining) = (true, false);
    loop {
        tokio::select! {
            biased;
            result = connection.as_mut() => return match result {
                Ok(()) => End::Closed,
                Err(error) => {
                    tracing::debug!(port = port.name, %from, %error, "a connection failed");
                    End::Failed
                }
            },
            () = port.drain.cancelled(), if !draining => {
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
            () = patience.as_mut(), if patient => {
                if !asked.load(Ordering::Acquire) {
                    return End::Silent;
                }
                patient = false;
            }
        }
    }
}

fn protocol(limits: &AcceptLimits, tasks: Tasks) -> Builder<Tasks> {
    let mut http = Builder::new(tasks);
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        // hyper's minimum; it bounds the header block too.
        .max_buf_size(usize::try_from(limits.header_bytes).unwrap_or(usize::MAX).max(8192));
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_bytes)
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        .max_send_buf_size(limits.send_buffer)
        .keep_alive_interval(limits.keep_alive)
        .keep_alive_timeout(limits.keep_alive_timeout);
    http
}

#[derive(Clone)]
struct Peer {
    address: SocketAddr,
    certificate: Option<PeerCertificate>,
}

/// Hands requests to the router, with what is known about their connection.
#[derive(Clone)]
struct Requests {
    router: Router,
    peer: Peer,
    kill: CancellationToken,
    asked: Arc<AtomicBool>,
}

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response<axum::body::Body>;
    type Error = Infallible;
    type Future = <Router as tower::Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.asked.store(true, Ordering::Release);
        let extensions = request.extensions_mut();
        extensions.insert(PeerAddr(self.peer.address));
        extensions.insert(self.kill.clone());
        if let Some(certificate) = &self.peer.certificate {
            extensions.insert(certificate.clone());
        }
        // A router is always ready.
        tower::Service::call(&mut self.router.clone(), request)
    }
}

/// Runs the requests of a connection as tasks of its port, so that stopping waits for them and killing ends them.
#[derive(Clone)]
struct Tasks {
    tasks: TaskTracker,
    kill: CancellationToken,
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, request: F) {
        let kill = self.kill.clone();
        self.tasks.spawn(async move { kill.run_until_cancelled(request).await });
    }
}
