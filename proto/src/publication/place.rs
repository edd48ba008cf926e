//! Where something stands and who answers for it.

use serde::{Deserialize, Serialize};

use super::text::TextRule;
use crate::{refusal::Violations, wire};

/// A place in WGS-84 degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Latitude.
    pub latitude: f64,
    /// Longitude.
    pub longitude: f64,
    /// In words.
    pub address: String,
}

/// A person or desk that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyContact {
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: String,
    /// Duty or hours.
    pub duty: String,
}

impl Location {
    /// Reads the message of the field `field`; what is wrong is noted.
    pub(crate) fn read(field: &str, location: wire::Location, violations: &mut Violations) -> Self {
        let wire::Location { latitude, longitude, address } = location;
        if !(-90.0..=90.0).contains(&latitude) {
            violations.add(format!("{field}.latitude"), "must be -90 to 90 degrees （须为 -90 至 90 度）");
        }
        if !(-180.0..=180.0).contains(&longitude) {
            violations
                .add(format!("{field}.longitude"), "must be -180 to 180 degrees （须为 -180 至 180 度）");
        }
        let address = TextRule::line(0, 200).read(&format!("{field}.address"), &address, violations);
        Self { latitude, longitude, address }
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self) -> wire::Location {
        let Self { latitude, longitude, address } = self.clone();
        wire::Location { latitude, longitude, address }
    }
}

impl DutyContact {
    /// Reads the message of the field `field`; what is wrong is noted.
    pub fn read(field: &str, contact: wire::DutyContact, violations: &mut Violations) -> Self {
        let wire::DutyContact { name, phone, duty } = contact;
        let fits = (3..=32).contains(&phone.len())
            && phone.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'+' | b'-'));
        if !fits {
            violations.add(
                format!("{field}.phone"),
                "must be 3 to 32 digits, spaces, + and - （须为 3–32 位电话号码）",
            );
        }
        Self {
            name: TextRule::line(1, 60).read(&format!("{field}.name"), &name, violations),
            phone,
            duty: TextRule::line(0, 60).read(&format!("{field}.duty"), &duty, violations),
        }
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self) -> wire::DutyContact {
        let Self { name, phone, duty } = self.clone();
        wire::DutyContact { name, phone, duty }
    }
}
