//! What both server programs do around their server: count what happens, tell the service manager, and go on until they are
//! told to stop.

use std::{io, pin::pin, sync::Arc, time::Duration};

use futures::future::{BoxFuture, FutureExt, OptionFuture};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{parent, probes::Figures};

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

/// Tells systemd; without one, nothing.
fn notify(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "the service manager was not told");
    }
}
