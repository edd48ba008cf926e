//! Between the wire and the shelf: names, publications as people see them, request ids.

use std::collections::BTreeSet;

use prost::Message;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    id::{MemberId, PublicationName, RecordId},
    publication::time_to_wire,
    refusal::Refusal,
    wire,
};
use uuid::Uuid;

use crate::{
    hub_link::status::LinkStatus,
    shelf::{Item, Standing, StandingName, unknown},
    store::RequestKey,
};

/// Stands in names for the member that this node is not yet.
const UNJOINED: &str = "unjoined";

/// What is needed to show an item.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) member: Option<MemberId>,
    pub(super) durable: u64,
    pub(super) searchable: u64,
    pub(super) quarantined: BTreeSet<u64>,
}

impl View {
    pub(super) fn new(member: Option<MemberId>, status: &LinkStatus) -> Self {
        let (durable, searchable) = (status.durable.seq, status.searchable.seq);
        Self { member, durable, searchable, quarantined: BTreeSet::new() }
    }

    /// The name of a record of this node.
    pub(super) fn name(&self, record: RecordId) -> String {
        let member = self.member.as_ref().map_or(UNJOINED, MemberId::as_str);
        format!("members/{member}/publications/{record}")
    }

    /// The record that a name of this node means.
    pub(super) fn record(&self, name: &str) -> Result<RecordId, Refusal> {
        let name: PublicationName =
            name.parse().map_err(|error| Refusal::field("name", format!("{error}")))?;
        let own = self.member.as_ref() == Some(&name.member) || name.member.as_str() == UNJOINED;
        if own { Ok(name.record) } else { Err(unknown()) }
    }

    /// A publication as its owner sees it.
    pub(super) fn show(&self, item: &Item) -> wire::Publication {
        let edition = item.standing.edition();
        wire::Publication {
            name: self.name(item.record),
            state: state_to_wire(item.standing.name()) as i32,
            revision: item.standing.revision(),
            create_time: Some(time_to_wire(item.created)),
            update_time: Some(time_to_wire(item.updated)),
            publish_time: edition.map(|edition| time_to_wire(edition.published)),
            delivery: self.delivery(&item.standing) as i32,
            ..item.content.to_wire()
        }
    }

    fn delivery(&self, standing: &Standing) -> wire::DeliveryState {
        let Standing::Published(edition) = standing else { return wire::DeliveryState::Unspecified };
        let seq = edition.entry.seq;
        if self.quarantined.contains(&seq) {
            wire::DeliveryState::Quarantined
        } else if seq <= self.searchable {
            wire::DeliveryState::Searchable
        } else if seq <= self.durable {
            wire::DeliveryState::Delivered
        } else {
            wire::DeliveryState::Local
        }
    }
}

pub(super) fn state_to_wire(name: StandingName) -> wire::PublicationState {
    match name {
        StandingName::Draft => wire::PublicationState::Draft,
        StandingName::Published => wire::PublicationState::Published,
        StandingName::Withdrawn => wire::PublicationState::Withdrawn,
    }
}

/// A state from the wire; `None` when unspecified or unknown.
pub(super) fn state_from_wire(state: i32) -> Option<StandingName> {
    StandingName::ALL.into_iter().find(|name| state_to_wire(*name) as i32 == state)
}

/// The key of a request that may come twice; `None` without an id.
pub(super) fn request_key<M: Message>(
    method: &str,
    request_id: &str,
    request: &M,
) -> Result<Option<RequestKey>, Refusal> {
    if request_id.is_empty() {
        return Ok(None);
    }
    let id = Uuid::parse_str(request_id)
        .map_err(|_| Refusal::field("request_id", "must be a UUID （须为 UUID）"))?
        .to_string();
    let mut hasher = Sha256::new();
    hasher.update(method.as_bytes());
    hasher.update([0]);
    hasher.update(request.encode_to_vec());
    Ok(Some(RequestKey { id, fingerprint: hasher.finalize().into() }))
}
