//! Files to attach: read, hashed, sent to the node before the record that names them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    publication::ATTACHMENT_LIMIT,
    refusal::Violation,
    wire::{Attachment, UploadAttachmentRequest},
};

use crate::{connection::Node, failure::Outcome};

/// Bytes of a file sent in one message.
const CHUNK_BYTES: usize = 256 * 1024;

/// Sends files to a node, each once.
pub(crate) struct Attacher {
    node: Node,
    folder: PathBuf,
    sent: BTreeMap<PathBuf, Attachment>,
}

impl Attacher {
    /// Relative paths begin at `folder`.
    pub(crate) fn new(node: Node, folder: PathBuf) -> Self {
        Self { node, folder, sent: BTreeMap::new() }
    }

    /// Sends the files of one record. Files that cannot be read are violations of the record.
    ///
    /// # Errors
    /// The node refuses a file, or is gone.
    pub(crate) async fn attach(
        &mut self,
        files: &[PathBuf],
    ) -> Outcome<Result<Vec<Attachment>, Vec<Violation>>> {
        let mut attachments = Vec::with_capacity(files.len());
        let mut wrong = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let path = self.folder.join(file);
            if let Some(known) = self.sent.get(&path) {
                attachments.push(known.clone());
                continue;
            }
            match read(&path).await {
                Err(description) => {
                    wrong.push(Violation { field: format!("attachments[{index}]"), description });
                }
                Ok((attachment, bytes)) => {
                    self.send(&attachment, bytes).await?;
                    self.sent.insert(path, attachment.clone());
                    attachments.push(attachment);
                }
            }
        }
        Ok(if wrong.is_empty() { Ok(attachments) } else { Err(wrong) })
    }

    async fn send(&self, attachment: &Attachment, bytes: Vec<u8>) -> Outcome<()> {
        let sha256 = attachment.sha256.clone();
        let mut chunks: Vec<Vec<u8>> = bytes.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect();
        if chunks.is_empty() {
            chunks.push(Vec::new());
        }
        let requests = chunks.into_iter().enumerate().map(move |(index, chunk)| UploadAttachmentRequest {
            sha256: if index == 0 { sha256.clone() } else { String::new() },
            chunk,
        });
        let sent = self.node.publishing().upload_attachment(tokio_stream::iter(requests)).await;
        sent.map(|_| ()).map_err(|status| self.node.failure(&status))
    }
}

async fn read(path: &Path) -> Result<(Attachment, Vec<u8>), String> {
    let unreadable = |error: std::io::Error| {
        let path = path.display();
        format!("{path} cannot be read: {error} （文件无法读取）")
    };
    let facts = tokio::fs::metadata(path).await.map_err(unreadable)?;
    if !facts.is_file() {
        return Err(format!("{} is not a file （不是文件）", path.display()));
    }
    if facts.len() > ATTACHMENT_LIMIT {
        return Err(format!("{} is larger than 32 MiB （超过 32 MiB）", path.display()));
    }
    let bytes = tokio::fs::read(path).await.map_err(unreadable)?;
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let attachment = Attachment {
        media_type: media_type(&file_name).to_owned(),
        file_name,
        size_bytes: bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(&bytes)),
    };
    Ok((attachment, bytes))
}

/// The media types of files that safety managers attach (IANA registry).
fn media_type(file_name: &str) -> &'static str {
    let ending = file_name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref().unwrap_or_default() {
        "pdf" => "application/pdf",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ppt" => "application/vnd.ms-powerpoint",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "mp4" => "video/mp4",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_becomes_an_attachment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("作业票.PDF");
        std::fs::write(&path, b"abc").unwrap();
        let (attachment, bytes) = read(&path).await.unwrap();
        assert_eq!(bytes, b"abc");
        assert_eq!(
            (attachment.file_name.as_str(), attachment.media_type.as_str()),
            ("作业票.PDF", "application/pdf")
        );
        // SHA-256 of "abc", FIPS 180-2 appendix B.1.
        assert_eq!(attachment.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(read(folder.path()).await.unwrap_err().contains("not a file"));
        assert!(read(&folder.path().join("none")).await.unwrap_err().contains("cannot be read"));
    }
}
