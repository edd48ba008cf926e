//! What is wrong with which field of a form.

use shouwang_pages::Lang;
use shouwang_proto::refusal::Refusal;

/// Words by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrong(Vec<(String, String)>);

impl Wrong {
    /// What a refusal says of fields.
    pub(super) fn of_refusal(lang: Lang, refusal: &Refusal) -> Self {
        let word = |wrong: &shouwang_proto::refusal::Violation| {
            (wrong.field.clone(), lang.part(&wrong.description).to_owned())
        };
        Self(refusal.violations.iter().map(word).collect())
    }

    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.0.iter().any(|(wrong, _)| wrong == field)
    }

    pub(super) fn of(&self, field: &str) -> &str {
        self.0.iter().find(|(wrong, _)| wrong == field).map_or("", |(_, words)| words)
    }
}
