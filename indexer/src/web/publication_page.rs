//! The page of a publication, and its files.

use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use shouwang_pages::{reply, trouble::Trouble};
use shouwang_proto::id::PublicationName;

use super::{
    asked::{Asked, Knowing as _},
    publication_view::paper,
    route::{Route, to},
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
    headers.insert(header::CONTENT_DISPOSITION, reply::to_be_kept(&named.file_name));
    Ok(response)
}
