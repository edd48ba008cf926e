//! What happened, in order: printed for a seed that failed, hashed to prove that a seed repeats itself.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Lines kept for printing.
const KEPT: usize = 4_000;

/// Everything that happened so far.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    hasher: Sha256,
    lines: Vec<String>,
    count: u64,
}

impl Trace {
    /// Notes an event at a simulated time in milliseconds. The text must name things by what the seed decides, never
    /// by what a run draws by itself, such as the bytes of a TLS key.
    pub fn note(&mut self, at: u64, text: impl AsRef<str>) {
        let mut line = String::new();
        // Writing to a String cannot fail.
        let _ = write!(line, "{:>7} {}", at, text.as_ref());
        self.hasher.update(line.as_bytes());
        self.hasher.update(b"\n");
        self.count += 1;
        if self.lines.len() < KEPT {
            self.lines.push(line);
        }
    }

    /// Hash over all events.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(&self.hasher.clone().finalize()[..8])
    }

    /// Number of events.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first few thousand events.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}
