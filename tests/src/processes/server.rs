//! One server process: started, waited for, ended politely or with -9.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::time::{Instant, interval};

/// Longest wait for a server to be ready. Generous: the test machine may be busy; nothing is asserted about it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Path of one of the binaries of this build, which stand beside the test's own folder.
///
/// # Errors
/// When it has not been built; `tests/run` builds them first.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let profile = own.ancestors().nth(2).context("a test binary lies two folders deep")?;
    let path = profile.join(name);
    if !path.exists() {
        bail!("{} is missing: run `cargo build --bins` (tests/run does)", path.display());
    }
    Ok(path)
}

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    data: PathBuf,
    ready: Value,
}

impl Server {
    /// Starts `name serve --data DATA ARGS…` and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it cannot be started, ends by itself, or is not ready in time; the end of its log is in the message.
    pub async fn start(name: &str, data: &Path, arguments: &[String]) -> anyhow::Result<Self> {
        let ready_file = data.join("ready.json");
        if ready_file.exists() {
            fs::remove_file(&ready_file)?;
        }
        let log_path = data.with_extension("log");
        let log = fs::OpenOptions::new().create(true).append(true).open(&log_path)?;
        let mut child = Command::new(binary(name)?)
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let deadline = Instant::now() + PATIENCE;
        let mut tick = interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            if let Some(ready) =
                fs::read(&ready_file).ok().and_then(|json| serde_json::from_slice(&json).ok())
            {
                return Ok(Self { child, data: data.to_owned(), ready });
            }
            if let Some(status) = child.try_wait()? {
                bail!("{name} ended with {status}\n{}", log_end(&log_path));
            }
            if Instant::now() > deadline {
                child.kill()?;
                bail!("{name} was not ready in {PATIENCE:?}\n{}", log_end(&log_path));
            }
        }
    }

    /// An address that it said it listens on: `people`, `nodes` or `publishing`.
    ///
    /// # Errors
    /// When it did not say so.
    pub fn address(&self, port: &str) -> anyhow::Result<String> {
        let address = self.ready.get(port).and_then(Value::as_str);
        Ok(address.with_context(|| format!("ready.json names no `{port}`"))?.to_owned())
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// From the operating system.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end (SIGTERM) and waits for its exit status.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn end(&mut self) -> anyhow::Result<ExitStatus> {
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status()?;
        anyhow::ensure!(asked.success(), "the signal could not be sent");
        let deadline = Instant::now() + PATIENCE;
        let mut tick = interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            anyhow::ensure!(Instant::now() < deadline, "it did not end in {PATIENCE:?}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// The last lines of a log.
fn log_end(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
