//! The fields of a publication as a reader fills them in, or reads them. Pure.

pub use shouwang_pages::choice::Choice;
use shouwang_pages::{Fields, Lang, wrong::Wrong};
use shouwang_proto::{publication::Kind, vocabulary};

use super::form::{self, CONTACT, SESSION};

/// Fields that say what to write.
const HELPS: [&str; 3] = ["node.audience-help", "node.summary-help", "node.unit-help"];

/// What a field looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line.
    Line,
    /// Several lines, so many shown.
    Area(u8),
    /// A number.
    Number,
    /// A telephone number.
    Phone,
    /// A day.
    Day,
    /// A day and a time.
    Moment,
    /// One of several.
    Select,
    /// Any of several.
    Checks,
    /// Yes or no.
    Check,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Path in the contract.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What to write; empty when nobody has to be told.
    pub help: String,
    /// What it looks like.
    pub shape: Shape,
    /// What was typed.
    pub value: String,
    /// What to choose from.
    pub choices: Vec<Choice>,
    /// What is wrong with it; empty when nothing is.
    pub wrong: String,
    /// True when it may not stay empty.
    pub is_required: bool,
}

impl Input {
    /// What somebody reads who does not change it; empty when there is nothing.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.shape {
            Shape::Select | Shape::Checks | Shape::Check => {
                let chosen =
                    self.choices.iter().filter(|choice| choice.is_chosen && !choice.value.is_empty());
                chosen.map(|choice| choice.label.as_str()).collect::<Vec<_>>().join("、")
            }
            Shape::Moment => self.value.replace('T', " "),
            Shape::Line | Shape::Area(_) | Shape::Number | Shape::Phone | Shape::Day => self.value.clone(),
        }
    }

    /// True for a telephone number, which one can dial.
    #[must_use]
    pub fn is_phone(&self) -> bool {
        self.shape == Shape::Phone
    }

    /// The number as a link dials it.
    #[must_use]
    pub fn dialled(&self) -> String {
        dialled(&self.value)
    }

    /// The type of a plain input.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.shape {
            Shape::Phone => "tel",
            Shape::Day => "date",
            Shape::Moment => "datetime-local",
            Shape::Line | Shape::Number | Shape::Area(_) | Shape::Select | Shape::Checks | Shape::Check => {
                "text"
            }
        }
    }

    /// Lines of a field with several; 0 for all others.
    #[must_use]
    pub fn rows(&self) -> u8 {
        match self.shape {
            Shape::Area(rows) => rows,
            Shape::Line
            | Shape::Number
            | Shape::Phone
            | Shape::Day
            | Shape::Moment
            | Shape::Select
            | Shape::Checks
            | Shape::Check => 0,
        }
    }

    /// True for a number, so that a telephone shows its keys for one.
    #[must_use]
    pub fn is_number(&self) -> bool {
        self.shape == Shape::Number
    }

    /// True for one of several.
    #[must_use]
    pub fn is_select(&self) -> bool {
        self.shape == Shape::Select
    }

    /// True for any of several, also of one.
    #[must_use]
    pub fn is_checks(&self) -> bool {
        matches!(self.shape, Shape::Checks | Shape::Check)
    }
}

/// A telephone number as a link dials it.
#[must_use]
pub fn dialled(phone: &str) -> String {
    phone.chars().filter(|one| one.is_ascii_digit() || *one == '+').collect()
}

/// Fields that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What they are about.
    pub title: String,
    /// The fields.
    pub inputs: Vec<Input>,
    /// True when most people need none of it: it is folded until somebody opens it or something is in it.
    pub is_more: bool,
}

impl Section {
    /// True when something was typed in it, or something is wrong with it.
    #[must_use]
    pub fn is_said(&self) -> bool {
        self.inputs.iter().any(|input| !input.value.is_empty() || !input.wrong.is_empty())
    }

    /// The fields that say something.
    #[must_use]
    pub fn said(&self) -> Vec<&Input> {
        self.inputs.iter().filter(|input| !input.shown().is_empty()).collect()
    }
}

