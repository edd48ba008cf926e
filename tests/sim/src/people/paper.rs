//! What people write: publications that say which one they are and in which version, in words that can be searched.

use shouwang_proto::{log::sealed::SealedEntry, wire};

use crate::{
    ledger::Key,
    model::{Effect, Shelf},
};
use prost::Message as _;
use shouwang_proto::log::entry::EntryKind;

/// A publication with this content and about `text` more characters.
#[must_use]
pub fn write(key: &Key, version: u32, text: usize) -> wire::Publication {
    const SENTENCE: &str = "受限空间作业前三十分钟检测，作业中连续监测，人员离开后重新检测。";
    let (any, this) = (word(key), word_of(key, version));
    let filling: String = SENTENCE.chars().cycle().take(text).collect();
    let body = format!("第 {version} 版。{any} {this} {filling}");
    let title = format!("受限空间作业监护 {any} {this}");
    wire::Publication {
        external_id: key.external_id.clone(),
        title,
        summary: format!("version {version}"),
        body,
        language: "zh-CN".to_owned(),
        detail: Some(wire::publication::Detail::Practice(wire::Practice::default())),
        ..wire::Publication::default()
    }
}

/// The owner's number of a resource that it lends.
#[must_use]
pub fn resource_number(number: usize) -> String {
    format!("r{number}-0")
}

/// A resource that its owner lends, as it is published.
#[must_use]
pub fn resource(key: &Key, quota: u32, unit: &str, pre_authorised: bool) -> wire::Publication {
    let kind = if unit == "1" { "vehicle" } else { "supply" };
    let contact =
        wire::DutyContact { name: "王队".to_owned(), phone: "13800000000".to_owned(), duty: String::new() };
    let resource = wire::MutualAidResource {
        resource_kind: kind.to_owned(),
        resource_type: "汽车吊".to_owned(),
        quantity: f64::from(quota),
        unit: unit.to_owned(),
        location: Some(wire::Location { latitude: 31.3, longitude: 120.7, address: "一号门".to_owned() }),
        muster_minutes: 5,
        duty_contacts: vec![contact],
        pre_authorised,
        ..wire::MutualAidResource::default()
    };
    wire::Publication { detail: Some(wire::publication::Detail::Resource(resource)), ..write(key, 1, 0) }
}

/// A word that is in every version of a publication and in no other publication.
#[must_use]
pub fn word(key: &Key) -> String {
    letters(&format!("{}x{}", key.member, key.external_id))
}

/// Letters alone, so that no rule about digits or signs in words comes between.
fn letters(text: &str) -> String {
    let letter = |character: char| match character.to_digit(10) {
        Some(digit) => ('a'..='j').nth(digit as usize).unwrap_or('z'),
        None if character.is_ascii_alphabetic() => character,
        None => 'q',
    };
    text.chars().map(letter).collect()
}

/// A word that is in one version of one publication.
#[must_use]
pub fn word_of(key: &Key, version: u32) -> String {
    letters(&format!("{}v{version}", word(key)))
}

/// The version a publication says it is.
#[must_use]
pub fn version(publication: &wire::Publication) -> Option<u32> {
    publication.summary.strip_prefix("version ")?.parse().ok()
}

/// Where a publication stands, as its own node tells.
#[must_use]
pub fn shelf(publication: &wire::Publication) -> Option<Shelf> {
    let (version, revision) = (version(publication)?, publication.revision);
    match publication.state() {
        wire::PublicationState::Unspecified => None,
        wire::PublicationState::Draft => Some(Shelf::Draft { version }),
        wire::PublicationState::Published => Some(Shelf::Published { version, revision }),
        wire::PublicationState::Withdrawn => Some(Shelf::Withdrawn { version, revision }),
    }
}

/// What an entry of a log says: the owner's number, where a PUT carries it, and the effect. None for entries about the
/// log itself.
#[must_use]
pub fn effect(entry: &SealedEntry) -> Option<(Option<String>, Effect)> {
    let revision = entry.header().revision;
    match entry.header().kind {
        EntryKind::Put => {
            let payload = wire::RecordPayload::decode(entry.payload().as_ref()).ok()?;
            let publication = payload.publication?;
            let version = version(&publication)?;
            Some((Some(publication.external_id), Effect::Put { version, revision }))
        }
        EntryKind::Withdraw => Some((None, Effect::Withdraw { revision })),
        EntryKind::Redact | EntryKind::Key | EntryKind::EpochBegin => None,
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::publication::Content;

    use super::*;

    #[test]
    fn what_people_write_is_valid_and_tells_which_it_is() {
        let key = Key { member: "north".to_owned(), external_id: "k7".to_owned() };
        let written = write(&key, 12, 50);
        assert_eq!(version(&written), Some(12));
        assert!(Content::from_wire(written).is_ok());
        assert!(Content::from_wire(resource(&key, 40, "kg", true)).is_ok());
        assert_eq!(word_of(&key, 12), "northxkhvbc");
    }
}
