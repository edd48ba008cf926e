//! A channel to a server of ours.
//!
//! The name in the server's certificate is not the name it is dialled by: members reach the hub by address, and its
//! certificate says `hub.shouwang`. The channel connects when it is first used and again whenever the connection is
//! lost; when to try again is the caller's business ([`crate::backoff`]).

mod problem;
#[cfg(test)]
mod tests;

pub use problem::DialProblem;

use crate::tls::ClientTls;
use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

/// A byte stream to a server.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// A byte stream to a server, whatever carries it.
pub type BoxedIo = Box<dyn Io>;

/// Opens byte streams: TCP, or a simulated network.
pub trait Dialer: Send + Sync + 'static {
    /// Connects to a host by name or address.
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<BoxedIo>>;
}

/// Plain TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpDialer;

impl Dialer for TcpDialer {
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            let unknown = |_| io::Error::new(io::ErrorKind::NotFound, DialProblem::NameUnknown);
            let addresses: Vec<_> = lookup_host((host, port)).await.map_err(unknown)?.collect();
            let stream = TcpStream::connect(addresses.as_slice()).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as BoxedIo)
        })
    }
}

/// Whom to dial.
#[derive(Clone, Debug)]
pub struct Target {
    /// Name or address to connect to.
    pub host: String,
    /// Port to connect to.
    pub port: u16,
    /// Name that the server's certificate must carry, such as `hub.shouwang`.
    pub server_name: String,
    /// Whom to trust and what to show. None speaks plain text: only for a simulated network.
    pub tls: Option<ClientTls>,
}

/// Limits of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialLimits {
    /// Longest way to a connection that is ready for requests: name, TCP and TLS together. Default 5 s.
    pub connect: Duration,
    /// Pause between HTTP/2 pings, also without requests. Default 20 s.
    pub keep_alive: Duration,
    /// Longest wait for the answer to a ping. Default 10 s.
    pub keep_alive_timeout: Duration,
    /// HTTP/2 window of one request in bytes. Default 256 KiB.
    pub stream_window: u32,
    /// HTTP/2 window of the connection in bytes. Default 1 MiB.
    pub connection_window: u32,
    /// Largest header block in bytes. Default 16 KiB, room for a refusal with many wrong fields.
    pub header_bytes: u32,
}

impl Default for DialLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            keep_alive: Duration::from_secs(20),
            keep_alive_timeout: Duration::from_secs(10),
            stream_window: 256 * 1024,
            connection_window: 1024 * 1024,
            header_bytes: 16 * 1024,
        }
    }
}

/// A channel that connects when it is first used. Call it inside a tokio runtime.
///
/// # Errors
/// [`DialProblem::BadName`] if `target.server_name` is no host name.
pub fn channel(target: Target, dialer: Arc<dyn Dialer>, limits: &DialLimits) -> Result<Channel, DialProblem> {
    let endpoint = endpoint(&target, limits)?;
    let connector = connector(target, dialer, limits.connect)?;
    Ok(endpoint.connect_with_connector_lazy(connector))
}

/// A channel that is connected: for commands that want to say at once why it does not work.
///
/// A server that asks for a certificate this client does not have still seems to be there; the first request then
/// fails, and [`DialProblem::of`] says why.
///
/// # Errors
/// What kept it from connecting.
pub async fn connect(
    target: Target,
    dialer: Arc<dyn Dialer>,
    limits: &DialLimits,
) -> Result<Channel, DialProblem> {
    let endpoint = endpoint(&target, limits)?;
    let connector = connector(target, dialer, limits.connect)?;
    let connecting = Box::pin(endpoint.connect_with_connector(connector));
    connecting.await.map_err(|error| DialProblem::of(&error).unwrap_or(DialProblem::Lost))
}

fn endpoint(target: &Target, limits: &DialLimits) -> Result<Endpoint, DialProblem> {
    let scheme = if target.tls.is_some() { "https" } else { "http" };
    let origin = format!("{scheme}://{}", target.server_name);
    let origin = Uri::try_from(origin).map_err(|_| DialProblem::BadName)?;
    // The connector below knows where to go; this address only has to be one. It says `http` because our connector
    // does the TLS.
    Ok(Endpoint::from_static("http://shouwang.invalid")
        .origin(origin)
        .http2_keep_alive_interval(limits.keep_alive)
        .keep_alive_timeout(limits.keep_alive_timeout)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        .http2_max_header_list_size(limits.header_bytes))
}

/// What tonic wants as a connector.
trait Connector:
    tower::Service<Uri, Response = TokioIo<BoxedIo>, Error = io::Error, Future: Send> + Send + 'static
{
}

impl<S> Connector for S where
    S: tower::Service<Uri, Response = TokioIo<BoxedIo>, Error = io::Error, Future: Send> + Send + 'static
{
}

fn connector(
    target: Target,
    dialer: Arc<dyn Dialer>,
    limit: Duration,
) -> Result<impl Connector, DialProblem> {
    let name = ServerName::try_from(target.server_name).map_err(|_| DialProblem::BadName)?;
    let tls = target.tls.map(|tls| TlsConnector::from(tls.config()));
    let route = Arc::new(Route { host: target.host, port: target.port, name, tls, dialer });
    Ok(tower::service_fn(move |_uri: Uri| {
        let route = Arc::clone(&route);
        async move {
            let late = |_| io::Error::from(io::ErrorKind::TimedOut);
            let stream = tokio::time::timeout(limit, route.open()).await.map_err(late)??;
            Ok(TokioIo::new(stream))
        }
    }))
}

struct Route {
    host: String,
    port: u16,
    name: ServerName<'static>,
    tls: Option<TlsConnector>,
    dialer: Arc<dyn Dialer>,
}

impl Route {
    async fn open(&self) -> io::Result<BoxedIo> {
        let stream = self.dialer.dial(&self.host, self.port).await?;
        match &self.tls {
            None => Ok(stream),
            Some(tls) => Ok(Box::new(tls.connect(self.name.clone(), stream).await?)),
        }
    }
}
