//! Servers as child processes: started, watched, started again when they die, ended cleanly.
//!
//! Each child has a pipe as its standard input and ends when the pipe is closed. So it ends with the demo even when the
//! demo is killed and can say nothing.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, ChildStdin, Command},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    failure::{Failure, Outcome},
    output::Output,
    words::{Words, words},
};

/// Longest wait until a server listens. Migrations and a rebuilt index may take their time on a slow disk.
const READY_LIMIT: Duration = Duration::from_secs(120);
/// Pause between two looks at `ready.json`.
const READY_PAUSE: Duration = Duration::from_millis(25);
/// Longest wait for a clean end before a child is killed.
const END_LIMIT: Duration = Duration::from_secs(15);
/// First and longest pause before a dead child is started again.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// A child that lived as long as this starts with the first pause again.
const HEALTHY: Duration = Duration::from_secs(30);
/// How much of the end of a log is shown when a child does not start.
const TAIL_LINES: usize = 12;

/// How a server is started.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// Name for people and for the log.
    pub(crate) name: String,
    /// Program.
    pub(crate) program: PathBuf,
    /// Arguments.
    pub(crate) arguments: Vec<String>,
    /// Data folder, where `ready.json` appears.
    pub(crate) data: PathBuf,
    /// File that its output is appended to.
    pub(crate) log: PathBuf,
}

/// A server that runs.
struct Running {
    child: Child,
    /// Closing it ends the server.
    pipe: Option<ChildStdin>,
}

/// Keeps servers running until told to end.
pub(crate) struct Keeper {
    output: Output,
    end: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Keeper {
    /// Keeps nothing yet.
    pub(crate) fn new(output: Output) -> Self {
        Self { output, end: watch::Sender::new(false), tasks: JoinSet::new() }
    }

    /// Starts servers side by side, answers when all listen, and keeps them running from then on.
    pub(crate) async fn start(&mut self, servers: Vec<Server>) -> Outcome<()> {
        let started = servers.into_iter().map(|server| async move {
            let mut running = server.spawn()?;
            server.listens(&mut running).await?;
            Ok((server, running))
        });
        for (server, running) in futures::future::try_join_all(started).await? {
            let (output, end) = (self.output, self.end.subscribe());
            self.tasks.spawn(async move { server.keep(running, output, end).await });
        }
        Ok(())
    }

    /// Ends all servers cleanly, and kills those that do not end in time.
    pub(crate) async fn end(mut self) {
        self.end.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Server {
    fn command(&self) -> Outcome<Command> {
        let failed = |error: std::io::Error| Failure::file(&self.log, &error);
        if let Some(folder) = self.log.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let log = File::options().create(true).append(true).open(&self.log).map_err(failed)?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .kill_on_drop(true)
            // Ctrl-C in a terminal goes to a whole process group; ours ends the children in its own order.
            .process_group(0);
        Ok(command)
    }

    /// Runs the program to its end, for a task rather than a server.
    pub(crate) async fn finish(&self) -> Outcome<()> {
        let mut command = self.command()?;
        let status = command.stdin(Stdio::null()).status().await;
        let status = status.map_err(|error| Failure::file(&self.program, &error))?;
        if status.success() { Ok(()) } else { Err(self.did_not_start(status)) }
    }

    fn spawn(&self) -> Outcome<Running> {
        let child = self.command()?.stdin(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| Failure::file(&self.program, &error))?;
        // Taken out of the child, because waiting for a child closes its standard input.
        let pipe = child.stdin.take();
        Ok(Running { child, pipe })
    }

    /// Answers when the child listens, or has died instead.
    async fn listens(&self, Running { child, pipe: _ }: &mut Running) -> Outcome<()> {
        let begun = Instant::now();
        while begun.elapsed() < READY_LIMIT {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(self.did_not_start(status));
            }
            if child.id().is_some() && ready_pid(&self.data) == child.id() {
                return Ok(());
            }
            sleep(READY_PAUSE).await;
        }
        let name = &self.name;
        Err(self.with_tail(Failure::failed(words!("{name} 迟迟没有就绪", "{name} does not get ready"))))
    }

    fn did_not_start(&self, status: ExitStatus) -> Failure {
        let name = &self.name;
        let failure =
            Failure::failed(words!("{name} 启动失败（{status}）", "{name} did not start ({status})"));
        self.with_tail(failure)
    }

    fn with_tail(&self, failure: Failure) -> Failure {
        let log = self.log.display();
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n    ");
        failure.hint(words!("日志 {log} 末尾：\n    {tail}", "the end of {log}:\n    {tail}"))
    }

    /// Keeps the server running: starts it again whenever it dies, until told to end.
    async fn keep(self, mut running: Running, output: Output, mut end: watch::Receiver<bool>) {
        let mut pause = AGAIN.0;
        loop {
            let begun = Instant::now();
            tokio::select! {
                status = running.child.wait() => output.talk(&self.died(status.ok())),
                () = told_to_end(&mut end) => return running.terminate().await,
            }
            if begun.elapsed() > HEALTHY {
                pause = AGAIN.0;
            }
            running = loop {
                if ended(&mut end, pause).await {
                    return;
                }
                pause = (pause * 2).min(AGAIN.1);
                let mut running = match self.spawn() {
                    Ok(running) => running,
                    Err(failure) => {
                        output.failure(&failure);
                        continue;
                    }
                };
                tokio::select! {
                    listens = self.listens(&mut running) => match listens {
                        Ok(()) => break running,
                        Err(failure) => output.failure(&failure),
                    },
                    () = told_to_end(&mut end) => return running.terminate().await,
                }
            };
            output.talk(&self.is_back());
        }
    }

    fn died(&self, status: Option<ExitStatus>) -> Words {
        let (name, log) = (&self.name, self.log.display());
        let how = status.map(|status| status.to_string()).unwrap_or_default();
        words!(
            "{name} 意外结束（{how}），正在重新启动；日志：{log}",
            "{name} ended unexpectedly ({how}) and is started again; log: {log}"
        )
    }

    fn is_back(&self) -> Words {
        let name = &self.name;
        words!("{name} 已恢复", "{name} is back")
    }
}

async fn told_to_end(end: &mut watch::Receiver<bool>) {
    // An error means that the keeper is gone, which is the same.
    let _ = end.wait_for(|ended| *ended).await;
}

/// Waits; true when told to end meanwhile.
async fn ended(end: &mut watch::Receiver<bool>, pause: Duration) -> bool {
    timeout(pause, told_to_end(end)).await.is_ok()
}

impl Running {
    /// Ends it: asks it to, closes its pipe, and kills it if it does not end in time.
    async fn terminate(mut self) {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // A child that is already gone is what we want.
            let _ = kill_process(pid, Signal::TERM);
        }
        drop(self.pipe.take());
        if timeout(END_LIMIT, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

fn ready_pid(data: &Path) -> Option<u32> {
    let text = fs::read(data.join("ready.json")).ok()?;
    serde_json::from_slice::<crate::context::Ready>(&text).ok()?.pid
}

#[cfg(test)]
#[path = "child_tests.rs"]
mod tests;
