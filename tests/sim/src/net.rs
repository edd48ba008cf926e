//! The simulated network, as the servers and their clients want one.

use std::{io, net::SocketAddr};

use futures::future::BoxFuture;
use shouwang_serving::{
    accept::Listener,
    dial::{BoxedIo, Dialer},
};
use turmoil::net::{TcpListener, TcpStream};

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
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        self.0.accept().await
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
            Ok(Box::new(stream) as BoxedIo)
        })
    }
}
