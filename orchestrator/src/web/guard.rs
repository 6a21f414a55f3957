//! Who may ask at all. Listening on loopback keeps other machines out, but not the
//! browser on this one: a page of anybody's can point a name of its own at 127.0.0.1 (DNS
//! rebinding) and would then be of the same origin. Its requests name that host, so only
//! our own names are answered. There are no CORS headers: no other origin may read.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::web::fault::Fault;

/// Refuses what is not for us.
pub(crate) async fn guard(State(address): State<SocketAddr>, request: Request, next: Next) -> Response {
    // One that names two hosts is refused (RFC 9112, 3.2), whichever comes first.
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    if hosts.next().is_some() {
        return Fault::bad_request("a request names one Host").into_response();
    }
    // Of a target in absolute form that part counts, and Host does not (RFC 9112, 3.2.2): what
    // reads only one of them is not to be deceived by the other.
    let target = request.uri().authority().map(|authority| authority.as_str());
    let is_foreign = target.is_some_and(|target| !is_ours(target, address));
    if is_foreign || !host.is_some_and(|host| is_ours(host, address)) {
        let (status, code) = (StatusCode::MISDIRECTED_REQUEST, "wrong_host");
        return Fault::new(status, code, "this Host is not answered")
            .hint("use http://127.0.0.1 or http://localhost")
            .into_response();
    }
    next.run(request).await
}

/// Whether a Host header (RFC 9110, 7.2) names this machine's loopback, or the address
/// we listen on.
fn is_ours(host: &str, address: SocketAddr) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        // `[::1]` has colons of its own.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    // A port that is forwarded to us may have another number.
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return false;
    }
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    match bare.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback() || ip == address.ip(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_answered() {
        let address: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        for ours in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "localhost:8080",
            "LOCALHOST",
            "[::1]:8080",
            "[::1]",
            "localhost:9000",
        ] {
            assert!(is_ours(ours, address), "{ours}");
        }
        for other in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example",
            "localhost:evil",
            "10.0.0.1:8080",
            "",
            ":8080",
        ] {
            assert!(!is_ours(other, address), "{other}");
        }
    }
}
