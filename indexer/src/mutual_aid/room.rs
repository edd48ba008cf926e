//! What all of mutual aid at the hub shares.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde_json::json;
use shouwang_proto::{
    clock::World,
    id::{AllianceId, MemberId},
    publication::DutyContact,
};
use shouwang_serving::{
    store::{Store, StoreError, Tx},
    tls::Identity,
};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tonic::Status;

use super::{
    bell::Bell, council_duty::CouncilDuty, intake, machine::policy::Policy, pack::Packer,
    pack_news::PackNews, pool::Pools, receipts::Receipts, shelf::Shelf, tasks::RESTORED,
};
use crate::{
    council::{audit::Deed, roster::Roster},
    link::board::LinkBoard,
    store::{
        audit::audit_add,
        hub::hub_went_back,
        hub_log::HubLogHead,
        mutual_aid::{
            ahead::numbers_go_ahead,
            aid_heads, aid_lock,
            outbox::{self, NewNotice},
            task::task_undo,
        },
    },
};

/// How often a hub looks for what another hub on the same database wrote.
const POLL: Duration = Duration::from_millis(500);

/// What the room is made of.
#[derive(Clone, Debug)]
pub struct AidParts {
    /// The database.
    pub store: Store,
    /// The members.
    pub roster: Roster,
    /// How the links are.
    pub board: LinkBoard,
    /// Tells of what is published.
    pub hub_log: HubLogHead,
    /// The alliance.
    pub alliance: AllianceId,
    /// The hub's key and certificate, as they are now: they sign the offline packs.
    pub identity: Arc<ArcSwap<Identity>>,
    /// How long people have.
    pub policy: Policy,
    /// Whom of the council to call, and how.
    pub duty: Arc<CouncilDuty>,
    /// Time and randomness.
    pub world: World,
}

/// Mutual aid at the hub. Clones share it.
#[derive(Clone, Debug)]
pub struct MutualAid {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) parts: AidParts,
    bell: Bell,
    receipts: Receipts,
    packer: Packer,
    pack_news: PackNews,
    pub(super) shelf: Shelf,
    pub(super) pools: Pools,
    /// Position of the hub's log from which the shelf is followed.
    shelf_from: u64,
    /// Counts what may have changed, for those who look on and for the one who keeps the time.
    pub(super) changes: watch::Sender<u64>,
    /// Counts what may have to be handed to the alert hooks.
    pub(super) alerts: watch::Sender<u64>,
    pub(super) present: super::present::Present,
    /// The streams of those who look on, and the writing of receipts.
    pub(super) tasks: TaskTracker,
}

impl MutualAid {
    /// Opens the room: reads what is offered.
    ///
    /// # Errors
    /// What the store said.
    pub async fn open(parts: AidParts) -> Result<Self, StoreError> {
        let (shelf, shelf_from) = Shelf::load(&parts.store).await?;
        let packer = Packer {
            store: parts.store.clone(),
            alliance: parts.alliance.clone(),
            identity: Arc::clone(&parts.identity),
            council: parts.duty.people.iter().map(DutyContact::to_wire).collect(),
        };
        let changes = watch::Sender::new(0);
        let bell = Bell::default();
        let present = super::present::Present::default();
        Ok(Self {
            shared: Arc::new(Shared {
                parts,
                bell,
                receipts: Receipts::default(),
                packer,
                pack_news: PackNews::default(),
                shelf,
                pools: Pools::default(),
                shelf_from,
                changes,
                alerts: watch::Sender::new(0),
                present,
                tasks: TaskTracker::new(),
            }),
        })
    }

    /// Wakes the sessions of those for whom something waits.
    #[must_use]
    pub fn bell(&self) -> &Bell {
        &self.shared.bell
    }

    /// Makes offline packs.
    #[must_use]
    pub fn packer(&self) -> &Packer {
        &self.shared.packer
    }

    /// Tells of newer offline packs.
    #[must_use]
    pub fn pack_news(&self) -> &PackNews {
        &self.shared.pack_news
    }

