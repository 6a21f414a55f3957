//! Style and script of the pages, embedded in the binary. Their names carry a hash of their
//! content, so that a browser may keep them for ever and never shows a page with old ones.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::web::fault::Fault;
use crate::web::parameters::PathPart;
use crate::web::route_policy::{ASSET, Routes, open};

/// A file of ours.
pub(crate) struct Asset {
    /// Its path in addresses.
    pub(crate) path: String,
    content_type: &'static str,
    text: &'static str,
}

/// How the pages look.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", include_str!("../../assets/style.css")));

/// What is nicer with a script: nothing that can be read needs it.
pub(crate) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("app", "js", include_str!("../../assets/app.js")));

/// The sign in the browser's tab.
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", include_str!("../../assets/icon.svg")));

impl Asset {
    fn new(name: &str, extension: &str, text: &'static str) -> Self {
        let mut hash = String::new();
        for byte in &Sha256::digest(text)[..6] {
            // Writing to a String cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        Self {
            path: format!("/assets/{name}-{hash}.{extension}"),
            content_type: match extension {
                "css" => "text/css; charset=utf-8",
                "js" => "text/javascript; charset=utf-8",
                _ => "image/svg+xml",
            },
            text,
        }
    }
}

pub(crate) fn route() -> Routes {
    open("/assets/{name}", ASSET, asset)
}

async fn asset(PathPart(name): PathPart) -> Result<Response, Fault> {
    let known: [&Asset; 3] = [&STYLE, &SCRIPT, &ICON];
    let is_meant = |asset: &&&Asset| asset.path.strip_prefix("/assets/") == Some(name.as_str());
    let Some(asset) = known.iter().find(is_meant) else {
        return Err(
            Fault::not_found("there is no such file; the page may be of another version")
                .hint("load the page again"),
        );
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.text).into_response())
}
