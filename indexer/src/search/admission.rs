//! What of the index a question may see and wants to see.
//!
//! The open index holds what every active member may see, the restricted one everything else (council and
//! sub-alliances). Both are ranked with the statistics of the open one, so that no score, total or order of an answer
//! depends on a publication that the caller may not see.

use std::collections::BTreeSet;

use shouwang_proto::id::GroupId;

use super::{
    document::Caller,
    facts::{Names, SegmentFacts, SignatureFacts},
    query::Filters,
    signature::FacetField,
};

/// Which of the two indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// What every active member may see.
    Open,
    /// Everything else.
    Restricted,
}

/// The caller's scope and the filters, in the numbers of the names.
pub(crate) struct Admission {
    /// None: the caller is not in the alliance.
    in_alliance: bool,
    groups: BTreeSet<u32>,
    /// The caller's own member.
    own: Option<u32>,
    /// For each member: may and should its publications be seen? None when all.
    members: Option<Vec<bool>>,
    /// One value of each list must be there.
    any_of: Vec<BTreeSet<u32>>,
    /// None of these values.
    none_of: BTreeSet<u32>,
    published_from_ms: i64,
    published_before_ms: i64,
}

/// [`Admission`] for one segment.
pub(crate) struct SegmentAdmission<'a> {
    admission: &'a Admission,
    facts: &'a SegmentFacts,
    scope: Scope,
    /// For each signature of the segment; none when all are welcome.
    signatures: Option<Vec<Seen>>,
    dated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Yes,
    No,
    /// Only the owner sees it.
    ByOwner,
}

impl Admission {
    pub(crate) fn new(names: &Names, caller: &Caller, filters: &[&Filters], excluded: &Filters) -> Self {
        let mut any_of = Vec::new();
        for filter in filters {
            any_of.extend(
                lists(filter).into_iter().filter(|list| !list.is_empty()).map(|list| numbers(names, &list)),
            );
        }
        let none_of = lists(excluded).into_iter().flat_map(|list| numbers(names, &list)).collect();
        let bound = |get: fn(&Filters) -> Option<i64>| filters.iter().filter_map(move |filter| get(filter));
        Self {
            in_alliance: caller.groups.contains(&GroupId::alliance()),
            groups: caller.groups.iter().filter_map(|group| names.groups.get(group.as_str())).collect(),
            own: caller.member.as_ref().and_then(|member| names.members.get(member.as_str())),
            members: members(names, caller, filters, excluded),
            any_of,
            none_of,
            published_from_ms: bound(|filter| filter.published_from_ms).max().unwrap_or(i64::MIN),
            published_before_ms: bound(|filter| filter.published_before_ms).min().unwrap_or(i64::MAX),
        }
    }

    /// False when nothing of that index can be seen.
    pub(crate) fn enters(&self, scope: Scope) -> bool {
        match scope {
            Scope::Open => self.in_alliance,
            Scope::Restricted => !self.groups.is_empty() || self.own.is_some(),
        }
    }

    pub(crate) fn segment<'a>(&'a self, facts: &'a SegmentFacts, scope: Scope) -> SegmentAdmission<'a> {
        let all = scope == Scope::Open && self.any_of.is_empty() && self.none_of.is_empty();
        SegmentAdmission {
            admission: self,
            facts,
            scope,
            signatures: (!all).then(|| facts.signatures.iter().map(|one| self.sees(one, scope)).collect()),
            dated: self.published_from_ms != i64::MIN || self.published_before_ms != i64::MAX,
        }
    }

    fn sees(&self, one: &SignatureFacts, scope: Scope) -> Seen {
        let fits = self.any_of.iter().all(|list| one.facets.iter().any(|value| list.contains(value)))
            && !one.facets.iter().any(|value| self.none_of.contains(value));
        let in_audience =
            scope == Scope::Open || one.audience.iter().any(|group| self.groups.contains(group));
        match (fits, in_audience) {
            (false, _) => Seen::No,
            (true, true) => Seen::Yes,
            (true, false) => Seen::ByOwner,
        }
    }
}

impl SegmentAdmission<'_> {
    /// True when the document may and should be seen.
    pub(crate) fn admits(&self, document: u32) -> bool {
        let member = self.facts.member_of[document as usize];
        if let Some(signatures) = &self.signatures {
            match signatures[self.facts.signature_of[document as usize] as usize] {
                Seen::Yes => {}
                Seen::ByOwner if self.admission.own == Some(member) => {}
                Seen::ByOwner | Seen::No => return false,
            }
        }
        if let Some(members) = &self.admission.members
            && !members.get(member as usize).copied().unwrap_or(false)
        {
            return false;
        }
        if self.dated {
            let published = self.facts.published_ms(document);
            return (self.admission.published_from_ms..self.admission.published_before_ms)
                .contains(&published);
        }
        true
    }

    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }
}

/// A filter's lists, but for members, standards, tags and dates.
fn lists(filter: &Filters) -> [Vec<(FacetField, &str)>; 5] {
    [
        filter.kinds.iter().map(|kind| (FacetField::Kind, kind.code())).collect(),
        filter.sectors.iter().map(|value| (FacetField::Sector, value.as_str())).collect(),
        filter.hazards.iter().map(|value| (FacetField::Hazard, value.as_str())).collect(),
        filter.operations.iter().map(|value| (FacetField::Operation, value.as_str())).collect(),
        filter.languages.iter().map(|value| (FacetField::Language, value.as_str())).collect(),
    ]
}

fn numbers(names: &Names, wanted: &[(FacetField, &str)]) -> BTreeSet<u32> {
    let fits = |field: FacetField, value: &str| {
        wanted.iter().any(|(wanted_field, wanted)| {
            *wanted_field == field
                && match field {
                    FacetField::Language => is_language(value, wanted),
                    FacetField::Kind
                    | FacetField::Member
                    | FacetField::Sector
                    | FacetField::Hazard
                    | FacetField::Operation => value == *wanted,
                }
        })
    };
    names.facets().filter(|(_, field, value)| fits(*field, value)).map(|(number, _, _)| number).collect()
}

/// `zh` fits zh, zh-CN and zh-Hans; `zh-CN` fits itself in any case.
fn is_language(value: &str, wanted: &str) -> bool {
    let (value, wanted) = (value.to_lowercase(), wanted.to_lowercase());
    value == wanted || value.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('-'))
}

fn members(names: &Names, caller: &Caller, filters: &[&Filters], excluded: &Filters) -> Option<Vec<bool>> {
    let asked = filters.iter().any(|filter| !filter.members.is_empty());
    if caller.hidden_members.is_empty() && excluded.members.is_empty() && !asked {
        return None;
    }
    let mut seen = vec![true; names.members.len()];
    let mut set = |number: Option<u32>, to: bool| {
        if let Some(place) = number.and_then(|number| seen.get_mut(number as usize)) {
            *place = to;
        }
    };
    for hidden in caller.hidden_members.iter().chain(&excluded.members) {
        set(names.members.get(hidden.as_str()), false);
    }
    for filter in filters.iter().filter(|filter| !filter.members.is_empty()) {
        let wanted: BTreeSet<u32> =
            filter.members.iter().filter_map(|id| names.members.get(id.as_str())).collect();
        for (number, place) in (0..).zip(&mut seen) {
            *place = *place && wanted.contains(&number);
        }
    }
    Some(seen)
}
