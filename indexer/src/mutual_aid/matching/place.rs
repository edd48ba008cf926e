//! Places on the earth and distances between them.

use std::f64::consts::PI;

/// Mean radius of the earth in metres (IUGG).
const EARTH_METRES: f64 = 6_371_008.8;

/// A place in WGS-84 degrees; always finite and in range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    latitude: f64,
    longitude: f64,
}

/// Why two numbers are no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Not a number from -90 to 90.
    #[error("latitude must be -90 to 90 degrees （纬度须为 -90 至 90 度）")]
    Latitude,
    /// Not a number from -180 to 180.
    #[error("longitude must be -180 to 180 degrees （经度须为 -180 至 180 度）")]
    Longitude,
}

/// A place as a point on the unit sphere: the distance of two needs no sine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bearing([f64; 3]);

/// A place to within a metre, in 12 bytes: enough to tell how near two can be at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Near([f32; 3]);

/// Rounding to [`Near`] moves a point by less than 0.7 m; two of them, and the difference itself, by less than this.
const NEAR_METRES: f32 = 2.0;

impl Near {
    /// Of a place; of none: as near as can be to everything.
    pub(super) fn of(place: Option<Place>) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "-1 to 1; what it loses is in NEAR_METRES")]
        let near = |axis: f64| axis as f32;
        place.map_or(Self([f32::NAN; 3]), |place| Self(place.bearing().0.map(near)))
    }

    /// Metres of which the great circle between the two has no fewer. No root of a sine: a chord is shorter than its arc.
    pub(super) fn least_metres(self, other: Self) -> f32 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "loses half a metre in six million, which is in the bound"
        )]
        const EARTH: f32 = (EARTH_METRES * 0.999_999) as f32;
        let [x, y, z] = [0, 1, 2].map(|axis: usize| self.0[axis] - other.0[axis]);
        // Of what is not a number the other one is taken.
        (EARTH * (x * x + y * y + z * z).sqrt() - NEAR_METRES).max(0.0)
    }
}

impl Place {
    /// A place from WGS-84 degrees.
    ///
    /// # Errors
    /// The first coordinate that is not finite or out of range.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, PlaceError> {
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(PlaceError::Latitude);
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(PlaceError::Longitude);
        }
        Ok(Self { latitude, longitude })
    }

    /// Degrees north.
    #[must_use]
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    #[must_use]
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// As a point on the unit sphere.
    #[must_use]
    pub fn bearing(self) -> Bearing {
        let (latitude, longitude) = (self.latitude * PI / 180.0, self.longitude * PI / 180.0);
        let ring = latitude.cos();
        Bearing([ring * longitude.cos(), ring * longitude.sin(), latitude.sin()])
    }

    /// Metres along the great circle.
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        self.bearing().metres_to(other.bearing())
    }
}

impl Bearing {
    /// Metres along the great circle; good to the centimetre except between antipodes.
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        let [x, y, z] = [0, 1, 2].map(|axis: usize| self.0[axis] - other.0[axis]);
        let half_chord = (x * x + y * y + z * z).sqrt() / 2.0;
        2.0 * EARTH_METRES * half_chord.min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_earth() {
        let metres = |from: (f64, f64), to: (f64, f64)| {
            Place::new(from.0, from.1).unwrap().metres_to(Place::new(to.0, to.1).unwrap()).round()
        };
        assert_eq!(metres((31.0, 120.0), (31.0, 120.0)).to_bits(), 0.0_f64.to_bits());
        // One degree of a great circle: pi * R / 180.
        assert_eq!(metres((0.0, 0.0), (1.0, 0.0)).to_bits(), 111_195.0_f64.to_bits());
        assert_eq!(metres((0.0, 179.5), (0.0, -179.5)).to_bits(), 111_195.0_f64.to_bits());
        assert_eq!(metres((90.0, 0.0), (-90.0, 0.0)).to_bits(), 20_015_114.0_f64.to_bits());
    }

    #[test]
    fn the_least_distance_is_never_more_than_the_distance() {
        let spots: Vec<_> =
            [(31.3, 120.7), (31.300_01, 120.7), (31.3, 120.700_02), (-31.3, -59.3), (0.0, 0.0), (90.0, 5.0)]
                .iter()
                .map(|(latitude, longitude)| Place::new(*latitude, *longitude).unwrap())
                .collect();
        for (from, to) in spots.iter().flat_map(|from| spots.iter().map(move |to| (*from, *to))) {
            let least = f64::from(Near::of(Some(from)).least_metres(Near::of(Some(to))));
            let metres = from.metres_to(to);
            assert!(least <= metres, "{from:?} {to:?}: {least} {metres}");
            assert!(least >= metres * 0.63 - 4.5, "no use as a bound: {least} {metres}");
        }
        let nowhere = Near::of(None).least_metres(Near::of(Some(spots[0])));
        assert_eq!(nowhere.to_bits(), 0.0_f32.to_bits());
    }

    #[test]
    fn what_is_not_on_the_earth_is_no_place() {
        for bad in [f64::NAN, f64::INFINITY, 90.1, -90.1] {
            assert_eq!(Place::new(bad, 0.0), Err(PlaceError::Latitude));
        }
        for bad in [f64::NAN, f64::NEG_INFINITY, 180.1] {
            assert_eq!(Place::new(0.0, bad), Err(PlaceError::Longitude));
        }
    }
}
