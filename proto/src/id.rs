//! Ids: each is a type with rules and knows its name on the wire.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a slug.
    #[error(
        "must be 2 to 40 lower-case letters, digits and single hyphens, beginning with a letter \
         （须为 2–40 个小写字母、数字或单个连字符，以字母开头）"
    )]
    Slug,
    /// Not a UUID.
    #[error("must be a UUID such as 01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a39 （须为 UUID）")]
    Uuid,
    /// Not a resource name of the form said.
    #[error("must have the form {0} （格式须为 {0}）")]
    Name(&'static str),
}

fn is_slug(text: &str) -> bool {
    (2..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_slug(text) { Ok(Self(text.to_owned())) } else { Err(IdError::Slug) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

slug!(
    /// A member company: `members/{member}` on the wire. 2 to 40 lower-case letters, digits and single hyphens.
    MemberId
);
slug!(
    /// A group of members that an audience names: `alliance`, `council`, a sub-alliance. Same rules as [`MemberId`].
    GroupId
);
slug!(
    /// An alliance, which is one hub. Same rules as [`MemberId`].
    AllianceId
);

impl GroupId {
    /// The group that every active member is in.
    #[must_use]
    pub fn alliance() -> Self {
        Self("alliance".to_owned())
    }

    /// The council's own group.
    #[must_use]
    pub fn council() -> Self {
        Self("council".to_owned())
    }
}

impl MemberId {
    /// The name on the wire.
    #[must_use]
    pub fn name(&self) -> String {
        format!("members/{self}")
    }

    /// Reads the name on the wire.
    ///
    /// # Errors
    /// [`IdError::Name`] when the form is another, [`IdError::Slug`] when the id breaks its rules.
    pub fn from_name(name: &str) -> Result<Self, IdError> {
        name.strip_prefix("members/").ok_or(IdError::Name("members/{member}"))?.parse()
    }
}

/// A record of a member's log, a UUIDv7: sorts by the time it was made, which helps the stores.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(Uuid);

impl RecordId {
    /// A new id from the time and ten random bytes.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// From the 16 bytes of a log header.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The 16 bytes as a log header carries them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The nil id: entries that concern no record carry it.
    #[must_use]
    pub fn nil() -> Self {
        Self(Uuid::nil())
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for RecordId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Uuid::parse_str(text).map(Self).map_err(|_| IdError::Uuid)
    }
}

/// A publication anywhere in the alliance: `members/{member}/publications/{uuid}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicationName {
    /// The owner.
    pub member: MemberId,
    /// The owner's record.
    pub record: RecordId,
}

impl fmt::Display for PublicationName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "members/{}/publications/{}", self.member, self.record)
    }
}

impl TryFrom<String> for PublicationName {
    type Error = IdError;

    fn try_from(name: String) -> Result<Self, IdError> {
        name.parse()
    }
}

impl From<PublicationName> for String {
    fn from(name: PublicationName) -> Self {
        name.to_string()
    }
}

impl FromStr for PublicationName {
    type Err = IdError;

    fn from_str(name: &str) -> Result<Self, IdError> {
        let form = IdError::Name("members/{member}/publications/{uuid}");
        let rest = name.strip_prefix("members/").ok_or_else(|| form.clone())?;
        let (member, record) = rest.split_once("/publications/").ok_or(form)?;
        Ok(Self { member: member.parse()?, record: record.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_follow_their_rules() {
        for good in ["ab", "chenghu-chem", "a1", "sector-hot-work"] {
            assert!(good.parse::<MemberId>().is_ok(), "{good}");
        }
        for bad in ["", "a", "A1", "1a", "a--b", "a-", "-a", "企业", "a_b", &"a".repeat(41)] {
            assert_eq!(bad.parse::<MemberId>(), Err(IdError::Slug), "{bad}");
        }
    }

    #[test]
    fn publication_names_survive_the_wire() {
        let name = PublicationName {
            member: "hengrui-foundry".parse().unwrap(),
            record: RecordId::new(Timestamp::UNIX_EPOCH, [7; 10]),
        };
        assert_eq!(name.to_string().parse(), Ok(name));
        assert!("members/x/publications".parse::<PublicationName>().is_err());
    }
}
