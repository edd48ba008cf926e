//! Styles, scripts and pictures: inside the program, under addresses that change with their content, so that a browser
//! may keep them for ever.

use std::{borrow::Cow, collections::BTreeMap, io::Write as _, sync::LazyLock};

use axum::body::{Body, Bytes};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, Response, StatusCode, header};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

/// Where assets are.
pub const PREFIX: &str = "/assets/";
/// Bytes of the hash that an address shows.
const SHOWN: usize = 8;
/// Smaller than this, packing gains nothing.
const WORTH_PACKING: usize = 600;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

struct Asset {
    media_type: &'static str,
    plain: Bytes,
    packed: Bytes,
}

struct Shelf {
    /// From the plain name to the address.
    addresses: BTreeMap<String, String>,
    /// By address.
    assets: BTreeMap<String, Asset>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let mut shelf = Shelf { addresses: BTreeMap::new(), assets: BTreeMap::new() };
    // Licences stay with the source.
    for name in Files::iter().filter(|name| !name.ends_with(".txt")) {
        let Some(file) = Files::get(&name) else { continue };
        let hash = hex::encode(&Sha256::digest(&file.data)[..SHOWN]);
        let flat = name.rsplit('/').next().unwrap_or(&name);
        let (stem, extension) = flat.rsplit_once('.').unwrap_or((flat, ""));
        let address = format!("{PREFIX}{stem}.{hash}.{extension}");
        let plain = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let asset = Asset { media_type: media_type(extension), packed: pack(&plain), plain };
        shelf.addresses.insert(flat.to_owned(), address.clone());
        shelf.assets.insert(address, asset);
    }
    shelf
});

fn media_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// The bytes as gzip.
#[must_use]
pub fn pack(bytes: &[u8]) -> Bytes {
    let mut packer = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(6));
    // Writing into memory does not fail; should it, the plain bytes are what is left to send.
    match packer.write_all(bytes).and_then(|()| packer.finish()) {
        Ok(packed) => packed.into(),
        Err(_) => Bytes::copy_from_slice(bytes),
    }
}

/// True when the browser takes gzip and packing is worth while.
#[must_use]
pub fn packs(headers: &HeaderMap, length: usize) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    length >= WORTH_PACKING && accepted.is_some_and(|accepted| accepted.contains("gzip"))
}

/// The address of an asset by its plain name, such as `page.css`. A name that is nowhere gives an address that is
/// answered with 404, and a test fails.
#[must_use]
pub fn address(name: &str) -> String {
    SHELF.addresses.get(name).cloned().unwrap_or_else(|| format!("{PREFIX}missing/{name}"))
}

/// The asset at an address.
#[must_use]
pub fn serve(path: &str, headers: &HeaderMap) -> Response<Body> {
    let Some(asset) = SHELF.assets.get(path) else {
        let mut missing = Response::new(Body::empty());
        *missing.status_mut() = StatusCode::NOT_FOUND;
        return missing;
    };
    let packs = packs(headers, asset.plain.len());
    let body = if packs { asset.packed.clone() } else { asset.plain.clone() };
    let mut response = Response::new(Body::from(body));
    let out = response.headers_mut();
    let fixed = http::HeaderValue::from_static;
    out.insert(header::CONTENT_TYPE, fixed(asset.media_type));
    out.insert(header::CACHE_CONTROL, fixed("public, max-age=31536000, immutable"));
    out.insert(header::VARY, fixed("accept-encoding"));
    if packs {
        out.insert(header::CONTENT_ENCODING, fixed("gzip"));
    }
    response
}

/// For tests: names and texts of all styles and scripts, as they are inside the program.
#[cfg(feature = "trial")]
#[must_use]
pub fn texts() -> Vec<(String, String)> {
    let texts = Files::iter().filter(|name| name.ends_with(".css") || name.ends_with(".js"));
    let text = |name: &str| Files::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
    texts.map(|name| (name.to_string(), text(&name).unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_at_its_address_only() {
        let address = address("page.css");
        assert!(address.starts_with("/assets/page.") && address.ends_with(".css"), "{address}");
        let found = serve(&address, &HeaderMap::new());
        assert_eq!(found.status(), StatusCode::OK);
        assert_eq!(found.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
        assert!(!found.headers().contains_key(header::CONTENT_ENCODING));
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, http::HeaderValue::from_static("br, gzip"));
        assert_eq!(serve(&address, &headers).headers()[header::CONTENT_ENCODING], "gzip");
        for other in ["/assets/page.css", "/assets/../Cargo.toml", "/assets/htmx-LICENSE.txt"] {
            assert_eq!(serve(other, &headers).status(), StatusCode::NOT_FOUND, "{other}");
        }
    }

    /// Words that an older browser does not know, or that a strict policy forbids.
    const UNWANTED: &[(&str, &[&str])] = &[
        (
            "css",
            &["@import", "http:", "https:", ":has(", "@container", "@layer", "inset:", ":is(", ":where("],
        ),
        ("js", &["http:", "https:", "eval(", "innerHTML = `", ".replaceAll(", ".at(", "structuredClone"]),
    ];

    #[test]
    fn our_own_assets_ask_nobody_else_and_suit_a_browser_of_2020() {
        for name in Files::iter().filter(|name| !name.contains("vendor/")) {
            let file = Files::get(&name).unwrap();
            let text = String::from_utf8(file.data.into_owned()).unwrap();
            let extension = name.rsplit('.').next().unwrap();
            for (kind, words) in UNWANTED {
                for word in words.iter().filter(|_| *kind == extension) {
                    assert!(!text.contains(word), "{name} has {word}");
                }
            }
        }
    }
}