/// Makes fields from what was typed.
pub struct Maker<'a> {
    /// Language.
    pub lang: Lang,
    /// What was typed.
    pub typed: &'a Fields,
    /// What is wrong.
    pub wrong: &'a Wrong,
}

impl std::fmt::Debug for Maker<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Maker").field("lang", &self.lang).finish_non_exhaustive()
    }
}

impl Maker<'_> {
    /// A field at this path with the message `key`; the message `key-help` says what to write, if there is one.
    #[must_use]
    pub fn input(&self, name: &str, key: &str, shape: Shape) -> Input {
        let help = HELPS.iter().find(|help| help.strip_suffix("-help") == Some(key));
        Input {
            name: name.to_owned(),
            label: self.lang.say(key).to_owned(),
            help: help.and_then(|key| self.lang.find(key)).unwrap_or_default().to_owned(),
            shape,
            value: self.typed.first(name).to_owned(),
            choices: Vec::new(),
            wrong: self.wrong.under(name),
            is_required: false,
        }
    }

    /// One that may not stay empty.
    #[must_use]
    pub fn required(&self, name: &str, key: &str, shape: Shape) -> Input {
        Input { is_required: true, ..self.input(name, key, shape) }
    }

    /// One or any of the terms of a list.
    #[must_use]
    pub fn terms(&self, name: &str, key: &str, list: &str, shape: Shape) -> Input {
        let chosen = self.typed.all(name);
        let chosen: Vec<&str> = chosen.iter().map(String::as_str).collect();
        let terms = vocabulary::list(list).map(|list| list.terms.as_slice()).unwrap_or_default();
        let nothing = (shape == Shape::Select).then(|| Choice::new("", self.lang.say("node.choose"), &[]));
        let terms = terms
            .iter()
            .map(|term| Choice::new(&term.code, self.lang.pick(term.zh.as_str(), term.en.as_str()), &chosen));
        Input { choices: nothing.into_iter().chain(terms).collect(), ..self.input(name, key, shape) }
    }

    fn section(&self, key: &str, inputs: Vec<Input>) -> Section {
        Section { title: self.lang.say(key).to_owned(), inputs, is_more: false }
    }

    fn numbered(&self, key: &str, index: usize, inputs: Vec<Input>) -> Section {
        Section { title: self.lang.with(key, "number", &(index + 1)), inputs, is_more: false }
    }

    /// Where something stands.
    #[must_use]
    pub fn place(&self, field: &str) -> [Input; 3] {
        let at = |name: &str| format!("{field}.{name}");
        [
            self.input(&at("address"), "node.address", Shape::Line),
            self.input(&at("latitude"), "node.latitude", Shape::Number),
            self.input(&at("longitude"), "node.longitude", Shape::Number),
        ]
    }
}

/// The fields of a publication of this kind; `more` empty rows to fill in.
#[must_use]
pub fn sections(lang: Lang, kind: Kind, typed: &Fields, wrong: &Wrong, more: usize) -> Vec<Section> {
    let maker = Maker { lang, typed, wrong };
    let body = match kind {
        Kind::Practice => maker.required("body", "publication.body", Shape::Area(12)),
        Kind::Course | Kind::Resource => maker.input("body", "publication.body", Shape::Area(6)),
    };
    let mut all = vec![maker.section(
        "node.basics",
        vec![
            maker.required("title", "node.title", Shape::Line),
            maker.input("summary", "node.summary", Shape::Area(2)),
            body,
        ],
    )];
    match kind {
        Kind::Practice => all.push(practice(&maker)),
        Kind::Course => all.extend(course(&maker, more)),
        Kind::Resource => all.extend(resource(&maker, more)),
    }
    all.push(finding(&maker));
    all
}

