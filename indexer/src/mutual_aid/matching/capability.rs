//! What a resource can do, and what a need demands that it can do.

use unicode_normalization::UnicodeNormalization as _;

use super::amount::{Amount, Unit};

/// A word as it is compared: compatibility forms and case of letters do not matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Box<str>);

impl Word {
    /// Folds what people wrote.
    #[must_use]
    pub fn new(written: &str) -> Self {
        let folded: String = written.trim().nfkc().flat_map(char::to_lowercase).collect();
        Self(folded.into())
    }

    /// As it is compared and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Word {
    fn from(written: &str) -> Self {
        Self::new(written)
    }
}

/// A measured value with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// How much.
    pub amount: Amount,
    /// In which unit it was written.
    pub unit: Unit,
}

impl Figure {
    /// `value` of the UCUM unit `code`; `None` when it is no quantity.
    #[must_use]
    pub fn new(value: f64, code: &str) -> Option<Self> {
        let unit = Unit::new(code);
        Some(Self { amount: unit.amount(value)?, unit })
    }

    /// As people read it.
    #[must_use]
    pub fn show(&self) -> String {
        self.unit.show(self.amount)
    }

    fn reaches(&self, least: &Self) -> bool {
        self.unit.dimension() == least.unit.dimension() && self.amount >= least.amount
    }
}

/// Something that a resource can do, with its figure where the owner gives one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// What.
    pub name: Word,
    /// How much of it, such as 50 t of lifting.
    pub figure: Option<Figure>,
}

/// Something that a resource must be able to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// What.
    pub name: Word,
    /// At least this much; `None`: having it suffices.
    pub at_least: Option<Figure>,
}

impl Capability {
    /// Reads one line of a publication's capabilities: a name alone, or a name, `=` or `:` (also full-width), a number
    /// and a UCUM unit, such as `起重量=50 t`. Text behind the sign that is no figure stays part of the name.
    #[must_use]
    pub fn parse(written: &str) -> Self {
        let whole = || Self { name: Word::new(written), figure: None };
        let Some((name, rest)) = written.split_once(['=', '＝', ':', '：']) else { return whole() };
        if name.trim().is_empty() {
            return whole();
        }
        match parse_figure(rest) {
            Some(figure) => Self { name: Word::new(name), figure: Some(figure) },
            None => whole(),
        }
    }

    fn meets(&self, demand: &Demand) -> bool {
        self.name == demand.name
            && demand
                .at_least
                .as_ref()
                .is_none_or(|least| self.figure.as_ref().is_some_and(|figure| figure.reaches(least)))
    }
}

impl Demand {
    /// True when one of the capabilities meets it.
    #[must_use]
    pub fn is_met_by(&self, capabilities: &[Capability]) -> bool {
        capabilities.iter().any(|capability| capability.meets(self))
    }
}

fn parse_figure(text: &str) -> Option<Figure> {
    let text = text.trim();
    let end = text.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(text.len());
    let (number, code) = text.split_at(end);
    let code = code.trim();
    let is_code = code.len() <= 16 && code.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_code {
        return None;
    }
    Figure::new(number.parse().ok()?, if code.is_empty() { "1" } else { code })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, name: &str, figure: Option<&str>) {
        let read = Capability::parse(written);
        assert_eq!((read.name.as_str(), read.figure.as_ref().map(Figure::show).as_deref()), (name, figure));
    }

    #[test]
    fn figures_are_read_where_they_are_written() {
        check("起重量=50 t", "起重量", Some("50 t"));
        check("流量：48L/s", "流量", Some("48 L/s"));
        check("Ｃｒｅｗ = 8", "crew", Some("8"));
        check("抗溶性泡沫覆盖", "抗溶性泡沫覆盖", None);
        check("时段:白天", "时段:白天", None);
        check("=5", "=5", None);
        check("lift=1.2.3 t", "lift=1.2.3 t", None);
    }

    #[test]
    fn a_demand_needs_the_figure_in_a_comparable_unit() {
        let demand = Demand { name: "起重量".into(), at_least: Figure::new(50_000.0, "kg") };
        let meets = |written: &str| demand.is_met_by(&[Capability::parse(written)]);
        assert!(meets("起重量=50 t"));
        assert!(!meets("起重量=49.9 t"), "too little");
        assert!(!meets("起重量=80 m"), "another dimension");
        assert!(!meets("起重量"), "no figure given");
        assert!(!meets("吊装=80 t"), "another capability");
    }
}
