//! Whether a request that changes something comes from a page of ours. A cookie goes with every
//! request that a browser sends here, also one that a page of somebody else's makes (CSRF); and
//! `SameSite=Strict` does not keep out a program on another port of the same name.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::web::access::entrance::Entrance;
use crate::web::fault::Fault;
use crate::web::site::Site;

/// Fetch Metadata (<https://www.w3.org/TR/fetch-metadata/>): browsers set it, pages cannot.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestOrigin {
    /// From a page of ours.
    Ours,
    /// From one of somebody else's.
    Foreign,
    /// From no browser, or one that does not say: only who shows a token may change something.
    Unsaid,
}

/// Lets through what changes nothing, what comes from our pages, and programs that show a token.
pub(crate) async fn refuse_foreign(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let passes = request.method().is_safe()
        || match origin(headers, &site.entrance) {
            RequestOrigin::Ours => true,
            RequestOrigin::Foreign => false,
            RequestOrigin::Unsaid => headers.contains_key(header::AUTHORIZATION),
        };
    if passes {
        return next.run(request).await;
    }
    let message = "only a page of ours, or a program with a token, may change something";
    Fault::new(StatusCode::FORBIDDEN, "cross_origin", message)
        .hint("load the page again and repeat it there; programs send `Authorization: Bearer TOKEN`")
        .into_response()
}

/// Where a request says that it comes from.
fn origin(headers: &HeaderMap, entrance: &Entrance) -> RequestOrigin {
    let judged = |is_ours: bool| match is_ours {
        true => RequestOrigin::Ours,
        false => RequestOrigin::Foreign,
    };
    let mut said = headers.get_all(SEC_FETCH_SITE).iter();
    if let Some(site) = said.next() {
        return judged(site == "same-origin" && said.next().is_none());
    }
    let mut from = headers.get_all(header::ORIGIN).iter();
    let Some(first) = from.next() else {
        return RequestOrigin::Unsaid;
    };
    let url = first.to_str().ok().and_then(|from| Url::parse(from).ok());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    judged(
        from.next().is_none()
            && url.is_some_and(|url| {
                let public = entrance.public_url.as_ref();
                public.is_some_and(|public| public.origin() == url.origin())
                    || host.is_some_and(|host| is_of_host(&url, host))
            }),
    )
}

/// Whether the page's address has the host that was asked for. The scheme is not compared: a proxy
/// may have taken TLS off.
fn is_of_host(url: &Url, host: &str) -> bool {
    let asked = Url::parse(&format!("{}://{host}/", url.scheme()));
    asked.is_ok_and(|asked| asked.origin() == url.origin() && url.origin().is_tuple())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::access::entrance::tests::local;

    fn judge(entrance: &Entrance, pairs: &[(HeaderName, &str)]) -> RequestOrigin {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        origin(&headers.collect(), entrance)
    }

    #[test]
    fn what_the_browser_says_counts() {
        for (said, expected) in [
            ("same-origin", RequestOrigin::Ours),
            // Another program on this machine, on another port.
            ("same-site", RequestOrigin::Foreign),
            ("cross-site", RequestOrigin::Foreign),
            ("none", RequestOrigin::Foreign),
            ("Same-Origin", RequestOrigin::Foreign),
            ("", RequestOrigin::Foreign),
        ] {
            let own = (header::ORIGIN, "http://localhost:8080");
            let host = (header::HOST, "localhost:8080");
            assert_eq!(
                judge(&local(), &[(SEC_FETCH_SITE, said), own, host]),
                expected,
                "{said:?}"
            );
        }
    }

    #[test]
    fn else_the_origin_is_the_host_that_was_asked_for() {
        let public_url = Some(Url::parse("https://ops.example").unwrap());
        let public = Entrance {
            public_url,
            ..local()
        };
        for (from, host, expected) in [
            ("http://localhost:8080", "localhost:8080", RequestOrigin::Ours),
            ("http://LOCALHOST:8080", "localhost:8080", RequestOrigin::Ours),
            ("http://[::1]:8080", "[::1]:8080", RequestOrigin::Ours),
            ("https://ops.example", "127.0.0.1:8080", RequestOrigin::Ours),
            ("https://ops.example:443", "ops.example", RequestOrigin::Ours),
            ("http://localhost:8081", "localhost:8080", RequestOrigin::Foreign),
            (
                "http://orchestrate.localhost:8080",
                "localhost:8080",
                RequestOrigin::Foreign,
            ),
            ("https://evil.example", "localhost:8080", RequestOrigin::Foreign),
            ("http://ops.example", "127.0.0.1:8080", RequestOrigin::Foreign),
            ("null", "localhost:8080", RequestOrigin::Foreign),
            ("data:x", "localhost:8080", RequestOrigin::Foreign),
            ("", "localhost:8080", RequestOrigin::Foreign),
        ] {
            let pairs = [(header::ORIGIN, from), (header::HOST, host)];
            assert_eq!(judge(&public, &pairs), expected, "{from} {host}");
        }
        assert_eq!(
            judge(&public, &[(header::HOST, "localhost")]),
            RequestOrigin::Unsaid
        );
    }

    #[test]
    fn who_says_two_things_is_not_believed() {
        let mut headers = HeaderMap::new();
        headers.append(SEC_FETCH_SITE, "same-origin".parse().unwrap());
        headers.append(SEC_FETCH_SITE, "cross-site".parse().unwrap());
        assert_eq!(origin(&headers, &local()), RequestOrigin::Foreign);
    }
}
