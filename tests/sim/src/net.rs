//! The simulated network, as the servers and their clients want one.

use std::{
    cell::RefCell,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use shouwang_serving::{
    accept::Listener,
    dial::{BoxedIo, Dialer},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

thread_local! {
    /// Connections of a machine that dies at this moment.
    static DYING: RefCell<Option<Vec<TcpStream>>> = const { RefCell::new(None) };
}

/// Lets a machine die, in an order that the seed decides.
///
/// tokio drops the tasks of a runtime by their ids, and ids are counted over the whole process: other runs beside this one
/// would decide which connection ends first, and so which of them draws which delay. Therefore a dying machine keeps its
/// connections to the last; [`LastBreath`] then ends them by their addresses.
pub fn die(crash: impl FnOnce()) {
    DYING.set(Some(Vec::new()));
    crash();
    // Empty, unless the machine had ended by itself before.
    DYING.take();
}

/// Ends the connections of a dying machine in order. The main task of a machine holds it: turmoil drops that one last.
#[derive(Debug)]
pub struct LastBreath;

impl Drop for LastBreath {
    fn drop(&mut self) {
        let Some(mut connections) = DYING.take() else { return };
        connections.sort_by_key(|stream| (stream.local_addr().ok(), stream.peer_addr().ok()));
        connections.into_iter().for_each(drop);
    }
}

/// A connection.
pub struct SimStream(Option<TcpStream>);

impl SimStream {
    fn inner(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.0.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        let stream = self.0.take();
        DYING.with_borrow_mut(|dying| match dying {
            Some(connections) => connections.extend(stream),
            None => drop(stream),
        });
    }
}

impl AsyncRead for SimStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for SimStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.inner()?.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_shutdown(cx)
    }
}

/// A port of a simulated host.
pub struct SimListener(TcpListener);

impl SimListener {
    /// Listens on a port of the host on which this runs.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn bind(port: u16) -> io::Result<Self> {
        TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, port)).await.map(Self)
    }
}

impl Listener for SimListener {
    type Stream = SimStream;

    async fn accept(&mut self) -> io::Result<(SimStream, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        Ok((SimStream(Some(stream)), peer))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Dials hosts of the simulation by their names.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimDialer;

impl Dialer for SimDialer {
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            let stream = TcpStream::connect((host, port)).await?;
            Ok(Box::new(SimStream(Some(stream))) as BoxedIo)
        })
    }
}
