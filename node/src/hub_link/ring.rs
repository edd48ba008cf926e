//! The key ring: the certificate in use and, after a renewal, the next one. The old one is kept until the hub has
//! accepted the new one, so a renewal that went wrong locks nobody out.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use jiff::Timestamp;
use shouwang_proto::clock::from_millis;
use shouwang_serving::{
    durable,
    tls::{ClientTls, Identity},
};

use crate::membership::{KEYS_FOLDER, ROOT_FILE};

/// Key and certificate in use.
pub const CURRENT_FILE: &str = "tls.pem";
/// Key and certificate that were issued and not used yet.
const NEXT_FILE: &str = "tls-next.pem";

/// The key ring of a node that has joined.
#[derive(Debug)]
pub struct KeyRing {
    folder: PathBuf,
    tls: ClientTls,
    root_pem: String,
    pair: Mutex<Pair>,
}

#[derive(Debug)]
struct Pair {
    current: Identity,
    next: Option<Identity>,
    showing_next: bool,
}

impl Pair {
    fn shown(&self) -> &Identity {
        match &self.next {
            Some(next) if self.showing_next => next,
            Some(_) | None => &self.current,
        }
    }
}

impl KeyRing {
    /// Opens the key ring in a data folder.
    ///
    /// # Errors
    /// When a file is missing, open to others or damaged.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        let folder = data.join(KEYS_FOLDER);
        let root = data.join(ROOT_FILE);
        let root_pem =
            std::fs::read_to_string(&root).with_context(|| format!("cannot read {}", root.display()))?;
        let current = Identity::load(folder.join(CURRENT_FILE))?;
        let next_file = folder.join(NEXT_FILE);
        let next = if next_file.exists() { Some(Identity::load(next_file)?) } else { None };
        let pair = Pair { current, showing_next: next.is_some(), next };
        let tls = ClientTls::new(&root_pem, Some(pair.shown()))?;
        Ok(Self { folder, tls, root_pem, pair: Mutex::new(pair) })
    }

    /// TLS towards the hub's node port, showing this node's certificate.
    #[must_use]
    pub fn tls(&self) -> ClientTls {
        self.tls.clone()
    }

    /// TLS towards the hub's people port, showing nothing.
    ///
    /// # Errors
    /// When the root cannot be read.
    pub fn anonymous_tls(&self) -> anyhow::Result<ClientTls> {
        Ok(ClientTls::new(&self.root_pem, None)?)
    }

    /// Begin and end of the newest certificate, used or not: what decides about a renewal.
    #[must_use]
    pub fn validity(&self) -> (Timestamp, Timestamp) {
        let pair = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        let facts = pair.next.as_ref().unwrap_or(&pair.current).facts();
        (from_millis(facts.not_before_ms), from_millis(facts.not_after_ms))
    }

    /// End of the certificate that is shown now.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        let pair = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        from_millis(pair.shown().facts().not_after_ms)
    }

    /// Takes a new certificate with its key: from now on it is shown first.
    ///
    /// # Errors
    /// What the disk said; the old one stays in use then.
    pub fn take_next(&self, next: Identity) -> anyhow::Result<()> {
        next.save(self.folder.join(NEXT_FILE))?;
        let mut pair = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        self.tls.replace(Some(&next));
        pair.next = Some(next);
        pair.showing_next = true;
        Ok(())
    }

    /// The hub accepted what is shown: if that is the next certificate, it takes the place of the old one.
    ///
    /// # Errors
    /// What the disk said; both stay then.
    pub fn accepted(&self) -> anyhow::Result<()> {
        let mut pair = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        if !pair.showing_next {
            return Ok(());
        }
        let Some(next) = pair.next.clone() else { return Ok(()) };
        next.save(self.folder.join(CURRENT_FILE))?;
        durable::remove(&self.folder.join(NEXT_FILE)).map_err(|error: io::Error| anyhow::anyhow!(error))?;
        tracing::info!(ends = %from_millis(next.facts().not_after_ms), "the new certificate is in use");
        *pair = Pair { current: next, next: None, showing_next: false };
        Ok(())
    }

    /// The hub did not accept what is shown: show the other one, if there are two.
    pub fn refused(&self) {
        let mut pair = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        if pair.next.is_some() {
            pair.showing_next = !pair.showing_next;
            self.tls.replace(Some(pair.shown()));
        }
    }
}
