//! What a document would become, row by row, in the words of whoever looks. Pure.

use shouwang_pages::Lang;
use shouwang_proto::{publication::Kind, refusal::Violation, wire};

use super::own_page::publication_kind;
use crate::intake::{Note, Reading, Row, columns::COLUMNS};

/// Rows of one page of the report.
pub const PAGE_ROWS: usize = 100;

/// Something about a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What the field is called; empty for the whole row.
    pub label: String,
    /// What is wrong, or was guessed.
    pub words: String,
}

/// A row of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowView {
    /// Where it stands, as the member's program shows it.
    pub place: String,
    /// Its title; empty when it has none.
    pub title: String,
    /// What it is; empty when nobody knows.
    pub kind: Option<(Kind, &'static str)>,
    /// What is wrong; empty when it can be imported.
    pub wrong: Vec<Finding>,
    /// What a person should look at.
    pub remarks: Vec<Finding>,
}

/// A page of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Rows in all.
    pub total: usize,
    /// Those that can be imported.
    pub good: usize,
    /// What is to be known about the whole document.
    pub notes: Vec<Finding>,
    /// The rows of this page.
    pub rows: Vec<RowView>,
    /// Where the page before begins; none on the first.
    pub before: Option<usize>,
    /// Where the next page begins; none on the last.
    pub after: Option<usize>,
}

impl Report {
    /// Rows that cannot be imported.
    #[must_use]
    pub fn bad(&self) -> usize {
        self.total - self.good
    }
}

/// A page of the report that begins with the row `from` of those that are shown.
#[must_use]
pub fn report(lang: Lang, reading: &Reading, only_wrong: bool, from: usize) -> Report {
    let total = reading.rows.len();
    let good = reading.rows.iter().filter(|row| row.violations.is_empty()).count();
    let shown: Vec<&Row> =
        reading.rows.iter().filter(|row| !only_wrong || !row.violations.is_empty()).collect();
    let from = if from < shown.len() { from } else { 0 };
    let rows = shown.iter().skip(from).take(PAGE_ROWS).map(|row| row_view(lang, row)).collect();
    let after = from + PAGE_ROWS;
    Report {
        total,
        good,
        notes: reading.notes.iter().map(|note| note_view(lang, note)).collect(),
        rows,
        before: (from > 0).then(|| from.saturating_sub(PAGE_ROWS)),
        after: (after < shown.len()).then_some(after),
    }
}

/// A note about the whole document.
#[must_use]
pub fn note_view(lang: Lang, Note { place, words }: &Note) -> Finding {
    Finding { label: place.clone(), words: lang.part(words).to_owned() }
}

/// A row with everything that was found.
#[must_use]
pub fn row_view(lang: Lang, row: &Row) -> RowView {
    let kind = row.publication.as_ref().map(publication_kind);
    let all = |found: &[Violation]| found.iter().map(|one| finding(lang, one)).collect();
    RowView {
        place: place(lang, &row.sheet, row.line),
        title: row.publication.as_ref().map(|one| one.title.clone()).unwrap_or_default(),
        kind: kind.map(|kind| {
            let (zh, en) = kind.labels();
            (kind, lang.pick(zh, en))
        }),
        wrong: all(&row.violations),
        remarks: all(&row.remarks),
    }
}

/// What the node answered to a row that it did not take.
#[must_use]
pub fn refused_view(lang: Lang, row: &Row, answer: &wire::ImportPublicationsResponse) -> RowView {
    let finding = |wrong: &wire::FieldViolation| Finding {
        label: label(lang, &wrong.field),
        words: lang.part(&wrong.description).to_owned(),
    };
    RowView { wrong: answer.violations.iter().map(finding).collect(), ..row_view(lang, row) }
}

/// Something about a field, under the heading that a table has for it.
#[must_use]
pub fn finding(lang: Lang, Violation { field, description }: &Violation) -> Finding {
    Finding { label: label(lang, field), words: lang.part(description).to_owned() }
}

fn place(lang: Lang, sheet: &str, line: u64) -> String {
    if sheet.is_empty() {
        lang.with("import.line", "line", &line)
    } else {
        lang.fill("import.sheet-line", &[("sheet", &sheet), ("line", &line)])
    }
}

/// The heading of a field's column, with the number of its group when there are several; the path when there is none.
fn label(lang: Lang, path: &str) -> String {
    let (plain, number) = without_number(path);
    let known = COLUMNS.iter().find(|column| column.path == plain || column.path == path);
    // A whole group: its first column speaks for it.
    let known =
        known.or_else(|| COLUMNS.iter().find(|column| column.path.starts_with(&format!("{path}[#]"))));
    // A part of a list, such as `tags[3]`: the list's own column.
    let known = known.or_else(|| {
        let list = path.rsplit_once('[').map_or(path, |(list, _)| list);
        COLUMNS.iter().find(|column| column.path == list)
    });
    match (known, number) {
        (Some(column), Some(number)) if column.groups > 1 && column.path.contains('#') && number > 0 => {
            format!("{} {}", lang.pick(column.zh, column.en), number + 1)
        }
        (Some(column), _) => lang.pick(column.zh, column.en).to_owned(),
        (None, _) => path.to_owned(),
    }
}

/// `course.sessions[2].ends_at` as `course.sessions[#].ends_at`, and the 2.
fn without_number(path: &str) -> (String, Option<usize>) {
    let parts = path.split_once('[').and_then(|(before, rest)| Some((before, rest.split_once(']')?)));
    let Some((before, (number, after))) = parts else { return (path.to_owned(), None) };
    (format!("{before}[#]{after}"), number.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{self, Limits};

    fn reading(rows: usize) -> Reading {
        let table = format!("编号,标题,正文\n{},,缺标题\n", "P,甲,文\n".repeat(rows));
        intake::read("a.csv", table.as_bytes(), Some(Kind::Practice), &Limits::default()).unwrap()
    }

    #[test]
    fn a_field_is_called_as_its_column_is() {
        for (path, zh, en) in [
            ("title", "标题", "Title"),
            ("practice.operations[0]", "特殊作业", "Special operations"),
            ("course.sessions[2].ends_at", "结束时间 3", "Ends at 3"),
            ("resource.duty_contacts[0].phone", "值班电话", "Contact phone"),
            ("resource.duty_contacts", "值班联系人", "Contact"),
            ("tags[3]", "标签", "Tags"),
            ("no.such", "no.such", "no.such"),
        ] {
            assert_eq!((label(Lang::Zh, path).as_str(), label(Lang::En, path).as_str()), (zh, en), "{path}");
        }
    }

    #[test]
    fn a_report_has_pages_and_can_show_only_what_is_wrong() {
        let reading = reading(PAGE_ROWS);
        let first = report(Lang::Zh, &reading, false, 0);
        assert_eq!((first.total, first.good, first.bad(), first.rows.len()), (101, 100, 1, PAGE_ROWS));
        assert_eq!((first.before, first.after), (None, Some(PAGE_ROWS)));
        let last = report(Lang::Zh, &reading, false, PAGE_ROWS);
        assert_eq!((last.before, last.after, last.rows.len()), (Some(0), None, 1));
        let wrong = report(Lang::En, &reading, true, 7_000);
        let [row] = wrong.rows.as_slice() else { panic!("{wrong:?}") };
        assert_eq!((row.place.as_str(), row.wrong[0].label.as_str()), ("line 102", "Title"));
        assert!(row.wrong[0].words.is_ascii(), "{row:?}");
    }
}
