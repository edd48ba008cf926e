//! What one port lets in, and how long it waits.

use std::time::Duration;

/// Limits of one port. Start from [`AcceptLimits::nodes`] or [`AcceptLimits::people`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptLimits {
    /// Most connections at once. Lowered to what the process may open, see [`open_file_limit`].
    pub connections: usize,
    /// Most connections at once from one IPv4 address or one IPv6 /64. Raise it behind a proxy.
    pub per_address: usize,
    /// Longest TLS handshake. Default 5 s.
    pub handshake: Duration,
    /// Longest wait for the first request, and on HTTP/1 for each request's headers. Default 10 s.
    pub headers: Duration,
    /// Most HTTP/2 requests at once on one connection: 16 for nodes, 100 for browsers.
    pub streams: u32,
    /// Largest header block in bytes: 8 KiB for nodes, 16 KiB for browsers and their cookies.
    pub header_bytes: u32,
    /// Pause between HTTP/2 pings; below 20 s they cost more than they tell. Default 25 s.
    pub keep_alive: Duration,
    /// Longest wait for the answer to a ping. Default 20 s.
    pub keep_alive_timeout: Duration,
    /// HTTP/2 window of one request in bytes. Default 256 KiB.
    pub stream_window: u32,
    /// HTTP/2 window of one connection in bytes. Default 1 MiB.
    pub connection_window: u32,
    /// Most bytes one HTTP/2 request may wait to send. Default 256 KiB.
    pub send_buffer: usize,
    /// After the signal to stop, running requests get this long; then connections are cut. Default 10 s.
    pub drain: Duration,
}

impl AcceptLimits {
    /// For the port that nodes dial, each with two connections.
    #[must_use]
    pub fn nodes() -> Self {
        Self {
            connections: 20_000,
            per_address: 1024,
            handshake: Duration::from_secs(5),
            headers: Duration::from_secs(10),
            streams: 16,
            header_bytes: 8 * 1024,
            keep_alive: Duration::from_secs(25),
            keep_alive_timeout: Duration::from_secs(20),
            stream_window: 256 * 1024,
            connection_window: 1024 * 1024,
            send_buffer: 256 * 1024,
            drain: Duration::from_secs(10),
        }
    }

    /// For the port of browsers and of people's programs.
    #[must_use]
    pub fn people() -> Self {
        Self { connections: 4096, per_address: 256, streams: 100, header_bytes: 16 * 1024, ..Self::nodes() }
    }
}

impl Default for AcceptLimits {
    /// The stricter one, [`AcceptLimits::nodes`].
    fn default() -> Self {
        Self::nodes()
    }
}

/// How many files and sockets this process may have open, if the system tells.
#[must_use]
pub fn open_file_limit() -> Option<usize> {
    parse_open_files(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

/// Reads the soft limit out of `/proc/self/limits`; "unlimited" is no number.
fn parse_open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Connections that fit beside the files a server needs itself: a quarter of the limit, at least 64.
pub(super) fn connections_within(wanted: usize, open_files: Option<usize>) -> usize {
    match open_files {
        Some(files) => wanted.min(files.saturating_sub((files / 4).max(64))).max(1),
        None => wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_limit_is_read() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max processes             95000                95000                processes \n\
                    Max open files            20000                1048576              files     \n";
        assert_eq!(parse_open_files(text), Some(20_000));
        assert_eq!(parse_open_files(&text.replace("20000", "unlimited")), None);
        assert_eq!(parse_open_files(""), None);
        assert!(open_file_limit().is_some(), "this machine tells");
    }

    #[test]
    fn connections_leave_room_for_files() {
        assert_eq!(connections_within(20_000, Some(20_000)), 15_000);
        assert_eq!(connections_within(100, Some(20_000)), 100);
        assert_eq!(connections_within(100, Some(80)), 16);
        assert_eq!(connections_within(100, Some(10)), 1);
        assert_eq!(connections_within(100, None), 100);
    }
}
