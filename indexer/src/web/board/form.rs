//! A form as its page shows it: what is typed stays, what is wrong stands beside it. Pure.

use std::{borrow::Cow, cell::Cell};

use askama::Template;
use shouwang_pages::{Fields, Lang, icon, trouble::Trouble};
use shouwang_proto::refusal::Refusal;

/// What an input is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One line.
    Line,
    /// A whole number.
    Number,
    /// Lines.
    Text,
    /// One of these: value and words.
    Choice(Vec<(String, String)>),
    /// Yes or not.
    Check,
}

/// An input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input {
    /// Name in the form; the last part of the field's path in the contract, or all of it.
    pub(super) name: Cow<'static, str>,
    pub(super) label: String,
    pub(super) kind: Kind,
    pub(super) value: String,
    pub(super) is_required: bool,
    pub(super) wrong: String,
}

/// A form with one button.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "board/form.html")]
pub(super) struct Form {
    /// Which form of the page: the same on every view, so that a refusal finds its place.
    pub(super) id: String,
    pub(super) action: String,
    pub(super) title: String,
    pub(super) go: String,
    /// Said after the title for those who only hear it: which of the many.
    pub(super) of: String,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) inputs: Vec<Input>,
    pub(super) is_main: bool,
    pub(super) is_danger: bool,
    pub(super) is_open: bool,
    /// Why the last attempt was refused.
    pub(super) problem: String,
}

/// What was sent with which form, and why it was refused.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) fields: Fields,
    pub(super) refusal: Refusal,
}

/// Where forms come from: one key for each, and the attempt that one of them comes back with.
pub(super) struct Maker<'a> {
    pub(super) lang: Lang,
    /// A new key, so that a form that is sent twice is done once.
    pub(super) key: &'a (dyn Fn() -> String + Sync),
    pub(super) attempt: Option<&'a Attempt>,
    /// True when the attempt has found its form.
    pub(super) placed: Cell<bool>,
}

impl Maker<'_> {
    /// A form without inputs yet.
    pub(super) fn form(&self, id: &str, action: &str, title: &str, go: &str) -> Form {
        Form {
            id: id.to_owned(),
            action: action.to_owned(),
            title: title.to_owned(),
            go: go.to_owned(),
            of: String::new(),
            hidden: vec![("form", id.to_owned()), ("key", (self.key)())],
            inputs: Vec::new(),
            is_main: false,
            is_danger: false,
            is_open: false,
            problem: String::new(),
        }
    }

    /// Why an attempt was refused whose form is not on the page any more; empty when there is nothing to say.
    pub(super) fn unplaced(&self) -> String {
        let attempt = self.attempt.filter(|_| !self.placed.get());
        attempt.map_or_else(String::new, |attempt| Trouble::from(attempt.refusal.clone()).words(self.lang))
    }

    /// The form as it is shown: with what was typed and what is wrong, if it is the one that was refused.
    pub(super) fn finish(&self, mut form: Form) -> Form {
        let attempt = self.attempt.filter(|attempt| attempt.fields.first("form") == form.id);
        let Some(Attempt { fields, refusal }) = attempt else { return form };
        form.is_open = true;
        self.placed.set(true);
        let mut rest = Vec::new();
        for wrong in &refusal.violations {
            let name = wrong.field.rsplit('.').next().unwrap_or_default();
            let words = self.lang.part(&wrong.description);
            match form.inputs.iter_mut().find(|input| input.name == name) {
                Some(input) => words.clone_into(&mut input.wrong),
                None => rest.push(format!("{name}: {words}")),
            }
        }
        for input in &mut form.inputs {
            fields.first(&input.name).clone_into(&mut input.value);
        }
        let message = Trouble::from(refusal.clone()).problem(self.lang);
        form.problem = std::iter::once(message).chain(rest).collect::<Vec<_>>().join(" ");
        form
    }
}

impl Form {
    /// With a value that the browser sends back as it is.
    pub(super) fn hold(mut self, name: &'static str, value: impl ToString) -> Self {
        self.hidden.push((name, value.to_string()));
        self
    }

    /// With an input.
    pub(super) fn ask(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }
}

impl Input {
    /// An input of this kind.
    pub(super) fn new(lang: Lang, name: impl Into<Cow<'static, str>>, key: &str, kind: Kind) -> Self {
        let label = lang.say(key).to_owned();
        Self {
            name: name.into(),
            label,
            kind,
            value: String::new(),
            is_required: false,
            wrong: String::new(),
        }
    }

    /// That must be filled in.
    pub(super) fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// With a value to begin with.
    pub(super) fn value(self, value: impl ToString) -> Self {
        Self { value: value.to_string(), ..self }
    }

    /// For the template: is this what was chosen?
    pub(super) fn is(&self, value: &str) -> bool {
        self.value == value
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::refusal::Violations;

    use super::*;

    fn made(attempt: Option<&Attempt>, id: &str) -> Form {
        let maker = Maker { lang: Lang::En, key: &|| "k".to_owned(), attempt, placed: Cell::new(false) };
        let note = Input::new(Lang::En, "note", "board.field.note", Kind::Text);
        maker.finish(maker.form(id, "/x", "Title", "Go").ask(note))
    }

    #[test]
    fn only_the_form_that_was_refused_keeps_what_was_typed() {
        let mut wrong = Violations::one("action.depart.note", "is too long （过长）");
        wrong.add("context.request_id", "is no id （无效）");
        let fields = Fields::read(b"form=depart&note=%3Cb%3E&key=old");
        let attempt = Attempt { fields, refusal: wrong.into_refusal() };
        let refused = made(Some(&attempt), "depart");
        assert_eq!(
            (refused.inputs[0].value.as_str(), refused.inputs[0].wrong.as_str()),
            ("<b>", "is too long")
        );
        assert!(refused.is_open && refused.problem.contains("request_id: is no id"), "{}", refused.problem);
        let page = refused.render().unwrap();
        assert!(page.contains("&#60;b&#62;") && page.contains("aria-invalid=\"true\""), "{page}");
        assert!(page.contains("value=\"k\"") && !page.contains("value=\"old\""), "{page}");
        let other = made(Some(&attempt), "arrive");
        assert!(other.inputs[0].value.is_empty() && other.problem.is_empty() && !other.is_open);
    }
}
