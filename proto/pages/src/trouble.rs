//! What went wrong, in words for who asked.

use std::{borrow::Cow, fmt::Write as _};

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use shouwang_proto::refusal::{Refusal, Violation};
use shouwang_serving::store::StoreError;
use tonic::{Code, Status};

use crate::{Lang, reply, wrong::Wrong};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Somebody has to sign in first.
    SignInFirst,
    /// The caller's fault, or a reason the caller can understand.
    Refused(Refusal),
    /// Ours. It is in the log under a number, and the number is all that is told.
    Broken(String),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        Refusal::from_status(&status).map_or_else(|| Self::Broken(number(status.message())), Self::Refused)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => Self::Refused(refusal),
            // Logged on the way, once, under a number.
            other @ (StoreError::Unavailable(_) | StoreError::Internal(_)) => Status::from(other).into(),
        }
    }
}

impl From<askama::Error> for Trouble {
    fn from(error: askama::Error) -> Self {
        shouwang_serving::grpc::internal(&error).into()
    }
}

/// The number in `internal error E7 （…）`.
fn number(message: &str) -> String {
    let numbered = |word: &&str| word.starts_with('E') && word[1..].bytes().all(|byte| byte.is_ascii_digit());
    message.split_whitespace().find(numbered).unwrap_or_default().to_owned()
}

/// What the reasons end with that say: this alone is too much, however long one waits.
const TOO_LARGE: &str = "_TOO_LARGE";

/// The HTTP status of a refusal, for both servers. RESOURCE_EXHAUSTED stands for too much at once (429: the same may be
/// tried again) and for too large a thing (413: it never will fit); the stable reason tells them apart.
fn refused_status(refusal: &Refusal) -> StatusCode {
    if refusal.code == Code::ResourceExhausted && refusal.reason.ends_with(TOO_LARGE) {
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    http_status(refusal.code)
}

/// The HTTP status of a gRPC code, as google.rpc.Code maps them.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

impl Trouble {
    /// There is no such page.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::Refused(Refusal::not_found("PAGE_NOT_FOUND", "there is no such page （没有这个页面）"))
    }

    /// The role is not in the route's row.
    #[must_use]
    pub fn not_yours() -> Self {
        Self::Refused(Refusal::denied(
            "ROLE_MISSING",
            "this page is not for your role （您的岗位无权查看此页面）",
        ))
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignInFirst => StatusCode::UNAUTHORIZED,
            Self::Refused(refusal) => refused_status(refusal),
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What happened, in one language.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::SignInFirst => lang.say("trouble.sign-in-first").to_owned(),
            Self::Refused(refusal) => {
                let mut words = lang.part(&refusal.message).to_owned();
                for Violation { field, description } in &refusal.violations {
                    // Writing into a string does not fail.
                    let _ = write!(words, " {field}: {}", lang.part(description));
                }
                words
            }
            Self::Broken(_) => lang.say("trouble.broken").to_owned(),
        }
    }

    /// What is wrong with which field.
    #[must_use]
    pub fn wrong(&self, lang: Lang) -> Wrong {
        match self {
            Self::Refused(refusal) => Wrong::of_refusal(lang, refusal),
            Self::SignInFirst | Self::Broken(_) => Wrong::default(),
        }
    }

    /// What happened, above a form that names its wrong fields itself.
    #[must_use]
    pub fn problem(&self, lang: Lang) -> String {
        if self.wrong(lang).any() { lang.say("form.wrong").to_owned() } else { self.words(lang) }
    }

    /// What to do now.
    #[must_use]
    pub fn advice(&self, lang: Lang) -> &'static str {
        let key = match self.status() {
            StatusCode::NOT_FOUND => "trouble.advice.not-found",
            StatusCode::FORBIDDEN => "trouble.advice.forbidden",
            StatusCode::BAD_REQUEST | StatusCode::CONFLICT => "trouble.advice.bad",
            StatusCode::PAYLOAD_TOO_LARGE => "trouble.advice.too-large",
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                "trouble.advice.later"
            }
            _ => "trouble.advice.broken",
        };
        lang.find(key).unwrap_or_default()
    }

    /// The number in the log; empty when there is nothing in the log.
    #[must_use]
    pub fn number(&self) -> String {
        match self {
            Self::Broken(number) => number.clone(),
            Self::SignInFirst | Self::Refused(_) => String::new(),
        }
    }

    /// As JSON, as google.rpc.Status maps to it.
    #[must_use]
    pub fn json(&self) -> Response {
        let (reason, message, fields): (Cow<'static, str>, String, Vec<Value>) = match self {
            Self::SignInFirst => {
                let words = "sign in, or send an access token as `authorization: Bearer SECRET` （请先登录或提供访问令牌）";
                ("TOKEN_MISSING".into(), words.to_owned(), Vec::new())
            }
            Self::Refused(refusal) => {
                let field =
                    |wrong: &Violation| json!({ "field": wrong.field, "description": wrong.description });
                (
                    refusal.reason.clone(),
                    refusal.message.clone(),
                    refusal.violations.iter().map(field).collect(),
                )
            }
            Self::Broken(number) => {
                ("INTERNAL".into(), format!("internal error {number} （内部错误）"), Vec::new())
            }
        };
        let error = json!({ "reason": reason, "message": message, "fields": fields });
        reply::json(self.status(), &json!({ "error": error }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_tells_its_number_and_nothing_else() {
        let trouble = Trouble::from(Status::internal("internal error E12 （内部错误，编号 E12）"));
        assert_eq!(trouble, Trouble::Broken("E12".to_owned()));
        assert_eq!(trouble.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let other = Trouble::from(Status::unknown("secret detail"));
        assert!(!other.words(Lang::En).contains("secret") && other.number().is_empty());
    }

    #[test]
    fn too_large_is_not_too_many() {
        let check = |code, reason: &'static str, expected| {
            let status = Trouble::from(Refusal::new(code, reason, "x （x）")).status();
            assert_eq!(status, expected, "{reason}");
        };
        for reason in ["DOCUMENT_TOO_LARGE", "ATTACHMENT_TOO_LARGE", "EXPORT_TOO_LARGE", "FORM_TOO_LARGE"] {
            check(Code::ResourceExhausted, reason, StatusCode::PAYLOAD_TOO_LARGE);
        }
        for reason in ["TOO_MANY_REQUESTS", "SIGN_IN_WAIT", "SIGN_IN_BUSY", "SEARCH_BUSY", "TOKENS_FULL"] {
            check(Code::ResourceExhausted, reason, StatusCode::TOO_MANY_REQUESTS);
        }
        check(Code::InvalidArgument, "NUMBER_TOO_LARGE", StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_refusal_speaks_one_language() {
        let trouble = Trouble::from(Refusal::not_found("X", "no such thing （没有这样东西）"));
        assert_eq!(
            (trouble.words(Lang::Zh), trouble.words(Lang::En)),
            ("没有这样东西".into(), "no such thing".into())
        );
        assert_eq!(trouble.status(), StatusCode::NOT_FOUND);
    }
}
