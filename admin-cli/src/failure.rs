//! Why a verb did not do what was asked, with what to do about it.

use std::{error::Error, fmt, path::Path};

use serde::Serialize;
use shouwang_proto::refusal::{Refusal, Violation};
use tonic::Status;

use crate::{
    exit::Exit,
    words::{Lang, Words, harmless, words},
};

/// A verb that ended badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// Stable reason in `UPPER_SNAKE_CASE`.
    pub(crate) reason: Box<str>,
    /// What happened.
    pub(crate) words: Words,
    /// Every wrong field.
    pub(crate) violations: Vec<Violation>,
    /// What to do.
    pub(crate) hints: Vec<Words>,
}

/// What a verb gives.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    fn new(exit: Exit, reason: &str, words: Words) -> Self {
        Self { exit, reason: reason.into(), words, violations: Vec::new(), hints: Vec::new() }
    }

    /// Something failed on this machine.
    pub(crate) fn failed(words: Words) -> Self {
        Self::new(Exit::Failed, "FAILED", words)
    }

    /// The verb was used wrongly.
    pub(crate) fn usage(words: Words) -> Self {
        Self::new(Exit::Usage, "USAGE", words)
    }

    /// There is no such thing.
    pub(crate) fn not_found(words: Words) -> Self {
        Self::new(Exit::NotFound, "NOT_FOUND", words)
    }

    /// A file could not be read or written.
    pub(crate) fn file(path: &Path, error: &dyn fmt::Display) -> Self {
        let path = path.display();
        Self::new(Exit::Failed, "FILE", words!("文件 {path} 出错：{error}", "file {path}: {error}"))
    }

    /// A decision of the hub that came back through the own node: refused, with its stable reason.
    pub(crate) fn decided(reason: &str, detail: &str) -> Self {
        let exit = match reason {
            "ORDER_SUPERSEDED" | "VERSION_MISMATCH" | "RESOURCE_TAKEN" => Exit::Conflict,
            _ => Exit::Refused,
        };
        let detail = if detail.is_empty() { "refused by the hub （中心拒绝）" } else { detail };
        Self::new(exit, if reason.is_empty() { "REFUSED" } else { reason }, Words::from_server(detail))
    }

    /// No connection to a server.
    pub(crate) fn unreachable(words: Words) -> Self {
        Self::new(Exit::Unreachable, "UNREACHABLE", words)
    }

    /// Wrong fields found before anything was sent.
    pub(crate) fn fields(violations: Vec<Violation>) -> Self {
        let count = violations.len();
        let words = words!("{count} 个字段有误", "{count} wrong field(s)");
        Self { violations, ..Self::new(Exit::Refused, shouwang_proto::refusal::FIELDS_INVALID, words) }
    }

    /// With one more thing to do.
    pub(crate) fn hint(mut self, hint: Words) -> Self {
        self.hints.push(hint);
        self
    }

    /// An answer of a server that is no success; `whom` is the server as people know it.
    pub(crate) fn from_status(status: &Status, whom: &Words) -> Self {
        if let Some(refusal) = Refusal::from_status(status) {
            return Self::from_refusal(refusal);
        }
        let exit = Exit::of(status.code(), false);
        let (zh, en) = (&whom.zh, &whom.en);
        let detail = deepest(status);
        let code = status.code();
        match exit {
            Exit::Unreachable => {
                Self::unreachable(words!("{zh}没有应答：{detail}", "{en} does not answer: {detail}")).hint(
                    words!(
                        "它在运行吗？用 shouwang doctor 检查",
                        "is it running? `shouwang doctor` tells more"
                    ),
                )
            }
            Exit::NotAllowed => Self::new(
                exit,
                "NOT_ALLOWED",
                words!("{zh}拒绝了本令牌：{detail}", "{en} does not accept the token: {detail}"),
            ),
            Exit::Done
            | Exit::Failed
            | Exit::Usage
            | Exit::Refused
            | Exit::NotFound
            | Exit::Partly
            | Exit::Conflict => Self::new(
                exit,
                "SERVER_ERROR",
                words!("{zh}报告错误（{code:?}）：{detail}", "{en} reports an error ({code:?}): {detail}"),
            ),
        }
    }

    fn from_refusal(refusal: Refusal) -> Self {
        let exit = Exit::of(refusal.code, true);
        let words = Words::from_server(&refusal.message);
        Self { violations: refusal.violations, ..Self::new(exit, &refusal.reason, words) }
    }

    /// As people read it: reason, message, every violation, what to do.
    pub(crate) fn text(&self, lang: Lang) -> String {
        let mut out = format!("{}: {}", self.reason, harmless(&self.words.show(lang)));
        for Violation { field, description } in &self.violations {
            let description = Words::from_server(description).show(lang);
            let field = if field.is_empty() { String::new() } else { format!("{}: ", harmless(field)) };
            out.push_str(&format!("\n  {field}{}", harmless(&description)));
        }
        for hint in &self.hints {
            out.push_str(&format!("\n  → {}", hint.show(lang)));
        }
        out
    }

    /// As programs read it.
    pub(crate) fn json(&self, lang: Lang) -> serde_json::Value {
        let violations: Vec<ViolationView> = self.violations.iter().map(ViolationView::from).collect();
        let hints: Vec<String> = self.hints.iter().map(|hint| hint.show(lang)).collect();
        serde_json::json!({ "error": {
            "exit": self.exit as u8,
            "reason": self.reason,
            "message": self.words.show(lang),
            "violations": violations,
            "hints": hints,
        }})
    }
}

/// One wrong field for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ViolationView {
    /// Path such as `course.sessions[2].ends_at`.
    pub(crate) field: String,
    /// What is wrong and what would be right.
    pub(crate) description: String,
}

impl From<&Violation> for ViolationView {
    fn from(violation: &Violation) -> Self {
        Self { field: violation.field.clone(), description: violation.description.clone() }
    }
}

/// The first cause of an error says most; those above only repeat that there was one.
pub(crate) fn deepest(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    match cause.downcast_ref::<Status>() {
        Some(status) => status.message().to_owned(),
        None => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::refusal::Violations;

    use super::*;

    #[test]
    fn a_refusal_is_told_with_every_violation() {
        let mut violations = Violations::new();
        violations.add("title", "is required （必填）");
        violations.add("course.seats", "must be 1 to 100000 （须为 1–100000）");
        let status = violations.into_refusal().into_status();
        let failure = Failure::from_status(&status, &words!("本单位节点", "the node"));
        assert_eq!(failure.exit, Exit::Refused);
        insta::assert_snapshot!(failure.text(Lang::Zh), @"
        FIELDS_INVALID: 2 个字段有误 （2 fields are wrong）
          title: 必填 （is required）
          course.seats: 须为 1–100000 （must be 1 to 100000）
        ");
        assert_eq!(failure.json(Lang::En)["error"]["violations"][1]["field"], "course.seats");
    }

    #[test]
    fn a_silent_server_is_unreachable() {
        let failure =
            Failure::from_status(&Status::unavailable("tcp connect error"), &words!("中心", "the hub"));
        assert_eq!(failure.exit, Exit::Unreachable);
        insta::assert_snapshot!(failure.text(Lang::En), @"
        UNREACHABLE: the hub does not answer: tcp connect error
          → is it running? `shouwang doctor` tells more
        ");
    }
}
