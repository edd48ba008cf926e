//! The offline pack of this node: kept as the hub signed it, believed only after its signature was checked.

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::Context as _;
use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    id::{AllianceId, MemberId},
    wire,
};
use shouwang_serving::{
    store::StoreError,
    tls::{TlsError, check_signed},
};

use crate::{
    hub_link::HUB_NAME,
    inbox::pack::{PACK_BYTES, Pack, PackError, signed_message},
    membership::{Membership, ROOT_FILE},
    store::NodeStore,
};

/// Why a pack was not taken. The one before stays.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It is not what a pack must be.
    #[error(transparent)]
    Wrong(#[from] PackError),
    /// The hub of this alliance did not sign it.
    #[error("the signature is not good: {0}")]
    Unsigned(#[from] TlsError),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a pack that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It took the place of the one before.
    New,
    /// It is not newer than the one that is here.
    Known,
}

/// The pack of a node that has joined. Clones share it.
#[derive(Clone, Debug)]
pub struct OfflinePacks {
    store: NodeStore,
    root_pem: Arc<str>,
    /// Who this node is.
    pub member: MemberId,
    alliance: AllianceId,
    current: Arc<RwLock<Option<Arc<Pack>>>>,
}

impl OfflinePacks {
    /// Opens the pack that is kept, if there is one. One that is damaged is as good as none: the hub gives another.
    ///
    /// # Errors
    /// When the alliance's root cannot be read, or the store does not answer.
    pub async fn open(data: &Path, membership: &Membership, store: NodeStore) -> anyhow::Result<Self> {
        let root = data.join(ROOT_FILE);
        let root_pem =
            std::fs::read_to_string(&root).with_context(|| format!("cannot read {}", root.display()))?;
        let packs = Self {
            store,
            root_pem: root_pem.into(),
            member: membership.member.clone(),
            alliance: membership.alliance.clone(),
            current: Arc::default(),
        };
        if let Some((signed, received)) = packs.store.pack_find().await? {
            // As of when it came: the certificate may have ended since, and the pack is as good as it was.
            match packs.check(&signed, received) {
                Ok(pack) => packs.replace(pack),
                Err(error) => tracing::error!(%error, "the offline pack on disk cannot be used"),
            }
        }
        Ok(packs)
    }

    /// The pack, if there is one.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Pack>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Version of the pack; 0 without one.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.current().map_or(0, |pack| pack.version())
    }

    /// Checks a signed pack and keeps it, if it is newer.
    ///
    /// # Errors
    /// [`NotTaken`]; the one before stays.
    pub async fn take(&self, signed: Vec<u8>, now: Timestamp) -> Result<Taken, NotTaken> {
        let pack = self.check(&signed, now)?;
        if self.current().is_some_and(|known| !pack.is_newer_than(&known)) {
            return Ok(Taken::Known);
        }
        self.store.pack_put(pack.version(), signed, now).await?;
        self.replace(pack);
        Ok(Taken::New)
    }

    fn replace(&self, pack: Pack) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(pack));
    }

    fn check(&self, signed: &[u8], at: Timestamp) -> Result<Pack, NotTaken> {
        if signed.len() > PACK_BYTES {
            return Err(PackError::TooLarge.into());
        }
        let wire::SignedOfflinePack { pack, certificates, signature } =
            wire::SignedOfflinePack::decode(signed)
                .map_err(|error| PackError::Unreadable(error.to_string()))?;
        let at = Duration::from_millis(u64::try_from(at.as_millisecond()).unwrap_or(0));
        check_signed(&self.root_pem, HUB_NAME, &certificates, at, &signed_message(&pack), &signature)?;
        Ok(Pack::read(&pack, &self.member, &self.alliance)?)
    }
}
