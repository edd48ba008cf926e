//! What filters and facets need of every publication, in plain arrays beside the index.
//!
//! Segments never change, so their facts are read once when a segment appears: 8 bytes a publication. Names are
//! numbered for the whole index, so that counts of several segments add up without looking at text.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use tantivy::{SegmentReader, columnar::Column};

use super::signature::{FacetField, Signature};

/// Numbers for texts, in the order they were first seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Numbers {
    pub(crate) fn get(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The number of a text, a new one if it has none.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.get(text) {
            return number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

/// The names of the whole index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Facet values.
    facets: Vec<(FacetField, String)>,
    facet_numbers: BTreeMap<(FacetField, String), u32>,
    /// Members.
    pub(crate) members: Numbers,
    /// Groups.
    pub(crate) groups: Numbers,
}

impl Names {
    /// All facet values with their numbers.
    pub(crate) fn facets(&self) -> impl Iterator<Item = (u32, FacetField, &str)> {
        (0..).zip(&self.facets).map(|(number, (field, value))| (number, *field, value.as_str()))
    }

    pub(crate) fn facet_count(&self) -> usize {
        self.facets.len()
    }

    /// Changed only when a name is new: published views share it.
    fn facet(names: &mut Arc<Self>, field: FacetField, value: &str) -> u32 {
        let key = (field, value.to_owned());
        if let Some(number) = names.facet_numbers.get(&key) {
            return *number;
        }
        let names = Arc::make_mut(names);
        let number = u32::try_from(names.facets.len()).unwrap_or(u32::MAX);
        names.facets.push(key.clone());
        names.facet_numbers.insert(key, number);
        number
    }

    fn member(names: &mut Arc<Self>, id: &str) -> u32 {
        match names.members.get(id) {
            Some(number) => number,
            None => Arc::make_mut(names).members.number(id),
        }
    }

    fn group(names: &mut Arc<Self>, id: &str) -> u32 {
        match names.groups.get(id) {
            Some(number) => number,
            None => Arc::make_mut(names).groups.number(id),
        }
    }
}

/// A signature in numbers.
#[derive(Clone, Debug)]
pub(crate) struct SignatureFacts {
    /// Numbers of its facet values.
    pub(crate) facets: Box<[u32]>,
    /// Numbers of its groups.
    pub(crate) audience: Box<[u32]>,
    /// The signature itself, to show.
    pub(crate) signature: Signature,
}

/// The facts of a segment.
#[derive(Debug)]
pub(crate) struct SegmentFacts {
    /// For each document, the place of its signature in `signatures`.
    pub(crate) signature_of: Box<[u32]>,
    /// The segment's signatures.
    pub(crate) signatures: Box<[SignatureFacts]>,
    /// For each document, the number of its owner.
    pub(crate) member_of: Box<[u32]>,
    published: Column<i64>,
    tie: Column<u64>,
}

impl SegmentFacts {
    /// Reads the facts of a segment and numbers the names that are new.
    pub(crate) fn read(segment: &SegmentReader, names: &mut Arc<Names>) -> tantivy::Result<Self> {
        let mut signatures = Vec::new();
        let signature_of = column(segment, "signature", |text| {
            let signature = Signature::read(text);
            signatures.push(SignatureFacts {
                facets: signature
                    .values
                    .iter()
                    .map(|(field, value)| Names::facet(names, *field, value))
                    .collect(),
                audience: signature.audience.iter().map(|group| Names::group(names, group)).collect(),
                signature,
            });
        })?;
        let mut members = Vec::new();
        let member_of = column(segment, "member", |id| members.push(Names::member(names, id)))?;
        Ok(Self {
            signature_of,
            signatures: signatures.into(),
            member_of: member_of
                .iter()
                .map(|place| members.get(*place as usize).copied().unwrap_or(u32::MAX))
                .collect(),
            published: segment.fast_fields().i64("published")?,
            tie: segment.fast_fields().u64("tie")?,
        })
    }

    pub(crate) fn signature(&self, document: u32) -> &SignatureFacts {
        &self.signatures[self.signature_of[document as usize] as usize]
    }

    /// Milliseconds since 1970.
    pub(crate) fn published_ms(&self, document: u32) -> i64 {
        self.published.first(document).unwrap_or_default()
    }

    /// Hash of the key.
    pub(crate) fn tie(&self, document: u32) -> u64 {
        self.tie.first(document).unwrap_or_default()
    }
}

/// Reads a text column: shows each of its values to `see` in order, gives the place of the value of each document.
fn column(segment: &SegmentReader, field: &str, mut see: impl FnMut(&str)) -> tantivy::Result<Box<[u32]>> {
    let Some(column) = segment.fast_fields().str(field)? else {
        // A segment without any value; every document points at one empty value, so that places stay valid.
        see("");
        return Ok(vec![0; segment.max_doc() as usize].into());
    };
    let mut stream = column.dictionary().stream()?;
    while stream.advance() {
        see(std::str::from_utf8(stream.key()).unwrap_or_default());
    }
    let ords = column.ords();
    let place = |document| ords.first(document).and_then(|ord| u32::try_from(ord).ok()).unwrap_or_default();
    Ok((0..segment.max_doc()).map(place).collect())
}
