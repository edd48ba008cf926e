//! Hooks that carry an alarm out of a server: a program, a signed web address, mail.
//!
//! What is handed out stands in rows first: [`AlertRows`] is the store's side. [`Hooks::start`] runs one task for each
//! hook, which hands out what is due, tries again what failed, and never touches a transaction meanwhile. A crash costs a
//! repetition, never an alarm.

mod command;
mod mail;
mod plan;
mod robot;
#[cfg(test)]
mod tests;
mod webhook;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use shouwang_proto::clock::World;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::{command::CommandHook, mail::MailHook, webhook::WebHook};
pub use self::{
    mail::{MailFile, MailSecurity},
    plan::{Alert, AlertChannel, AlertOutcome, pause_after},
    robot::Robot,
};
use crate::store::StoreError;

/// Most alerts under way at once on one hook: one that hangs must not keep the others back.
const AT_ONCE: usize = 16;
/// Rows are looked at again at least this often: the clock may have been set.
pub const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Most characters of a problem that are kept.
const PROBLEM_LENGTH: usize = 300;

/// Whom an emergency alarms, and how: the table `[alerts]` of a server's configuration file. `P` is one of the people who
/// are called, which each server knows in its own words.
///
/// ```toml
/// [alerts]
/// command = ["/usr/local/bin/ring", "--loud"]
/// webhook = "https://alarm.example/shouwang"
///
/// [[alerts.duty]]
/// name = "值班室"
/// phone = "0512-555 0100"
/// ```
///
/// Program and address get one JSON object for each alert, `[alerts.mail]` ([`MailFile`]) its words. A hook may get one twice,
/// after a crash; it has the same `webhook-id`, or `Message-ID`, then.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, bound = "P: DeserializeOwned")]
pub struct AlertsFile<P> {
    /// A program by its whole path, and its arguments; empty: none. It gets the JSON on standard input and must end with
    /// 0 in time, or it is run again.
    pub command: Vec<String>,
    /// Longest run of the program in seconds, 1 to 600. Default 30.
    pub command_seconds: Option<u64>,
    /// An address that the JSON is posted to, signed as Standard Webhooks say with the secret in the server's file
    /// `webhook.secret`. `https`, or `http` to this machine alone. Any answer but 2xx is tried again.
    pub webhook: Option<String>,
    /// Whose robot the webhook is: `wecom` (企业微信), `dingtalk` (钉钉) or `feishu` (飞书). It gets a text instead of the JSON,
    /// signed with the secret in the server's file `robot.secret` if there is one, and has taken it when it answers with
    /// code 0.
    pub webhook_robot: Option<Robot>,
    /// Authorities (PEM) that the webhook's server is believed by. Default: those of the system.
    pub webhook_authorities: Option<PathBuf>,
    /// Letters: one for each alert.
    pub mail: Option<MailFile>,
    /// The people who are called, in this order.
    pub duty: Vec<P>,
}

impl<P> Default for AlertsFile<P> {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            command_seconds: None,
            webhook: None,
            webhook_robot: None,
            webhook_authorities: None,
            mail: None,
            duty: Vec::new(),
        }
    }
}

