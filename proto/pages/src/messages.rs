//! Every word that a page says, in two files with the same keys.
//!
//! A message may hold `{name}`, which stands for a value, and `{name?one|many}`, which is `one` when the value is 1.

use std::{collections::BTreeMap, fmt::Display, sync::LazyLock};

use crate::Lang;

type Catalogue = BTreeMap<String, String>;

static ZH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../messages/zh-CN.json")));
static EN: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../messages/en.json")));

#[expect(clippy::expect_used, reason = "the files are part of the program and read by a test")]
fn read(text: &str) -> Catalogue {
    serde_json::from_str(text).expect("the messages are one JSON object of texts")
}

impl Lang {
    fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::Zh => &ZH,
            Self::En => &EN,
        }
    }

    /// The message with this key. A key that is nowhere shows as it is; a test finds it before a reader does.
    #[must_use]
    pub fn say<'a>(self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// The message with this key, if there is one.
    #[must_use]
    pub fn find(self, key: &str) -> Option<&'static str> {
        self.catalogue().get(key).map(String::as_str)
    }

    /// The message with one value in it.
    #[must_use]
    pub fn with(self, key: &str, name: &str, value: &dyn Display) -> String {
        self.fill(key, &[(name, value)])
    }

    /// The message with a number of things in it, under the name `count`.
    #[must_use]
    pub fn count(self, key: &str, count: usize) -> String {
        self.with(key, "count", &count)
    }

    /// The message with values in it.
    #[must_use]
    pub fn fill(self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        let mut text = String::new();
        let mut rest = self.say(key);
        while let Some((before, hole, after)) = next_hole(rest) {
            text.push_str(before);
            let (name, forms) =
                hole.split_once('?').map_or((hole, None), |(name, forms)| (name, Some(forms)));
            let value = values.iter().find(|(known, _)| *known == name);
            let value = value.map_or_else(|| format!("{{{name}}}"), |(_, value)| value.to_string());
            match forms.and_then(|forms| forms.split_once('|')) {
                Some((one, many)) => text.push_str(if value == "1" { one } else { many }),
                None => text.push_str(&value),
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }
}

/// What stands before the first `{…}`, in it, and behind it.
fn next_hole(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (hole, after) = rest.split_once('}')?;
    Some((before, hole, after))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn holes(text: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut rest = text;
        while let Some((_, hole, after)) = next_hole(rest) {
            found.insert(hole.split('?').next().unwrap().to_owned());
            rest = after;
        }
        found
    }

    #[test]
    fn both_languages_have_the_same_keys_and_the_same_holes() {
        let keys = |lang: Lang| lang.catalogue().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(Lang::Zh), keys(Lang::En));
        for key in ZH.keys() {
            // `{count?result|results}` beside `{count}` is English only.
            assert_eq!(holes(&ZH[key]), holes(&EN[key]), "{key}");
            assert!(!ZH[key].trim().is_empty() && !EN[key].trim().is_empty(), "{key} is empty");
        }
    }

    #[test]
    fn chinese_is_chinese_and_english_is_english() {
        let is_han = |text: &str| text.chars().any(|one| ('\u{4e00}'..='\u{9fff}').contains(&one));
        for (key, text) in &*EN {
            assert!(!is_han(text) || key == "language.other" || key == "brand", "{key}: {text}");
        }
        for (key, text) in &*ZH {
            assert!(
                is_han(text) || key == "language.other" || !text.chars().any(char::is_alphabetic),
                "{key}: {text}"
            );
        }
    }

    #[test]
    fn values_are_put_in() {
        let text = Lang::En.fill("search.total", &[("count", &1)]);
        assert_eq!(text, "1 publication");
        assert_eq!(Lang::En.fill("search.total", &[("count", &12)]), "12 publications");
        assert_eq!(Lang::Zh.fill("search.total", &[("count", &12)]), "共 12 条");
        assert_eq!(Lang::Zh.fill("no such key {x}", &[("x", &"<y>")]), "no such key <y>");
    }
}
