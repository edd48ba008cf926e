//! The baseline: connections under mutual TLS in a loop of tokio, one message handed to each, nothing kept.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::Context as _;
use bytes::Bytes;
use rustls::pki_types::ServerName;
use shouwang_serving::{
    accept::bind,
    tls::{ClientRule, ClientTls, ServerTls, trial::Authority},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, split},
    net::TcpStream,
    sync::mpsc::{Sender, UnboundedSender, channel},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Messages that wait for a connection.
const QUEUE: usize = 16;

/// Connections that are open on both ends.
pub(crate) struct Bare {
    links: Arc<Mutex<Vec<Sender<Bytes>>>>,
    _tasks: JoinSet<()>,
}

impl Bare {
    /// Opens so many; what is here is told to `heard`, and what is answered to `answered`.
    pub(crate) async fn open(
        count: u64,
        bytes: usize,
        heard: &UnboundedSender<Instant>,
        answered: &UnboundedSender<Instant>,
    ) -> anyhow::Result<Self> {
        let authority = Authority::new("park");
        let rule = ClientRule { ca_pem: authority.ca_pem(), allow: Arc::new(|_: &str| true), required: true };
        let server = ServerTls::for_nodes(&authority.server("hub.shouwang"), rule)?;
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        let links = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let (acceptor, known, told) =
            (TlsAcceptor::from(server.config()), Arc::clone(&links), answered.clone());
        tasks.spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, known, told) = (acceptor.clone(), Arc::clone(&known), told.clone());
                serving.spawn(async move { drop(serve(stream, acceptor, known, told).await) });
            }
        });
        let client = ClientTls::new(&authority.ca_pem(), Some(&authority.client("north", 7)))?;
        let connector = TlsConnector::from(client.config());
        for _ in 0..count {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let stream = connector.connect(ServerName::try_from("hub.shouwang")?, stream).await?;
            let heard = heard.clone();
            tasks.spawn(async move {
                let (mut reader, mut writer) = split(stream);
                let mut message = vec![0; bytes];
                while reader.read_exact(&mut message).await.is_ok() {
                    if heard.send(Instant::now()).is_err()
                        || writer.write_all(&[1]).await.is_err()
                        || writer.flush().await.is_err()
                    {
                        return;
                    }
                }
            });
        }
        while links.lock().unwrap_or_else(PoisonError::into_inner).len() < usize::try_from(count)? {
            tokio::task::yield_now().await;
        }
        Ok(Self { links, _tasks: tasks })
    }

    /// Hands a message to every connection.
    pub(crate) fn tell(&self, message: &Bytes) -> anyhow::Result<()> {
        for link in self.links.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            link.try_send(message.clone()).ok().context("a connection does not keep up")?;
        }
        Ok(())
    }
}

/// One connection at the server: writes what it is handed, and tells when the answer is there.
async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    known: Arc<Mutex<Vec<Sender<Bytes>>>>,
    answered: UnboundedSender<Instant>,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = split(acceptor.accept(stream).await?);
    let (link, mut messages) = channel::<Bytes>(QUEUE);
    known.lock().unwrap_or_else(PoisonError::into_inner).push(link);
    while let Some(message) = messages.recv().await {
        writer.write_all(&message).await?;
        writer.flush().await?;
        reader.read_exact(&mut [0]).await?;
        answered.send(Instant::now())?;
    }
    Ok(())
}
