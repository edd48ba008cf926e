//! The only place that prints: answers on stdout, talk on stderr.

use std::io::{IsTerminal as _, Write as _};

use clap::ValueEnum;
use serde::Serialize;

use crate::{
    failure::Failure,
    words::{Lang, Words},
};

/// In which form answers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON value for programs.
    Json,
    /// A page to print; only for a mission order.
    Html,
}

/// How text for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// Language.
    pub(crate) lang: Lang,
    /// True on a terminal: matching parts are marked with escape sequences.
    pub(crate) colour: bool,
}

/// An answer that can be printed in both forms.
pub(crate) trait Answer: Serialize {
    /// For people; no line break at the end.
    fn text(&self, style: Style) -> String;
}

/// Prints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
    lang: Lang,
}

impl Output {
    /// Prints in the form and language given.
    pub(crate) fn new(format: Format, lang: Lang) -> Self {
        Self { format, lang }
    }

    /// The form of answers.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The language of talk.
    pub(crate) fn lang(&self) -> Lang {
        self.lang
    }

    /// True when somebody watches stderr.
    pub(crate) fn is_watched(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Prints an answer on stdout.
    pub(crate) fn answer<A: Answer>(&self, answer: &A) {
        let text = match self.format {
            Format::Table | Format::Html => {
                let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                answer.text(Style { lang: self.lang, colour })
            }
            Format::Json => serde_json::to_string_pretty(answer).unwrap_or_default(),
        };
        self.raw(&text);
    }

    /// Prints an answer as one line of JSON, or as the words for people.
    pub(crate) fn line<A: Answer>(&self, answer: &A) {
        match self.format {
            Format::Table | Format::Html => self.answer(answer),
            Format::Json => self.raw(&serde_json::to_string(answer).unwrap_or_default()),
        }
    }

    /// Prints text as it is on stdout.
    pub(crate) fn raw(&self, text: &str) {
        // A reader such as `head` that has read enough is no failure; there is nobody left to tell.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    }

    /// Talks to whoever watches.
    pub(crate) fn talk(&self, words: &Words) {
        self.talk_text(&words.show(self.lang));
    }

    /// Talks to whoever watches, in words that are in no language.
    pub(crate) fn talk_text(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{text}");
    }

    /// Says why a verb failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        match self.format {
            Format::Table | Format::Html => self.talk_text(&failure.text(self.lang)),
            Format::Json => self.talk_text(&failure.json(self.lang).to_string()),
        }
    }
}
