//! For tests: what a browser of 2020 (Chromium 80) does not know, in styles, scripts and templates.
//!
//! It looks for names and at which block they stand in; it parses nothing. So it does not see what a script puts together
//! while it runs, a gap in one rule for a flex row of another, or a name that this list does not have. What an old browser may
//! leave out without loss (`scrollbar-width`, `appearance` beside its prefix, a whole rule for `:focus-visible`) is not in the
//! list. The dates are those of caniuse.com and of MDN's compatibility data.

/// Words in a selector, and since which Chromium.
const SELECTORS: &[(&str, u32)] = &[
    (":has(", 105),
    (":is(", 88),
    (":where(", 88),
    ("::marker", 86),
    (":user-invalid", 119),
    (":user-valid", 119),
    (":dir(", 120),
    (":modal", 105),
    (":popover-open", 114),
    (":state(", 125),
    ("::backdrop:", 122),
    ("::details-content", 131),
];
/// Rules.
const RULES: &[(&str, u32)] = &[
    ("@container", 105),
    ("@layer", 99),
    ("@property", 85),
    ("@scope", 118),
    ("@starting-style", 117),
    ("@view-transition", 126),
    ("@counter-style", 91),
    ("@supports selector", 83),
    ("@media (width", 104),
    ("@media (height", 104),
];
/// Properties.
const PROPERTIES: &[(&str, u32)] = &[
    ("inset", 87),
    ("inset-block", 87),
    ("inset-inline", 87),
    ("margin-block", 87),
    ("margin-inline", 87),
    ("padding-block", 87),
    ("padding-inline", 87),
    ("aspect-ratio", 88),
    ("translate", 104),
    ("rotate", 104),
    ("scale", 104),
    ("container-type", 105),
    ("container-name", 105),
    ("container", 105),
    ("content-visibility", 85),
    ("text-wrap", 114),
    ("field-sizing", 123),
    ("anchor-name", 125),
    ("position-anchor", 125),
    ("interpolate-size", 129),
];
/// Words in a value.
const VALUES: &[(&str, u32)] = &[
    ("color-mix(", 111),
    ("light-dark(", 123),
    ("oklch(", 111),
    ("oklab(", 111),
    ("lch(", 111),
    ("lab(", 111),
    ("hwb(", 101),
    ("dvh", 108),
    ("svh", 108),
    ("lvh", 108),
    ("dvw", 108),
    ("subgrid", 117),
    ("anchor(", 125),
    ("revert", 84),
    ("overflow: clip", 90),
];
/// Words in a script.
const SCRIPTS: &[(&str, u32)] = &[
    ("structuredClone(", 98),
    (".replaceAll(", 85),
    (".replaceChildren(", 86),
    (".at(", 92),
    (".findLast(", 97),
    (".findLastIndex(", 97),
    (".toSorted(", 110),
    (".toReversed(", 110),
    (".toSpliced(", 110),
    (".checkVisibility(", 105),
    (".showPopover(", 114),
    (".groupBy(", 117),
    ("Object.hasOwn(", 93),
    ("Promise.any(", 85),
    ("Promise.withResolvers(", 119),
    ("Array.fromAsync(", 121),
    ("AggregateError", 85),
    ("WeakRef", 84),
    ("FinalizationRegistry", 84),
    ("Intl.Segmenter", 87),
    ("crypto.randomUUID", 92),
    ("AbortSignal.timeout", 103),
    ("AbortSignal.any", 116),
    ("URL.canParse", 120),
    ("??=", 85),
    ("||=", 85),
    ("&&=", 85),
    ("static {", 94),
    ("this.#", 84),
    (":has(", 105),
];
/// Words in a template.
const TEMPLATES: &[(&str, u32)] = &[
    (" popover", 114),
    (" popovertarget", 114),
    (" inert", 102),
    (" commandfor", 135),
    (" closedby", 134),
    (" fetchpriority", 102),
    ("<search", 118),
    ("<selectedcontent", 134),
    ("<details name=", 120),
    ("type=\"module\"", 89),
    ("type=\"importmap\"", 89),
];

/// What an old browser does not know in this file, by its ending: `.css`, `.js` or `.html`; nothing of any other.
#[must_use]
pub fn findings(name: &str, text: &str) -> Vec<String> {
    let plain = without_comments(text);
    let found = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => in_style(&plain),
        "js" => plain
            .lines()
            .flat_map(|line| words(line.split("// ").next().unwrap_or_default(), SCRIPTS))
            .collect(),
        "html" => words(&plain, TEMPLATES),
        _ => Vec::new(),
    };
    found.into_iter().map(|found| format!("{name}: {found}")).collect()
}

fn newer((word, since): &(&str, u32)) -> String {
    format!("`{}` is known since Chromium {since} only", word.trim())
}

