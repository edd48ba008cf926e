//! A log that was written twice, as its owner sees it.

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{log::chain::Position, publication::time_to_wire, refusal::Refusal, wire};
use shouwang_serving::grpc::internal;
use tonic::Status;

use super::{
    Publishing, position_to_wire,
    shown::{View, state_to_wire},
};
use crate::{
    shelf::{Item, Mended, Step},
    store::{ForkEnded, ForkView, Gate},
};

/// Most writes in an answer.
const SHOWN: usize = 1_000;

impl Publishing {
    /// Fetches the hub's branch and shows what differs.
    pub(super) async fn fork_show(&self) -> Result<wire::Fork, Status> {
        if !matches!(self.store.gate(), Gate::Held(_)) {
            return Err(Refusal::precondition(
                "NOT_FORKED",
                "publishing is not held: the log has not forked （发布未暂停，日志没有分叉）",
            )
            .into());
        }
        self.forks.look().await?;
        Ok(fork_to_wire(&self.view(), &self.store.fork().await?, None))
    }

    /// Ends the fork that was shown.
    pub(super) async fn fork_end(&self, name: String) -> Result<wire::Fork, Status> {
        let id = name.strip_prefix("forks/").unwrap_or_default();
        if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Refusal::field(
                "name",
                "must be `forks/{id}` as GetFork shows it （须为 GetFork 给出的名称）",
            )
            .into());
        }
        let shown = self.view();
        let response =
            move |fork: &ForkView, head, now| fork_to_wire(&shown, fork, Some((head, now))).encode_to_vec();
        let answer = match self.store.fork_end(name, &self.world, response).await? {
            ForkEnded::Now(fork, head, answer) => {
                tracing::warn!(
                    fork = fork.name,
                    common = fork.common.seq,
                    head = head.seq,
                    "a fork was resolved"
                );
                answer
            }
            ForkEnded::Before(answer) => answer,
        };
        self.forks.redial();
        wire::Fork::decode(answer.as_slice()).map_err(|error| internal(&error))
    }
}

fn fork_to_wire(view: &View, fork: &ForkView, ended: Option<(Position, Timestamp)>) -> wire::Fork {
    let own = || fork.mended.iter().filter(|one| one.parted.own.is_some());
    let total = own().count();
    wire::Fork {
        name: fork.name.clone(),
        common: (fork.common.seq > 0).then(|| position_to_wire(fork.common)),
        own_head: Some(position_to_wire(fork.own)),
        hub_head: Some(position_to_wire(fork.hub)),
        writes: own().take(SHOWN).filter_map(|one| write_to_wire(view, one)).collect(),
        total: total as u64,
        taken: (fork.mended.len() - total) as u64,
        resolve_time: ended.map(|(_, at)| time_to_wire(at)),
        new_head: ended.map(|(head, _)| position_to_wire(head)),
    }
}

fn write_to_wire(view: &View, mended: &Mended) -> Option<wire::ForkedWrite> {
    let own = mended.parted.own.as_ref()?;
    let hub = match &mended.step {
        // Under another record, when both published one number.
        Step::PutAgain { base, .. } | Step::WithdrawAgain { base, .. } if base.record != own.record => {
            Some(base)
        }
        Step::TakeTheirs(item) => Some(item),
        Step::PutAgain { .. } | Step::WithdrawAgain { .. } | Step::KeepAsDraft(_) => {
            mended.parted.hub.as_ref()
        }
    };
    let (outcome, revision) = match &mended.step {
        _ if mended.left_out => (wire::ForkOutcome::LeftOut, 0),
        Step::TakeTheirs(_) => (wire::ForkOutcome::Same, 0),
        Step::PutAgain { revision, .. } => (wire::ForkOutcome::PublishedAgain, *revision),
        Step::WithdrawAgain { .. } => (wire::ForkOutcome::WithdrawnAgain, 0),
        Step::KeepAsDraft(_) => (wire::ForkOutcome::KeptAsDraft, 0),
    };
    let state = |item: &Item| state_to_wire(item.standing.name()) as i32;
    Some(wire::ForkedWrite {
        name: view.name(mended.step.record()),
        external_id: own.content.external_id.clone().unwrap_or_default(),
        title: own.content.title.clone(),
        own_state: state(own),
        own_revision: own.standing.revision(),
        hub_state: hub.map_or(0, state),
        hub_revision: hub.map_or(0, |item| item.standing.revision()),
        hub_title: hub.map(|item| item.content.title.clone()).unwrap_or_default(),
        outcome: outcome as i32,
        revision,
    })
}
