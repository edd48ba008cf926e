//! The offline pack of a member: who nearby has what, for the day the hub is away. Signed with the hub's own key, so
//! that a node believes it years later from its disk.

use std::sync::Arc;

use arc_swap::ArcSwap;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    id::{AllianceId, MemberId},
    publication::time_to_wire,
    wire,
};
use shouwang_serving::{
    store::{Store, StoreError},
    tls::Identity,
};

use super::machine::ledger::{Book, LedgerKey};
use crate::{
    council::membership::{MemberStanding, RosterSnapshot},
    link::publication::read_publication,
    store::mutual_aid::{ledger, pack},
};
use jiff::Timestamp;

/// What a signature of a pack begins with, so that it is a signature of nothing else.
pub const PACK_TAG: &[u8] = b"shouwang-offline-pack-v1";
/// Most resources of a pack.
pub const PACK_RESOURCES: usize = 10_000;
/// Most bytes of a pack; room is left for certificates and signature.
const PACK_BYTES: usize = 31 * 1024 * 1024;
/// Resources read at once, so that a big pack never keeps a reader for long.
const PAGE: u32 = 200;

/// Makes packs.
#[derive(Clone, Debug)]
pub struct Packer {
    /// The database.
    pub store: Store,
    /// The alliance.
    pub alliance: AllianceId,
    /// The hub's key and certificate, as they are now.
    pub identity: Arc<ArcSwap<Identity>>,
    /// Telephone numbers of the council.
    pub council: Vec<wire::DutyContact>,
}

/// Why there is no pack.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// What the store said.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hub's key does not sign.
    #[error("the offline pack could not be signed: {0}")]
    Key(#[from] shouwang_serving::tls::TlsError),
}

impl Packer {
    /// The encoded, signed pack of a member, made from what it may see now; none when the node has the newest.
    ///
    /// # Errors
    /// [`PackError`].
    pub async fn pack(
        &self,
        member: &MemberStanding,
        roster: &RosterSnapshot,
        known_version: u64,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, PackError> {
        let resources = self.resources(member, roster).await?;
        let content = content_hash(&resources, &self.council);
        let id = member.id.clone();
        let write = async move |tx: &mut _| pack::pack_version(tx, &id, content, now).await;
        let (version, created) = self.store.write(write).await?;
        if version == known_version {
            return Ok(None);
        }
        let pack = wire::OfflinePack {
            version,
            member_id: member.id.to_string(),
            alliance_id: self.alliance.to_string(),
            create_time: Some(time_to_wire(created)),
            resources,
            council_contacts: self.council.clone(),
        };
        Ok(Some(sign(&pack.encode_to_vec(), &self.identity.load())?.encode_to_vec()))
    }

    async fn resources(
        &self,
        member: &MemberStanding,
        roster: &RosterSnapshot,
    ) -> Result<Vec<wire::PackedResource>, StoreError> {
        let (mut resources, mut bytes, mut after) = (Vec::new(), 0, None);
        loop {
            let from = after.take();
            let page = self.store.read(async move |conn| {
                let names = pack::resources_after(conn, from.as_ref(), PAGE).await?;
                let mut found = Vec::with_capacity(names.len());
                for name in &names {
                    let row = pack::resource_shown(conn, name).await?;
                    let free = {
                        let key = LedgerKey { resource: name.clone(), book: Book::Actual };
                        ledger::ledger_find(conn, &key).await?.map_or(0, |ledger| ledger.free())
                    };
                    found.extend(row.map(|row| (row, free)));
                }
                Ok((names, found))
            });
            let (names, found) = page.await?;
            for (row, free) in found {
                let Some(owner) = visible_owner(&row.name.member, member, &row.audience, roster) else {
                    continue;
                };
                let Ok(publication) = read_publication(&row) else { continue };
                let member_display_name = owner.display_name.clone();
                let packed =
                    wire::PackedResource { publication: Some(publication), member_display_name, free };
                bytes += packed.encoded_len() + 8;
                if resources.len() == PACK_RESOURCES || bytes > PACK_BYTES {
                    tracing::warn!(member = %member.id, "the offline pack is full; the rest is left out");
                    return Ok(resources);
                }
                resources.push(packed);
            }
            let Some(last) = names.into_iter().last() else { return Ok(resources) };
            after = Some(last);
        }
    }
}

/// The owner, when the member may see what it published for this audience.
fn visible_owner<'a>(
    owner: &MemberId,
    reader: &MemberStanding,
    audience: &std::collections::BTreeSet<shouwang_proto::id::GroupId>,
    roster: &'a RosterSnapshot,
) -> Option<&'a MemberStanding> {
    let owner = roster.member(owner).filter(|owner| owner.is_active())?;
    (owner.id == reader.id || !audience.is_disjoint(&reader.groups)).then_some(owner)
}

/// What a pack holds, without version and time.
fn content_hash(resources: &[wire::PackedResource], council: &[wire::DutyContact]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let encoded = resources.iter().map(prost::Message::encode_to_vec);
    for bytes in encoded.chain(council.iter().map(prost::Message::encode_to_vec)) {
        hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(&bytes);
    }
    hasher.finalize().into()
}

fn sign(
    pack: &[u8],
    identity: &Identity,
) -> Result<wire::SignedOfflinePack, shouwang_serving::tls::TlsError> {
    let signature = identity.sign(&[PACK_TAG, pack].concat())?;
    Ok(wire::SignedOfflinePack { pack: pack.to_vec(), certificates: identity.chain_der(), signature })
}
