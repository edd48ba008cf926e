//! What is wrong with which field of a form.

use shouwang_proto::refusal::Refusal;

use crate::Lang;

/// Words by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrong(Vec<(String, String)>);

impl Wrong {
    /// What a refusal says of fields.
    #[must_use]
    pub fn of_refusal(lang: Lang, refusal: &Refusal) -> Self {
        let word = |wrong: &shouwang_proto::refusal::Violation| {
            (wrong.field.clone(), lang.part(&wrong.description).to_owned())
        };
        Self(refusal.violations.iter().map(word).collect())
    }

    /// True when anything is wrong.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// True when this field is wrong.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|(wrong, _)| wrong == field)
    }

    /// What is wrong with this field; empty when nothing is.
    #[must_use]
    pub fn of(&self, field: &str) -> &str {
        self.0.iter().find(|(wrong, _)| wrong == field).map_or("", |(_, words)| words)
    }

    /// What is wrong with this field or with a part of it, such as `tags[3]` of `tags`; empty when nothing is.
    #[must_use]
    pub fn under(&self, field: &str) -> String {
        let is_part = |wrong: &str| {
            wrong.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        };
        let words = self.0.iter().filter(|(wrong, _)| is_part(wrong)).map(|(_, words)| words.as_str());
        words.collect::<Vec<_>>().join(" ")
    }
}
