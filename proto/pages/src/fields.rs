//! What a form or an address says: names with values, in their order. Pure.

/// Most pairs that are read; the rest is not looked at.
const PAIRS: usize = 2_048;

/// Names with values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=1&b=2`, percent-encoded.
    #[must_use]
    pub fn read(encoded: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(encoded).take(PAIRS);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first value under a name, trimmed; empty when there is none.
    #[must_use]
    pub fn first(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// The first value under a name exactly as it was typed: for passwords.
    #[must_use]
    pub fn verbatim(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// All values under a name that are not empty.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        let named = self.0.iter().filter(|(known, value)| known == name && !value.trim().is_empty());
        named.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// True when the name has this value.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, one)| known == name && one.trim() == value)
    }

    /// Without a name.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(known, _)| known != name).cloned().collect())
    }

    /// Without all names that begin so.
    #[must_use]
    pub fn without_prefix(&self, prefix: &str) -> Self {
        Self(self.0.iter().filter(|(known, _)| !known.starts_with(prefix)).cloned().collect())
    }

    /// Without one value of a name.
    #[must_use]
    pub fn without_value(&self, name: &str, value: &str) -> Self {
        Self(self.0.iter().filter(|(known, one)| known != name || one.trim() != value).cloned().collect())
    }

    /// With one more pair.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As part of an address: `?a=1&b=2`, percent-encoded; empty when there is nothing to say.
    #[must_use]
    pub fn query(&self) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.0.iter().filter(|(_, value)| !value.is_empty()) {
            text.append_pair(name, value);
        }
        let text = text.finish();
        if text.is_empty() { text } else { format!("?{text}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_changed_and_written() {
        let fields = Fields::read("q=%E5%8A%A8%E7%81%AB+a&kind=course&kind=practice&lang=".as_bytes());
        assert_eq!(fields.first("q"), "动火 a");
        assert_eq!(fields.all("kind"), ["course", "practice"]);
        assert_eq!(fields.first("none"), "");
        assert!(fields.has("kind", "course") && !fields.has("kind", "x"));
        let less = fields.without_value("kind", "course").and("page", "2");
        assert_eq!(less.query(), "?q=%E5%8A%A8%E7%81%AB+a&kind=practice&page=2");
        assert_eq!(Fields::default().query(), "");
        assert_eq!(fields.without_prefix("ki").all("kind"), Vec::<String>::new());
    }

    #[test]
    fn a_password_keeps_its_spaces() {
        assert_eq!(Fields::read(b"password=+four+words+").verbatim("password"), " four words ");
    }
}
