//! The languages of the pages, and which one a reader gets.

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// Chinese, written in China. What a reader gets who says nothing.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The tag for `lang` attributes and headers (BCP 47).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The language of a tag such as `zh`, `zh-Hans-CN`, `en-GB`.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// One of two texts.
    #[must_use]
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// The part of a text for this language, of a text with both: `must be a number （须为数字）`. A text that ends with the
    /// Chinese part may have such brackets in either: names that people gave are in both.
    #[must_use]
    pub fn part(self, both: &str) -> &str {
        let Some((en, zh)) = last_bracket(both).or_else(|| first_bracket(both)) else { return both };
        self.pick(zh, en.trim_end())
    }
}

/// What stands before, and in, the bracket with which a text ends.
fn last_bracket(text: &str) -> Option<(&str, &str)> {
    let inside = text.trim_end().strip_suffix('）')?;
    let mut depth = 1_u32;
    for (at, one) in inside.char_indices().rev() {
        match one {
            '）' => depth += 1,
            '（' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&inside[..at], &inside[at + one.len_utf8()..]));
        }
    }
    None
}

/// What stands before, and in, the brackets of a text that goes on behind them.
fn first_bracket(text: &str) -> Option<(&str, &str)> {
    let (before, rest) = text.split_once('（')?;
    Some((before, rest.rsplit_once('）')?.0))
}

/// The language for a reader: what the address asks for, else what was chosen before, else what the browser prefers.
#[must_use]
pub fn choose(asked: Option<&str>, chosen: Option<&str>, accept: Option<&str>) -> Lang {
    let asked = asked.and_then(Lang::of_tag);
    asked.or_else(|| chosen.and_then(Lang::of_tag)).or_else(|| accept.and_then(preferred)).unwrap_or_default()
}

/// The first language of ours in an `Accept-Language`, by its weights.
fn preferred(accept: &str) -> Option<Lang> {
    let mut ranges: Vec<(u32, Lang)> = accept.split(',').take(20).filter_map(range).collect();
    // Stable: what stands first wins among equals.
    ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    ranges.first().map(|(_, lang)| *lang)
}

/// Weight in thousandths and language; none for weight 0 and languages that are not ours.
fn range(text: &str) -> Option<(u32, Lang)> {
    let mut parts = text.split(';');
    let lang = Lang::of_tag(parts.next()?)?;
    let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
    let weight = weight.map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    let thousandths = (weight.clamp(0.0, 1.0) * 1_000.0) as u32;
    (thousandths > 0).then_some((thousandths, lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_wins_over_the_cookie_over_the_browser() {
        assert_eq!(choose(None, None, None), Lang::Zh);
        assert_eq!(choose(None, None, Some("fr, en-GB;q=0.8, zh;q=0.5")), Lang::En);
        assert_eq!(choose(None, None, Some("en;q=0.3, zh-CN;q=0.9")), Lang::Zh);
        assert_eq!(choose(None, None, Some("en;q=0, de")), Lang::Zh);
        assert_eq!(choose(None, Some("en"), Some("zh-CN")), Lang::En);
        assert_eq!(choose(Some("zh-Hans"), Some("en"), Some("en")), Lang::Zh);
        assert_eq!(choose(Some("xx"), Some("en"), None), Lang::En);
        assert_eq!(choose(None, None, Some("en;q=NaN, zh")), Lang::Zh);
    }

    #[test]
    fn a_text_with_both_languages_is_split() {
        let both = "is longer than 9 characters （超过 9 个字符）";
        assert_eq!(
            (Lang::Zh.part(both), Lang::En.part(both)),
            ("超过 9 个字符", "is longer than 9 characters")
        );
        assert_eq!(Lang::Zh.part("only english"), "only english");
        let named = "taken; next: 甲厂（12 min） （已被占用（途中）；可改选：甲厂（12 min））";
        assert_eq!(Lang::En.part(named), "taken; next: 甲厂（12 min）");
        assert_eq!(Lang::Zh.part(named), "已被占用（途中）；可改选：甲厂（12 min）");
        assert_eq!(Lang::Zh.part("2 mistakes （有误）: a; b"), "有误");
        assert_eq!(Lang::En.part("2 mistakes （有误）: a; b"), "2 mistakes");
    }
}
