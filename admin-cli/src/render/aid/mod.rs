//! Mutual aid as people read it: what is missing, how old each datum is, who is where. Pure.

pub(crate) mod agreement;
pub(crate) mod assignment;
pub(crate) mod candidates;
pub(crate) mod draft;
pub(crate) mod inbox;
pub(crate) mod incident;
pub(crate) mod labels;
pub(crate) mod ledger;
pub(crate) mod order_sheet;
pub(crate) mod plan;
pub(crate) mod request;
pub(crate) mod roads;
pub(crate) mod task;
pub(crate) mod timeline;
pub(crate) mod when;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use shouwang_proto::{
    json::{self, Contract},
    wire::{DutyContact, Location},
};

use crate::{
    output::{Answer, Style},
    words::Lang,
};

/// What the texts of mutual aid depend on besides the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Language.
    pub(crate) lang: Lang,
    /// The time now: ages are told from it.
    pub(crate) now: Timestamp,
}

/// A message of the contract as an answer: JSON as the contract has it, text as the function writes it.
pub(crate) struct Shown<M> {
    /// The message.
    pub(crate) message: M,
    /// The time now.
    pub(crate) now: Timestamp,
    /// Writes the text for people.
    pub(crate) text: fn(&M, Look) -> String,
}

impl<M: Contract> Serialize for Shown<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::serialize(&self.message, serializer)
    }
}

impl<M: Contract> Answer for Shown<M> {
    fn text(&self, style: Style) -> String {
        (self.text)(&self.message, Look { lang: style.lang, now: self.now })
    }
}

impl Look {
    /// The label in the language of the answer.
    pub(crate) fn say<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(zh, en)
    }

    /// A pair of labels in the language of the answer.
    pub(crate) fn pick(self, (zh, en): (&'static str, &'static str)) -> &'static str {
        self.lang.pick(zh, en)
    }
}

/// The last part of a name such as `requests/0198…`.
pub(crate) fn tail(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The member of a publication's name, or of `members/{member}`.
pub(crate) fn owner(name: &str) -> &str {
    name.strip_prefix("members/").and_then(|rest| rest.split('/').next()).unwrap_or(name)
}

/// An amount with its unit; counted things have none.
pub(crate) fn amount(quantity: u64, unit: &str) -> String {
    if unit.is_empty() || unit == "1" { quantity.to_string() } else { format!("{quantity} {unit}") }
}

/// A place: the address, and the degrees.
pub(crate) fn place(place: Option<&Location>) -> String {
    let Some(Location { latitude, longitude, address }) = place else { return String::new() };
    let degrees = format!("{latitude:.5}, {longitude:.5}");
    if address.is_empty() { degrees } else { format!("{address} ({degrees})") }
}

/// Somebody to phone.
pub(crate) fn contact(contact: &DutyContact) -> String {
    let DutyContact { name, phone, duty } = contact;
    if duty.is_empty() { format!("{name} {phone}") } else { format!("{name} {phone} ({duty})") }
}

/// How to go on with a list that has more pages; empty on the last.
pub(crate) fn more(token: &str, look: Look) -> String {
    if token.is_empty() {
        return String::new();
    }
    format!("\n{}: --page-token {token}", look.say("下一页", "next page"))
}
