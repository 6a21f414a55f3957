//! An answer that is still the same is not sent again (RFC 9110, 8.8.3 and 13.1.2).

use std::fmt::Write as _;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::web::fault::Fault;

/// No answer is longer: lists have an end, and a page of a log has one.
const LONGEST: usize = 64 << 20;

/// Gives good answers the name of their content, and answers who knows it that nothing is new.
pub(crate) async fn with_etag(request: Request, next: Next) -> Response {
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST).await else {
        let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "internal_error");
        return Fault::new(status, code, "this answer is too long").into_response();
    };
    let name = name(&bytes);
    keep_with(&mut head.headers, &name);
    if known.is_some_and(|known| is_among(&known, &name)) {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(header::CONTENT_LENGTH);
        head.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(bytes))
}

fn keep_with(headers: &mut HeaderMap, name: &str) {
    if let Ok(value) = HeaderValue::from_str(name) {
        headers.insert(header::ETAG, value);
    }
    // Kept by who asked, and asked about each time.
    let private = HeaderValue::from_static("private, no-cache");
    headers.insert(header::CACHE_CONTROL, private);
}

fn name(bytes: &[u8]) -> String {
    let mut name = String::from("\"");
    for byte in &Sha256::digest(bytes)[..16] {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name.push('"');
    name
}

fn is_among(known: &HeaderValue, name: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    let mut names = known.split(',').map(str::trim);
    names.any(|other| other == "*" || other.strip_prefix("W/").unwrap_or(other) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_among_others() {
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(is_among(&HeaderValue::from_static(known), "\"a\""), "{known}");
        }
        for known in ["", "a", "\"b\"", "\"a"] {
            assert!(!is_among(&HeaderValue::from_static(known), "\"a\""), "{known}");
        }
        assert_ne!(name(b"a"), name(b"b"));
    }
}
