//! The frame around every page, and the page that says what went wrong.

use askama::Template;

use crate::{Fields, Lang, asset, icon};

/// A place in the head of every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it leads.
    pub address: &'static str,
    /// Key of its message.
    pub key: &'static str,
    /// True on the page itself and on those below it.
    pub is_here: bool,
}

impl Place {
    /// A place, as the page at this path shows it.
    #[must_use]
    pub fn of(path: &str, address: &'static str, key: &'static str) -> Self {
        let rest = path.strip_prefix(address);
        let is_here = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        Self { address, key, is_here }
    }
}

/// The same as a page, for programs that come again by themselves: a feed or a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Where it is.
    pub address: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Key of its name.
    pub key: &'static str,
}

/// Who is signed in, as the head shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Name.
    pub name: String,
    /// What the person is here, in the language of the page.
    pub post: String,
}

/// The frame: a page is its `main` in it.
#[derive(Clone, Debug, Template)]
#[template(path = "frame.html")]
pub struct Frame {
    /// Language.
    pub lang: Lang,
    /// Title of the page, for the window.
    pub title: String,
    /// The page itself, as HTML that a template wrote.
    pub main: String,
    /// Where one can go.
    pub places: Vec<Place>,
    /// Who is signed in; none on the pages for everybody.
    pub reader: Option<Reader>,
    /// What one can subscribe to here.
    pub feeds: Vec<Subscription>,
    /// Path of the page.
    pub path: String,
    /// What the address says behind the path.
    pub fields: Fields,
    /// Plain names of scripts besides those of every page.
    pub scripts: &'static [&'static str],
    /// True when the page may be shown again by its address, so that changing the language can lead there.
    pub is_addressable: bool,
}

impl Frame {
    fn other(&self) -> Lang {
        self.lang.pick(Lang::En, Lang::Zh)
    }

    fn is_account(&self) -> bool {
        self.path == "/account"
    }

    /// The same page in the other language.
    fn other_address(&self) -> String {
        let (path, fields) = if self.is_addressable {
            (self.path.as_str(), self.fields.without("lang"))
        } else {
            ("/", Fields::default())
        };
        format!("{path}{}", fields.and("lang", self.other().tag()).query())
    }
}

/// What went wrong, in words for people.
#[derive(Clone, Debug, Template)]
#[template(path = "trouble.html")]
pub struct Trouble {
    /// Language.
    pub lang: Lang,
    /// What happened.
    pub what: String,
    /// What to do now.
    pub advice: String,
    /// Number under which the log has more; empty when there is nothing more.
    pub number: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(lang: Lang) -> Frame {
        Frame {
            lang,
            title: "<有限空间>".to_owned(),
            main: "<p id=\"x\">y</p>".to_owned(),
            places: vec![Place { address: "/", key: "place.search", is_here: true }],
            reader: Some(Reader { name: "a&b".to_owned(), post: "p".to_owned() }),
            feeds: vec![Subscription {
                address: "/api/v1/publications.atom?q=%22x%22&tag=a".to_owned(),
                media_type: "application/atom+xml",
                key: "feeds.publications",
            }],
            path: "/".to_owned(),
            fields: Fields::read(b"q=%22x%22&lang=zh"),
            scripts: &["search.js"],
            is_addressable: true,
        }
    }

    #[test]
    fn a_page_says_its_language_and_escapes_what_people_wrote() {
        let page = frame(Lang::Zh).render().unwrap();
        assert!(page.contains("<html lang=\"zh-CN\""), "{page}");
        assert!(page.contains("&#60;有限空间&#62;") && page.contains("a&#38;b"));
        assert!(page.contains("<p id=\"x\">y</p>"), "its own main stays as it is");
        assert!(page.contains("?q=%22x%22&#38;lang=en"), "{page}");
        assert_eq!(
            page.matches("/api/v1/publications.atom?q=%22x%22&#38;tag=a\"").count(),
            2,
            "head and foot: {page}"
        );
        // Left alone, htmx writes the style attribute of what it replaces on what it puts there, and our policy refuses
        // that: also an empty one, which whoever sets a style and takes it back leaves behind.
        assert!(page.contains(r#""attributesToSettle":["class","width","height"]"#), "{page}");
        assert!(!page.contains("<script>") && !page.contains("style=") && !page.contains("onclick"));
    }

    #[test]
    fn every_asset_of_a_page_is_there() {
        for lang in Lang::ALL {
            assert!(!frame(lang).render().unwrap().contains("/missing/"));
        }
    }
}
