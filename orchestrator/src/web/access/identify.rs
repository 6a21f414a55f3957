//! Who asks: whom a token lets in, a browser that has signed in with one, or somebody on this
//! machine who shows none.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::store::{SecretHash, Visitor};
use crate::web::access::session_cookie::{SessionCookie, ShownSession};
use crate::web::fault::Fault;
use crate::web::site::Site;

/// The longest Authorization header that is looked at; a token of ours has 47 characters.
const LONGEST: usize = 512;

/// Who asks; handlers find it among the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Somebody on this machine, who may look.
    Anybody,
    /// Whom a token lets in that came with the request.
    Known(Visitor),
    /// A browser that has shown a token before.
    SignedIn(Visitor),
}

impl Caller {
    /// Whom a token lets in, now or before.
    pub(crate) fn visitor(&self) -> Option<&Visitor> {
        match self {
            Self::Anybody => None,
            Self::Known(visitor) | Self::SignedIn(visitor) => Some(visitor),
        }
    }
}

/// Lets in who may come in. A token that is shown counts, and else a cookie: one that is none,
/// expired or revoked makes nobody anonymous.
pub(crate) async fn identify(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    match caller_of(&site, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller.clone());
            let mut response = next.run(request).await;
            // For the page of a refusal, which is made further out.
            response.extensions_mut().insert(caller);
            response
        }
        Err(fault) => {
            let cookie = SessionCookie::of(request.headers(), &site.entrance);
            let is_stale = cookie.shown(request.headers()) != ShownSession::None
                && fault.status == StatusCode::UNAUTHORIZED;
            let mut response = fault.into_response();
            if let Some(clear) = is_stale.then(|| cookie.clear()).flatten() {
                response.headers_mut().append(header::SET_COOKIE, clear);
            }
            response
        }
    }
}

/// Whom these headers let in; a stream that goes on for long asks again.
///
/// # Errors
/// Nobody, or the database does not answer.
pub(crate) async fn caller_of(site: &Site, headers: &HeaderMap) -> Result<Caller, Fault> {
    match caller(site, headers).await? {
        Caller::Anybody if site.entrance.asks_for_token() => Err(unauthorized("a token is needed")),
        caller => Ok(caller),
    }
}

/// Who asks with these headers.
///
/// # Errors
/// What is shown lets nobody in, or the database does not answer.
pub(crate) async fn caller(site: &Site, headers: &HeaderMap) -> Result<Caller, Fault> {
    if let Some(token) = shown_token(headers)? {
        let hash = SecretHash::of(token);
        let visitor = site.store.visitor_with_token(&hash, site.clock.now());
        let refused = || unauthorized("this token lets nobody in: it is none, expired or revoked");
        return visitor.await?.map(Caller::Known).ok_or_else(refused);
    }
    let refused = || unauthorized("this browser is not signed in any more");
    match SessionCookie::of(headers, &site.entrance).shown(headers) {
        ShownSession::None => Ok(Caller::Anybody),
        ShownSession::Confused => Err(refused()),
        ShownSession::Value(value) => {
            let hash = SecretHash::of(value);
            let visitor = site.store.visitor_of_session(&hash, site.clock.now());
            visitor.await?.map(Caller::SignedIn).ok_or_else(refused)
        }
    }
}

/// The token of a request (RFC 6750, 2.1). Only there: an address is written down by many.
fn shown_token(headers: &HeaderMap) -> Result<Option<&str>, Fault> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = all.next() else {
        return Ok(None);
    };
    let bearer = first
        .to_str()
        .ok()
        .filter(|value| all.next().is_none() && value.len() <= LONGEST)
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim_matches(' '));
    match bearer {
        Some(token) => Ok(Some(token)),
        None => Err(unauthorized("the Authorization header is not `Bearer TOKEN`")),
    }
}

/// Nobody is let in by what was shown.
pub(crate) fn unauthorized(message: &str) -> Fault {
    Fault::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
        .hint("send `Authorization: Bearer TOKEN`; orchestrate token create makes one")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[&str]) -> Result<Option<String>, Fault> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        shown_token(&headers).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn a_token_is_shown_in_one_way() {
        assert_eq!(shown(&[]).unwrap(), None);
        for value in ["Bearer orc_x", "bearer orc_x", "BEARER  orc_x "] {
            assert_eq!(shown(&[value]).unwrap().as_deref(), Some("orc_x"));
        }
        let long = format!("Bearer {}", "x".repeat(LONGEST));
        for values in [
            &["Basic b3Jj"][..],
            &["orc_x"],
            &[""],
            &[&long],
            &["Bearer a", "Bearer b"],
        ] {
            assert!(shown(values).is_err(), "{values:?}");
        }
    }
}
