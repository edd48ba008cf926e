//! What an import did, counted, with every refused line.

use serde::Serialize;
use shouwang_proto::{
    refusal::Violation,
    wire::{ImportOutcome, ImportPublicationsResponse},
};

use crate::{
    exit::Exit,
    failure::ViolationView,
    output::{Answer, Style},
    words::{Lang, Words, harmless},
};

/// A line that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RefusedLine {
    /// Name of its sheet, in a workbook.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) sheet: String,
    /// Number of the line, from 1.
    pub(crate) line: u64,
    /// All that is wrong.
    pub(crate) violations: Vec<ViolationView>,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// New publications.
    pub(crate) created: u64,
    /// Known ones with another content.
    pub(crate) revised: u64,
    /// Known ones with the same content.
    pub(crate) unchanged: u64,
    /// Lines that were not taken.
    pub(crate) refused: Vec<RefusedLine>,
    /// The newest log entry that was written; 0: none.
    pub(crate) last_seq: u64,
}

impl Report {
    /// Counts the node's answer for one line.
    pub(crate) fn add(&mut self, answer: ImportPublicationsResponse) {
        self.add_at((String::new(), answer.line), answer);
    }

    /// The same for a row of a sheet, whose number the answer does not know.
    pub(crate) fn add_at(&mut self, place: (String, u64), answer: ImportPublicationsResponse) {
        let outcome = answer.outcome();
        let ImportPublicationsResponse { line: _, outcome: _, name: _, violations, seq } = answer;
        self.last_seq = self.last_seq.max(seq);
        match outcome {
            ImportOutcome::Created => self.created += 1,
            ImportOutcome::Revised => self.revised += 1,
            ImportOutcome::Unchanged => self.unchanged += 1,
            ImportOutcome::Refused | ImportOutcome::Unspecified => {
                let violations = violations
                    .into_iter()
                    .map(|wrong| Violation { field: wrong.field, description: wrong.description })
                    .collect();
                self.refuse_at(place, violations);
            }
        }
    }

    /// Notes a line that was not taken.
    pub(crate) fn refuse(&mut self, line: u64, violations: Vec<Violation>) {
        self.refuse_at((String::new(), line), violations);
    }

    /// The same for a row of a sheet.
    pub(crate) fn refuse_at(&mut self, (sheet, line): (String, u64), violations: Vec<Violation>) {
        let violations = violations.iter().map(ViolationView::from).collect();
        self.refused.push(RefusedLine { sheet, line, violations });
    }

    /// Lines answered so far.
    pub(crate) fn lines(&self) -> u64 {
        self.created + self.revised + self.unchanged + self.refused.len() as u64
    }

    /// Refused lines are told in the order of the file.
    pub(crate) fn finish(mut self) -> Self {
        self.refused.sort_by_key(|refused| refused.line);
        self
    }

    /// How a program that printed this ends.
    pub(crate) fn exit(&self) -> Exit {
        if self.refused.is_empty() { Exit::Done } else { Exit::Partly }
    }
}

impl RefusedLine {
    /// One row for each violation: `line 17: resource.quantity: …`.
    pub(crate) fn text(&self, lang: Lang) -> String {
        let sheet = if self.sheet.is_empty() { String::new() } else { format!("{} ", harmless(&self.sheet)) };
        let line = format!("{sheet}line {}", self.line);
        let row = |wrong: &ViolationView| {
            let description = harmless(&Words::from_server(&wrong.description).show(lang));
            match wrong.field.as_str() {
                "" => format!("{line}: {description}"),
                field => format!("{line}: {}: {description}", harmless(field)),
            }
        };
        self.violations.iter().map(row).collect::<Vec<_>>().join("\n")
    }
}

impl Answer for Report {
    fn text(&self, style: Style) -> String {
        let mut rows: Vec<String> = self.refused.iter().map(|refused| refused.text(style.lang)).collect();
        let Self { created, revised, unchanged, .. } = self;
        let refused = self.refused.len();
        rows.push(match style.lang {
            Lang::Zh => format!("新建 {created}，修订 {revised}，未变 {unchanged}，拒绝 {refused}"),
            Lang::En => {
                format!("{created} created, {revised} revised, {unchanged} unchanged, {refused} refused")
            }
        });
        rows.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::wire::FieldViolation;

    use super::*;

    fn answer(
        line: u64,
        outcome: ImportOutcome,
        seq: u64,
        wrong: &[(&str, &str)],
    ) -> ImportPublicationsResponse {
        let violation = |(field, description): &(&str, &str)| FieldViolation {
            field: (*field).to_owned(),
            description: (*description).to_owned(),
        };
        ImportPublicationsResponse {
            line,
            outcome: outcome as i32,
            name: String::new(),
            violations: wrong.iter().map(violation).collect(),
            seq,
        }
    }

    #[test]
    fn answers_are_counted_and_bad_lines_told_in_order() {
        let mut report = Report::default();
        report.add(answer(1, ImportOutcome::Created, 7, &[]));
        report.add(answer(
            17,
            ImportOutcome::Refused,
            0,
            &[("resource.quantity", "must be more than 0 （须大于 0）"), ("title", "is required （必填）")],
        ));
        report.refuse(
            2,
            vec![Violation {
                field: String::new(),
                description: "the line is not JSON （不是 JSON）".to_owned(),
            }],
        );
        report.add(answer(3, ImportOutcome::Unchanged, 0, &[]));
        let report = report.finish();
        assert_eq!((report.lines(), report.last_seq, report.exit()), (4, 7, Exit::Partly));
        insta::assert_snapshot!(report.text(Style { lang: Lang::En, colour: false }), @"
        line 2: the line is not JSON
        line 17: resource.quantity: must be more than 0
        line 17: title: is required
        1 created, 0 revised, 1 unchanged, 2 refused
        ");
        assert_eq!(
            serde_json::to_value(&report).unwrap()["refused"][1]["violations"][0]["field"],
            "resource.quantity"
        );
    }
}
