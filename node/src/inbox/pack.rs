//! The offline pack: who nearby has what, when the hub is away.

use std::cmp::Ordering;

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    id::{AllianceId, MemberId},
    publication::{text::TextRule, time_from_wire},
    refusal::{Refusal, Violations},
    vocabulary, wire,
};
use wire::publication::Detail;

/// Most bytes of a pack with its signature, as the contract says.
pub const PACK_BYTES: usize = 32 * 1024 * 1024;
/// What the hub's signature covers besides the pack itself.
pub const PACK_DOMAIN: &[u8] = b"shouwang-offline-pack-v1";
/// Most resources of a pack.
const MOST_RESOURCES: usize = 10_000;
/// Most characters of a search.
const QUERY_LENGTH: usize = 100;
/// Mean radius of the earth in metres (IUGG).
const EARTH_METRES: f64 = 6_371_008.8;

/// Why a pack is not taken. The one that is there stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// It cannot be read.
    #[error("the pack cannot be read: {0}")]
    Unreadable(String),
    /// It is larger than any pack may be.
    #[error("the pack is too large")]
    TooLarge,
    /// It is for another member or of another alliance.
    #[error("the pack is for another member")]
    Misdirected,
}

/// What the hub signed: the message of the signature.
#[must_use]
pub fn signed_message(pack: &[u8]) -> Vec<u8> {
    [PACK_DOMAIN, pack].concat()
}

/// A pack that was read. That its signature is good is for whoever made it to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Pack {
    pack: wire::OfflinePack,
    made: Timestamp,
}

impl Pack {
    /// Reads the signed bytes of a pack for this member.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn read(pack: &[u8], member: &MemberId, alliance: &AllianceId) -> Result<Self, PackError> {
        let pack =
            wire::OfflinePack::decode(pack).map_err(|error| PackError::Unreadable(error.to_string()))?;
        if pack.member_id != member.as_str() || pack.alliance_id != alliance.as_str() {
            return Err(PackError::Misdirected);
        }
        if pack.resources.len() > MOST_RESOURCES {
            return Err(PackError::TooLarge);
        }
        let made = pack.create_time.as_ref().and_then(time_from_wire);
        let made =
            made.ok_or_else(|| PackError::Unreadable("it does not say when it was made".to_owned()))?;
        Ok(Self { pack, made })
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.pack.version
    }

    /// Is it newer than another one? A hub that was restored from a backup counts from where that stood, so the later
    /// one is newer also with a lower version.
    #[must_use]
    pub fn is_newer_than(&self, other: &Self) -> bool {
        self.version() > other.version() || self.made > other.made
    }

    /// What it holds.
    #[must_use]
    pub fn summary(&self) -> wire::OfflinePackSummary {
        let mut members: Vec<&str> = self.pack.resources.iter().filter_map(owner).collect();
        members.sort_unstable();
        members.dedup();
        wire::OfflinePackSummary {
            version: self.pack.version,
            create_time: self.pack.create_time,
            resources: u32::try_from(self.pack.resources.len()).unwrap_or(u32::MAX),
            members: u32::try_from(members.len()).unwrap_or(u32::MAX),
        }
    }

    /// Where the first resource of this member stands that has a place.
    #[must_use]
    pub fn own_place(&self, member: &MemberId) -> Option<wire::Location> {
        let own = self.pack.resources.iter().filter(|packed| owner(packed) == Some(member.as_str()));
        own.filter_map(location).next().cloned()
    }

    /// Whom of the council to call, in this order.
    #[must_use]
    pub fn council(&self) -> &[wire::DutyContact] {
        &self.pack.council_contacts
    }

    /// Who has it, nearest to the place first; without a place all distances are unknown.
    #[must_use]
    pub fn find(&self, search: &Search, from: Option<&wire::Location>) -> wire::FindNearbyResponse {
        let mut found: Vec<(Option<f64>, &wire::PackedResource)> = self
            .pack
            .resources
            .iter()
            .filter(|packed| search.fits(packed))
            .map(|packed| (from.zip(location(packed)).map(|(from, to)| metres_between(from, to)), packed))
            .collect();
        found.sort_by(|(left, left_packed), (right, right_packed)| match (left, right) {
            (Some(left), Some(right)) => left.total_cmp(right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => name(left_packed).cmp(name(right_packed)),
        });
        let resources = found.into_iter().take(search.limit).filter_map(|(metres, packed)| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "half the way round the earth is 20,015,115 m, and no distance is negative"
            )]
            let distance_metres = metres.map_or(0, |metres| metres.round() as u32);
            Some(wire::NearbyResource {
                publication: Some(packed.publication.clone()?),
                member_display_name: packed.member_display_name.clone(),
                distance_metres,
                place_unknown: metres.is_none(),
                free: packed.free,
            })
        });
        wire::FindNearbyResponse { resources: resources.collect(), pack_time: self.pack.create_time }
    }
}

