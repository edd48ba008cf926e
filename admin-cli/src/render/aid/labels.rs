//! Words for codes of the alliance's vocabulary. What the contract enumerates says its own words: `mutual_aid::term::Worded`.

use shouwang_proto::vocabulary;

use crate::words::Lang;

/// The label of a code of a vocabulary; the code itself when the list does not know it.
pub(crate) fn term(list: &str, code: &str, lang: Lang) -> String {
    vocabulary::term(list, code)
        .map_or_else(|| code.to_owned(), |term| lang.pick(&term.zh, &term.en).to_owned())
}
