//! A refusal: an error that is meant for the caller and changes nothing.
//!
//! It carries a gRPC code, a stable reason in UPPER_SNAKE_CASE for programs (google.aip.dev/193, `ErrorInfo`) and words for
//! people. Everything else that goes wrong is internal: logged where it is handled, and answered without detail.

use std::{borrow::Cow, fmt};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Domain of all our reasons, as `ErrorInfo` wants one.
pub const DOMAIN: &str = "shouwang";

/// Reason of a refusal that lists wrong fields.
pub const FIELDS_INVALID: &str = "FIELDS_INVALID";

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path such as `course.sessions[2].ends_at`.
    pub field: String,
    /// What is wrong and what would be right.
    pub description: String,
}

/// An error meant for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// gRPC code.
    pub code: Code,
    /// Stable reason in UPPER_SNAKE_CASE.
    pub reason: Cow<'static, str>,
    /// What happened and what to do, for people.
    pub message: String,
    /// All wrong fields, when fields are wrong.
    pub violations: Vec<Violation>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        for Violation { field, description } in &self.violations {
            write!(formatter, "\n  {field}: {description}")?;
        }
        Ok(())
    }
}

impl Refusal {
    /// A refusal without wrong fields.
    #[must_use]
    pub fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason: Cow::Borrowed(reason), message: message.into(), violations: Vec::new() }
    }

    /// INVALID_ARGUMENT with one wrong field.
    #[must_use]
    pub fn field(field: impl Into<String>, description: impl Into<String>) -> Self {
        Violations::one(field, description).into_refusal()
    }

    /// NOT_FOUND.
    #[must_use]
    pub fn not_found(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, reason, message)
    }

    /// PERMISSION_DENIED.
    #[must_use]
    pub fn denied(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::PermissionDenied, reason, message)
    }

    /// FAILED_PRECONDITION.
    #[must_use]
    pub fn precondition(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::FailedPrecondition, reason, message)
    }

    /// As a gRPC status with `ErrorInfo` and, when fields are wrong, `BadRequest`.
    #[must_use]
    pub fn into_status(self) -> Status {
        let mut details = ErrorDetails::new();
        details.set_error_info(self.reason.clone(), DOMAIN, std::collections::HashMap::new());
        for violation in &self.violations {
            details.add_bad_request_violation(&violation.field, &violation.description);
        }
        Status::with_error_details(self.code, self.message, details)
    }

    /// Reads a refusal back from a status; `None` when the status is not one of ours (internal, transport).
    #[must_use]
    pub fn from_status(status: &Status) -> Option<Self> {
        let details = status.get_error_details();
        let info = details.error_info()?;
        if info.domain != DOMAIN {
            return None;
        }
        let violations = details.bad_request().map_or_else(Vec::new, |bad| {
            bad.field_violations
                .iter()
                .map(|wrong| Violation { field: wrong.field.clone(), description: wrong.description.clone() })
                .collect()
        });
        Some(Self {
            code: status.code(),
            reason: Cow::Owned(info.reason.clone()),
            message: status.message().to_owned(),
            violations,
        })
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        refusal.into_status()
    }
}

/// Collects wrong fields, so that a caller hears of all at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One wrong field.
    #[must_use]
    pub fn one(field: impl Into<String>, description: impl Into<String>) -> Self {
        let mut violations = Self::new();
        violations.add(field, description);
        violations
    }

    /// Adds a wrong field.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation { field: field.into(), description: description.into() });
    }

    /// Takes the value, or notes the error under the field's name and gives nothing.
    pub fn check<T, E: fmt::Display>(&mut self, field: impl Into<String>, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// True while nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The wrong fields.
    #[must_use]
    pub fn into_inner(self) -> Vec<Violation> {
        self.0
    }

    /// INVALID_ARGUMENT, FIELDS_INVALID, with all of them.
    #[must_use]
    pub fn into_refusal(self) -> Refusal {
        let message = match self.0.len() {
            1 => "1 field is wrong （1 个字段有误）".to_owned(),
            many => format!("{many} fields are wrong （{many} 个字段有误）"),
        };
        Refusal {
            code: Code::InvalidArgument,
            reason: Cow::Borrowed(FIELDS_INVALID),
            message,
            violations: self.0,
        }
    }

    /// The value if nothing is wrong, else the refusal.
    ///
    /// # Errors
    /// The refusal of [`Violations::into_refusal`] when there is at least one wrong field.
    pub fn finish<T>(self, value: impl FnOnce() -> Option<T>) -> Result<T, Refusal> {
        if !self.is_empty() {
            return Err(self.into_refusal());
        }
        value().ok_or_else(|| Self::one("request", "is incomplete （请求不完整）").into_refusal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_survives_the_wire() {
        let mut violations = Violations::new();
        violations.add("title", "is empty");
        violations.add("course.seats", "must be 1 to 100000");
        let refusal = violations.into_refusal();
        let back = Refusal::from_status(&refusal.clone().into_status()).unwrap();
        assert_eq!(back, refusal);
    }

    #[test]
    fn a_foreign_status_is_no_refusal() {
        assert_eq!(Refusal::from_status(&Status::unavailable("tcp connect error")), None);
    }
}
