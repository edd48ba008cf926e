//! The hook that is a web address: signed as Standard Webhooks say (standard-webhooks, version 1: HMAC-SHA256 over
//! `id.timestamp.body`), or as the robot of a group chat wants it.

use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Request, Uri, header, uri::Scheme};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::ServerName;
use sha2::Sha256;
use shouwang_proto::clock::World;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::robot::{self, Robot};
use crate::{
    dial::{BoxedIo, Dialer as _, TcpDialer},
    durable::{self, Readers},
    tls::ClientTls,
};

/// The file with the secret, `whsec_` and base64.
const SECRET_FILE: &str = "webhook.secret";
/// The file with the secret that a robot's platform gave; a robot without one signs nothing.
const ROBOT_FILE: &str = "robot.secret";
/// Most bytes of an answer that are read.
const ANSWER_BYTES: usize = 64 * 1024;
/// Longest way of one alert, from the name of the host to the answer.
const LIMIT: Duration = Duration::from_secs(15);
/// Authorities that are trusted unless the configuration names others.
pub(super) const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// An address that alerts are posted to.
pub(super) struct WebHook {
    address: Uri,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    tongue: Tongue,
    agent: &'static str,
}

/// What is spoken at the address.
enum Tongue {
    /// Standard Webhooks, signed with this.
    Standard(Zeroizing<Vec<u8>>),
    /// A robot's, signed with what its platform gave, if it gave something.
    Robot(Robot, Option<Zeroizing<String>>),
}

impl std::fmt::Debug for WebHook {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WebHook").field("host", &self.host).finish_non_exhaustive()
    }
}

impl WebHook {
    /// For this address, and for this robot if it is one's.
    ///
    /// # Errors
    /// When the address cannot be used, or the authorities or the secret cannot be read.
    pub(super) fn open(
        address: &str,
        robot: Option<Robot>,
        authorities: Option<&Path>,
        (data, agent): (&Path, &'static str),
        world: &World,
    ) -> anyhow::Result<Self> {
        let address: Uri = address.parse().with_context(|| format!("`{address}` is no address"))?;
        let authority = address.authority().context("it names no host")?;
        ensure!(!authority.as_str().contains('@'), "it must not hold a password");
        let bracketed = authority.host();
        let host = bracketed.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(bracketed);
        let host = host.to_owned();
        let secure = match address.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => {
                ensure!(is_own(&host), "plain http is for this machine alone; use https");
                false
            }
            Some(_) | None => bail!("it must begin with https://"),
        };
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let tls = secure.then(|| connector(&host, authorities)).transpose()?;
        let tongue = match robot {
            None => Tongue::Standard(secret(data, world)?),
            Some(robot) => Tongue::Robot(robot, robot_secret(data)?),
        };
        Ok(Self { tls, host, port, tongue, address, agent })
    }

    /// Posts an alert once.
    ///
    /// # Errors
    /// Why it counts as failed: no way to the host, no answer in time, or another one than 2xx.
    pub(super) async fn post(&self, message_id: &str, body: &str, now: Timestamp) -> Result<(), String> {
        match timeout(LIMIT, self.try_post(message_id, body, now)).await {
            Ok(answered) => answered.map_err(|error| format!("{error:#}")),
            Err(_late) => Err(format!("no answer within {} s", LIMIT.as_secs())),
        }
    }

    async fn try_post(&self, message_id: &str, body: &str, now: Timestamp) -> anyhow::Result<()> {
        let request = self.request(message_id, body, now)?;
        let stream = TcpDialer.dial(&self.host, self.port).await.context("the host cannot be reached")?;
        let stream: BoxedIo = match &self.tls {
            None => stream,
            Some((tls, name)) => Box::new(tls.connect(name.clone(), stream).await.context("no TLS")?),
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let mut answered = std::pin::pin!(async move {
            let answer = sender.send_request(request).await?;
            ensure!(answer.status().is_success(), "the host answered {}", answer.status());
            let Tongue::Robot(robot, _) = &self.tongue else { return Ok(()) };
            let said = axum::body::to_bytes(axum::body::Body::new(answer.into_body()), ANSWER_BYTES).await;
            robot.taken(&said.context("the answer broke off")?)
        });
        tokio::select! {
            answered = &mut answered => answered,
            // A host may answer and hang up at once, well or badly: what counts is whether its answer came.
            ended = connection => answered.await.map_err(|error| match ended {
                Ok(()) => error,
                Err(ended) => error.context(ended),
            }),
        }
    }

    /// What is sent.
    fn request(&self, message_id: &str, body: &str, now: Timestamp) -> anyhow::Result<Request<String>> {
        let path = self.address.path_and_query().map_or("/", |path| path.as_str());
        let host = self.address.authority().map_or("", |authority| authority.as_str());
        let to = |path: &str| {
            Request::post(path)
                .header(header::HOST, host)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::USER_AGENT, self.agent)
        };
        match &self.tongue {
            Tongue::Standard(secret) => {
                let seconds = now.as_second();
                let request = to(path)
                    .header("webhook-id", message_id)
                    .header("webhook-timestamp", seconds)
                    .header("webhook-signature", signature(secret, message_id, seconds, body)?);
                Ok(request.body(body.to_owned())?)
            }
            Tongue::Robot(robot, secret) => {
                let secret = secret.as_ref().map(|secret| secret.as_str());
                let letter = robot.letter(path, &robot::words(body), secret, now)?;
                Ok(to(&letter.path).body(letter.body)?)
            }
        }
    }
}

