//! The hook that is mail: one letter for each alert, handed to an SMTP server (RFC 5321) over TLS, unless the server is this
//! machine itself.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
    },
};
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    robot::{cut, words},
    webhook::{AUTHORITIES, is_own},
};
use crate::durable;

/// The file with the password of the account that sends.
const SECRET_FILE: &str = "mail.secret";
/// Longest way of one letter, from the name of the host to its last word.
const LIMIT: Duration = Duration::from_secs(30);
/// Most addresses.
const ADDRESSES: usize = 32;
/// Most bytes of a subject, and of a text.
const SUBJECT_BYTES: usize = 200;
const TEXT_BYTES: usize = 16 * 1024;

/// The table `[alerts.mail]`.
///
/// ```toml
/// [alerts.mail]
/// server = "smtp.park.example"
/// from = "守望 <shouwang@park.example>"
/// to = ["duty@park.example"]
/// user = "shouwang@park.example"     # its password is in the server's file mail.secret
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailFile {
    /// Host of the SMTP server.
    pub server: String,
    /// Its port. Default: 465 with `tls`, 587 with `starttls`, 25 with `none`.
    pub port: Option<u16>,
    /// How it is spoken to. Default: `tls`.
    #[serde(default)]
    pub security: MailSecurity,
    /// Who writes.
    pub from: String,
    /// Who reads: 1 to 32 addresses.
    pub to: Vec<String>,
    /// The account that sends, if the server wants one; its password is in the server's file `mail.secret` (mode 0600).
    pub user: Option<String>,
    /// Authorities (PEM) that the server is believed by. Default: those of the system.
    pub authorities: Option<PathBuf>,
}

/// How an SMTP server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the first byte (RFC 8314).
    #[default]
    Tls,
    /// TLS after `STARTTLS` (RFC 3207); without it nothing is sent.
    StartTls,
    /// None: for a server on this machine alone.
    None,
}

impl MailSecurity {
    fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// A way to send letters.
pub(super) struct MailHook {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
    limit: Duration,
}

impl std::fmt::Debug for MailHook {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MailHook").field("to", &self.to.len()).finish_non_exhaustive()
    }
}

impl MailHook {
    /// Checks what was chosen, and reads the password in the server's folder.
    ///
    /// # Errors
    /// When something in it cannot be; the message says what.
    pub(super) fn open(file: &MailFile, data: &Path) -> anyhow::Result<Self> {
        let MailFile { server, port, security, from, to, user, authorities } = file;
        ensure!(!server.is_empty() && !server.contains(['/', '@', ' ']), "server must be the name of a host");
        ensure!((1..=ADDRESSES).contains(&to.len()), "to must have 1 to {ADDRESSES} addresses");
        let tls = match security {
            MailSecurity::None => {
                ensure!(is_own(server), "without TLS only to this machine: security must be tls or starttls");
                Tls::None
            }
            MailSecurity::Tls => Tls::Wrapper(trusted(server, authorities.as_deref())?),
            MailSecurity::StartTls => Tls::Required(trusted(server, authorities.as_deref())?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server)
            .port(port.unwrap_or_else(|| security.port()))
            .tls(tls)
            .timeout(Some(LIMIT));
        if let Some(user) = user {
            builder = builder.credentials(Credentials::new(user.clone(), password(data)?));
        }
        Ok(Self {
            transport: builder.build(),
            from: mailbox(from).context("from")?,
            to: to.iter().map(|to| mailbox(to)).collect::<anyhow::Result<_>>().context("to")?,
            limit: LIMIT,
        })
    }

    /// Sends a letter once.
    ///
    /// # Errors
    /// Why it counts as failed: no way to the server, no answer in time, or the server's own words when it refused.
    pub(super) async fn send(&self, message_id: &str, body: &str, now: Timestamp) -> Result<(), String> {
        let letter = self.letter(message_id, body, now).map_err(|error| format!("{error:#}"))?;
        match timeout(self.limit, self.transport.send(letter)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_late) => Err(format!("no answer within {} s", self.limit.as_secs())),
        }
    }

    /// The letter. Its id is the alert's, so a repetition after a crash can be told.
    fn letter(&self, message_id: &str, body: &str, now: Timestamp) -> anyhow::Result<Message> {
        let text = words(body);
        let subject = text.lines().take(2).collect::<Vec<_>>().concat();
        let automatic =
            HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let domain = self.from.email.domain();
        let letter = Message::builder()
            .from(self.from.clone())
            .subject(cut(&subject, SUBJECT_BYTES))
            .date(now.into())
            .message_id(Some(format!("<{message_id}@{domain}>")))
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN);
        let letter = self.to.iter().fold(letter, |letter, to| letter.to(to.clone()));
        Ok(letter.body(cut(&text, TEXT_BYTES).into_owned())?)
    }
}

/// One address, perhaps with a name before it. The library reads the first of several and forgets the rest.
fn mailbox(written: &str) -> anyhow::Result<Mailbox> {
    let read: Mailbox = written.parse().with_context(|| format!("`{written}` is no address"))?;
    let address = read.email.to_string();
    let is_all = written.trim().trim_end_matches('>').ends_with(&address);
    ensure!(is_all && !written.contains(char::is_control), "`{written}` is not one address");
    Ok(read)
}

/// TLS 1.2 or newer, towards a server that one of the authorities vouches for.
fn trusted(server: &str, authorities: Option<&Path>) -> anyhow::Result<TlsParameters> {
    let file = authorities.unwrap_or(Path::new(AUTHORITIES));
    let pem =
        std::fs::read(file).with_context(|| format!("cannot read the authorities in {}", file.display()))?;
    let known = Certificate::from_pem(&pem).with_context(|| format!("{} is no PEM", file.display()))?;
    let parameters = TlsParameters::builder(server.to_owned())
        .certificate_store(CertificateStore::None)
        .add_root_certificate(known)
        .build_rustls()?;
    Ok(parameters)
}

fn password(data: &Path) -> anyhow::Result<String> {
    let path = data.join(SECRET_FILE);
    let stored = durable::read_secret(&path).with_context(|| format!("cannot use {}", path.display()))?;
    let stored = stored
        .with_context(|| format!("the password of `user` is missing: put it into {}", path.display()))?;
    let text =
        std::str::from_utf8(&stored).map(|text| text.trim_end_matches(['\r', '\n'])).unwrap_or_default();
    ensure!(!text.is_empty(), "{} holds no password", path.display());
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
