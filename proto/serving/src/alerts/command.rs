//! The hook that is a program of the member.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::ensure;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    time::timeout,
};

/// Most bytes of a program's output that are looked at; the rest is read and dropped.
const OUTPUT_BYTES: usize = 2_048;
/// After the program has ended, so long for what it left in its output: a program that it started may keep that open.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);
/// What of this process's surroundings a program may know.
const SURROUNDINGS: [&str; 5] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];

/// A program that is run with each alert.
#[derive(Debug)]
pub(super) struct CommandHook {
    program: String,
    arguments: Vec<String>,
    limit: Duration,
}

impl CommandHook {
    /// For this program, by its whole path, and its arguments.
    ///
    /// # Errors
    /// When the path is not whole.
    pub(super) fn new(command: &[String], limit: Duration) -> anyhow::Result<Self> {
        let mut words = command.iter().cloned();
        let program = words.next().unwrap_or_default();
        ensure!(Path::new(&program).is_absolute(), "`{program}` is not the whole path of a program");
        Ok(Self { program, arguments: words.collect(), limit })
    }

    /// Runs it once with this on its standard input.
    ///
    /// # Errors
    /// Why it counts as failed: it could not be started, ended with another code than 0, or took too long.
    pub(super) async fn run(&self, body: &str) -> Result<(), String> {
        let known = SURROUNDINGS.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(known)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let child = child.map_err(|error| format!("{} cannot be started: {error}", self.program))?;
        match timeout(self.limit, attend(child, body)).await {
            Ok(ended) => ended,
            Err(_late) => Err(format!("{} ran longer than {} s", self.program, self.limit.as_secs())),
        }
    }
}

/// Feeds the program, waits for its end and logs what it said.
async fn attend(mut child: Child, body: &str) -> Result<(), String> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feeding = async {
        if let Some(mut stdin) = stdin {
            // A program need not read what it gets.
            drop(stdin.write_all(body.as_bytes()).await);
            drop(stdin.shutdown().await);
        }
    };
    let (mut said, mut complained) = (Vec::new(), Vec::new());
    let ended = {
        let listening = async { tokio::join!(listen(stdout, &mut said), listen(stderr, &mut complained)) };
        let mut listening = std::pin::pin!(listening);
        let working = async { tokio::join!(feeding, child.wait()).1 };
        let mut working = std::pin::pin!(working);
        tokio::select! {
            ended = &mut working => {
                drop(timeout(OUTPUT_GRACE, listening).await);
                ended
            }
            _ = &mut listening => working.await,
        }
    };
    let (said, complained) = (shown(&said), shown(&complained));
    let ended = ended.map_err(|error| format!("nobody knows how it ended: {error}"))?;
    tracing::info!(status = %ended, said, complained, "an alert program ended");
    if ended.success() { Ok(()) } else { Err(format!("it ended with {ended}: {complained}")) }
}

/// Reads everything and keeps the beginning.
async fn listen<R: AsyncRead + Unpin>(output: Option<R>, kept: &mut Vec<u8>) {
    let Some(mut output) = output else { return };
    let mut piece = vec![0; 4_096];
    loop {
        match output.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => {
                let room = OUTPUT_BYTES.saturating_sub(kept.len()).min(read);
                kept.extend_from_slice(&piece[..room]);
            }
        }
    }
}

/// One line for the log: long words without a break in them look like keys and tokens, and are left out.
fn shown(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let words = text.split_whitespace().map(|word| {
        let secret = word.len() >= 20 && word.bytes().filter(u8::is_ascii_alphanumeric).count() >= 20;
        if secret { "[…]".to_owned() } else { word.replace(char::is_control, "") }
    });
    words.collect::<Vec<_>>().join(" ").chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(script: &str, limit: Duration) -> CommandHook {
        CommandHook::new(&["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()], limit).unwrap()
    }

    #[tokio::test]
    async fn it_gets_the_alert_and_its_end_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("got");
        let limit = Duration::from_secs(30);
        hook(&format!("cat > {}", file.display()), limit).run("{\"event\":\"notice\"}").await.unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"event\":\"notice\"}");
        let problem = hook("echo no line >&2; exit 3", limit).run("x").await.unwrap_err();
        assert!(problem.contains('3') && problem.contains("no line"), "{problem}");
        // It need not read: more than a pipe holds.
        hook("exit 0", limit).run(&"x".repeat(1_000_000)).await.unwrap();
        // Nor stop talking.
        hook("head -c 1000000 /dev/zero", limit).run("x").await.unwrap();
    }

    #[tokio::test]
    async fn one_that_hangs_is_ended() {
        let problem = hook("exec sleep 600", Duration::from_millis(50)).run("x").await.unwrap_err();
        assert!(problem.contains("longer"), "{problem}");
        let missing = CommandHook::new(&["/nowhere/at/all".to_owned()], Duration::from_secs(1)).unwrap();
        assert!(missing.run("x").await.unwrap_err().contains("cannot be started"));
        assert!(CommandHook::new(&["ring".to_owned()], Duration::from_secs(1)).is_err());
    }

    #[test]
    fn what_looks_like_a_secret_is_not_logged() {
        let said = shown("called 甲\n token=0123456789abcdef0123456789abcdef done".as_bytes());
        assert_eq!(said, "called 甲 […] done");
    }
}
