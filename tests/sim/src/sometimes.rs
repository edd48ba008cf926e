//! What must happen sometimes over a whole campaign: a simulation that never reaches a case proves nothing about it.

use std::{collections::BTreeMap, fmt};

/// Counts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sometimes(BTreeMap<String, u64>);

impl Sometimes {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// It happened.
    pub fn hit(&mut self, name: impl Into<String>) {
        self.add(name, 1);
    }

    /// It happened so many times; zero makes the row appear.
    pub fn add(&mut self, name: impl Into<String>, times: u64) {
        *self.0.entry(name.into()).or_default() += times;
    }

    /// Takes in the counts of another run.
    pub fn merge(&mut self, other: &Self) {
        for (name, times) in &other.0 {
            self.add(name.clone(), *times);
        }
    }

    /// How often it happened.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Of these names, those that never happened.
    #[must_use]
    pub fn never<'a>(&self, names: &[&'a str]) -> Vec<&'a str> {
        names.iter().filter(|name| self.count(name) == 0).copied().collect()
    }
}

impl fmt::Display for Sometimes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.keys().map(|name| name.chars().count()).max().unwrap_or(0);
        for (name, times) in &self.0 {
            writeln!(formatter, "  {name:<width$}  {times:>8}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_the_missing_are_named() {
        let mut campaign = Sometimes::new();
        let mut run = Sometimes::new();
        run.hit("hello: normal");
        campaign.merge(&run);
        campaign.merge(&run);
        assert_eq!(campaign.count("hello: normal"), 2);
        assert_eq!(campaign.never(&["hello: normal", "hello: forked"]), ["hello: forked"]);
        assert!(campaign.to_string().contains("hello: normal"));
    }
}
