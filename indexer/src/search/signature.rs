//! Everything of a publication that filters and facets look at, as one value. Pure.
//!
//! Publications share signatures, so the index keeps each once per segment with a number; filtering and counting work
//! on the numbers, and what a number means is looked at once a query and not once a publication.

use std::collections::BTreeSet;

use shouwang_proto::id::GroupId;

use super::document::{Document, Kind};

/// A field with counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FacetField {
    /// `kind`.
    Kind,
    /// `member`.
    Member,
    /// `sector`.
    Sector,
    /// `hazard`.
    Hazard,
    /// `operation`.
    Operation,
    /// `language`.
    Language,
}

impl FacetField {
    /// All, in the order they are shown.
    pub const ALL: [Self; 6] =
        [Self::Kind, Self::Member, Self::Sector, Self::Hazard, Self::Operation, Self::Language];

    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Member => "member",
            Self::Sector => "sector",
            Self::Hazard => "hazard",
            Self::Operation => "operation",
            Self::Language => "language",
        }
    }
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Signature {
    /// Kind, language, sectors, hazards, operations with their field, sorted, each once.
    pub(crate) values: Vec<(FacetField, String)>,
    /// Groups; empty for an open publication, which needs no look at its audience.
    pub(crate) audience: Vec<String>,
}

/// Between the values; never part of one, because [`clean`] takes it out.
const SEPARATOR: char = '\u{1f}';

fn clean(value: &str) -> String {
    value.chars().filter(|one| !one.is_control()).collect()
}

impl Signature {
    /// The signature of a publication.
    pub(crate) fn of(document: &Document) -> Self {
        let mut values = BTreeSet::new();
        values.insert((FacetField::Kind, document.kind.code().to_owned()));
        if !document.language.is_empty() {
            values.insert((FacetField::Language, clean(&document.language)));
        }
        for (field, codes) in [
            (FacetField::Sector, &document.sectors),
            (FacetField::Hazard, &document.hazards),
            (FacetField::Operation, &document.operations),
        ] {
            values.extend(codes.iter().map(|code| (field, clean(code))));
        }
        let audience = if document.is_open() {
            Vec::new()
        } else {
            document.audience.iter().map(|group: &GroupId| group.as_str().to_owned()).collect()
        };
        Self { values: values.into_iter().collect(), audience }
    }

    /// As the index keeps it.
    pub(crate) fn write(&self) -> String {
        let mut out = String::new();
        for (field, value) in &self.values {
            out.push(letter(*field));
            out.push_str(value);
            out.push(SEPARATOR);
        }
        for group in &self.audience {
            out.push('a');
            out.push_str(group);
            out.push(SEPARATOR);
        }
        out
    }

    /// Reads it back; what has no known field is left out.
    pub(crate) fn read(text: &str) -> Self {
        let mut signature = Self::default();
        for part in text.split(SEPARATOR) {
            let mut characters = part.chars();
            let Some(first) = characters.next() else { continue };
            let value = characters.as_str().to_owned();
            match FacetField::ALL.into_iter().find(|field| letter(*field) == first) {
                Some(field) => signature.values.push((field, value)),
                None if first == 'a' => signature.audience.push(value),
                None => {}
            }
        }
        signature
    }

    /// All values of a field.
    pub(crate) fn all(&self, field: FacetField) -> impl Iterator<Item = &str> {
        self.values.iter().filter(move |(other, _)| *other == field).map(|(_, value)| value.as_str())
    }

    /// The kind; a signature always has one.
    pub(crate) fn kind(&self) -> Kind {
        self.all(FacetField::Kind).next().and_then(|code| code.parse().ok()).unwrap_or(Kind::Practice)
    }
}

fn letter(field: FacetField) -> char {
    match field {
        FacetField::Kind => 'k',
        FacetField::Member => 'm',
        FacetField::Sector => 's',
        FacetField::Hazard => 'h',
        FacetField::Operation => 'o',
        FacetField::Language => 'l',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_survive_the_index() {
        let signature = Signature {
            values: vec![
                (FacetField::Kind, "course".to_owned()),
                (FacetField::Sector, "hot-work".to_owned()),
                (FacetField::Sector, "machinery".to_owned()),
                (FacetField::Language, "zh-CN".to_owned()),
            ],
            audience: vec!["council".to_owned()],
        };
        assert_eq!(Signature::read(&signature.write()), signature);
        assert_eq!(signature.kind(), Kind::Course);
        assert_eq!(signature.all(FacetField::Sector).collect::<Vec<_>>(), ["hot-work", "machinery"]);
        assert_eq!(Signature::read(""), Signature::default());
    }
}
