//! Text as it comes out of documents, made plain.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// A value: NFKC throughout (full-width digits and letters, compatibility forms), one line, single spaces.
pub(super) fn value(text: &str) -> String {
    let folded: String = text.nfkc().filter(|shown| !is_invisible(*shown)).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Prose: NFKC for letters, digits, ideographs and spaces. Full-width punctuation stays, for it is how Chinese is written, and
/// so do signs whose form has a meaning: `m²` is not `m2`, `①` is not `1`.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A carriage return as Excel writes it into XML.
    let text =
        if text.contains("_x000D_") { Cow::Owned(text.replace("_x000D_", "")) } else { Cow::Borrowed(text) };
    for shown in text.chars() {
        match shown {
            '\u{2028}' | '\u{2029}' | '\u{B}' | '\u{C}' => out.push('\n'),
            '\n' | '\t' => out.push(shown),
            _ if shown.is_control() || is_invisible(shown) => {}
            _ if is_folded(shown) => out.extend(std::iter::once(shown).nfkc()),
            _ => out.push(shown),
        }
    }
    let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}

/// Marks without a form of their own: byte order mark, soft hyphen, zero-width space, directions.
fn is_invisible(shown: char) -> bool {
    matches!(shown, '\u{FEFF}' | '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2060}'
        | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_folded(shown: char) -> bool {
    matches!(shown,
        '\u{FF10}'..='\u{FF19}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' | '\u{FF66}'..='\u{FFDC}'
        | '\u{2E80}'..='\u{2FDF}' | '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}' | '\u{FB00}'..='\u{FB06}'
        | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_folded_whole_and_prose_with_care() {
        assert_eq!(value(" １３９\u{3000}０００－１\n２\u{200B} "), "139 000-1 2");
        assert_eq!(
            prose("ＬＯＴＯ２００７，⼈员①（甲）10 m²\u{A0}x\r\n\u{202E}b  \n"),
            "LOTO2007，人员①（甲）10 m² x\nb"
        );
    }
}
