//! What the doctor found.

use serde::Serialize;

use crate::{
    exit::Exit,
    output::{Answer, Style},
    words::{Lang, Words},
};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// Works, but look at it.
    Warning,
    /// Does not work, or will not soon.
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Stable name such as `hub.clock`.
    pub(crate) check: &'static str,
    /// How it is.
    pub(crate) level: Level,
    /// What was found.
    pub(crate) found: Words,
    /// What to do, unless it is as it should be.
    pub(crate) advice: Option<Words>,
}

impl Finding {
    /// As it should be.
    pub(crate) fn ok(check: &'static str, found: Words) -> Self {
        Self { check, level: Level::Ok, found, advice: None }
    }

    /// Works, but look at it.
    pub(crate) fn warning(check: &'static str, found: Words, advice: Words) -> Self {
        Self { check, level: Level::Warning, found, advice: Some(advice) }
    }

    /// Does not work.
    pub(crate) fn wrong(check: &'static str, found: Words, advice: Words) -> Self {
        Self { check, level: Level::Wrong, found, advice: Some(advice) }
    }
}

/// All findings in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DoctorView {
    /// Worst level.
    pub(crate) level: Level,
    /// In the order of checking.
    pub(crate) findings: Vec<FindingView>,
}

/// One finding in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FindingView {
    /// Stable name.
    pub(crate) check: &'static str,
    /// How it is.
    pub(crate) level: Level,
    /// What was found.
    pub(crate) found: String,
    /// What to do; empty when it is as it should be.
    pub(crate) advice: String,
}

impl DoctorView {
    /// Findings in a language.
    pub(crate) fn new(findings: &[Finding], lang: Lang) -> Self {
        let view = |finding: &Finding| FindingView {
            check: finding.check,
            level: finding.level,
            found: finding.found.show(lang),
            advice: finding.advice.as_ref().map(|advice| advice.show(lang)).unwrap_or_default(),
        };
        let level = findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok);
        Self { level, findings: findings.iter().map(view).collect() }
    }

    /// Warnings do not fail a script, wrong things do.
    pub(crate) fn exit(&self) -> Exit {
        match self.level {
            Level::Ok | Level::Warning => Exit::Done,
            Level::Wrong => Exit::Failed,
        }
    }
}

impl Answer for DoctorView {
    fn text(&self, style: Style) -> String {
        let mark = |level| match level {
            Level::Ok => "✓",
            Level::Warning => "!",
            Level::Wrong => "✗",
        };
        let mut rows = Vec::new();
        for finding in &self.findings {
            rows.push(format!("{} {:<18} {}", mark(finding.level), finding.check, finding.found));
            if !finding.advice.is_empty() {
                rows.push(format!("  {:<18} → {}", "", finding.advice));
            }
        }
        rows.push(match self.level {
            Level::Ok => style.lang.pick("一切正常", "all is well").to_owned(),
            Level::Warning => {
                style.lang.pick("可用，但有需要留意之处", "works, but look at the warnings").to_owned()
            }
            Level::Wrong => style
                .lang
                .pick("发现问题，请按提示处理", "something is wrong; do what is said above")
                .to_owned(),
        });
        rows.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;

    #[test]
    fn the_worst_finding_decides() {
        let ok = Finding::ok("context", words!("demo", "demo"));
        let warning =
            Finding::warning("hub.clock", words!("相差 9 秒", "9 s apart"), words!("校时", "set the clock"));
        let wrong = Finding::wrong(
            "hub.reach",
            words!("无法连接", "unreachable"),
            words!("启动中心", "start the hub"),
        );
        let view = |findings: &[Finding]| DoctorView::new(findings, Lang::En);
        assert_eq!(view(std::slice::from_ref(&ok)).exit(), Exit::Done);
        assert_eq!(view(&[ok.clone(), warning.clone()]).exit(), Exit::Done);
        let all = view(&[ok, warning, wrong]);
        assert_eq!(all.exit(), Exit::Failed);
        insta::assert_snapshot!(all.text(Style { lang: Lang::En, colour: false }), @"
        ✓ context            demo
        ! hub.clock          9 s apart
                             → set the clock
        ✗ hub.reach          unreachable
                             → start the hub
        something is wrong; do what is said above
        ");
    }
}
