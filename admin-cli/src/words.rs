//! What is said to people, in Chinese and English.

use clap::ValueEnum;

/// In which language people are spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Chinese first, the English behind it.
    #[default]
    Zh,
    /// English only.
    En,
}

impl Lang {
    /// The label of a thing whose two names are known.
    pub(crate) fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh if !zh.is_empty() => zh,
            Self::En if en.is_empty() => zh,
            Self::Zh | Self::En => en,
        }
    }
}

/// One message in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// In Chinese; empty when only English is known.
    pub(crate) zh: String,
    /// In English.
    pub(crate) en: String,
}

impl Words {
    /// A message of a server or library. Ours have the form `English （中文）`.
    pub(crate) fn from_server(text: &str) -> Self {
        let split = text.strip_suffix('）').and_then(|rest| rest.rsplit_once(" （"));
        let (en, zh) = split.unwrap_or((text, ""));
        Self { zh: zh.to_owned(), en: en.to_owned() }
    }

    /// The message as it is shown.
    pub(crate) fn show(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh if self.zh.is_empty() => self.en.clone(),
            Lang::Zh if self.en.is_empty() || self.en == self.zh => self.zh.clone(),
            Lang::Zh => format!("{} （{}）", self.zh, self.en),
            Lang::En => self.en.clone(),
        }
    }
}

/// A message from two format strings, Chinese and English, with the variables at hand.
macro_rules! words {
    ($zh:literal, $en:literal $(,)?) => {
        $crate::words::Words { zh: format!($zh), en: format!($en) }
    };
}
pub(crate) use words;

/// Control characters of others' text could move the cursor or colour the terminal; they are shown as `�`. Line breaks
/// stay.
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .map(|shown| match shown {
            '\n' | '\t' => shown,
            _ if shown.is_control() || matches!(shown, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') => {
                '\u{FFFD}'
            }
            _ => shown,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_message_is_told_in_the_order_wanted() {
        let words = Words::from_server("is required （必填）");
        assert_eq!(words.show(Lang::Zh), "必填 （is required）");
        assert_eq!(words.show(Lang::En), "is required");
        let foreign = Words::from_server("tcp connect error");
        assert_eq!(foreign.show(Lang::Zh), "tcp connect error");
    }

    #[test]
    fn escape_sequences_of_others_do_nothing() {
        assert_eq!(harmless("a\u{1b}[31mb\u{202E}c\n"), "a\u{FFFD}[31mb\u{FFFD}c\n");
    }
}
