//! Who may ask at all. Listening on loopback keeps other machines out, but not the
//! browser on this one: a page of anybody's can point a name of its own at 127.0.0.1 (DNS
//! rebinding) and would then be of the same origin. Its requests name that host, so only
//! our own names are answered. There are no CORS headers: no other origin may read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::web::fault::Fault;
use crate::web::site::Site;

/// Refuses what is not for us.
pub(crate) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    // One that names two hosts is refused (RFC 9112, 3.2), whichever comes first.
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    if hosts.next().is_some() {
        return Fault::bad_request("a request names one Host").into_response();
    }
    // Of an absolute form the authority counts, whatever Host says (RFC 9112, 3.2.2).
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let is_ours = |host: Option<&str>| host.is_some_and(|host| site.entrance.is_named(host));
    if !is_ours(host) || !is_ours(authority.or(host)) {
        let (status, code) = (StatusCode::MISDIRECTED_REQUEST, "wrong_host");
        return Fault::new(status, code, "this Host is not answered")
            .hint("use http://orchestrate.localhost in a browser, else http://127.0.0.1")
            .into_response();
    }
    next.run(request).await
}
