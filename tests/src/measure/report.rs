//! The printed table: what, ours, baseline, ratio, goal.

use std::fmt::{self, Write as _};

use super::{Scale, rounds::Rounds};

/// What was aimed at, and whether this run reached it. Only printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goal(String);

impl Goal {
    /// Nothing was aimed at; the row explains another one.
    #[must_use]
    pub fn none() -> Self {
        Self("–".to_owned())
    }

    /// At least this much.
    #[must_use]
    pub fn at_least(found: f64, wanted: f64, unit: &str) -> Self {
        Self(format!("≥ {}{unit}: {}", figure(wanted), verdict(found >= wanted)))
    }

    /// At most this much.
    #[must_use]
    pub fn at_most(found: f64, wanted: f64, unit: &str) -> Self {
        Self(format!("≤ {}{unit}: {}", figure(wanted), verdict(found <= wanted)))
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(format!("{}; {}", self.0, other.0))
    }
}

fn verdict(is_reached: bool) -> &'static str {
    if is_reached { "reached" } else { "missed" }
}

/// A number with about three digits that count, and thin groups of thousands.
#[must_use]
pub fn figure(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        medium if medium >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if rest.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{rest}") }
}

/// The figures of one benchmark program.
#[derive(Clone, Debug)]
pub struct Report {
    title: &'static str,
    scale: Scale,
    rows: Vec<[String; 5]>,
    notes: Vec<String>,
}

impl Report {
    /// An empty report.
    #[must_use]
    pub fn new(title: &'static str, scale: Scale) -> Self {
        Self { title, scale, rows: Vec::new(), notes: Vec::new() }
    }

    /// A comparison; `goal` is given the ratio.
    pub fn compare(&mut self, what: &str, unit: &str, rounds: &Rounds, goal: impl FnOnce(f64) -> Goal) {
        let (low, high) = rounds.spread();
        self.rows.push([
            what.to_owned(),
            format!("{} {unit}", figure(rounds.ours())),
            format!("{} {unit}", figure(rounds.baseline())),
            format!("{:.2} ({low:.2}–{high:.2})", rounds.ratio()),
            goal(rounds.ratio()).0,
        ]);
    }

    /// A figure without a counterpart.
    pub fn alone(&mut self, what: &str, ours: String, goal: Goal) {
        self.rows.push([what.to_owned(), ours, "–".to_owned(), "–".to_owned(), goal.0]);
    }

    /// A figure with a counterpart that was measured once.
    pub fn once(&mut self, what: &str, unit: &str, ours: f64, baseline: f64, goal: impl FnOnce(f64) -> Goal) {
        let ratio = ours / baseline;
        self.rows.push([
            what.to_owned(),
            format!("{} {unit}", figure(ours)),
            format!("{} {unit}", figure(baseline)),
            format!("{ratio:.2}"),
            goal(ratio).0,
        ]);
    }

    /// A sentence under the table: what exactly was compared.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Prints the report.
    #[expect(clippy::print_stdout, reason = "printing is what a benchmark is for")]
    pub fn print(&self) {
        println!("{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = format!("\n### {}\n", self.title);
        if self.scale.is_partial() {
            out.push_str("\n(a quick look at a fraction of the size: not the figures to quote)\n");
        }
        out.push_str("\n| what | ours | baseline | ratio | goal |\n|---|---|---|---|---|\n");
        for row in &self.rows {
            writeln!(out, "| {} |", row.join(" | "))?;
        }
        for note in &self.notes {
            write!(out, "\n- {note}")?;
        }
        formatter.write_str(&out)
    }
}

/// Says on standard error what is being done, for whoever waits.
#[expect(clippy::print_stderr, reason = "a benchmark takes minutes; its user wants to see that it moves")]
pub fn progress(text: &str) {
    eprintln!("… {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_grouped() {
        let cases =
            [(0.0, "0.00"), (0.456, "0.46"), (12.34, "12.3"), (999.6, "1,000"), (1_234_567.0, "1,234,567")];
        for (value, expected) in cases {
            assert_eq!(figure(value), expected);
        }
        assert_eq!(figure(-1234.0), "-1,234");
    }

    #[test]
    fn a_row_says_whether_the_goal_was_reached() {
        let mut rounds = Rounds::default();
        rounds.add(70.0, 100.0);
        rounds.add(90.0, 100.0);
        let mut report = Report::new("test", Scale::parse("0.5").unwrap());
        report.compare("speed", "/s", &rounds, |ratio| Goal::at_least(ratio, 0.7, "×"));
        report.note("exactly this");
        let text = report.to_string();
        assert!(
            text.contains("| speed | 80.0 /s | 100 /s | 0.80 (0.70–0.90) | ≥ 0.70×: reached |"),
            "{text}"
        );
        assert!(text.contains("quick look") && text.ends_with("- exactly this"), "{text}");
    }
}