/// The store's side of the hooks. Futures run on any thread.
pub trait AlertRows: Clone + Send + Sync + 'static {
    /// Wakes when there may be more to hand out.
    fn changed(&self) -> watch::Receiver<u64>;

    /// What is to be handed to a hook now, at most `limit`, and when there is more.
    fn due(
        &self,
        channel: AlertChannel,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<(Vec<Alert>, Option<Timestamp>), StoreError>> + Send;

    /// Notes that it is over with an alert.
    fn settle(
        &self,
        alert: &Alert,
        channel: AlertChannel,
        outcome: AlertOutcome,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes that a try failed, why, and when the next one is due.
    fn put_off(
        &self,
        alert: &Alert,
        problem: String,
        due: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A way out of the server.
#[derive(Clone, Debug)]
enum Hook {
    Command(Arc<CommandHook>),
    Web(Arc<WebHook>),
    Mail(Arc<MailHook>),
}

impl Hook {
    fn channel(&self) -> AlertChannel {
        match self {
            Self::Command(_) => AlertChannel::Command,
            Self::Web(_) => AlertChannel::Webhook,
            Self::Mail(_) => AlertChannel::Mail,
        }
    }

    /// Hands an alert out once.
    async fn carry(&self, alert: &Alert, now: Timestamp) -> Result<(), String> {
        match self {
            Self::Command(command) => command.run(&alert.body).await,
            Self::Web(web) => web.post(&alert.message_id, &alert.body, now).await,
            Self::Mail(mail) => mail.send(&alert.message_id, &alert.body, now).await,
        }
    }
}

/// The hooks of a server; checked.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    hooks: Vec<Hook>,
}

impl Hooks {
    /// Checks what was chosen, and opens the secret of the webhook in the server's folder, making it if there is none.
    /// `agent` is how the server calls itself.
    ///
    /// # Errors
    /// When something in it cannot be; the message says what.
    pub fn open<P>(
        file: &AlertsFile<P>,
        data: &Path,
        agent: &'static str,
        world: &World,
    ) -> anyhow::Result<Self> {
        let AlertsFile {
            command,
            command_seconds,
            webhook,
            webhook_robot,
            webhook_authorities,
            mail,
            duty: _,
        } = file;
        let mut hooks = Vec::new();
        if !command.is_empty() {
            let seconds = command_seconds.unwrap_or(30);
            ensure!((1..=600).contains(&seconds), "alerts.command_seconds must be 1 to 600");
            let hook = CommandHook::new(command, Duration::from_secs(seconds)).context("alerts.command")?;
            hooks.push(Hook::Command(Arc::new(hook)));
        }
        if let Some(address) = webhook {
            let authorities = webhook_authorities.as_deref();
            let hook = WebHook::open(address, *webhook_robot, authorities, (data, agent), world);
            hooks.push(Hook::Web(Arc::new(hook.context("alerts.webhook")?)));
        }
        if let Some(mail) = mail {
            let hook = MailHook::open(mail, data).context("alerts.mail")?;
            hooks.push(Hook::Mail(Arc::new(hook)));
        }
        Ok(Self { hooks })
    }

    /// Where alerts are handed out.
    #[must_use]
    pub fn channels(&self) -> Vec<AlertChannel> {
        self.hooks.iter().map(Hook::channel).collect()
    }

    /// Starts a task for each hook; they end when `stop` is cancelled.
    pub fn start<R: AlertRows>(
        self,
        rows: &R,
        world: &World,
        tasks: &mut JoinSet<&'static str>,
        stop: &CancellationToken,
    ) {
        for hook in self.hooks {
            let out = Out { rows: rows.clone(), world: world.clone(), hook };
            let ended = stop.clone();
            tasks.spawn(async move {
                ended.run_until_cancelled(out.run()).await;
                "alert hook"
            });
        }
    }
}

/// How long to sleep until something is due; never longer than [`LOOK_AGAIN`].
#[must_use]
pub fn pause_until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    let left = next.map(|next| next.as_millisecond().saturating_sub(now.as_millisecond()).max(0));
    left.map_or(LOOK_AGAIN, |left| Duration::from_millis(left.unsigned_abs()).min(LOOK_AGAIN))
}

/// Sleeps until then or until there may be more; false when there never will.
pub async fn pause_or_change(pause: Duration, changed: &mut watch::Receiver<u64>) -> bool {
    tokio::select! {
        biased;
        () = tokio::time::sleep(pause) => true,
        changed = changed.changed() => changed.is_ok(),
    }
}

/// Hands out the alerts of one hook.
struct Out<R> {
    rows: R,
    world: World,
    hook: Hook,
}

impl<R: AlertRows> Out<R> {
    async fn run(self) {
        let mut changed = self.rows.changed();
        let mut running = JoinSet::new();
        let mut under_way = BTreeSet::new();
        loop {
            changed.mark_unchanged();
            let now = self.world.now();
            let limit = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
            let pause = match self.rows.due(self.hook.channel(), now, limit).await {
                Ok((due, next)) => {
                    for alert in due {
                        if under_way.len() < AT_ONCE && under_way.insert(alert.id) {
                            running.spawn(hand_out(
                                self.rows.clone(),
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
async fn hand_out<R: AlertRows>(rows: R, world: World, hook: Hook, alert: Alert) -> i64 {
    let now = world.now();
    let (id, channel) = (alert.id, hook.channel());
    let message = alert.message_id.as_str();
    let noted = if alert.expires.is_some_and(|end| end <= now) {
        tracing::warn!(message, "an alert grew too old before its hook took it");
        rows.settle(&alert, channel, AlertOutcome::Expired, now).await
    } else {
        match hook.carry(&alert, now).await {
            Ok(()) => {
                tracing::info!(message, channel = channel.code(), "an alert was handed out");
                rows.settle(&alert, channel, AlertOutcome::Delivered, world.now()).await
            }
            Err(problem) => {
                let random = u64::from_be_bytes(world.random());
                let pause = pause_after(alert.attempts.saturating_add(1), random);
                tracing::error!(message, channel = channel.code(), problem, ?pause, "an alert hook failed");
                let due = world.now().checked_add(pause).unwrap_or(Timestamp::MAX);
                rows.put_off(&alert, problem.chars().take(PROBLEM_LENGTH).collect(), due).await
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
