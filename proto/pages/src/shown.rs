//! How a page shows that something was refused.

use http::StatusCode;
use shouwang_proto::refusal::Refusal;
use shouwang_serving::store::StoreError;

use crate::{Lang, trouble::Trouble, wrong::Wrong};

/// How a page shows that something was refused; when nothing was, the page is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Of the answer.
    pub status: StatusCode,
    /// Which fields.
    pub wrong: Wrong,
    /// The line above; empty when nothing was refused.
    pub problem: String,
}

impl Shown {
    /// For a page that comes after this.
    #[must_use]
    pub fn of(lang: Lang, refused: Option<&Refusal>) -> Self {
        let Some(refusal) = refused else {
            return Self { status: StatusCode::OK, wrong: Wrong::default(), problem: String::new() };
        };
        let trouble = Trouble::from(refusal.clone());
        Self { status: trouble.status(), wrong: trouble.wrong(lang), problem: trouble.problem(lang) }
    }
}

/// A refusal is for the page to show; anything else is trouble.
///
/// # Errors
/// What is no refusal.
pub fn shown<T>(result: Result<T, StoreError>) -> Result<Result<T, Refusal>, Trouble> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(StoreError::Refused(refusal)) => Ok(Err(refusal)),
        Err(other @ (StoreError::Unavailable(_) | StoreError::Internal(_))) => Err(other.into()),
    }
}
