//! Where connections come from: a real socket, or whatever a simulation brings.

use anyhow::bail;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Connections that wait for the accept loop. A hub that comes back meets all nodes at once.
const BACKLOG: u32 = 4096;
/// A peer that takes no byte for this long is gone or hostile; the kernel then cuts the connection, whatever HTTP
/// version it speaks.
const UNTAKEN_LIMIT: Duration = Duration::from_secs(60);

/// A source of connections.
pub trait Listener: Send + 'static {
    /// One connection.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Waits for the next connection. Must be safe to drop while waiting.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// Where it listens.
    ///
    /// # Errors
    /// What the system said.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, from) = TcpListener::accept(self).await?;
        // A connection that is already gone answers with errors here; its first read will say so better.
        if let Err(error) = tune(&stream) {
            tracing::debug!(%error, "a socket took no options");
        }
        Ok((stream, from))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNTAKEN_LIMIT))
}

/// A listening socket with a queue long enough for everybody at once.
///
/// # Errors
/// What the system said, such as an address in use, and what to look for.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    listen(address).map_err(|error| {
        let words = format!(
            "cannot listen on {address}: is another program there, or the address not ours?: {error}"
        );
        io::Error::new(error.kind(), words)
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Or a restart would wait for the connections of the last run to time out.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A listening socket for pages without TLS. They are for this machine alone: what goes over a wire is encrypted.
///
/// # Errors
/// When the address is not a loopback address; what the system said.
pub fn bind_loopback(address: SocketAddr) -> anyhow::Result<TcpListener> {
    if !address.ip().is_loopback() {
        bail!(
            "the pages without TLS listen on loopback addresses only, not on {address}: let a proxy on this machine speak \
             TLS, or open the pages at the port for people and programs, which does"
        );
    }
    Ok(bind(address)?)
}
