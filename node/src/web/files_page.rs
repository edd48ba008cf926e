//! Files of an own publication: put there, taken away, looked at.

use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use sha2::{Digest as _, Sha256};
use shouwang_pages::{reply, trouble::Trouble, upload::Uploaded};
use shouwang_proto::{
    publication::Sha256Hex,
    refusal::Refusal,
    wire::{self, publishing_service_server::PublishingService as _},
};
use shouwang_serving::grpc::internal;
use tonic::Request;

use super::{
    Site, SiteParts,
    asked::Asked,
    own_page::{address_of, page, publication_in},
    route::to,
};

/// Revises a publication's files alone.
async fn revise<R>(
    asked: &Asked<R>,
    publication: wire::Publication,
    attachments: Vec<wire::Attachment>,
    done: &str,
) -> Result<Response, Trouble> {
    let request = wire::RevisePublicationRequest {
        expected_revision: publication.revision,
        publication: Some(wire::Publication { attachments, ..publication.clone() }),
        request_id: SiteParts::key_in(asked.form.first("key")),
    };
    match asked.site().publishing.revise_publication(Request::new(request)).await {
        Ok(_) => Ok(reply::see_other(&format!("{}?done={done}", address_of(&publication)))),
        Err(status) => refused(asked, &publication, status.into()),
    }
}

fn refused<R>(
    asked: &Asked<R>,
    publication: &wire::Publication,
    trouble: Trouble,
) -> Result<Response, Trouble> {
    match trouble {
        Trouble::Refused(_) => page(asked, publication, "", Some(&trouble)),
        Trouble::SignInFirst | Trouble::Broken(_) => Err(trouble),
    }
}

/// `POST /p/{id}/files`.
pub(super) async fn add(asked: Asked<to::AddFile>) -> Result<Response, Trouble> {
    let publication = publication_in(&asked).await?;
    let Some(file) = asked.files.first().cloned() else {
        let nothing = Refusal::field("file", "is required: choose a file （请先选择文件）");
        return refused(&asked, &publication, nothing.into());
    };
    let attachment = match keep(asked.site(), file).await {
        Ok(attachment) => attachment,
        Err(trouble) => return refused(&asked, &publication, trouble),
    };
    let mut attachments = publication.attachments.clone();
    // The same file again, perhaps under another name, takes the place of the one before.
    attachments.retain(|known| known.sha256 != attachment.sha256);
    attachments.push(attachment);
    revise(&asked, publication, attachments, "file").await
}

/// Puts the bytes on disk and answers how a publication names them.
pub(super) async fn keep(site: &Site, file: Uploaded) -> Result<wire::Attachment, Trouble> {
    let sha256 = hex::encode(Sha256::digest(&file.bytes));
    let size_bytes = site.publishing.keep_file(&sha256, &file.bytes).await?;
    // Some browsers say the whole path; and a type that is none is none.
    let name = file.file_name.rsplit(['/', '\\']).next().unwrap_or_default().trim_start_matches('.');
    let type_only = file.media_type.split(';').next().unwrap_or_default().trim();
    let media_type = if type_only.is_empty() { "application/octet-stream" } else { type_only };
    Ok(wire::Attachment { file_name: name.to_owned(), media_type: media_type.to_owned(), size_bytes, sha256 })
}

/// `POST /p/{id}/files/{sha256}/drop`.
pub(super) async fn drop_one(asked: Asked<to::DropFile>) -> Result<Response, Trouble> {
    let publication = publication_in(&asked).await?;
    let mut attachments = publication.attachments.clone();
    attachments.retain(|known| known.sha256 != asked.name("sha256"));
    if attachments.len() == publication.attachments.len() {
        return Err(Trouble::nowhere());
    }
    revise(&asked, publication, attachments, "dropped").await
}

/// `GET /p/{id}/files/{sha256}`. Always to be kept, never to be shown: whatever the bytes are, the browser does not run
/// them.
pub(super) async fn get(asked: Asked<to::GetFile>) -> Result<Response, Trouble> {
    let publication = publication_in(&asked).await?;
    let named = publication.attachments.iter().find(|known| known.sha256 == asked.name("sha256"));
    let named = named.ok_or_else(Trouble::nowhere)?;
    let sha256: Sha256Hex = named.sha256.parse().map_err(|_| Trouble::nowhere())?;
    let folder = asked.site().publishing.attachments.clone();
    let read = tokio::task::spawn_blocking(move || {
        let (mut pieces, mut whole) = (folder.read(&sha256)?, Vec::new());
        loop {
            let piece = pieces.next_piece()?;
            if piece.is_empty() {
                return std::io::Result::Ok(whole);
            }
            whole.extend_from_slice(&piece);
        }
    });
    let bytes = read.await.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, reply::to_be_kept(&named.file_name));
    Ok(response)
}
