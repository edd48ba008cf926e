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

    /// What is wrong with a list that stands in one field of the form: with all of it, and with which of its values.
    #[must_use]
    pub fn list(&self, lang: Lang, field: &str) -> String {
        let said = self.0.iter().filter_map(|(wrong, words)| {
            let rest = wrong.strip_prefix(field)?;
            if rest.is_empty() {
                return Some(words.clone());
            }
            let index: usize = rest.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?;
            Some(lang.fill("form.element", &[("number", &(index + 1)), ("words", words)]))
        });
        said.collect::<Vec<_>>().join(lang.pick("；", "; "))
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

#[cfg(test)]
mod tests {
    use shouwang_proto::refusal::Violations;

    use super::*;

    #[test]
    fn what_is_wrong_with_values_of_a_list_is_said_at_the_field() {
        let mut wrong = Violations::new();
        wrong.add("groups[1]", "stands here twice （重复）");
        wrong.add("groups[3]", "must be a name （名称无效）");
        wrong.add("groupsize", "x （某）");
        let wrong = Wrong::of_refusal(Lang::Zh, &wrong.into_refusal());
        assert_eq!(wrong.list(Lang::Zh, "groups"), "第 2 项：重复；第 4 项：名称无效");
        assert_eq!(wrong.list(Lang::Zh, "terms"), "");
    }
}
