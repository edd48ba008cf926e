//! Seeded chance. Every part of a run draws from a stream of its own, so that one more draw here changes nothing there.

use std::ops::Range;

/// A stream of numbers that the seed alone decides (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A stream of its own for the part with this label, whatever was drawn here before or after.
    #[must_use]
    pub fn of(seed: u64, label: &str) -> Self {
        // FNV-1a; the first draw scatters what little it leaves alike.
        let hash = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        Self { state: Self { state: seed ^ hash }.draw() }
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in the range, which must not be empty.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.draw() % (range.end - range.start).max(1)
    }

    /// A place in a list of this length.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.draw() % (length.max(1) as u64)).unwrap_or(0)
    }

    /// One of the values; none if there are none.
    pub fn pick<'a, T>(&mut self, values: &'a [T]) -> Option<&'a T> {
        values.get(self.index(values.len()))
    }

    /// True so many times in a thousand.
    pub fn per_mille(&mut self, rate: u64) -> bool {
        self.draw() % 1_000 < rate
    }

    /// Fills with bytes of the stream.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.draw().to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_repeatable_and_apart() {
        let draws = |mut chance: Chance| (0..8).map(|_| chance.draw()).collect::<Vec<_>>();
        assert_eq!(draws(Chance::of(7, "faults")), draws(Chance::of(7, "faults")));
        assert_ne!(draws(Chance::of(7, "faults")), draws(Chance::of(7, "desks")));
        assert_ne!(draws(Chance::of(7, "faults")), draws(Chance::of(8, "faults")));
    }

    #[test]
    fn ranges_and_rates_hold() {
        let mut chance = Chance::new(1);
        assert!((0..1_000).all(|_| (5..9).contains(&chance.within(5..9))));
        let hits = (0..10_000).filter(|_| chance.per_mille(100)).count();
        assert!((800..1_200).contains(&hits), "{hits}");
        assert_eq!(chance.pick::<u8>(&[]), None);
    }
}