/// What is sought, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    words: Vec<String>,
    kind: Option<&'static str>,
    /// From where, if it was said.
    pub place: Option<wire::Location>,
    limit: usize,
}

impl Search {
    /// Reads a request.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with all wrong fields.
    pub fn read(request: wire::FindNearbyRequest) -> Result<Self, Refusal> {
        let wire::FindNearbyRequest { query, resource_kind, place, page_size } = request;
        let mut wrong = Violations::new();
        let query = TextRule::line(0, QUERY_LENGTH).read("query", &query, &mut wrong);
        let kind = match resource_kind.as_str() {
            "" => None,
            written => {
                let code = vocabulary::code_of("resource-kind", written);
                let unknown = "is not in the list `resource-kind` （不在词表 resource-kind 中）";
                wrong.check("resource_kind", code.ok_or(unknown))
            }
        };
        let place = place.map(|place| place_of(place, &mut wrong));
        let words = query.split_whitespace().map(folded).collect();
        let limit = usize::try_from(shouwang_proto::page::size(page_size, 10, 100)).unwrap_or(10);
        wrong.finish(|| Some(Self { words, kind, place, limit }))
    }

    fn fits(&self, packed: &wire::PackedResource) -> bool {
        let Some(publication) = &packed.publication else { return false };
        let Some(Detail::Resource(resource)) = &publication.detail else { return false };
        if self.kind.is_some_and(|kind| kind != resource.resource_kind) {
            return false;
        }
        let texts = [&publication.title, &resource.resource_type].into_iter().chain(&resource.capabilities);
        let texts: Vec<String> = texts.map(|text| folded(text)).collect();
        self.words.iter().all(|word| texts.iter().any(|text| has_word(text, word)))
    }
}

fn place_of(place: wire::Location, wrong: &mut Violations) -> wire::Location {
    for (field, degrees, most) in
        [("place.latitude", place.latitude, 90.0), ("place.longitude", place.longitude, 180.0)]
    {
        if !(-most..=most).contains(&degrees) {
            wrong.add(field, format!("must be -{most} to {most} degrees （须为 -{most} 至 {most} 度）"));
        }
    }
    place
}

/// Letters in lower case, full-width letters and digits as their ordinary ones.
fn folded(text: &str) -> String {
    let narrow = |character: char| match u32::from(character) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(character),
        _ => character,
    };
    text.chars().map(narrow).flat_map(char::to_lowercase).collect()
}

/// Does the text have the word? Chinese is written without spaces and shortened freely, so a Chinese word fits also when
/// its characters stand in the text in their order with others between: 泡沫车 fits 泡沫消防车.
fn has_word(text: &str, word: &str) -> bool {
    if text.contains(word) {
        return true;
    }
    let mut rest = text.chars();
    let chinese = |character: char| matches!(u32::from(character), 0x3400..=0x9FFF | 0x2_0000..=0x3_FFFF);
    word.chars().all(chinese) && word.chars().all(|wanted| rest.any(|character| character == wanted))
}

fn name(packed: &wire::PackedResource) -> &str {
    packed.publication.as_ref().map_or("", |publication| publication.name.as_str())
}

fn owner(packed: &wire::PackedResource) -> Option<&str> {
    name(packed).strip_prefix("members/")?.split('/').next()
}

fn location(packed: &wire::PackedResource) -> Option<&wire::Location> {
    match packed.publication.as_ref()?.detail.as_ref()? {
        Detail::Resource(resource) => resource.location.as_ref(),
        Detail::Practice(_) | Detail::Course(_) => None,
    }
}

