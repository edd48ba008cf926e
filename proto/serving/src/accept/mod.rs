//! One accept loop for every port of both servers.
//!
//! What a server library leaves out, an attacker or a broken network finds: a cap on connections and one per
//! address, time-outs for the handshake and for the first request, pings, a pause when files run out, and a stop that
//! ends. A request finds [`PeerAddr`], [`PeerCertificate`] (if one was shown) and the connection's
//! `tokio_util::sync::CancellationToken` in its extensions; cancelling that token cuts the connection at once, with
//! all its requests, which is what happens to a revoked certificate.
//!
//! ```no_run
//! # async fn example(tls: shouwang_serving::tls::ServerTls, routes: axum::Router) -> std::io::Result<()> {
//! use shouwang_serving::accept::{self, Acceptor, AcceptLimits};
//! let stop = tokio_util::sync::CancellationToken::new();
//! let listener = accept::bind("127.0.0.1:7443".parse().expect("an address"))?;
//! Acceptor::new("nodes", AcceptLimits::nodes()).with_tls(&tls).serve(listener, routes, stop).await;
//! # Ok(()) }
//! ```

mod admission;
mod connection;
mod limits;
mod listener;
mod peer;
#[cfg(test)]
mod tests;

pub use limits::{AcceptLimits, open_file_limit};
pub use listener::{Listener, bind, bind_loopback};
pub use peer::{PeerAddr, PeerCertificate};

use crate::tls::ServerTls;
use admission::{Admission, Excess};
use axum::Router;
use connection::Port;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// After the last deadline tasks are dropped at their next await; one that never awaits is left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(1);

/// Accepts connections for one port.
#[derive(Clone, Debug)]
pub struct Acceptor {
    name: &'static str,
    limits: AcceptLimits,
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl Acceptor {
    /// A port under a name for logs and counters.
    #[must_use]
    pub fn new(name: &'static str, limits: AcceptLimits) -> Self {
        Self { name, limits, tls: None }
    }

    /// Speaks TLS.
    #[must_use]
    pub fn with_tls(mut self, tls: &ServerTls) -> Self {
        self.tls = Some(tls.config());
        self
    }

    /// Serves until `stop` is cancelled, then lets running requests finish for [`AcceptLimits::drain`], then cuts
    /// them, and returns. Long streams should watch `stop` themselves. A `tonic::service::Routes` becomes a router by
    /// `into_axum_router`.
    pub async fn serve<L: Listener>(self, mut listener: L, router: Router, stop: CancellationToken) {
        let files = open_file_limit();
        metrics::gauge!("shouwang_open_files_limit")
            .set(files.and_then(|files| u32::try_from(files).ok()).map_or(f64::INFINITY, f64::from));
        let most = limits::connections_within(self.limits.connections, files);
        tracing::info!(port = self.name, address = ?listener.local_addr().ok(), most, "serving");
        let admission = Arc::new(Mutex::new(Admission::new(most, self.limits.per_address)));
        let port = Arc::new(Port {
            name: self.name,
            limits: self.limits,
            tls: self.tls.map(TlsAcceptor::from),
            router,
            tasks: TaskTracker::new(),
            drain: stop.clone(),
            kill: CancellationToken::new(),
        });
        // Also when this future is dropped, which is how a server is crashed in a test: no connection outlives it.
        let _cut = port.kill.clone().drop_guard();
        let accepting = accept_all(&mut listener, &port, &admission);
        // Only the stop ends this.
        stop.run_until_cancelled(accepting).await;
        drop(listener);
        finish(&port).await;
    }
}

async fn accept_all<L: Listener>(listener: &mut L, port: &Arc<Port>, admission: &Arc<Mutex<Admission>>) {
    let mut failures = 0;
    loop {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                failures += 1;
                if let Some(pause) = pause_after(&error, failures) {
                    metrics::counter!("shouwang_accept_failures_total", "port" => port.name).increment(1);
                    tracing::warn!(port = port.name, %error, ?pause, "cannot accept connections");
                    tokio::time::sleep(pause).await;
                }
                continue;
            }
        };
        failures = 0;
        match Ticket::take(admission, from.ip(), port.name) {
            Ok(ticket) => {
                port.tasks.spawn(connection::serve(Arc::clone(port), stream, from, ticket));
            }
            Err(excess) => {
                // Dropping the stream is the cheapest way to say no.
                let reason = excess.as_str();
                metrics::counter!("shouwang_connections_refused_total", "port" => port.name, "reason" => reason)
                    .increment(1);
                tracing::debug!(port = port.name, %from, reason, "connection refused");
            }
        }
    }
}

/// How long to leave the listener alone after an error; none if only that one connection was lost.
fn pause_after(error: &io::Error, failures: u32) -> Option<Duration> {
    let one_lost = [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::Interrupted,
    ];
    // All others are mostly no file handles left: asking again at once would burn a core until somebody hangs up.
    (!one_lost.contains(&error.kind()))
        .then(|| Duration::from_millis(50 << failures.saturating_sub(1).min(4)).min(Duration::from_secs(1)))
}

async fn finish(port: &Port) {
    port.tasks.close();
    if tokio::time::timeout(port.limits.drain, port.tasks.wait()).await.is_ok() {
        return;
    }
    tracing::info!(port = port.name, left = port.tasks.len(), "cutting what has not finished");
    port.kill.cancel();
    if tokio::time::timeout(LEFT_BEHIND, port.tasks.wait()).await.is_err() {
        tracing::warn!(port = port.name, left = port.tasks.len(), "some tasks do not stop");
    }
}

/// A place on a port, given back when dropped.
struct Ticket {
    admission: Arc<Mutex<Admission>>,
    address: IpAddr,
    port: &'static str,
}

impl Ticket {
    fn take(admission: &Arc<Mutex<Admission>>, address: IpAddr, port: &'static str) -> Result<Self, Excess> {
        let mut counts = admission.lock().unwrap_or_else(PoisonError::into_inner);
        counts.enter(address)?;
        show_open(port, counts.open());
        Ok(Self { admission: Arc::clone(admission), address, port })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = self.admission.lock().unwrap_or_else(PoisonError::into_inner);
        counts.leave(self.address);
        show_open(self.port, counts.open());
    }
}

fn show_open(port: &'static str, open: usize) {
    metrics::gauge!("shouwang_connections_open", "port" => port).set(u32::try_from(open).unwrap_or(u32::MAX));
}
