//! Takes fields out of a JSON object, noting each that is missing, of a wrong type or unknown.

use serde_json::{Map, Value};
use shouwang_proto::refusal::Violations;

/// A JSON object whose fields are taken one by one.
pub(crate) struct Fields<'a> {
    object: Map<String, Value>,
    /// Put before the names of fields in what is noted, such as `course.`.
    prefix: String,
    wrong: &'a mut Violations,
}

const REQUIRED: &str = "is required （必填）";

impl<'a> Fields<'a> {
    pub(crate) fn new(
        object: Map<String, Value>,
        prefix: impl Into<String>,
        wrong: &'a mut Violations,
    ) -> Self {
        Self { object, prefix: prefix.into(), wrong }
    }

    /// From now on fields are named with another prefix: those of the kind lie flat beside the general ones.
    pub(crate) fn set_prefix(&mut self, prefix: &str) {
        prefix.clone_into(&mut self.prefix);
    }

    /// A value that is there and not null.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn note(&mut self, name: &str, description: &str) {
        let field = format!("{}{name}", self.prefix);
        self.wrong.add(field, description);
    }

    fn typed<T>(&mut self, name: &str, wanted: &str, read: impl FnOnce(Value) -> Option<T>) -> Option<T> {
        let value = self.take(name)?;
        let found = kind_of(&value);
        let read = read(value);
        if read.is_none() {
            self.note(name, &format!("{wanted}, found {found} （类型不对）"));
        }
        read
    }

    fn required<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        match self.object.get(name) {
            None | Some(Value::Null) => {
                self.object.remove(name);
                self.note(name, REQUIRED);
                None
            }
            Some(_) => read(self),
        }
    }

    pub(crate) fn text(&mut self, name: &str) -> String {
        self.typed(name, "must be a text", text_of).unwrap_or_default()
    }

    pub(crate) fn required_text(&mut self, name: &str) -> String {
        if self.object.get(name).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
            self.object.remove(name);
        }
        self.required(name, |fields| Some(fields.text(name))).unwrap_or_default()
    }

    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(values) = self.array(name, "must be a list of texts") else { return Vec::new() };
        let mut out = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            match value {
                Value::String(text) => out.push(text),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    let found = kind_of(&value);
                    self.note(
                        &format!("{name}[{index}]"),
                        &format!("must be a text, found {found} （须为文本）"),
                    );
                }
            }
        }
        out
    }

    pub(crate) fn number(&mut self, name: &str) -> f64 {
        self.typed(name, "must be a number", |value| value.as_f64()).unwrap_or_default()
    }

    pub(crate) fn required_number(&mut self, name: &str) -> f64 {
        self.required(name, |fields| Some(fields.number(name))).unwrap_or_default()
    }

    pub(crate) fn whole(&mut self, name: &str) -> u32 {
        self.typed(name, "must be a whole number 0 to 4294967295", whole_of).unwrap_or_default()
    }

    pub(crate) fn required_whole(&mut self, name: &str) -> u32 {
        self.required(name, |fields| Some(fields.whole(name))).unwrap_or_default()
    }

    pub(crate) fn flag(&mut self, name: &str) -> bool {
        self.typed(name, "must be true or false", |value| value.as_bool()).unwrap_or_default()
    }

    fn array(&mut self, name: &str, wanted: &str) -> Option<Vec<Value>> {
        self.typed(name, wanted, |value| match value {
            Value::Array(values) => Some(values),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
        })
    }

    /// An object inside; `read` takes its fields, and unknown ones are noted.
    pub(crate) fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields<'_>) -> T) -> Option<T> {
        let object = self.typed(name, "must be an object", object_of)?;
        let mut inner = Fields::new(object, format!("{}{name}.", self.prefix), self.wrong);
        let read = read(&mut inner);
        inner.end();
        Some(read)
    }

    /// A list of objects.
    pub(crate) fn objects<T>(&mut self, name: &str, mut read: impl FnMut(&mut Fields<'_>) -> T) -> Vec<T> {
        let Some(values) = self.array(name, "must be a list of objects") else { return Vec::new() };
        let mut out = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            let path = format!("{}{name}[{index}]", self.prefix);
            let found = kind_of(&value);
            match object_of(value) {
                Some(object) => {
                    let mut inner = Fields::new(object, format!("{path}."), self.wrong);
                    out.push(read(&mut inner));
                    inner.end();
                }
                None => self.wrong.add(path, format!("must be an object, found {found} （须为对象）")),
            }
        }
        out
    }

    /// Notes a missing list.
    pub(crate) fn require(&mut self, name: &str) {
        if self.object.get(name).is_none_or(Value::is_null) {
            self.note(name, REQUIRED);
        }
    }

    /// Notes what nobody took.
    pub(crate) fn end(self) {
        for name in self.object.keys() {
            let shown: String = name.chars().filter(|shown| !shown.is_control()).take(60).collect();
            self.wrong.add(format!("{}{shown}", self.prefix), "is not a known field （未知字段）");
        }
    }
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn object_of(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value was just found to be whole and in range"
)]
fn whole_of(value: Value) -> Option<u32> {
    if let Some(whole) = value.as_u64() {
        return u32::try_from(whole).ok();
    }
    // Spreadsheets write 24 as 24.0.
    let number = value.as_f64()?;
    (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number)).then_some(number as u32)
}

pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
