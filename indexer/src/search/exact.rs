//! Exact texts: phrases and exclusions. Pure.

use super::analysis::{Run, runs};

/// A text that must or must not occur, word for word after folding; what stands between the words does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exact {
    runs: Vec<Run>,
}

/// What a word of an exact text is in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Two ideographs side by side, or a word of letters or digits.
    Bigram(String),
    /// An ideograph alone, which may have neighbours where it is found.
    Single(String),
}

impl Exact {
    pub(crate) fn new(text: &str) -> Self {
        Self { runs: runs(text) }
    }

    /// Everything that a publication has in the index when the text occurs in it.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for run in &self.runs {
            let characters: Vec<char> = run.text.chars().collect();
            match characters[..] {
                _ if !run.ideographs => parts.push(Part::Bigram(run.text.clone())),
                [one] => parts.push(Part::Single(one.to_string())),
                _ => parts.extend(characters.windows(2).map(|pair| Part::Bigram(pair.iter().collect()))),
            }
        }
        parts
    }

    /// True when having the parts is the same as having the text.
    pub(crate) fn is_certain(&self) -> bool {
        self.parts().len() <= 1
    }

    /// True when the text occurs in `text`.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.is_among(&runs(text))
    }

    /// True when the text occurs in a text with these runs.
    pub(crate) fn is_among(&self, there: &[Run]) -> bool {
        match &self.runs[..] {
            [] => true,
            [only] if only.ideographs => {
                there.iter().any(|run| run.ideographs && run.text.contains(&only.text))
            }
            [first, middle @ .., last] if !middle.is_empty() || self.runs.len() == 2 => {
                there.windows(self.runs.len()).any(|window| {
                    ends_with(&window[0], first)
                        && starts_with(&window[window.len() - 1], last)
                        && window[1..window.len() - 1]
                            .iter()
                            .zip(middle)
                            .all(|(one, other)| one.text == other.text)
                })
            }
            wanted => there.iter().any(|run| run.text == wanted[0].text),
        }
    }
}

fn ends_with(there: &Run, wanted: &Run) -> bool {
    if wanted.ideographs {
        there.ideographs && there.text.ends_with(&wanted.text)
    } else {
        there.text == wanted.text
    }
}

fn starts_with(there: &Run, wanted: &Run) -> bool {
    if wanted.ideographs {
        there.ideographs && there.text.starts_with(&wanted.text)
    } else {
        there.text == wanted.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phrase: &str, text: &str, expected: bool) {
        assert_eq!(Exact::new(phrase).is_in(text), expected, "{phrase} in {text}");
    }

    #[test]
    fn phrases_are_found_word_for_word() {
        check("上锁挂牌", "执行上锁挂牌程序", true);
        check("上锁挂牌", "上锁、挂牌", false);
        check("上鎖 掛牌", "上锁、挂牌", true);
        check("GB 30871", "依据GB30871-2022", true);
        check("GB 308", "依据GB30871-2022", false);
        check("按GB30871", "必须按 GB30871—2022", true);
        check("hot work permit", "a Hot-Work permit", true);
        check("work", "workshop", false);
        check("氨", "液氨泄漏", true);
        check("A级动火", "A级动火审批", true);
        check("级动 火", "A级动火审批", false);
        check("空间作业培训", "空间作业", false);
    }
}
