//! Files that belong to a publication.

use std::str::FromStr;

use super::text::TextRule;
use crate::{refusal::Violations, wire};

/// Largest attachment in bytes.
pub const ATTACHMENT_LIMIT: u64 = 32 * 1024 * 1024;

/// SHA-256 as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Hex(String);

impl Sha256Hex {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sha256Hex {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be 64 lower-case hexadecimal digits （须为 64 位小写十六进制）")
        }
    }
}

/// A file that belongs to a publication; its bytes travel apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Name without a path.
    pub file_name: String,
    /// Media type.
    pub media_type: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Hash of the bytes.
    pub sha256: Sha256Hex,
}

impl Attachment {
    fn read(index: usize, attachment: wire::Attachment, violations: &mut Violations) -> Option<Self> {
        let wire::Attachment { file_name, media_type, size_bytes, sha256 } = attachment;
        let at = |field: &str| format!("attachments[{index}].{field}");
        let file_name = TextRule::line(1, 200).read(&at("file_name"), &file_name, violations);
        if file_name.contains(['/', '\\']) || file_name.starts_with('.') {
            violations.add(at("file_name"), "must be a file name without a path （须为不带路径的文件名）");
        }
        let media_type_fits = media_type.len() <= 100
            && media_type.split('/').count() == 2
            && media_type.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.+-_".contains(&byte));
        if !media_type_fits {
            violations.add(at("media_type"), "must be a media type such as application/pdf （须为媒体类型）");
        }
        if size_bytes > ATTACHMENT_LIMIT {
            violations.add(at("size_bytes"), "is larger than 32 MiB （超过 32 MiB）");
        }
        let sha256 = violations.check(at("sha256"), sha256.parse())?;
        Some(Self { file_name, media_type, size_bytes, sha256 })
    }

    pub(super) fn to_wire(&self) -> wire::Attachment {
        let Self { file_name, media_type, size_bytes, sha256 } = self.clone();
        wire::Attachment { file_name, media_type, size_bytes, sha256: sha256.0 }
    }
}

pub(super) fn read_attachments(written: Vec<wire::Attachment>, wrong: &mut Violations) -> Vec<Attachment> {
    if written.len() > 20 {
        wrong.add("attachments", "has more than 20 files （超过 20 个附件）");
        return Vec::new();
    }
    written
        .into_iter()
        .enumerate()
        .filter_map(|(index, attachment)| Attachment::read(index, attachment, wrong))
        .collect()
}
