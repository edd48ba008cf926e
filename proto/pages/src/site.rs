//! The handle of a server's pages.

use std::{fmt, ops::Deref, sync::Arc};

/// What the pages of a server stand on, behind one of its doors; a clone shares everything.
pub struct Site<H> {
    house: Arc<H>,
    is_tls: bool,
}

impl<H> Site<H> {
    /// Pages on a port that speaks TLS itself.
    #[must_use]
    pub fn new(house: H) -> Self {
        Self { house: Arc::new(house), is_tls: true }
    }

    /// The same pages on a port without TLS, for this machine and a proxy on it.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self { house: Arc::clone(&self.house), is_tls: false }
    }

    /// True on a port that speaks TLS itself.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }
}

impl<H> Clone for Site<H> {
    fn clone(&self) -> Self {
        Self { house: Arc::clone(&self.house), is_tls: self.is_tls }
    }
}

impl<H> fmt::Debug for Site<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Site").field("is_tls", &self.is_tls).finish_non_exhaustive()
    }
}

impl<H> Deref for Site<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.house
    }
}
