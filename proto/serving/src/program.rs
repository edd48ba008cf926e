//! What both server programs do around their server: log and count what happens, tell the service manager, go on until they
//! are told to stop, and end so that whoever started them sees how.

use std::{
    io::{self, Write as _},
    pin::pin,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use futures::future::{BoxFuture, FutureExt, OptionFuture};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
};

use crate::{
    parent,
    probes::Figures,
    telemetry::{self, LogFormat},
};

/// How often samples are moved from the histograms' queues, which else grow while nobody asks for figures.
const UPKEEP: Duration = Duration::from_secs(5);

/// A program cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// Signals or standard input cannot be watched.
    #[error("cannot watch for the signal to stop: {0}")]
    Signals(#[from] io::Error),
    /// A recorder of figures is there already.
    #[error("cannot count: {0}")]
    Recorder(#[from] BuildError),
}

/// The frame of a server program.
pub struct Program {
    terminate: Signal,
    interrupt: Signal,
    parent_gone: OptionFuture<BoxFuture<'static, ()>>,
    recorder: PrometheusHandle,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Program").finish_non_exhaustive()
    }
}

impl Program {
    /// Begins: before the ports are opened, so that no signal during the start is lost. At most once in a process.
    ///
    /// # Errors
    /// [`BeginError`].
    pub fn begin(until_stdin_closes: bool) -> Result<Self, BeginError> {
        let parent_gone = until_stdin_closes.then(parent::stdin_closes).transpose()?;
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            parent_gone: OptionFuture::from(parent_gone.map(FutureExt::boxed)),
            recorder: PrometheusBuilder::new().install_recorder()?,
        })
    }

    /// What `/metrics` shows.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let recorder = self.recorder.clone();
        Arc::new(move || recorder.render())
    }

    /// Says that the server serves, and goes on until the program is told to stop: by SIGTERM, SIGINT, or the end of its
    /// parent where that was asked for.
    ///
    /// # Errors
    /// What `failed` ended with: a part of the server that must not end.
    pub async fn run<E>(mut self, failed: impl Future<Output = E>) -> Result<(), E> {
        notify(sd_notify::NotifyState::Ready);
        let mut failed = pin!(failed);
        let mut upkeep = tokio::time::interval(UPKEEP);
        let outcome = loop {
            tokio::select! {
                _ = self.terminate.recv() => break Ok(()),
                _ = self.interrupt.recv() => break Ok(()),
                Some(()) = &mut self.parent_gone => break Ok(()),
                problem = &mut failed => break Err(problem),
                _ = upkeep.tick() => self.recorder.run_upkeep(),
            }
        };
        tracing::info!("stopping");
        notify(sd_notify::NotifyState::Stopping);
        outcome
    }
}

/// Runs a program to its end: starts its logs and its threads, and logs why it failed.
pub fn main(log_json: bool, run: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    telemetry::init(if log_json { LogFormat::Json } else { LogFormat::Text }, "info");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.context("no runtime").and_then(|runtime| runtime.block_on(run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Waits until a part of a server, such as `hub`, ends that must not end. Never, if all is well.
pub async fn part_ended(parts: &mut JoinSet<&'static str>, server: &str) -> anyhow::Error {
    match parts.join_next().await {
        Some(Ok(name)) => anyhow::anyhow!("the {name} ended by itself"),
        Some(Err(error)) => anyhow::anyhow!("a part of the {server} failed: {error}"),
        None => anyhow::anyhow!("no part of the {server} runs any more"),
    }
}

/// Shows the link for the first account of this kind, such as `operator`, to whoever stands at the terminal, and not in the
/// log: the link is a key until it is used.
pub fn show_set_up(link: &str, first: &str) {
    // With nobody to read it, it is in `ready.json`.
    let _ = writeln!(
        io::stdout(),
        "\n  打开此链接，建立第一个管理员账号（只能用一次，24 小时内有效）\n  \
         Open this link to make the first {first}'s account (once, within 24 hours):\n\n    {link}\n"
    );
}

/// Tells systemd; without one, nothing.
fn notify(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "the service manager was not told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_said_how_a_part_ended() {
        let mut parts = JoinSet::new();
        parts.spawn(async { "web port" });
        assert_eq!(part_ended(&mut parts, "hub").await.to_string(), "the web port ended by itself");
        assert_eq!(part_ended(&mut parts, "hub").await.to_string(), "no part of the hub runs any more");
        parts.spawn(std::future::pending()).abort();
        let cancelled = part_ended(&mut parts, "node").await.to_string();
        assert!(cancelled.starts_with("a part of the node failed: "), "{cancelled}");
    }
}
