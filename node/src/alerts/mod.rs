//! Waking people: deadlines of the duty chain, and hooks that carry an alarm out of the node.
//!
//! Everything stands in rows first. One task lets deadlines pass, one per hook hands out what is due, tries again what
//! failed, and never touches a transaction meanwhile. A crash costs a repetition, never an alarm.

mod command;
#[cfg(test)]
mod tests;
mod webhook;

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use shouwang_proto::clock::World;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::{command::CommandHook, webhook::WebHook};
use crate::{
    config::AlertsFile,
    inbox::{
        duty::{AlarmPlan, AlertChannel, DutyPerson, pause_after},
        word::is_phone,
    },
    store::{Alert, AlertOutcome, NodeStore},
};

/// Most alerts under way at once on one hook: one that hangs must not keep the others back.
const AT_ONCE: usize = 16;
/// Deadlines are looked at again at least this often: the clock may have been set.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Most characters of a problem that are kept.
const PROBLEM_LENGTH: usize = 300;
/// Most steps of a duty chain.
const MOST_STEPS: usize = 32;

/// A way out of the node.
#[derive(Clone, Debug)]
enum Hook {
    Command(Arc<CommandHook>),
    Web(Arc<WebHook>),
}

impl Hook {
    fn channel(&self) -> AlertChannel {
        match self {
            Self::Command(_) => AlertChannel::Command,
            Self::Web(_) => AlertChannel::Webhook,
        }
    }

    /// Hands an alert out once.
    async fn carry(&self, alert: &Alert, now: Timestamp) -> Result<(), String> {
        match self {
            Self::Command(command) => command.run(&alert.body).await,
            Self::Web(web) => web.post(&alert.message_id, &alert.body, now).await,
        }
    }
}

/// Whom this node alarms, and how; checked.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    hooks: Vec<Hook>,
    plan: AlarmPlan,
}

impl Alerts {
    /// Checks what the configuration says, and opens the secret of the webhook, making it if there is none.
    ///
    /// # Errors
    /// When something in it cannot be; the message says what.
    pub fn open(file: &AlertsFile, data: &Path, world: &World) -> anyhow::Result<Self> {
        let AlertsFile { command, command_seconds, webhook, webhook_authorities, duty } = file;
        let mut hooks = Vec::new();
        if !command.is_empty() {
            let seconds = command_seconds.unwrap_or(30);
            ensure!((1..=600).contains(&seconds), "alerts.command_seconds must be 1 to 600");
            let hook = CommandHook::new(command, Duration::from_secs(seconds)).context("alerts.command")?;
            hooks.push(Hook::Command(Arc::new(hook)));
        }
        if let Some(address) = webhook {
            let hook = WebHook::open(address, webhook_authorities.as_deref(), data, world);
            hooks.push(Hook::Web(Arc::new(hook.context("alerts.webhook")?)));
        }
        if hooks.is_empty() && !duty.is_empty() {
            tracing::warn!(
                "there is a duty chain and neither a command nor a webhook: its calls are only logged"
            );
        }
        let plan = AlarmPlan { chain: chain(duty)?, channels: hooks.iter().map(Hook::channel).collect() };
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
        for hook in self.hooks {
            let out = Out { store: store.clone(), world: world.clone(), hook };
            let ended = stop.clone();
            tasks.spawn(async move {
                ended.run_until_cancelled(out.run()).await;
                "alert hook"
            });
        }
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

fn pause_until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    let left = next.map(|next| next.as_millisecond().saturating_sub(now.as_millisecond()).max(0));
    left.map_or(LOOK_AGAIN, |left| Duration::from_millis(left.unsigned_abs()).min(LOOK_AGAIN))
}

async fn pause_or_change(pause: Duration, changed: &mut watch::Receiver<u64>) -> bool {
    tokio::select! {
        biased;
        () = tokio::time::sleep(pause) => true,
        changed = changed.changed() => changed.is_ok(),
    }
}

/// Hands out the alerts of one hook.
struct Out {
    store: NodeStore,
    world: World,
    hook: Hook,
}

impl Out {
    async fn run(self) {
        let mut changed = self.store.alarms_changed();
        let mut running = JoinSet::new();
        let mut under_way = BTreeSet::new();
        loop {
            changed.mark_unchanged();
            let now = self.world.now();
            let limit = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
            let pause = match self.store.alerts_due(self.hook.channel(), now, limit).await {
                Ok((due, next)) => {
                    for alert in due {
                        if under_way.len() < AT_ONCE && under_way.insert(alert.id) {
                            running.spawn(hand_out(
                                self.store.clone(),
                                self.world.clone(),
                                self.hook.clone(),
                                alert,
                            ));
                        }
                    }
                    pause_until(next, now)
                }
                Err(error) => {
                    tracing::error!(%error, "alerts cannot be looked at");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                biased;
                Some(ended) = running.join_next() => match ended {
                    Ok(id) => drop(under_way.remove(&id)),
                    // Nobody knows which one it was; those that are still due begin again.
                    Err(error) => {
                        tracing::error!(%error, "an alert hook failed");
                        running.abort_all();
                        under_way.clear();
                    }
                },
                go_on = pause_or_change(pause, &mut changed) => if !go_on { return },
            }
        }
    }
}

/// Hands one alert out and notes what became of it. Answers its number.
async fn hand_out(store: NodeStore, world: World, hook: Hook, alert: Alert) -> i64 {
    let now = world.now();
    let id = alert.id;
    let message = alert.message_id.as_str();
    let noted = if alert.expires.is_some_and(|end| end <= now) {
        tracing::warn!(message, "an alert grew too old before its hook took it");
        store.alert_settle(id, AlertOutcome::Expired, now).await
    } else {
        match hook.carry(&alert, now).await {
            Ok(()) => {
                tracing::info!(message, channel = hook.channel().code(), "an alert was handed out");
                store.alert_settle(id, AlertOutcome::Delivered, world.now()).await
            }
            Err(problem) => {
                let random = u64::from_be_bytes(world.random());
                let pause = pause_after(alert.attempts.saturating_add(1), random);
                tracing::error!(
                    message,
                    channel = hook.channel().code(),
                    problem,
                    ?pause,
                    "an alert hook failed"
                );
                let due = world.now().checked_add(pause).unwrap_or(Timestamp::MAX);
                store.alert_put_off(id, problem.chars().take(PROBLEM_LENGTH).collect(), due).await
            }
        }
    };
    if let Err(error) = noted {
        // The row still says that it is due: it is handed out again.
        tracing::error!(%error, message, "what became of an alert could not be noted");
        // But not at once: a hook must not be run in a loop because a disk is full.
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    id
}
