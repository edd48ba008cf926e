//! The hook that is a web address: signed as Standard Webhooks say (standard-webhooks, version 1: HMAC-SHA256 over
//! `id.timestamp.body`).

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

use crate::{
    dial::{BoxedIo, Dialer as _, TcpDialer},
    durable::{self, Readers},
    tls::ClientTls,
};

/// The file with the secret, `whsec_` and base64.
const SECRET_FILE: &str = "webhook.secret";
/// Longest way of one alert, from the name of the host to the answer.
const LIMIT: Duration = Duration::from_secs(15);
/// Authorities that are trusted unless the configuration names others.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// An address that alerts are posted to.
pub(super) struct WebHook {
    address: Uri,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    secret: Zeroizing<Vec<u8>>,
    agent: &'static str,
}

impl std::fmt::Debug for WebHook {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WebHook").field("host", &self.host).finish_non_exhaustive()
    }
}

impl WebHook {
    /// For this address.
    ///
    /// # Errors
    /// When the address cannot be used, or the authorities or the secret cannot be read.
    pub(super) fn open(
        address: &str,
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
        Ok(Self { tls, host, port, secret: secret(data, world)?, address, agent })
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
        let seconds = now.as_second();
        let path = self.address.path_and_query().map_or("/", |path| path.as_str());
        let host = self.address.authority().map_or("", |authority| authority.as_str());
        let request = Request::post(path)
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, self.agent)
            .header("webhook-id", message_id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", self.signature(message_id, seconds, body)?)
            .body(body.to_owned())?;
        let stream = TcpDialer.dial(&self.host, self.port).await.context("the host cannot be reached")?;
        let stream: BoxedIo = match &self.tls {
            None => stream,
            Some((tls, name)) => Box::new(tls.connect(name.clone(), stream).await.context("no TLS")?),
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let mut answer = std::pin::pin!(sender.send_request(request));
        let answer = tokio::select! {
            answer = &mut answer => answer?,
            // A host may answer and hang up at once, well or badly: what counts is whether its answer came.
            ended = connection => answer.await.map_err(|error| ended.err().unwrap_or(error))?,
        };
        ensure!(answer.status().is_success(), "the host answered {}", answer.status());
        Ok(())
    }

    fn signature(&self, message_id: &str, seconds: i64, body: &str) -> anyhow::Result<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret)?;
        mac.update(format!("{message_id}.{seconds}.{body}").as_bytes());
        Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

fn is_own(host: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn open(address: &str) -> anyhow::Result<WebHook> {
        let folder = tempfile::tempdir().unwrap();
        WebHook::open(address, None, (folder.path(), "trial"), &World::system())
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
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        durable::write(&folder.path().join(SECRET_FILE), secret.as_bytes(), Readers::Owner).unwrap();
        let hook =
            WebHook::open("http://127.0.0.1:1/", None, (folder.path(), "trial"), &World::system()).unwrap();
        let signature =
            hook.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}").unwrap();
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
}
