//! Takes the children out of an element in the order of the schema, and notes what is missing, misplaced or unknown.

use std::cell::RefCell;

use super::element::Element;
use crate::refusal::{Refusal, Violations};

/// Every mistake of a document, collected while it is read.
#[derive(Default)]
pub(super) struct Mistakes(RefCell<Violations>);

impl Mistakes {
    pub(super) fn note(&self, path: &str, words: impl Into<String>) {
        self.0.borrow_mut().add(path, words);
    }

    /// The value, when nothing was wrong.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Refusal> {
        self.0.into_inner().finish(|| value)
    }
}

/// The children of one element.
pub(super) struct Taker<'a> {
    element: &'a Element,
    /// Path of the element.
    pub(super) path: String,
    taken: Vec<bool>,
    /// Index of the last one taken.
    last: usize,
    pub(super) mistakes: &'a Mistakes,
}

/// A child and its path.
pub(super) struct Child<'a> {
    pub(super) element: &'a Element,
    pub(super) path: String,
}

impl<'a> Taker<'a> {
    pub(super) fn new(element: &'a Element, path: &str, mistakes: &'a Mistakes) -> Self {
        let taken = vec![false; element.children.len()];
        Self { element, path: path.to_owned(), taken, last: 0, mistakes }
    }

    /// For the children of a child.
    pub(super) fn of(child: &Child<'a>, mistakes: &'a Mistakes) -> Self {
        Self::new(child.element, &child.path, mistakes)
    }

    /// All children with this name. The schema's order is the order of the calls.
    pub(super) fn many(&mut self, namespace: &str, name: &str) -> Vec<Child<'a>> {
        let mut found = Vec::new();
        for (index, child) in self.element.children.iter().enumerate() {
            if self.taken[index] || child.name != name || child.namespace != namespace {
                continue;
            }
            self.taken[index] = true;
            let path = format!("{}/{name}[{}]", self.path, found.len() + 1);
            if index < self.last {
                self.mistakes.note(&path, "stands in the wrong place （位置不对）");
            }
            self.last = self.last.max(index);
            found.push(Child { element: child, path });
        }
        found
    }

    /// The one child with this name.
    pub(super) fn one(&mut self, namespace: &str, name: &str) -> Option<Child<'a>> {
        let mut found = self.many(namespace, name);
        if found.len() > 1 {
            self.mistakes.note(&format!("{}/{name}", self.path), "stands more than once （只能出现一次）");
        }
        let mut first = (!found.is_empty()).then(|| found.swap_remove(0))?;
        first.path = format!("{}/{name}", self.path);
        Some(first)
    }

    /// The one child that has to be there.
    pub(super) fn required(&mut self, namespace: &str, name: &str) -> Option<Child<'a>> {
        let found = self.one(namespace, name);
        if found.is_none() {
            self.mistakes.note(&format!("{}/{name}", self.path), "is required （必填）");
        }
        found
    }

    /// Text of an optional child; empty when it is not there.
    pub(super) fn text(&mut self, namespace: &str, name: &str) -> String {
        self.one(namespace, name).map(|child| self.leaf(&child)).unwrap_or_default()
    }

    /// Text of a child that has to be there and to say something.
    pub(super) fn required_text(&mut self, namespace: &str, name: &str) -> String {
        let Some(child) = self.required(namespace, name) else { return String::new() };
        let text = self.leaf(&child);
        if text.is_empty() {
            self.mistakes.note(&child.path, "is empty （不能为空）");
        }
        text
    }

    /// Texts of all children with this name.
    pub(super) fn texts(&mut self, namespace: &str, name: &str) -> Vec<String> {
        self.many(namespace, name).iter().map(|child| self.leaf(child)).collect()
    }

    /// A child's text read as something; a mistake is noted.
    pub(super) fn read<T>(
        &mut self,
        namespace: &str,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let child = self.one(namespace, name)?;
        self.understood(&child, read)
    }

    /// The same of a child that has to be there.
    pub(super) fn required_read<T>(
        &mut self,
        namespace: &str,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let child = self.required(namespace, name)?;
        self.understood(&child, read)
    }

    /// The same of all children with this name.
    pub(super) fn read_many<T>(
        &mut self,
        namespace: &str,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        self.many(namespace, name).iter().filter_map(|child| self.understood(child, &read)).collect()
    }

    fn understood<T>(&self, child: &Child<'a>, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.leaf(child);
        read(&text).map_err(|words| self.mistakes.note(&child.path, words)).ok()
    }

    fn leaf(&self, child: &Child<'a>) -> String {
        if !child.element.children.is_empty() {
            self.mistakes.note(&child.path, "must hold text only （只能是文本）");
        }
        child.element.text.clone()
    }

    /// Notes what is left. Elements of other namespaces are extensions and pass when `extensions` is true.
    pub(super) fn end(self, namespaces: &[&str], extensions: bool) {
        for (child, taken) in self.element.children.iter().zip(&self.taken) {
            let foreign = !namespaces.contains(&child.namespace.as_str());
            let passes = *taken || (extensions && foreign);
            if !passes {
                let path = format!("{}/{}", self.path, child.name);
                self.mistakes.note(&path, "is not expected here （此处不应出现）");
            }
        }
        if !self.element.text.is_empty() {
            self.mistakes.note(&self.path, "must not hold text between its elements （元素之间不能有文本）");
        }
    }
}
