//! What may be done with a path: which methods it takes, and what a browser may do with
//! its answers. Decided where the route is, one by one; nothing is allowed by default.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::web::fault::Fault;
use crate::web::site::Site;

/// The policy of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoutePolicy {
    /// Content-Security-Policy of its answers (CSP Level 3).
    pub(crate) content: &'static str,
}

/// Data: a browser may load, run and embed nothing.
pub(crate) const DATA: RoutePolicy = RoutePolicy {
    content: "default-src 'none'; frame-ancestors 'none'",
};

/// A page: what it loads is ours, it is in nobody's frame, and a script may make markup of text
/// by the one policy `fragment` only (Trusted Types).
pub(crate) const PAGE: RoutePolicy = RoutePolicy {
    content: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
        connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
        require-trusted-types-for 'script'; trusted-types fragment",
};

/// Style and script themselves.
pub(crate) const ASSET: RoutePolicy = DATA;

/// Headers of every answer, also of a refusal: nothing is guessed, framed, leaked, or shared with
/// another origin.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    ),
];

/// A path that can be read and nothing else, with its policy.
pub(crate) fn readable<H, T>(path: &str, policy: RoutePolicy, handler: H) -> Router<Arc<Site>>
where
    H: Handler<T, Arc<Site>>,
    T: 'static,
{
    let with_policy = move |mut response: Response| {
        let policy = HeaderValue::from_static(policy.content);
        response
            .headers_mut()
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(policy);
        std::future::ready(response)
    };
    let methods = get(handler).fallback(refuse_method);
    Router::new().route(path, methods.layer(map_response(with_policy)))
}

/// What no path is for: it is not there, and could only have been read.
pub(crate) async fn refuse_path(method: Method) -> Response {
    if matches!(method, Method::GET | Method::HEAD) {
        return Fault::not_found("there is nothing here")
            .hint("/ leads to what there is")
            .into_response();
    }
    refuse_method().await
}

async fn refuse_method() -> Response {
    let (status, code) = (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    let fault = Fault::new(status, code, "everything here is read-only");
    ([(header::ALLOW, "GET, HEAD")], fault).into_response()
}

/// Adds what every answer has; one without a policy of its own gets the strictest, and is not kept.
pub(crate) async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, strictest) in [
        (header::CONTENT_SECURITY_POLICY, DATA.content),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        let strictest = HeaderValue::from_static(strictest);
        headers.entry(name).or_insert(strictest);
    }
    response
}
