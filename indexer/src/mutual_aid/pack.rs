//! The offline pack of a member: who nearby has what, for the day the hub is away. Signed with the hub's own key, so
//! that a node believes it years later from its disk.

use std::{collections::BTreeSet, sync::Arc};

use arc_swap::ArcSwap;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    id::{AllianceId, GroupId},
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
        let mut drafts = [Draft { kept: Some(Vec::new()), ..Draft::of(member) }];
        self.fill(&mut drafts, roster).await?;
        let [draft] = drafts;
        let (content, resources) = draft.end(&self.council);
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

    /// Versions of the packs that these members would get now, in their order. What there is is read once for all of them.
    ///
    /// # Errors
    /// What the store said.
    pub(super) async fn versions(
        &self,
        members: &[MemberStanding],
        roster: &RosterSnapshot,
        now: Timestamp,
    ) -> Result<Vec<u64>, StoreError> {
        let mut drafts: Vec<_> = members.iter().map(Draft::of).collect();
        self.fill(&mut drafts, roster).await?;
        let contents: Vec<_> =
            drafts.into_iter().map(|draft| (draft.member.id.clone(), draft.end(&self.council).0)).collect();
        let write = async move |tx: &mut _| {
            let mut versions = Vec::with_capacity(contents.len());
            for (member, content) in &contents {
                versions.push(pack::pack_version(tx, member, *content, now).await?.0);
            }
            Ok(versions)
        };
        self.store.write(write).await
    }

    /// Puts everything that is offered into the drafts of those who may see it.
    async fn fill(&self, drafts: &mut [Draft<'_>], roster: &RosterSnapshot) -> Result<(), StoreError> {
        let mut after = None;
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
                let owner = roster.member(&row.name.member).filter(|owner| owner.is_active());
                let (Some(owner), Ok(publication)) = (owner, read_publication(&row)) else { continue };
                let member_display_name = owner.display_name.clone();
                let packed =
                    wire::PackedResource { publication: Some(publication), member_display_name, free };
                let encoded = packed.encode_to_vec();
                for draft in drafts.iter_mut().filter(|draft| draft.may_see(owner, &row.audience)) {
                    draft.add(&packed, &encoded);
                }
            }
            let Some(last) = names.into_iter().last() else { return Ok(()) };
            after = Some(last);
        }
    }
}

/// A pack while it grows.
struct Draft<'a> {
    member: &'a MemberStanding,
    count: usize,
    bytes: usize,
    /// Nothing smaller that comes later takes the place of what was left out.
    is_full: bool,
    /// Of what it holds, without version and time.
    content: Sha256,
    /// What it holds; none when only the content's hash is wanted.
    kept: Option<Vec<wire::PackedResource>>,
}

impl<'a> Draft<'a> {
    fn of(member: &'a MemberStanding) -> Self {
        Self { member, count: 0, bytes: 0, is_full: false, content: Sha256::new(), kept: None }
    }

    /// Whether the member may see what this owner published for this audience.
    fn may_see(&self, owner: &MemberStanding, audience: &BTreeSet<GroupId>) -> bool {
        owner.id == self.member.id || !audience.is_disjoint(&self.member.groups)
    }

    fn add(&mut self, packed: &wire::PackedResource, encoded: &[u8]) {
        if self.is_full {
            return;
        }
        let bytes = self.bytes + encoded.len() + 8;
        if self.count == PACK_RESOURCES || bytes > PACK_BYTES {
            tracing::warn!(member = %self.member.id, "the offline pack is full; the rest is left out");
            self.is_full = true;
            return;
        }
        (self.count, self.bytes) = (self.count + 1, bytes);
        hash_one(&mut self.content, encoded);
        if let Some(kept) = &mut self.kept {
            kept.push(packed.clone());
        }
    }

    /// The hash of what it holds, and what it holds.
    fn end(mut self, council: &[wire::DutyContact]) -> ([u8; 32], Vec<wire::PackedResource>) {
        for contact in council {
            hash_one(&mut self.content, &contact.encode_to_vec());
        }
        (self.content.finalize().into(), self.kept.unwrap_or_default())
    }
}

fn hash_one(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(bytes);
}

fn sign(
    pack: &[u8],
    identity: &Identity,
) -> Result<wire::SignedOfflinePack, shouwang_serving::tls::TlsError> {
    let signature = identity.sign(&[PACK_TAG, pack].concat())?;
    Ok(wire::SignedOfflinePack { pack: pack.to_vec(), certificates: identity.chain_der(), signature })
}
