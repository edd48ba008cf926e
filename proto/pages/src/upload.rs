//! A form with files (RFC 7578), whole in memory: the door limits its bytes before.

use std::{fmt, future};

use axum::body::Bytes;
use futures::stream;
use http::{HeaderMap, header};
use shouwang_proto::refusal::Refusal;

use crate::Fields;

/// Most parts that are read.
const PARTS: usize = 64;

/// A file that came with a form.
#[derive(Clone)]
pub struct Uploaded {
    /// Name of the field.
    pub field: String,
    /// Name of the file, as the browser said it.
    pub file_name: String,
    /// Media type, as the browser said it.
    pub media_type: String,
    /// What is in it.
    pub bytes: Bytes,
}

impl fmt::Debug for Uploaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Uploaded").field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

/// Reads it: fields and files. A file that nobody chose is none.
///
/// # Errors
/// INVALID_ARGUMENT (FORM_BROKEN).
pub async fn read(headers: &HeaderMap, bytes: Bytes) -> Result<(Fields, Vec<Uploaded>), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| broken())?;
    let body = stream::once(future::ready(Ok::<_, std::convert::Infallible>(bytes)));
    let mut form = multer::Multipart::new(body, boundary);
    let (mut fields, mut files) = (Fields::default(), Vec::new());
    for _ in 0..PARTS {
        let Some(part) = form.next_field().await.map_err(|_| broken())? else { return Ok((fields, files)) };
        let field = part.name().unwrap_or_default().to_owned();
        let Some(file_name) = part.file_name().map(str::to_owned) else {
            let text = part.text().await.map_err(|_| broken())?;
            fields = fields.and(&field, &text);
            continue;
        };
        let media_type = part.content_type().map(ToString::to_string).unwrap_or_default();
        let bytes = part.bytes().await.map_err(|_| broken())?;
        if !file_name.is_empty() {
            files.push(Uploaded { field, file_name, media_type, bytes });
        }
    }
    Err(broken())
}

fn broken() -> Refusal {
    Refusal::new(
        tonic::Code::InvalidArgument,
        "FORM_BROKEN",
        "what the form sent cannot be read （表单内容无法读取）",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(kind: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        headers
    }

    #[tokio::test]
    async fn fields_and_files_come_apart() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n动火\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"票.txt\"\r\n\
                    Content-Type: text/plain\r\n\r\nabc\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n--x--\r\n";
        let kind = headers("multipart/form-data; boundary=x");
        let (fields, files) = read(&kind, Bytes::from_static(body.as_bytes())).await.unwrap();
        assert_eq!(fields.first("title"), "动火");
        assert_eq!(files.len(), 1, "a file that nobody chose is none");
        assert_eq!((files[0].file_name.as_str(), &files[0].bytes[..]), ("票.txt", &b"abc"[..]));
        let cut = read(&kind, Bytes::from_static(&body.as_bytes()[..90])).await;
        assert_eq!(cut.unwrap_err().reason, "FORM_BROKEN");
        assert!(read(&headers("text/plain"), Bytes::new()).await.is_err());
    }
}
