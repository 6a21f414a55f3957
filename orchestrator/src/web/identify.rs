//! Who asks: whom a token lets in, or somebody on this machine who shows none.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::store::{SecretHash, Visitor};
use crate::web::fault::Fault;
use crate::web::site::Site;

/// The longest Authorization header that is looked at; a token of ours has 47 characters.
const LONGEST: usize = 512;

/// Who asks; handlers find it among the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Somebody on this machine, who may look.
    Anybody,
    /// Whom a token lets in.
    Known(Visitor),
}

/// Lets in who may come in. A token that is shown counts: one that is none, expired or revoked
/// makes nobody anonymous.
pub(crate) async fn identify(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    match caller_of(&site, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(fault) => fault.into_response(),
    }
}

/// Whom these headers let in; a stream that goes on for long asks again.
///
/// # Errors
/// Nobody, or the database fails.
pub(crate) async fn caller_of(site: &Site, headers: &HeaderMap) -> Result<Caller, Fault> {
    match shown_token(headers)? {
        Some(token) => known(site, token).await,
        None if site.entrance.asks_for_token() => Err(unauthorized("a token is needed")),
        None => Ok(Caller::Anybody),
    }
}

async fn known(site: &Site, token: &str) -> Result<Caller, Fault> {
    let now = site.clock.now();
    let visitor = site.store.visitor_with_token(&SecretHash::of(token), now).await?;
    visitor
        .map(Caller::Known)
        .ok_or_else(|| unauthorized("this token lets nobody in: it is none, expired or revoked"))
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

fn unauthorized(message: &str) -> Fault {
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
