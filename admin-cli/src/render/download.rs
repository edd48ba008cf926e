//! Downloaded attachments as people and programs read them.

use serde::Serialize;

use crate::{
    output::{Answer, Style},
    words::{harmless, words},
};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Downloaded {
    /// Where it is.
    pub(crate) path: String,
    /// Size.
    pub(crate) size_bytes: u64,
    /// SHA-256 of its bytes.
    pub(crate) sha256: String,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Downloads {
    /// In the order of the publication.
    pub(crate) files: Vec<Downloaded>,
}

impl Answer for Downloads {
    fn text(&self, style: Style) -> String {
        if self.files.is_empty() {
            return words!("该发布物没有附件", "this publication has no attachments").show(style.lang);
        }
        let line = |file: &Downloaded| {
            let Downloaded { path, size_bytes, sha256 } = file;
            let short = sha256.get(..12).unwrap_or(sha256);
            format!("{}  {size_bytes} B  sha256 {short}…", harmless(path))
        };
        self.files.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
