//! Logs, to standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Chooses what is logged, such as `info,shouwang_hub=debug`.
pub const FILTER_VARIABLE: &str = "SHOUWANG_LOG";

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line, for machines.
    Json,
}

/// Starts logging for this process: what [`FILTER_VARIABLE`] says, or else `default_filter`.
///
/// Answers false if logging was started before (a second server in one process, a test); nothing changes then.
pub fn init(format: LogFormat, default_filter: &str) -> bool {
    let wanted = std::env::var(FILTER_VARIABLE).ok();
    let (filter, complaint) = filter(wanted.as_deref(), default_filter);
    let started = start(format, filter, BoxMakeWriter::new(std::io::stderr));
    if let Some(complaint) = complaint {
        tracing::warn!("{FILTER_VARIABLE} is not understood and ignored: {complaint}");
    }
    started
}

/// The filter that is wanted; if it is not understood, the default one and the complaint.
fn filter(wanted: Option<&str>, default_filter: &str) -> (EnvFilter, Option<String>) {
    let default = || EnvFilter::builder().parse_lossy(default_filter);
    match wanted.map(|wanted| EnvFilter::builder().parse(wanted)) {
        None => (default(), None),
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (default(), Some(error.to_string())),
    }
}

fn start(format: LogFormat, filter: EnvFilter, to: BoxMakeWriter) -> bool {
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Text => {
            // Colours are for a terminal; in a file they are noise.
            let colour = std::io::stderr().is_terminal();
            let layer = tracing_subscriber::fmt::layer().with_ansi(colour).with_writer(to);
            registry.with(layer).try_init().is_ok()
        }
        LogFormat::Json => {
            registry.with(tracing_subscriber::fmt::layer().json().with_writer(to)).try_init().is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_twice_is_harmless() {
        // Another test of this process may have been first.
        init(LogFormat::Text, "info");
        assert!(!init(LogFormat::Json, "info"));
    }

    #[test]
    fn a_filter_that_is_not_understood_is_named_and_ignored() {
        let (used, complaint) = filter(Some("shouwang=sideways"), "warn");
        assert_eq!(used.to_string(), "warn");
        assert!(complaint.is_some());
        let (used, complaint) = filter(Some("debug"), "warn");
        assert_eq!((used.to_string().as_str(), complaint), ("debug", None));
    }
}
