//! `/logout`: the browser is known no more, whatever it shows.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::store::{ActionVerb, SecretHash};
use crate::web::access::audited::audited;
use crate::web::access::session_cookie::{SessionCookie, ShownSession};
use crate::web::fault::Fault;
use crate::web::route_policy::{Routes, open_post};
use crate::web::site::Site;

/// What was shown is not to be found again by the back button
/// (<https://www.w3.org/TR/clear-site-data/>). Our pages are kept nowhere in any case.
const CLEAR: (HeaderName, &str) = (HeaderName::from_static("clear-site-data"), "\"cache\"");

pub(crate) fn route() -> Routes {
    open_post("/logout", sign_out)
}

async fn sign_out(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Response, Fault> {
    let cookie = SessionCookie::of(&headers, &site.entrance);
    if let ShownSession::Value(value) = cookie.shown(&headers) {
        let hash = SecretHash::of(value);
        // One that is over is nobody's; it is ended all the same.
        match site.store.visitor_of_session(&hash, site.clock.now()).await? {
            Some(visitor) => {
                audited(
                    &site,
                    &visitor,
                    ActionVerb::SignOut,
                    site.store.end_session(&hash),
                )
                .await?;
            }
            None => site.store.end_session(&hash).await?,
        }
    }
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, "/login")]).into_response();
    let (name, value) = CLEAR;
    response
        .headers_mut()
        .insert(name, axum::http::HeaderValue::from_static(value));
    if let Some(clear) = cookie.clear() {
        response.headers_mut().append(header::SET_COOKIE, clear);
    }
    Ok(response)
}
