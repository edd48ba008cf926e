//! Quantities as whole thousandths of a base unit: sums and comparisons are exact, `6000 L` equals `6 m3`.

use std::fmt;

/// Largest quantity in its own unit; as publications have it.
pub const QUANTITY_LIMIT: f64 = 1e9;

/// A quantity in thousandths of the base unit of its [`Dimension`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

/// What a unit measures. Amounts of one dimension can be compared and added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Pieces, people, vehicles; whole numbers. Base: 1.
    Count,
    /// Base: kg.
    Mass,
    /// Base: L.
    Volume,
    /// Base: m.
    Length,
    /// Base: m2.
    Area,
    /// Base: s.
    Time,
    /// Base: W.
    Power,
    /// Volume in a time. Base: L/h.
    Flow,
    /// Base: kPa.
    Pressure,
    /// A unit without known conversion: comparable with itself only.
    Other(Box<str>),
}

/// A UCUM unit, case-sensitive, with the conversion to its base where one is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    code: Box<str>,
    dimension: Dimension,
    /// Thousandths of the base unit in one of this unit.
    per_unit: u64,
}

impl Amount {
    /// None of it.
    pub const ZERO: Self = Self(0);

    /// From thousandths of the base unit.
    #[must_use]
    pub const fn from_thousandths(thousandths: u64) -> Self {
        Self(thousandths)
    }

    /// Thousandths of the base unit.
    #[must_use]
    pub const fn thousandths(self) -> u64 {
        self.0
    }

    /// True when there is none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What is left after taking `other`; none when it is more.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The largest multiple of `granule` that is not more.
    #[must_use]
    pub const fn floor_to(self, granule: Self) -> Self {
        Self(self.0 - self.0 % granule.0)
    }

    /// The smallest multiple of `granule` that is not less.
    #[must_use]
    pub const fn ceil_to(self, granule: Self) -> Self {
        Self(self.0.next_multiple_of(granule.0))
    }
}

impl Unit {
    /// Reads a UCUM code. Every text is a unit: one that is not known is comparable with itself only.
    #[must_use]
    pub fn new(code: &str) -> Self {
        let (dimension, per_unit) = match code {
            "1" => (Dimension::Count, 1_000),
            "g" => (Dimension::Mass, 1),
            "kg" => (Dimension::Mass, 1_000),
            "t" => (Dimension::Mass, 1_000_000),
            "mL" | "ml" => (Dimension::Volume, 1),
            "L" | "l" => (Dimension::Volume, 1_000),
            "m3" => (Dimension::Volume, 1_000_000),
            "mm" => (Dimension::Length, 1),
            "cm" => (Dimension::Length, 10),
            "m" => (Dimension::Length, 1_000),
            "km" => (Dimension::Length, 1_000_000),
            "m2" => (Dimension::Area, 1_000),
            "s" => (Dimension::Time, 1_000),
            "min" => (Dimension::Time, 60_000),
            "h" => (Dimension::Time, 3_600_000),
            "W" => (Dimension::Power, 1_000),
            "kW" => (Dimension::Power, 1_000_000),
            "MW" => (Dimension::Power, 1_000_000_000),
            "L/h" => (Dimension::Flow, 1_000),
            "L/min" => (Dimension::Flow, 60_000),
            "L/s" => (Dimension::Flow, 3_600_000),
            "m3/h" => (Dimension::Flow, 1_000_000),
            "kPa" => (Dimension::Pressure, 1_000),
            "bar" => (Dimension::Pressure, 100_000),
            "MPa" => (Dimension::Pressure, 1_000_000),
            // UCUM §12: a mere annotation, such as {person}, is the unit 1.
            counted if counted.starts_with('{') && counted.ends_with('}') => (Dimension::Count, 1_000),
            other => (Dimension::Other(other.into()), 1_000),
        };
        Self { code: code.into(), dimension, per_unit }
    }

    /// The UCUM code as it was given.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What it measures.
    #[must_use]
    pub fn dimension(&self) -> &Dimension {
        &self.dimension
    }

    /// The smallest amount that can be given away: one piece of counted things, otherwise a thousandth of the base.
    #[must_use]
    pub fn granule(&self) -> Amount {
        if self.dimension == Dimension::Count { Amount(1_000) } else { Amount(1) }
    }

    /// `value` of this unit, rounded to the thousandth of the base; `None` when it is not 0 to [`QUANTITY_LIMIT`].
    #[must_use]
    pub fn amount(&self, value: f64) -> Option<Amount> {
        if !(0.0..=QUANTITY_LIMIT).contains(&value) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "0 to 1e18, checked above"
        )]
        let thousandths = (value * self.per_unit as f64).round() as u64;
        Some(Amount(thousandths))
    }

    /// `amount` in this unit.
    #[must_use]
    pub fn value(&self, amount: Amount) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "for people and for the wire, which has a double")]
        let value = amount.0 as f64 / self.per_unit as f64;
        value
    }

    /// `amount` as people read it: `2`, `1.5 t`.
    #[must_use]
    pub fn show(&self, amount: Amount) -> String {
        let text = format!("{:.6}", self.value(amount));
        let number = text.trim_end_matches('0').trim_end_matches('.');
        if self.code.as_ref() == "1" { number.to_owned() } else { format!("{number} {}", self.code) }
    }
}

impl From<&str> for Unit {
    fn from(code: &str) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_dimension_compare() {
        let (litre, cubic) = (Unit::new("L"), Unit::new("m3"));
        assert_eq!(litre.amount(6_000.0), cubic.amount(6.0));
        assert_eq!(litre.dimension(), cubic.dimension());
        assert_ne!(litre.dimension(), Unit::new("kg").dimension());
        assert_ne!(Unit::new("[ft_i]").dimension(), Unit::new("[in_i]").dimension());
        assert_eq!(Unit::new("{person}").dimension(), Unit::new("1").dimension());
        assert_eq!(Unit::new("L/s").amount(48.0), Unit::new("L/min").amount(2_880.0));
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        let shown = |code: &str, value: f64| Unit::new(code).show(Unit::new(code).amount(value).unwrap());
        assert_eq!(shown("1", 2.0), "2");
        assert_eq!(shown("t", 1.5), "1.5 t");
        assert_eq!(shown("L", 6_000.0), "6000 L");
        assert_eq!(Unit::new("m3").show(Unit::new("L").amount(250.0).unwrap()), "0.25 m3");
    }

    #[test]
    fn what_is_no_quantity_is_none() {
        for bad in [f64::NAN, f64::INFINITY, -1.0, 1.1e9] {
            assert_eq!(Unit::new("1").amount(bad), None, "{bad}");
        }
        assert!(Unit::new("MW").amount(QUANTITY_LIMIT).is_some());
    }

    #[test]
    fn counted_things_are_whole() {
        let one = Unit::new("1");
        let (granule, half) = (one.granule(), one.amount(2.5).unwrap());
        assert_eq!(one.show(half.floor_to(granule)), "2");
        assert_eq!(one.show(half.ceil_to(granule)), "3");
    }
}
