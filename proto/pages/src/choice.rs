//! One of several to choose from. Pure.

/// One of several to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// True when it is chosen.
    pub is_chosen: bool,
}

impl Choice {
    /// A choice among those that are chosen.
    #[must_use]
    pub fn new(value: &str, label: &str, chosen: &[&str]) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), is_chosen: chosen.contains(&value) }
    }
}
