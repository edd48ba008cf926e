//! An XML document as a tree of elements with text. Attributes mean nothing in the documents that we read; those that we
//! write may have some.

/// One element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Namespace; empty when it has none.
    pub(super) namespace: String,
    /// Name without prefix.
    pub(super) name: String,
    /// Text, trimmed; of an element with children what stands between them.
    pub(super) text: String,
    /// Attributes, for writing.
    pub(super) attributes: Vec<(&'static str, String)>,
    /// Children in order.
    pub(super) children: Vec<Element>,
}

impl Element {
    /// An empty element.
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned(), ..Self::default() }
    }

    /// The same with an attribute.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.attributes.push((name, value.to_owned()));
        self
    }

    /// Adds a child.
    pub(super) fn push(&mut self, child: Self) {
        self.children.push(child);
    }

    /// Adds a child with text, in the own namespace.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.text_in(&self.namespace.clone(), name, text);
    }

    /// Adds a child with text in another namespace.
    pub(super) fn text_in(&mut self, namespace: &str, name: &str, text: &str) {
        self.children.push(Self { text: text.to_owned(), ..Self::new(namespace, name) });
    }

    /// Adds a child with text, unless the text is empty.
    pub(super) fn some_text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.text(name, text);
        }
    }

    /// The document. The root's namespace is the default one; the others have these prefixes.
    pub(super) fn document(&self, prefixes: &[(&str, &str)]) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let mut declared = format!(" xmlns=\"{}\"", escape(&self.namespace));
        for (prefix, namespace) in prefixes {
            declared.push_str(&format!(" xmlns:{prefix}=\"{}\"", escape(namespace)));
        }
        self.write(&mut out, 0, &declared, prefixes);
        out
    }

    fn write(&self, out: &mut String, depth: usize, declared: &str, prefixes: &[(&str, &str)]) {
        let prefix = prefixes.iter().find(|(_, namespace)| *namespace == self.namespace);
        let name = prefix.map_or_else(|| self.name.clone(), |(prefix, _)| format!("{prefix}:{}", self.name));
        let indent = "  ".repeat(depth);
        out.push_str(&format!("{indent}<{name}{declared}"));
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\"{}\"", escape(value)));
        }
        out.push('>');
        if self.children.is_empty() {
            out.push_str(&escape(&self.text));
        } else {
            out.push('\n');
            for child in &self.children {
                child.write(out, depth + 1, "", prefixes);
            }
            out.push_str(&indent);
        }
        out.push_str(&format!("</{name}>\n"));
    }
}

/// Text that cannot become markup; characters that XML 1.0 cannot carry are replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for shown in text.chars() {
        match shown {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(shown),
            _ if shown < ' ' || matches!(shown, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            _ => out.push(shown),
        }
    }
    out
}
