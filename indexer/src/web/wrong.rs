//! What is wrong with which field of a form, and how a page says that something was refused.

use http::StatusCode;
use shouwang_pages::Lang;
use shouwang_proto::refusal::Refusal;
use shouwang_serving::store::StoreError;

use super::trouble::Trouble;

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

    /// What is wrong with a list that stands in one field of the form: with all of it, and with which of its values.
    pub(super) fn list(&self, lang: Lang, field: &str) -> String {
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

    pub(super) fn of(&self, field: &str) -> &str {
        self.0.iter().find(|(wrong, _)| wrong == field).map_or("", |(_, words)| words)
    }
}

/// How a page shows that something was refused; when nothing was, the page is well.
pub(super) struct Shown {
    /// Of the answer.
    pub(super) status: StatusCode,
    /// Which fields.
    pub(super) wrong: Wrong,
    /// The line above; empty when nothing was refused.
    pub(super) problem: String,
}

impl Shown {
    pub(super) fn of(lang: Lang, refused: Option<&Refusal>) -> Self {
        let Some(refusal) = refused else {
            return Self { status: StatusCode::OK, wrong: Wrong::default(), problem: String::new() };
        };
        let words =
            if refusal.violations.is_empty() { lang.part(&refusal.message) } else { lang.say("form.wrong") };
        Self {
            status: Trouble::from(refusal.clone()).status(),
            wrong: Wrong::of_refusal(lang, refusal),
            problem: words.to_owned(),
        }
    }
}

/// A refusal is for the page to show; anything else is trouble.
pub(super) fn shown<T>(result: Result<T, StoreError>) -> Result<Result<T, Refusal>, Trouble> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(StoreError::Refused(refusal)) => Ok(Err(refusal)),
        Err(other @ (StoreError::Unavailable(_) | StoreError::Internal(_))) => Err(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_values_of_a_list_is_said_at_the_field() {
        let mut wrong = shouwang_proto::refusal::Violations::new();
        wrong.add("groups[1]", "stands here twice （重复）");
        wrong.add("groups[3]", "must be a name （名称无效）");
        wrong.add("groupsize", "x （某）");
        let wrong = Wrong::of_refusal(Lang::Zh, &wrong.into_refusal());
        assert_eq!(wrong.list(Lang::Zh, "groups"), "第 2 项：重复；第 4 项：名称无效");
        assert_eq!(wrong.list(Lang::Zh, "terms"), "");
    }
}
