//! Tables to take along: templates to fill in, and what is there.

use axum::{body::Body, response::Response};
use futures::TryStreamExt as _;
use http::{HeaderValue, header};
use shouwang_pages::{reply, trouble::Trouble};
use shouwang_proto::wire::{self, publishing_service_server::PublishingService as _};
use tonic::Request;

use super::{
    asked::Asked,
    edit_page::kind_in,
    route::to,
    shelf_page::{kind_wanted, state_wanted},
};

fn workbook(name: &str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    // IANA registry.
    let media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_DISPOSITION, reply::to_be_kept(&format!("{name}.xlsx")));
    response
}

/// `GET /template/{kind}`.
pub(super) async fn template(asked: Asked<to::GetTemplate>) -> Result<Response, Trouble> {
    let kind = kind_in(&asked)?;
    let request = wire::GetImportTemplateRequest { kind: kind.to_wire() as i32 };
    let made = asked.site().publishing.get_import_template(Request::new(request)).await?;
    let (zh, en) = kind.labels();
    let name = asked.lang().with("import.template-file", "kind", &asked.lang().pick(zh, en));
    Ok(workbook(&name, made.into_inner().workbook))
}

/// `GET /export`: what the first page shows with the same choices, all of it.
pub(super) async fn export(asked: Asked<to::Export>) -> Result<Response, Trouble> {
    let fields = asked.fields();
    let request = wire::ExportPublicationsRequest {
        format: wire::DocumentFormat::Xlsx as i32,
        kinds: kind_wanted(fields),
        states: state_wanted(fields),
    };
    let pieces = asked.site().publishing.export_publications(Request::new(request)).await?.into_inner();
    let bytes = pieces
        .try_fold(Vec::new(), |mut whole, piece| async move {
            whole.extend_from_slice(&piece.chunk);
            Ok(whole)
        })
        .await?;
    Ok(workbook(asked.lang().say("shelf.export-file"), bytes))
}