    /// Notes that notices are on the disk of the member's node, together with what other nodes say.
    ///
    /// # Errors
    /// What the store said: then they are sent again.
    pub async fn delivered(&self, member: &MemberId, numbers: &[u64]) -> Result<(), Status> {
        // A batch of nothing is never written, so nobody would answer.
        if numbers.is_empty() {
            return Ok(());
        }
        let receipt = self.shared.receipts.add(member, numbers);
        if receipt.is_first {
            let shared = Arc::clone(&self.shared);
            let write = async move { shared.receipts.write(&shared.parts.store, &shared.parts.world).await };
            self.shared.tasks.spawn(write);
        }
        receipt.settled().await
    }

    /// Tells a member again what its node has lost: its disk was restored from a backup. What the node still has, it keeps
    /// once.
    ///
    /// # Errors
    /// What the store said: then nothing is told again.
    pub async fn tell_again(&self, member: &MemberId) -> Result<(), StoreError> {
        let (now, recipient) = (self.shared.parts.world.now(), member.clone());
        let again = async move |tx: &mut _| outbox::notices_again(tx, &recipient, now).await;
        let count = self.shared.parts.store.write_urgent(again).await?;
        if count > 0 {
            tracing::warn!(%member, count, "a restored node is told again what it was told before");
            self.bell().ring(&self.shared.parts.store, [member]).await;
        }
        Ok(())
    }

    /// Notes that the hub's database is an older one than it was: the node of a member was told of more than is here, and
    /// no restore explains it. Somebody copied files, or a database failed over to one that was behind. Numbers go beyond
    /// all that was given out, as after a restore, and people are asked to find out what was decided after `known`.
    ///
    /// # Errors
    /// What the store said: then nothing is noted.
    pub async fn went_back(&self, member: &MemberId, known: Timestamp) -> Result<(), StoreError> {
        let now = self.shared.parts.world.now();
        let deed = Deed {
            at: now,
            actor: "hub".to_owned(),
            action: "hub.went-back",
            subject: "hub".to_owned(),
            detail: json!({ "seen_by": member.as_str(), "known": known.to_string() }),
        };
        let note = async move |tx: &mut Tx| {
            aid_lock(tx).await?;
            let new = hub_went_back(tx, known, now).await?;
            if new {
                numbers_go_ahead(tx, now).await?;
                task_undo(tx, RESTORED).await?;
                audit_add(tx, &deed).await?;
            }
            Ok(new)
        };
        if self.shared.parts.store.write_urgent(note).await? {
            tracing::error!(%member, %known, "this hub is on an older copy of its database, and was not restored properly");
            self.touch();
        }
        Ok(())
    }

    /// Tells members something that no decision tells: rows of the outbox in one transaction, and then their sessions wake.
    ///
    /// # Errors
    /// What the store said: then nobody is told.
    pub async fn tell(&self, notices: Vec<NewNotice>) -> Result<(), StoreError> {
        let now = self.shared.parts.world.now();
        let recipients: Vec<MemberId> = notices.iter().map(|notice| notice.recipient.clone()).collect();
        let add = async move |tx: &mut _| outbox::notices_add(tx, &notices, now).await;
        self.shared.parts.store.write_urgent(add).await?;
        self.bell().ring(&self.shared.parts.store, &recipients).await;
        Ok(())
    }

    /// Tells those who look on that something may have changed.
    pub(super) fn touch(&self) {
        self.shared.changes.send_modify(|changes| *changes += 1);
    }

    /// Keeps what is offered up to date, for ever.
    pub async fn follow_shelf(self) {
        let Shared { parts, shelf, shelf_from, .. } = &*self.shared;
        shelf.clone().follow(parts.store.clone(), parts.hub_log.clone(), *shelf_from).await;
    }

    /// Keeps the ledgers in step with what is published, for ever.
    pub async fn follow_quotas(self) {
        intake::follow(self).await;
    }

    /// Looks for what another hub on the same database wrote, for ever.
    pub async fn follow_others(self) {
        let mut known = (0, 0);
        loop {
            tokio::time::sleep(POLL).await;
            // An error shows at the next write; nothing is lost by looking again.
            let Ok(heads) = self.shared.parts.store.read(async |conn| aid_heads(conn).await).await else {
                continue;
            };
            if heads.1 > known.1 {
                self.shared.bell.ring_all();
            }
            if heads != known {
                self.touch();
            }
            known = heads;
        }
    }
}
