//! Waking people: deadlines of the duty chain, and the hooks that carry an alarm out of the node.
//!
//! Everything stands in rows first. One task lets deadlines pass; the hooks hand out what is due.

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{bail, ensure};
use shouwang_proto::clock::World;
use shouwang_serving::alerts::{Hooks, LOOK_AGAIN, pause_or_change, pause_until};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    config::AlertsFile,
    inbox::{
        duty::{AlarmPlan, DutyPerson},
        word::is_phone,
    },
    store::NodeStore,
};

/// Most steps of a duty chain.
const MOST_STEPS: usize = 32;
/// How the node calls itself to a webhook.
const AGENT: &str = concat!("shouwang-node/", env!("CARGO_PKG_VERSION"));

/// Whom this node alarms, and how; checked.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    hooks: Hooks,
    plan: AlarmPlan,
}

impl Alerts {
    /// Checks what the configuration says, and opens the secret of the webhook, making it if there is none.
    ///
    /// # Errors
    /// When something in it cannot be; the message says what.
    pub fn open(file: &AlertsFile, data: &Path, world: &World) -> anyhow::Result<Self> {
        let hooks = Hooks::open(file, data, AGENT, world)?;
        let plan = AlarmPlan { chain: chain(&file.duty)?, channels: hooks.channels() };
        if plan.channels.is_empty() && !file.duty.is_empty() {
            tracing::warn!(
                "there is a duty chain and neither a command nor a webhook: its calls are only logged"
            );
        }
        Ok(Self { hooks, plan })
    }

    /// What the inbox plans with.
    #[must_use]
    pub fn plan(&self) -> AlarmPlan {
        self.plan.clone()
    }

    /// Starts the tasks; they end when `stop` is cancelled.
    pub fn start(
        self,
        store: &NodeStore,
        world: &World,
        tasks: &mut JoinSet<&'static str>,
        stop: &CancellationToken,
    ) {
        let clock = deadlines(store.clone(), world.clone(), self.plan);
        let ended = stop.clone();
        tasks.spawn(async move {
            ended.run_until_cancelled(clock).await;
            "alarm clock"
        });
        self.hooks.start(store, world, tasks, stop);
    }
}

fn chain(duty: &[crate::config::DutyFile]) -> anyhow::Result<Vec<DutyPerson>> {
    ensure!(duty.len() <= MOST_STEPS, "alerts.duty has more than {MOST_STEPS} steps");
    let mut chain: Vec<DutyPerson> = Vec::new();
    for one in duty {
        let crate::config::DutyFile { name, phone, after_seconds } = one.clone();
        let name = name.trim().to_owned();
        ensure!(
            (1..=60).contains(&name.chars().count()) && !name.contains(char::is_control),
            "alerts.duty: a name must have 1 to 60 characters"
        );
        ensure!(is_phone(&phone), "alerts.duty: `{phone}` is no telephone number");
        if chain.last().is_some_and(|before| before.after_seconds > after_seconds) {
            bail!("alerts.duty: {name} would be called before the one in front; order them by after_seconds");
        }
        chain.push(DutyPerson { name, phone, after_seconds });
    }
    Ok(chain)
}

/// Lets deadlines pass until the future is dropped.
async fn deadlines(store: NodeStore, world: World, plan: AlarmPlan) {
    let mut changed = store.alarms_changed();
    loop {
        changed.mark_unchanged();
        let now = world.now();
        let pause = match store.deadlines_pass(plan.clone(), now).await {
            Ok(next) => pause_until(next, now),
            Err(error) => {
                tracing::error!(%error, "deadlines cannot be looked at");
                LOOK_AGAIN
            }
        };
        if !pause_or_change(pause, &mut changed).await {
            return;
        }
    }
}
