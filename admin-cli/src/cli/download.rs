//! `shouwang publication download`: the attachments of a publication, as files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use sha2::{Digest as _, Sha256};
use shouwang_proto::wire::{Attachment, DownloadAttachmentRequest, GetPublicationRequest};
use shouwang_serving::durable::{self, Readers};

use crate::{
    connection::Hub,
    exit::Exit,
    failure::{Failure, Outcome},
    render::download::{Downloaded, Downloads},
    session::Session,
    words::words,
};

#[derive(Args, Debug)]
pub(super) struct DownloadArguments {
    /// `members/{member}/publications/{uuid}` （编号）
    name: String,
    /// Only the attachment with this file name or SHA-256; may be repeated （只下载指定附件）
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<String>,
    /// Folder to write to; a file that is there already and differs is not touched （保存到目录）
    #[arg(long, value_name = "DIR", default_value = ".")]
    to: PathBuf,
}

pub(super) async fn run(session: &Session, arguments: DownloadArguments) -> Outcome<Exit> {
    let DownloadArguments { name, files, to } = arguments;
    let hub = session.hub().await?;
    let asked = hub.search().get_publication(GetPublicationRequest { name: name.clone() }).await;
    let publication = asked.map_err(|status| hub.failure(&status))?.into_inner();
    let wanted = choose(publication.attachments, &files)?;
    let mut downloads = Downloads::default();
    for attachment in wanted {
        let path = place(&to, &attachment)?;
        let bytes = fetch(&hub, &name, &attachment).await?;
        durable::write(&path, &bytes, Readers::All).map_err(|error| Failure::file(&path, &error))?;
        downloads.files.push(Downloaded {
            path: path.display().to_string(),
            size_bytes: attachment.size_bytes,
            sha256: attachment.sha256,
        });
    }
    session.output.answer(&downloads);
    Ok(Exit::Done)
}

/// What was asked for, or everything.
fn choose(attachments: Vec<Attachment>, files: &[String]) -> Outcome<Vec<Attachment>> {
    let is = |attachment: &Attachment, file: &String| {
        attachment.file_name == *file || attachment.sha256.eq_ignore_ascii_case(file)
    };
    if let Some(unknown) = files.iter().find(|file| !attachments.iter().any(|one| is(one, file))) {
        let there: Vec<&str> = attachments.iter().map(|one| one.file_name.as_str()).collect();
        let there = there.join(", ");
        return Err(Failure::not_found(words!(
            "没有附件 {unknown}；现有：{there}",
            "no attachment {unknown}; there are: {there}"
        )));
    }
    let wanted = |one: &Attachment| files.is_empty() || files.iter().any(|file| is(one, file));
    Ok(attachments.into_iter().filter(wanted).collect())
}

/// Where a file goes. Its name comes from another company: no path of it is followed, nothing is hidden or replaced.
fn place(folder: &Path, attachment: &Attachment) -> Outcome<PathBuf> {
    let name = Path::new(&attachment.file_name).file_name().and_then(|name| name.to_str());
    let is_plain =
        |name: &&str| !name.starts_with('.') && !name.contains('\\') && !name.chars().any(char::is_control);
    let path = folder.join(name.filter(is_plain).unwrap_or(&attachment.sha256));
    match fs::read(&path) {
        Ok(there) if sha256(&there) != attachment.sha256 => {
            let shown = path.display();
            Err(Failure::usage(words!(
                "{shown} 已存在且内容不同，未作改动；请用 --to 指定其他目录",
                "{shown} is there and differs; it was not touched. Choose another folder with --to"
            )))
        }
        Ok(_) => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(path),
        Err(error) => Err(Failure::file(&path, &error)),
    }
}

/// The bytes, which have to be those that the owner signed for.
async fn fetch(hub: &Hub, name: &str, attachment: &Attachment) -> Outcome<Vec<u8>> {
    let request = DownloadAttachmentRequest { name: name.to_owned(), sha256: attachment.sha256.clone() };
    let answer = hub.search().download_attachment(request).await;
    let mut chunks = answer.map_err(|status| hub.failure(&status))?.into_inner();
    let mut bytes = Vec::new();
    while let Some(piece) = chunks.message().await.map_err(|status| hub.failure(&status))? {
        bytes.extend_from_slice(&piece.chunk);
        if bytes.len() as u64 > attachment.size_bytes {
            break;
        }
    }
    if sha256(&bytes) != attachment.sha256 {
        let file = &attachment.file_name;
        return Err(Failure::failed(words!(
            "{file} 的内容与发布时的校验值不符，未保存",
            "{file} is not what its owner published (SHA-256 differs); nothing was saved"
        )));
    }
    Ok(bytes)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(file_name: &str, content: &[u8]) -> Attachment {
        Attachment {
            file_name: file_name.to_owned(),
            media_type: "application/pdf".to_owned(),
            size_bytes: content.len() as u64,
            sha256: sha256(content),
        }
    }

    #[test]
    fn attachments_are_chosen_by_name_or_hash() {
        let all = vec![attachment("审批表.pdf", b"one"), attachment("plan.pdf", b"two")];
        assert_eq!(choose(all.clone(), &[]).unwrap(), all);
        assert_eq!(choose(all.clone(), &["plan.pdf".to_owned()]).unwrap(), all[1..]);
        assert_eq!(choose(all.clone(), &[sha256(b"one").to_uppercase()]).unwrap(), all[..1]);
        let failure = choose(all, &["other.pdf".to_owned()]).unwrap_err();
        assert_eq!(failure.exit, Exit::NotFound);
        assert!(failure.words.en.contains("plan.pdf"), "{failure:?}");
    }

    #[test]
    fn no_path_is_followed_and_nothing_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let name_of = |file_name: &str| {
            place(folder.path(), &attachment(file_name, b"x"))
                .map(|path| path.strip_prefix(folder.path()).unwrap().to_owned())
        };
        let hash = sha256(b"x");
        assert_eq!(name_of("表.pdf").unwrap(), Path::new("表.pdf"));
        assert_eq!(name_of("../../etc/passwd").unwrap(), Path::new("passwd"));
        for hidden in ["..", ".bashrc", "a\\b", "a\u{7}"] {
            assert_eq!(name_of(hidden).unwrap(), Path::new(&hash), "{hidden}");
        }
        fs::write(folder.path().join("表.pdf"), b"another").unwrap();
        assert_eq!(name_of("表.pdf").unwrap_err().exit, Exit::Usage);
        fs::write(folder.path().join("表.pdf"), b"x").unwrap();
        assert_eq!(name_of("表.pdf").unwrap(), Path::new("表.pdf"), "the same may be fetched again");
    }
}
