//! For whom a commit waits. Pure.
//!
//! A commit costs the same whether it carries one small write or twenty, and on a busy store most of what it costs is
//! paid anew for each (pages written whole to the log, fsync). Who writes alone and waits for each answer must not pay
//! for that: nobody came while its commit was under way, so nobody is waited for.

/// How many writers are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    expected: usize,
}

impl Pace {
    /// Notes how a group of writes ended: how many it had, and how many came meanwhile. Whoever waited for the commit
    /// is likely to write again, and whoever came meanwhile shows that there is more. At most `most`.
    pub(super) fn ended(&mut self, operations: usize, came_meanwhile: usize, most: usize) {
        self.expected = (operations + came_meanwhile).min(most);
    }

    /// How many writes are worth waiting for before the next group begins, all together.
    pub(super) fn expected(self) -> usize {
        self.expected.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_alone_waits_for_nobody() {
        let mut pace = Pace::default();
        assert_eq!(pace.expected(), 1);
        for _ in 0..3 {
            pace.ended(1, 0, 256);
            assert_eq!(pace.expected(), 1);
        }
    }

    #[test]
    fn who_comes_meanwhile_is_waited_for_the_next_time() {
        let mut pace = Pace::default();
        pace.ended(1, 1, 256);
        assert_eq!(pace.expected(), 2);
        pace.ended(2, 1, 256);
        assert_eq!(pace.expected(), 3);
        pace.ended(1, 0, 256);
        assert_eq!(pace.expected(), 1, "they have gone");
        pace.ended(200, 100, 256);
        assert_eq!(pace.expected(), 256);
    }
}
