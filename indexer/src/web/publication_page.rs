//! The page of a publication, and its files.

use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use shouwang_proto::id::PublicationName;

use super::{
    asked::Asked,
    publication_view::paper,
    route::{Route, to},
    trouble::Trouble,
};
use crate::council::permission::rpc;

/// The publication in the path. One that cannot be a name is not there.
fn name_in<R: Route>(asked: &Asked<R>) -> Result<PublicationName, Trouble> {
    let name = format!("members/{}/publications/{}", asked.name("member"), asked.name("record"));
    name.parse().map_err(|_| Trouble::nowhere())
}

/// `GET /p/{member}/{record}`.
pub(super) async fn show(asked: Asked<to::ShowPublication>) -> Result<Response, Trouble> {
    let name = name_in(&asked)?;
    let site = asked.site();
    let caller = asked.authorized::<rpc::GetPublication>()?;
    let publication = site.search.read(&caller, &name.to_string()).await?;
    let paper = paper(asked.lang(), &name, publication, &site.roster.snapshot(), site.world.now());
    asked.page(paper.title.clone(), &paper, &["page.js"])
}

/// `GET /p/{member}/{record}/files/{sha256}`. Always to be kept, never to be shown: whatever the bytes are, the browser
/// does not run them.
pub(super) async fn file(asked: Asked<to::GetFile>) -> Result<Response, Trouble> {
    let name = name_in(&asked)?;
    let caller = asked.authorized::<rpc::DownloadAttachment>()?;
    let (named, bytes) = asked.site().search.file(&caller, &name.to_string(), asked.name("sha256")).await?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    let disposition = HeaderValue::from_str(&disposition(&named.file_name));
    headers.insert(
        header::CONTENT_DISPOSITION,
        disposition.unwrap_or_else(|_| HeaderValue::from_static("attachment")),
    );
    Ok(response)
}

/// `attachment` with the name, in ASCII for old programs and as it is for all others (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|one| if one.is_ascii_alphanumeric() || "._- ".contains(one) { one } else { '_' })
        .collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            whole.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_leave_its_header() {
        let whole = "%E5%8A%A8%E7%81%AB%22%E7%A5%A8%0D%0A.pdf";
        assert_eq!(
            disposition("动火\"票\r\n.pdf"),
            format!("attachment; filename=\"______.pdf\"; filename*=UTF-8''{whole}")
        );
    }
}
