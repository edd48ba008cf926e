use std::{collections::BTreeMap, sync::Mutex};

use jiff::SignedDuration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::tls::{ServerTls, trial::Authority};

/// Rows in memory: what was asked and what was noted.
#[derive(Clone, Debug)]
struct Rows {
    alerts: Arc<Mutex<BTreeMap<i64, Alert>>>,
    settled: watch::Sender<u64>,
    outcomes: Arc<Mutex<Vec<(i64, AlertOutcome)>>>,
}

impl Rows {
    fn new(alerts: impl IntoIterator<Item = Alert>) -> Self {
        let alerts = alerts.into_iter().map(|alert| (alert.id, alert)).collect();
        Self {
            alerts: Arc::new(Mutex::new(alerts)),
            settled: watch::Sender::new(0),
            outcomes: Arc::default(),
        }
    }

    async fn wait_for(&self, count: u64) {
        self.settled.subscribe().wait_for(|settled| *settled >= count).await.unwrap();
    }
}

impl AlertRows for Rows {
    fn changed(&self) -> watch::Receiver<u64> {
        self.settled.subscribe()
    }

    async fn due(
        &self,
        _channel: AlertChannel,
        _now: Timestamp,
        limit: u32,
    ) -> Result<(Vec<Alert>, Option<Timestamp>), StoreError> {
        let alerts = self.alerts.lock().unwrap();
        Ok((alerts.values().take(limit as usize).cloned().collect(), None))
    }

    async fn settle(
        &self,
        alert: &Alert,
        _channel: AlertChannel,
        outcome: AlertOutcome,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        self.alerts.lock().unwrap().remove(&alert.id);
        self.outcomes.lock().unwrap().push((alert.id, outcome));
        self.settled.send_modify(|settled| *settled += 1);
        Ok(())
    }

    async fn put_off(&self, alert: &Alert, problem: String, _due: Timestamp) -> Result<(), StoreError> {
        assert!(!problem.is_empty());
        if let Some(known) = self.alerts.lock().unwrap().get_mut(&alert.id) {
            known.attempts += 1;
        }
        self.settled.send_modify(|settled| *settled += 1);
        Ok(())
    }
}

fn alert(id: i64, expires: Option<Timestamp>) -> Alert {
    Alert { id, message_id: format!("m{id}"), body: format!("{{\"id\":{id}}}"), expires, attempts: 0 }
}

fn shell(script: &str) -> AlertsFile<()> {
    let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    AlertsFile { command, ..AlertsFile::default() }
}

/// Runs the hooks until so many things were noted.
async fn run(rows: &Rows, file: &AlertsFile<()>, count: u64) {
    let folder = tempfile::tempdir().unwrap();
    let world = World::system();
    let hooks = Hooks::open(file, folder.path(), "trial", &world).unwrap();
    let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
    hooks.start(rows, &world, &mut tasks, &stop);
    rows.wait_for(count).await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
}

#[tokio::test]
async fn what_is_too_old_is_noted_and_not_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard");
    let hour_ago = World::system().now().checked_sub(SignedDuration::from_hours(1)).unwrap();
    let rows = Rows::new([alert(1, Some(hour_ago)), alert(2, None)]);
    run(&rows, &shell(&format!("cat >> {}", heard.display())), 2).await;
    let mut outcomes = rows.outcomes.lock().unwrap().clone();
    outcomes.sort_by_key(|(id, _)| *id);
    assert_eq!(outcomes, [(1, AlertOutcome::Expired), (2, AlertOutcome::Delivered)]);
    assert_eq!(std::fs::read_to_string(heard).unwrap(), "{\"id\":2}");
}

#[tokio::test]
async fn a_hook_that_fails_is_put_off_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark").display().to_string();
    let rows = Rows::new([alert(1, None)]);
    run(&rows, &shell(&format!("test -e {mark} || {{ touch {mark}; exit 3; }}")), 2).await;
    assert_eq!(*rows.outcomes.lock().unwrap(), [(1, AlertOutcome::Delivered)]);
}

#[tokio::test]
async fn a_webhook_over_tls_is_believed_by_its_authority_alone() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("alarm");
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, authority.ca_pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut config = (*ServerTls::for_people(&authority.server("localhost")).unwrap().config()).clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let tls = TlsAcceptor::from(Arc::new(config));
    let serving = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = tls.accept(stream).await?;
        let mut piece = [0; 4_096];
        let read = stream.read(&mut piece).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
        std::io::Result::Ok(read)
    };
    let address = format!("https://localhost:{port}/");
    let world = World::system();
    let own = (folder.path(), "trial");
    let hook = WebHook::open(&address, None, Some(&roots), own, &world).unwrap();
    let (posted, served) = tokio::join!(hook.post("m", "{}", world.now()), serving);
    assert_eq!(posted, Ok(()));
    assert!(served.unwrap() > 0);

    std::fs::write(&roots, Authority::new("alarm").ca_pem()).unwrap();
    let hook = WebHook::open(&address, None, Some(&roots), own, &world).unwrap();
    let serving = async {
        let (stream, _) = listener.accept().await.unwrap();
        tls.accept(stream).await.is_err()
    };
    let (posted, refused) = tokio::join!(hook.post("m", "{}", world.now()), serving);
    assert!(posted.unwrap_err().contains("TLS") && refused);
}
