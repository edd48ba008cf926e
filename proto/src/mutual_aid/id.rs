//! Ids of what the hub keeps in an emergency: UUIDv7, each with its collection on the wire.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::IdError;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $collection:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id from the time and ten random bytes.
            #[must_use]
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The id that has this UUID.
            #[must_use]
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }

            /// The name on the wire.
            #[must_use]
            pub fn name(self) -> String {
                format!(concat!($collection, "/{}"), self.0)
            }

            /// Reads the name on the wire.
            ///
            /// # Errors
            /// [`IdError::Name`] when the form is another, [`IdError::Uuid`] when the id is no UUID.
            pub fn from_name(name: &str) -> Result<Self, IdError> {
                name.strip_prefix(concat!($collection, "/"))
                    .ok_or(IdError::Name(concat!($collection, "/{uuid}")))?
                    .parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::parse_str(text).map(Self).map_err(|_| IdError::Uuid)
            }
        }
    };
}

uuid_id!(
    /// An incident: `incidents/{uuid}`.
    IncidentId,
    "incidents"
);
uuid_id!(
    /// A request for help: `requests/{uuid}`.
    RequestId,
    "requests"
);
uuid_id!(
    /// One resource on one line of a request: `assignments/{uuid}`.
    AssignmentId,
    "assignments"
);
uuid_id!(
    /// What one member is told once: `notices/{uuid}`.
    NoticeId,
    "notices"
);
uuid_id!(
    /// A proposal for several requests: `plans/{uuid}`.
    PlanId,
    "plans"
);
uuid_id!(
    /// A closed or slow area: `closures/{uuid}`.
    ClosureId,
    "closures"
);
uuid_id!(
    /// A signed agreement: `agreements/{uuid}`.
    AgreementId,
    "agreements"
);
uuid_id!(
    /// One attempt to change something, made by whoever attempts it; `commands/{uuid}` in logs.
    CommandId,
    "commands"
);

/// Number of a line within its request, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LineNumber(u16);

impl LineNumber {
    /// The number, if it is from 1 to 65,535.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        u16::try_from(number).ok().filter(|number| *number > 0).map(Self)
    }

    /// As on the wire.
    #[must_use]
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }
}

impl fmt::Display for LineNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// One line of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineId {
    /// The request.
    pub request: RequestId,
    /// The line's number.
    pub number: LineNumber,
}

impl fmt::Display for LineId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "requests/{}/lines/{}", self.request, self.number)
    }
}