fn finding(maker: &Maker<'_>) -> Section {
    let language = maker.typed.first("language");
    let language = if language.is_empty() { "zh-CN" } else { language };
    let languages = [("zh-CN", "node.chinese"), ("en", "node.english")]
        .map(|(tag, key)| Choice::new(tag, maker.lang.say(key), &[language]));
    maker.section(
        "node.finding",
        vec![
            maker.terms("sectors", "facet.sector", "sector", Shape::Checks),
            maker.input("tags", "facet.tag", Shape::Line),
            Input { choices: languages.into(), ..maker.input("language", "facet.language", Shape::Select) },
            maker.input("audience", "node.audience", Shape::Line),
            maker.input("external_id", "publication.external-id", Shape::Line),
        ],
    )
}

fn practice(maker: &Maker<'_>) -> Section {
    maker.section(
        "node.practice",
        vec![
            maker.input("practice.evidence", "publication.evidence", Shape::Area(4)),
            maker.terms("practice.hazards", "facet.hazard", "hazard", Shape::Checks),
            maker.terms("practice.operations", "facet.operation", "operation", Shape::Checks),
            maker.input("practice.standards", "facet.standard", Shape::Area(3)),
        ],
    )
}

fn course(maker: &Maker<'_>, more: usize) -> Vec<Section> {
    let mut all = vec![maker.section(
        "node.course",
        vec![
            maker.required("course.provider", "course.provider", Shape::Line),
            maker.input("course.attendees", "course.attendees", Shape::Line),
            maker.required("course.duration_hours", "node.duration", Shape::Number),
            Input {
                is_required: true,
                ..maker.terms("course.format", "course.format", "course-format", Shape::Select)
            },
            maker.required("course.seats", "course.seats", Shape::Number),
        ],
    )];
    for index in 0..form::count(maker.typed, SESSION) + more {
        let at = |name: &str| form::at(SESSION.0, index, name);
        let inputs = vec![
            maker.input(&at("starts_at"), "node.starts", Shape::Moment),
            maker.input(&at("ends_at"), "node.ends", Shape::Moment),
            maker.input(&at("place"), "course.place", Shape::Line),
            maker.input(&at("seats"), "node.session-seats", Shape::Number),
        ];
        all.push(maker.numbered("node.session", index, inputs));
    }
    all
}

fn resource(maker: &Maker<'_>, more: usize) -> Vec<Section> {
    let yes: &[&str] = if maker.typed.has("resource.pre_authorised", "yes") { &["yes"] } else { &[] };
    let mut about = vec![
        Input {
            is_required: true,
            ..maker.terms("resource.resource_kind", "resource.kind", "resource-kind", Shape::Select)
        },
        maker.required("resource.resource_type", "resource.type", Shape::Line),
        maker.input("resource.capabilities", "resource.capabilities", Shape::Area(3)),
        maker.required("resource.quantity", "resource.quantity", Shape::Number),
        maker.input("resource.unit", "node.unit", Shape::Line),
        maker.input("resource.floor", "resource.floor", Shape::Number),
        maker.input("resource.muster_minutes", "node.muster", Shape::Number),
        maker.input("resource.inspection_due", "resource.inspection", Shape::Day),
        Input {
            choices: vec![Choice::new("yes", maker.lang.say("node.pre-authorised"), yes)],
            ..maker.input("resource.pre_authorised", "resource.authority", Shape::Check)
        },
    ];
    about.extend(maker.place("resource.location"));
    let mut all = vec![maker.section("node.resource", about)];
    let contacts = (form::count(maker.typed, CONTACT) + more).min(10);
    for index in 0..contacts {
        let at = |name: &str| form::at(CONTACT.0, index, name);
        let mut name = maker.input(&at("name"), "node.contact-name", Shape::Line);
        if index == 0 && name.wrong.is_empty() && maker.wrong.has(CONTACT.0) {
            maker.wrong.of(CONTACT.0).clone_into(&mut name.wrong);
        }
        let phone = maker.input(&at("phone"), "node.phone", Shape::Phone);
        let duty = maker.input(&at("duty"), "node.duty", Shape::Line);
        all.push(maker.numbered("node.contact", index, vec![name, phone, duty]));
    }
    all
}