/// Which of these stand in the text, not as the end of a longer name.
fn words(text: &str, list: &[(&str, u32)]) -> Vec<String> {
    let stands = |word: &str| {
        text.match_indices(word).any(|(start, _)| {
            // `100dvh`: a digit before it makes no longer name.
            let is_name = |one: char| one.is_alphabetic() || one == '-' || one == '_';
            let joins = word.starts_with(char::is_alphabetic);
            !(joins && text[..start].chars().next_back().is_some_and(is_name))
        })
    };
    list.iter().filter(|(word, _)| stands(word)).map(newer).collect()
}

fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    plain + rest
}

/// A block that is open: what stands before its brace, and what it has declared so far.
struct Block {
    prelude: String,
    declared: Vec<(String, String)>,
}

fn in_style(text: &str) -> Vec<String> {
    let (mut found, mut open, mut piece) = (Vec::new(), Vec::<Block>::new(), String::new());
    for one in text.chars() {
        match one {
            '{' => {
                let prelude = std::mem::take(&mut piece).trim().to_owned();
                if open.last().is_some_and(|outer| !outer.prelude.starts_with('@')) {
                    found.push(format!("`{prelude}` is nested, which is known since Chromium 112 only"));
                }
                found.extend(before_a_brace(&prelude));
                open.push(Block { prelude, declared: Vec::new() });
            }
            ';' | '}' => {
                let declared = std::mem::take(&mut piece);
                if let (Some(block), Some((name, value))) = (open.last_mut(), declared.split_once(':')) {
                    block.declared.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                if one == '}' {
                    found.extend(open.pop().into_iter().flat_map(|block| in_block(&block)));
                }
            }
            _ => piece.push(one),
        }
    }
    found
}

fn before_a_brace(prelude: &str) -> Vec<String> {
    if prelude.starts_with('@') {
        return words(prelude, RULES);
    }
    let mut found = words(prelude, SELECTORS);
    // An old browser drops the whole rule, which is meant; but then it must have no other selector.
    if prelude.contains(":focus-visible") && prelude.contains(',') {
        found.push(format!(
            "`{prelude}` is dropped as a whole: `:focus-visible` is known since Chromium 86 only"
        ));
    }
    found
}

fn in_block(block: &Block) -> Vec<String> {
    let has = |name: &str, part: &str| {
        block.declared.iter().any(|(known, value)| known == name && value.contains(part))
    };
    let mut found = Vec::new();
    for (name, value) in &block.declared {
        found.extend(PROPERTIES.iter().filter(|(newer, _)| newer == name).map(newer));
        found.extend(words(&format!("{name}: {value}"), VALUES));
    }
    let gaps = ["gap", "row-gap", "column-gap"];
    if has("display", "flex") && gaps.iter().any(|gap| has(gap, "")) {
        found.push(format!("`{}` has a gap in a flex row, known since Chromium 84 only", block.prelude));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{asset, wording::texts};

    fn found(name: &str, text: &str) -> usize {
        findings(name, text).len()
    }

    #[test]
    fn what_is_too_new_is_found() {
        for style in [
            ".a:has(.b) { color: red }",
            "@media (width >= 400px) { a { color: red } }",
            "@container (min-width: 1px) { a { color: red } }",
            ".a { inset: 0 }",
            "@media print { .a { aspect-ratio: 1 / 1; } }",
            ".a { & .b { color: red } }",
            ".a { display: inline-flex; gap: 4px; }",
            ".a { height: 100dvh; }",
            ".a { color: color-mix(in srgb, red, blue) }",
            "a, .b:focus-visible { color: red }",
        ] {
            assert_eq!(found("a.css", style), 1, "{style}: {:?}", findings("a.css", style));
        }
        for script in ["var a = structuredClone(b);", "x ??= 1;", "list.at(-1)", "s.replaceAll('a', 'b')"] {
            assert_eq!(found("a.js", script), 1, "{script}");
        }
        assert_eq!(found("a.html", "<div inert><details name=\"x\">"), 2);
    }

    #[test]
    fn what_has_been_there_is_not() {
        for style in [
            ".a { box-shadow: inset 0 0 0 1px red; transition: transform 1s; }",
            ".a { display: grid; gap: 4px; } .b { display: flex; }",
            ":focus:not(:focus-visible) { outline: none; }",
            "/* :has( */ .a { transform: scale(2) translate(1px); margin-inline-start: 0; }",
            "@media (max-width: 560px) { .a { color: red; } }",
        ] {
            assert_eq!(findings("a.css", style), Vec::<String>::new(), "{style}");
        }
        assert_eq!(found("a.js", "var a = b?.c ?? d; // list.at(1)\nformat(1); what.attribute(2);"), 0);
        assert_eq!(found("a.txt", "structuredClone("), 0);
    }

    #[test]
    fn our_styles_scripts_and_templates_suit_a_browser_of_2020() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut seen = 0;
        for (name, text) in asset::texts() {
            seen += 1;
            assert_eq!(findings(&name, &text), Vec::<String>::new());
        }
        assert!(seen >= 5, "only {seen} styles and scripts");
        for (path, text) in texts(&root.join("templates"), "html") {
            assert_eq!(findings(&path, &text), Vec::<String>::new());
        }
    }
}
