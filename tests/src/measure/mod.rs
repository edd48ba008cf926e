//! What the benchmarks share: how much to do, how to repeat and compare, how to print, and the bare counterparts that
//! everything is compared with.
//!
//! A baseline does the least that could be called the same job with the same library on the same machine in the same
//! run: no checks, no layers, no limits. Nothing here asserts a time.

pub mod bare_index;
pub mod bare_link;
pub mod bare_search;
pub mod bare_store;
pub mod busy_park;
pub mod latency;
pub mod light_node;
pub mod process;
pub mod report;
pub mod rounds;
pub mod signed_log;

use anyhow::Context as _;

/// Environment variable with the fraction of the full size to run, such as `0.05` for a quick look.
pub const SCALE_VARIABLE: &str = "SHOUWANG_BENCH_SCALE";

/// The fraction of the full size to run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale(f64);

impl Scale {
    /// From [`SCALE_VARIABLE`]; the full size when it is not set.
    ///
    /// # Errors
    /// When it is no number above 0 and up to 1.
    pub fn from_environment() -> anyhow::Result<Self> {
        let Ok(text) = std::env::var(SCALE_VARIABLE) else { return Ok(Self(1.0)) };
        Self::parse(&text)
            .with_context(|| format!("{SCALE_VARIABLE} must be above 0 and at most 1, not `{text}`"))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fraction: f64 = text.parse().ok()?;
        (fraction > 0.0 && fraction <= 1.0).then_some(Self(fraction))
    }

    /// This fraction of `whole`, at least `least`.
    #[must_use]
    pub fn of(self, whole: u64, least: u64) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "sizes of benchmarks are far below 2^53"
        )]
        let part = (whole as f64 * self.0).round() as u64;
        part.max(least.min(whole))
    }

    /// True when the figures are only a quick look.
    #[must_use]
    pub fn is_partial(self) -> bool {
        self.0 < 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_a_fraction() {
        assert_eq!(Scale::parse("0.1").unwrap().of(1000, 1), 100);
        assert_eq!(Scale::parse("0.001").unwrap().of(1000, 64), 64);
        assert_eq!(Scale(1.0).of(7, 64), 7);
        for bad in ["0", "-1", "1.5", "much", ""] {
            assert_eq!(Scale::parse(bad), None, "{bad}");
        }
    }
}