fn signature(secret: &[u8], message_id: &str, seconds: i64, body: &str) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret)?;
    mac.update(format!("{message_id}.{seconds}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

pub(super) fn is_own(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn connector(host: &str, authorities: Option<&Path>) -> anyhow::Result<(TlsConnector, ServerName<'static>)> {
    let file = authorities.unwrap_or(Path::new(AUTHORITIES));
    let pem = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the authorities in {}", file.display()))?;
    let mut config = (*ClientTls::new(&pem, None)?.config()).clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(host.to_owned()).context("the host has no usable name")?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

/// The secret that signs, made at the first start with a webhook.
fn secret(data: &Path, world: &World) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let path = data.join(SECRET_FILE);
    let stored = durable::read_secret(&path).with_context(|| format!("cannot use {}", path.display()))?;
    if let Some(stored) = stored {
        let text = std::str::from_utf8(&stored).map(str::trim).unwrap_or_default();
        let secret = text.strip_prefix("whsec_").and_then(|base64| STANDARD.decode(base64).ok());
        let secret = secret.filter(|secret| secret.len() >= 24).map(Zeroizing::new);
        return secret.with_context(|| {
            format!("{} holds no `whsec_` secret; remove it to get a new one", path.display())
        });
    }
    let secret = Zeroizing::new(world.random::<32>().to_vec());
    let text = Zeroizing::new(format!("whsec_{}\n", STANDARD.encode(secret.as_slice())));
    durable::write(&path, text.as_bytes(), Readers::Owner)?;
    Ok(secret)
}

/// The secret of a robot, as its platform shows it.
fn robot_secret(data: &Path) -> anyhow::Result<Option<Zeroizing<String>>> {
    let path = data.join(ROBOT_FILE);
    let stored = durable::read_secret(&path).with_context(|| format!("cannot use {}", path.display()))?;
    let Some(stored) = stored else { return Ok(None) };
    let text = std::str::from_utf8(&stored).map(str::trim).unwrap_or_default();
    ensure!(!text.is_empty(), "{} holds no secret; remove it if the robot has none", path.display());
    Ok(Some(Zeroizing::new(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    fn open(address: &str) -> anyhow::Result<WebHook> {
        let folder = tempfile::tempdir().unwrap();
        WebHook::open(address, None, None, (folder.path(), "trial"), &World::system())
    }

    #[test]
    fn plain_text_stays_on_this_machine() {
        for good in ["http://127.0.0.1:1/x", "http://localhost/", "http://[::1]:8080/a?b=c"] {
            open(good).unwrap();
        }
        for bad in ["http://alarm.example/", "ftp://127.0.0.1/", "alarm", "https://user:pass@a.example/"] {
            assert!(open(bad).is_err(), "{bad}");
        }
    }

    /// The example of the specification's own libraries.
    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        let folder = tempfile::tempdir().unwrap();
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        durable::write(&folder.path().join(SECRET_FILE), text.as_bytes(), Readers::Owner).unwrap();
        let secret = secret(folder.path(), &World::system()).unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = signature(&secret, id, 1_614_265_330, "{\"test\": 2432232314}").unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_secret_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = secret(folder.path(), &World::system()).unwrap();
        assert_eq!(secret(folder.path(), &World::system()).unwrap(), first);
        durable::write(&folder.path().join(SECRET_FILE), b"whsec_c2hvcnQ=", Readers::Owner).unwrap();
        assert!(secret(folder.path(), &World::system()).is_err());
    }

    /// A host that answers one request and gives what it was sent.
    async fn host(answer: &'static str) -> (String, JoinSet<String>) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/robot/send?access_token=1", listener.local_addr().unwrap());
        let mut heard = JoinSet::new();
        heard.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            while !heard.ends_with(b"}") {
                assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0, "it ended early");
            }
            let length = answer.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(format!("{head}{answer}").as_bytes()).await.unwrap();
            String::from_utf8(heard).unwrap()
        });
        (address, heard)
    }

    #[tokio::test]
    async fn a_robot_that_answers_200_and_refuses_has_not_taken_it() {
        let folder = tempfile::tempdir().unwrap();
        durable::write(&folder.path().join(ROBOT_FILE), b" SECabc\n", Readers::Owner).unwrap();
        let at = |address: String| {
            let data = (folder.path(), "trial");
            WebHook::open(&address, Some(Robot::DingTalk), None, data, &World::system()).unwrap()
        };
        let now = World::system().now();
        let body = r#"{"event":"test","text_zh":"测试"}"#;

        let (address, mut heard) = host(r#"{"errcode":0,"errmsg":"ok"}"#).await;
        at(address).post("m1", body, now).await.unwrap();
        let heard = heard.join_next().await.unwrap().unwrap();
        assert!(heard.starts_with("POST /robot/send?access_token=1&timestamp="), "{heard}");
        assert!(heard.contains("&sign=") && heard.contains("测试") && !heard.contains("SECabc"), "{heard}");

        let (address, _heard) = host(r#"{"errcode":310000,"errmsg":"sign not match"}"#).await;
        let refused = at(address).post("m2", body, now).await.unwrap_err();
        assert!(refused.contains("sign not match"), "{refused}");
        durable::write(&folder.path().join(ROBOT_FILE), b"\n", Readers::Owner).unwrap();
        assert!(robot_secret(folder.path()).is_err(), "an empty secret is a mistake");
    }
}
