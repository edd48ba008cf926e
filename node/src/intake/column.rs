//! The columns of tables: one list for reading, for the template and for the export.

use std::{collections::BTreeMap, sync::LazyLock};

use shouwang_proto::publication::Kind;

use super::{columns::COLUMNS, fold};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as the fields of the contract, which documents them")]
pub enum Field {
    Kind,
    ExternalId,
    Title,
    Summary,
    Body,
    Tags,
    Sectors,
    Language,
    Audience,
    Hazards,
    Operations,
    Standards,
    Evidence,
    Provider,
    Attendees,
    DurationHours,
    Format,
    Seats,
    SessionStarts,
    SessionEnds,
    SessionPlace,
    SessionSeats,
    ResourceKind,
    ResourceType,
    Capabilities,
    Quantity,
    Unit,
    MusterMinutes,
    InspectionDue,
    ContactName,
    ContactPhone,
    ContactDuty,
    Address,
    Latitude,
    Longitude,
    PreAuthorised,
    Floor,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What it holds.
    pub field: Field,
    /// Path of the field in the contract; `#` stands for the number of the group.
    pub path: &'static str,
    /// Kinds that have it; empty: all.
    pub kinds: &'static [Kind],
    /// Chinese heading.
    pub zh: &'static str,
    /// English heading.
    pub en: &'static str,
    /// Other headings that people use for it, between `|`.
    pub others: &'static str,
    /// Must it be filled in?
    pub required: bool,
    /// The vocabulary list that its values come from.
    pub list: Option<&'static str>,
    /// How often it may stand in a table, with a number behind its heading; 1: once.
    pub groups: usize,
}

impl Column {
    /// True when publications of this kind have it.
    #[must_use]
    pub fn is_of(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Its heading in both languages; groups after the first are numbered.
    #[must_use]
    pub fn heading(&self, group: usize) -> String {
        let Self { zh, en, .. } = self;
        if group == 0 {
            format!("{zh} {en}")
        } else {
            format!("{zh}{number} {en} {number}", number = group + 1)
        }
    }

    /// Path of the field in a group.
    #[must_use]
    pub fn path(&self, group: usize) -> String {
        self.path.replace('#', &group.to_string())
    }
}

/// A heading that is known: what it may mean, and which of a group it is, from 0.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) columns: &'static [&'static Column],
    pub(super) group: usize,
}

static BY_HEADING: LazyLock<BTreeMap<String, Vec<&'static Column>>> = LazyLock::new(|| {
    let mut known: BTreeMap<String, Vec<&'static Column>> = BTreeMap::new();
    for column in COLUMNS {
        // `name` and `seats` of a group are something else than those of the whole.
        let last = if column.path.contains('#') {
            column.zh
        } else {
            column.path.rsplit('.').next().unwrap_or_default()
        };
        let own = [column.zh, column.en, last, &column.heading(0)].map(plain);
        for name in own.into_iter().chain(column.others.split('|').map(plain)) {
            let meant = known.entry(name).or_default();
            if !meant.iter().any(|there| there.field == column.field) {
                meant.push(column);
            }
        }
    }
    known
});

/// What a heading means; `None` when nobody knows it.
pub(super) fn known(heading: &str) -> Option<Known> {
    let name = plain(heading);
    if let Some(columns) = BY_HEADING.get(&name) {
        return Some(Known { columns, group: 0 });
    }
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    // `值班电话2 Contact phone 2` says its number twice.
    let half = &digits[..digits.len() / 2];
    let number = if !half.is_empty()
        && digits.ends_with(half)
        && digits.len() == 2 * half.len()
        && name.ends_with(half)
        && !name.ends_with(&digits)
    {
        half
    } else {
        digits.as_str()
    };
    let number: usize = number.parse().ok()?;
    let base: String = name.chars().filter(|shown| !shown.is_ascii_digit()).collect();
    let columns = BY_HEADING.get(&base)?;
    let fits = columns.iter().any(|column| (1..=column.groups).contains(&number) && column.groups > 1);
    fits.then(|| Known { columns, group: number - 1 })
}

/// A heading without what people decorate it with: case, spaces, signs, remarks in brackets.
fn plain(heading: &str) -> String {
    let folded = fold::value(heading).to_lowercase();
    let mut depth = 0_usize;
    let mut out = String::new();
    for shown in folded.chars() {
        match shown {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth == 0 && shown.is_alphanumeric() => out.push(shown),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(heading: &str, expected: Option<(&[Field], usize)>) {
        let found = known(heading);
        let found = found
            .as_ref()
            .map(|known| (known.columns.iter().map(|one| one.field).collect::<Vec<_>>(), known.group));
        assert_eq!(found, expected.map(|(fields, group)| (fields.to_vec(), group)), "{heading}");
    }

    #[test]
    fn headings_are_known_however_they_are_decorated() {
        check("标题", Some((&[Field::Title], 0)));
        check(" *标 题（必填）", Some((&[Field::Title], 0)));
        check("ＴＩＴＬＥ", Some((&[Field::Title], 0)));
        check("集结时间（分钟）", Some((&[Field::MusterMinutes], 0)));
        check("external_id", Some((&[Field::ExternalId], 0)));
        check("联系电话2", Some((&[Field::ContactPhone], 1)));
        check("值班电话12 Contact phone 12", None);
        check("值班电话10 Contact phone 10", Some((&[Field::ContactPhone], 9)));
        check("地点", Some((&[Field::SessionPlace, Field::Address], 0)));
        check("地点3", Some((&[Field::SessionPlace, Field::Address], 2)));
        check("负责人签字", None);
        check("", None);
    }

    #[test]
    fn every_heading_of_ours_leads_back_to_its_column() {
        for column in COLUMNS {
            for group in 0..column.groups {
                let found = known(&column.heading(group)).unwrap();
                assert!(found.group == group && found.columns.iter().any(|one| one.field == column.field));
            }
        }
    }

    #[test]
    fn no_heading_means_two_things_for_one_kind() {
        for (name, columns) in BY_HEADING.iter() {
            for kind in Kind::ALL {
                let own = columns.iter().filter(|column| column.kinds == [kind]).count();
                let general = columns.iter().filter(|column| column.kinds.is_empty()).count();
                assert!(own <= 1 && general <= 1, "{name}");
            }
        }
    }
}