/// Metres as the crow flies (haversine on a sphere; at most 0.6 % off on the real earth).
fn metres_between(from: &wire::Location, to: &wire::Location) -> f64 {
    let (lat1, lat2) = (from.latitude.to_radians(), to.latitude.to_radians());
    let across = ((to.longitude - from.longitude).to_radians() / 2.0).sin();
    let along = ((lat2 - lat1) / 2.0).sin();
    let half = along * along + lat1.cos() * lat2.cos() * across * across;
    2.0 * EARTH_METRES * half.clamp(0.0, 1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> wire::Location {
        wire::Location { latitude, longitude, address: String::new() }
    }

    fn packed(
        member: &str,
        title: &str,
        capability: &str,
        location: Option<wire::Location>,
    ) -> wire::PackedResource {
        let resource = wire::MutualAidResource {
            resource_kind: "fire".to_owned(),
            resource_type: "车辆".to_owned(),
            capabilities: vec![capability.to_owned()],
            location,
            ..Default::default()
        };
        wire::PackedResource {
            publication: Some(wire::Publication {
                name: format!("members/{member}/publications/{title}"),
                title: title.to_owned(),
                detail: Some(Detail::Resource(resource)),
                ..Default::default()
            }),
            member_display_name: member.to_owned(),
            free: 1,
        }
    }

    fn pack() -> Pack {
        let pack = wire::OfflinePack {
            version: 3,
            member_id: "north".to_owned(),
            alliance_id: "park".to_owned(),
            create_time: Some(Default::default()),
            resources: vec![
                packed("east", "泡沫消防车", "AFFF 6%", Some(place(31.30, 121.5))),
                packed("south", "举高喷射车", "泡沫", None),
                packed("west", "Foam trailer", "泡沫原液", Some(place(31.21, 121.5))),
                packed("north", "吊车", "５０吨", Some(place(31.20, 121.5))),
            ],
            council_contacts: Vec::new(),
        };
        Pack::read(&pack.encode_to_vec(), &"north".parse().unwrap(), &"park".parse().unwrap()).unwrap()
    }

    #[track_caller]
    fn check(query: &str, expected: &[&str]) {
        let request = wire::FindNearbyRequest { query: query.to_owned(), ..Default::default() };
        let from = pack().own_place(&"north".parse().unwrap());
        let found = pack().find(&Search::read(request).unwrap(), from.as_ref());
        let titles: Vec<_> =
            found.resources.iter().map(|one| one.publication.as_ref().unwrap().title.as_str()).collect();
        assert_eq!(titles, expected, "{query}");
    }

    #[test]
    fn the_nearest_comes_first_and_what_has_no_place_last() {
        check("泡沫", &["Foam trailer", "泡沫消防车", "举高喷射车"]);
        check("泡沫车", &["泡沫消防车"]);
        check("FOAM", &["Foam trailer"]);
        check("afff 车", &["泡沫消防车"]);
        check("50吨", &["吊车"]);
        check("无人机", &[]);
        check("", &["吊车", "Foam trailer", "泡沫消防车", "举高喷射车"]);
    }

    #[test]
    fn distances_are_those_of_the_sphere() {
        let degree = metres_between(&place(31.2, 121.5), &place(32.2, 121.5));
        assert!((degree - 111_195.0).abs() < 1.0, "{degree}");
        let across = metres_between(&place(60.0, 179.5), &place(60.0, -179.5));
        assert!((across - 55_597.0).abs() < 5.0, "{across}");
        assert!(metres_between(&place(0.0, 0.0), &place(0.0, 180.0)) < 20_015_116.0);
        let found = pack().find(&Search::read(Default::default()).unwrap(), Some(&place(31.2, 121.5)));
        let metres: Vec<_> =
            found.resources.iter().map(|one| (one.distance_metres, one.place_unknown)).collect();
        assert_eq!(metres, [(0, false), (1_112, false), (11_120, false), (0, true)]);
    }

    #[test]
    fn a_pack_for_somebody_else_is_refused_and_a_newer_one_known() {
        let bytes = pack().pack.encode_to_vec();
        let read = |member: &str, alliance: &str| {
            Pack::read(&bytes, &member.parse().unwrap(), &alliance.parse().unwrap())
        };
        assert_eq!(read("south", "park"), Err(PackError::Misdirected));
        assert_eq!(read("north", "town"), Err(PackError::Misdirected));
        let mut newer = pack();
        assert!(!newer.is_newer_than(&pack()));
        newer.pack.version = 4;
        assert!(newer.is_newer_than(&pack()) && !pack().is_newer_than(&newer));
        assert_eq!(pack().summary().members, 4);
    }

    #[test]
    fn a_search_is_checked_whole() {
        let request = wire::FindNearbyRequest {
            query: "长".repeat(101),
            resource_kind: "nothing".to_owned(),
            place: Some(place(91.0, 181.0)),
            page_size: 0,
        };
        assert_eq!(Search::read(request).unwrap_err().violations.len(), 4);
    }
}
