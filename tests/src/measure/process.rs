//! What a process costs, as the kernel counts it.

use std::{fs, time::Duration};

use anyhow::Context as _;
use tokio::time::{Instant, interval, timeout_at};

/// Clock ticks a second in `/proc/PID/stat`; Linux has shown 100 to programs on every architecture since 2.6.
const TICKS: f64 = 100.0;

/// How often a process is looked at until it is quiet.
const LOOK: Duration = Duration::from_millis(500);
/// Looks in a row that have to agree: longer than two heartbeats of a link.
const LOOKS: usize = 20;
/// Nobody waits longer for a process to become quiet.
const PATIENCE: Duration = Duration::from_mins(3);

/// Memory and processor time of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// All resident memory, in KiB, with what is mapped from files.
    pub resident_kib: u64,
    /// Resident memory that is its own, in KiB: without mapped files, whose pages the kernel may take back.
    pub own_kib: u64,
    /// Processor time since its start, in seconds.
    pub cpu_seconds: f64,
}

impl Usage {
    /// Of the process with this id, now.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        Self::read(&status, &stat).with_context(|| format!("/proc/{pid} is not as expected"))
    }

    /// Of the process with this id as soon as it is quiet: its own memory has stayed the same within a hundredth for longer
    /// than two heartbeats.
    ///
    /// # Errors
    /// When there is no such process, or it does not become quiet within minutes.
    pub async fn settled(pid: u32) -> anyhow::Result<Self> {
        let until = Instant::now() + PATIENCE;
        let mut looks = interval(LOOK);
        let (mut first, mut agreeing) = (Self::of(pid)?, 0);
        while agreeing < LOOKS {
            timeout_at(until, looks.tick()).await.context("the process does not become quiet")?;
            let now = Self::of(pid)?;
            if now.own_kib.abs_diff(first.own_kib) * 100 <= first.own_kib {
                agreeing += 1;
            } else {
                (first, agreeing) = (now, 0);
            }
        }
        Self::of(pid)
    }

    fn read(status: &str, stat: &str) -> Option<Self> {
        let field = |name: &str| -> Option<u64> {
            status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
        };
        // The name in brackets may hold spaces and brackets; fields are counted after the last one.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u32>().ok().map(f64::from);
        Some(Self {
            resident_kib: field("VmRSS:")?,
            own_kib: field("RssAnon:")?,
            cpu_seconds: (ticks()? + ticks()?) / TICKS,
        })
    }
}

/// What this machine is, for the record: processor, how many of them, kernel.
#[must_use]
pub fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|rest| rest.split_once(':'))
        .map_or("unknown processor", |(_, name)| name.trim());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{threads} × {model}, Linux {}", kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_understood() {
        let status = "Name:\tx\nVmRSS:\t  2048 kB\nRssAnon:\t 1024 kB\n";
        let stat = "7 (a ) b) S 1 1 1 0 -1 4194304 1 0 0 0 150 50 0 0 20 0";
        let expected = Usage { resident_kib: 2048, own_kib: 1024, cpu_seconds: 2.0 };
        assert_eq!(Usage::read(status, stat), Some(expected));
        assert!(Usage::of(std::process::id()).unwrap().resident_kib > 100);
    }
}
