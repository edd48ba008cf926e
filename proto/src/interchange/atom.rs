//! Atom feeds (RFC 4287): what is new, for programs that look again and again.

use jiff::Timestamp;

use super::element::Element;

/// The namespace of Atom.
pub const NAMESPACE: &str = "http://www.w3.org/2005/Atom";

/// A feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Where it is, whole; also what it is known by, for ever.
    pub address: String,
    /// What it is called.
    pub title: String,
    /// The page for people.
    pub page: String,
    /// When something in it last changed; the entries' newest when there are some.
    pub updated: Timestamp,
    /// The entries, newest first.
    pub entries: Vec<Entry>,
}

/// Something new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is, whole; also what it is known by, for ever.
    pub address: String,
    /// Media type of what is there.
    pub media_type: &'static str,
    /// What it is called.
    pub title: String,
    /// Whose it is.
    pub author: String,
    /// In some words; empty: none.
    pub summary: String,
    /// What it is about.
    pub categories: Vec<String>,
    /// When it appeared.
    pub published: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

impl Feed {
    /// The feed as a document.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut root = Element::new(NAMESPACE, "feed");
        root.text("id", &self.address);
        root.text("title", &self.title);
        let newest = self.entries.iter().map(|entry| entry.updated).max();
        root.text("updated", &time(newest.unwrap_or(self.updated)));
        root.push(link("self", "application/atom+xml", &self.address));
        root.push(link("alternate", "text/html", &self.page));
        root.text("generator", "Shouwang");
        for one in &self.entries {
            root.push(entry(one));
        }
        root.document(&[])
    }
}

fn time(time: Timestamp) -> String {
    // RFC 3339, which is what Atom takes, to the second.
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn link(rel: &str, media_type: &str, address: &str) -> Element {
    Element::new(NAMESPACE, "link").with("rel", rel).with("type", media_type).with("href", address)
}

fn entry(entry: &Entry) -> Element {
    let mut out = Element::new(NAMESPACE, "entry");
    out.text("id", &entry.address);
    out.text("title", &entry.title);
    out.text("updated", &time(entry.updated));
    out.text("published", &time(entry.published));
    let mut author = Element::new(NAMESPACE, "author");
    author.text("name", &entry.author);
    out.push(author);
    out.push(link("alternate", entry.media_type, &entry.address));
    for category in &entry.categories {
        out.push(Element::new(NAMESPACE, "category").with("term", category));
    }
    out.some_text("summary", &entry.summary);
    out
}

#[cfg(test)]
mod tests {
    use quick_xml::events::Event;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_feed_is_well_formed_whatever_people_write() {
        let hostile = Entry {
            address: "https://hub.example/p/a/b?x=\"1\"&y=<2>".to_owned(),
            media_type: "text/html",
            title: "<script>\u{1} & 动火".to_owned(),
            author: "恒锐".to_owned(),
            summary: "]]>".to_owned(),
            categories: vec!["\"'".to_owned()],
            published: at("2026-11-20T00:00:00Z"),
            updated: at("2026-11-21T04:05:06.789Z"),
        };
        let feed = Feed {
            address: "https://hub.example/feed".to_owned(),
            title: "x".to_owned(),
            page: "https://hub.example/".to_owned(),
            updated: at("2026-01-01T00:00:00Z"),
            entries: vec![hostile],
        };
        let text = feed.to_xml();
        let mut reader = quick_xml::Reader::from_str(&text);
        loop {
            let event = reader.read_event().unwrap();
            if let Event::Start(tag) = &event {
                tag.attributes().for_each(|attribute| drop(attribute.unwrap()));
            }
            if event == Event::Eof {
                break;
            }
        }
        assert!(text.contains("<updated>2026-11-21T04:05:06Z</updated>\n  <link rel=\"self\""), "{text}");
        assert!(!text.contains("<script>") && text.contains("x=&quot;1&quot;&amp;y=&lt;2&gt;"));
        let empty = Feed { entries: Vec::new(), ..feed };
        assert!(empty.to_xml().contains("<updated>2026-01-01T00:00:00Z</updated>"));
    }
}
