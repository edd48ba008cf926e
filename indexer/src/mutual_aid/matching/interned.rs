//! Small numbers for values that repeat, so that a hundred thousand resources are compared as numbers.

use std::collections::BTreeMap;

/// Numbers for values. A number is free again when nobody uses its value any more: the table never outgrows its users.
#[derive(Clone, Debug)]
pub(super) struct Interned<T> {
    numbers: BTreeMap<T, u32>,
    /// Value and number of users, by number.
    slots: Vec<Option<(T, u32)>>,
    free: Vec<u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), slots: Vec::new(), free: Vec::new() }
    }
}

impl<T: Ord + Clone> Interned<T> {
    /// The value's number, with one user more.
    pub(super) fn take(&mut self, value: &T) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            if let Some((_, users)) = &mut self.slots[*number as usize] {
                *users += 1;
            }
            return *number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.slots[number as usize] = Some((value.clone(), 1));
        self.numbers.insert(value.clone(), number);
        number
    }

    /// One user less.
    pub(super) fn release(&mut self, value: &T) {
        let Some(number) = self.numbers.get(value).copied() else { return };
        let slot = &mut self.slots[number as usize];
        if let Some((_, users)) = slot {
            *users -= 1;
            if *users == 0 {
                *slot = None;
                self.numbers.remove(value);
                self.free.push(number);
            }
        }
    }

    /// The value's number; `None` when nobody uses it.
    pub(super) fn find(&self, value: &T) -> Option<u32> {
        self.numbers.get(value).copied()
    }

    /// True when no two values share a bit of a signature.
    pub(super) fn has_own_bits(&self) -> bool {
        self.slots.len() <= 64
    }

    /// Joins every value in use with what `others` know of it, by number; `default` for numbers without a value. Both
    /// are in order, so it goes once through each.
    pub(super) fn join<V, U: Clone>(
        &self,
        others: &BTreeMap<T, V>,
        default: &U,
        map: impl Fn(&T, Option<&V>) -> U,
    ) -> Vec<U> {
        let mut joined = vec![default.clone(); self.slots.len()];
        let mut others = others.iter().peekable();
        for (value, number) in &self.numbers {
            while others.next_if(|(other, _)| *other < value).is_some() {}
            let known = others.next_if(|(other, _)| *other == value).map(|(_, known)| known);
            joined[*number as usize] = map(value, known);
        }
        joined
    }

    /// `map` of every value in use, by number; `default` for numbers without a value.
    pub(super) fn table<U: Clone>(&self, default: &U, map: impl Fn(&T) -> U) -> Vec<U> {
        self.slots
            .iter()
            .map(|slot| slot.as_ref().map_or_else(|| default.clone(), |(value, _)| map(value)))
            .collect()
    }
}

/// Which of 64 bits stands for a number. Two numbers may share one: a missing bit is proof, a set bit is not.
pub(super) fn signature_bit(number: u32) -> u64 {
    1 << (number % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shared_and_come_free() {
        let mut names = Interned::default();
        let [one, two] = ["泡沫车", "吊车"];
        assert_eq!((names.take(&one), names.take(&two), names.take(&one)), (0, 1, 0));
        names.release(&one);
        assert_eq!(names.find(&one), Some(0), "one user is left");
        names.release(&one);
        names.release(&one);
        assert_eq!(names.find(&one), None);
        assert_eq!(names.table(&0, |name| name.len()), [0, two.len()]);
        assert_eq!(names.take(&"堵漏"), 0, "the number is used again");
    }
}
