//! `/login`: a token is shown once, and from then on the browser is known by a cookie. The token
//! comes in the body of a request and nowhere else: addresses are written down by many.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde::Deserialize;

use crate::store::{ActionVerb, SecretHash, SecretValue, Visitor};
use crate::web::access::audited::audited;
use crate::web::access::identify::caller;
use crate::web::access::next_page::NextPage;
use crate::web::access::session_cookie::{SessionCookie, ShownSession};
use crate::web::access::sign_in_tries::{Peer, address};
use crate::web::fault::Fault;
use crate::web::form::FormFields;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::parameters::Parameters;
use crate::web::route_policy::{Routes, open_form};
use crate::web::site::Site;

pub(crate) fn route() -> Routes {
    open_form("/login", show, sign_in)
}

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
struct LoginQuery {
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    next: String,
    /// Why the last try failed.
    refused: Option<String>,
    /// The same page under the name that browsers should come by.
    better: Option<String>,
    host: String,
    /// Whether a token is asked for to look, too.
    is_locked: bool,
}

async fn show(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Parameters(query): Parameters<LoginQuery>,
) -> Response {
    // Who cannot be known now may sign in all the same.
    let caller = caller(&site, &headers).await.ok();
    let reader = Reader::of_caller(&headers, caller.as_ref());
    let next = NextPage::parse(query.next.as_deref().unwrap_or_default());
    page(&login_page(&site, &headers, &reader, &next, None))
}

async fn sign_in(State(site): State<Arc<Site>>, request: Request) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let peer = request.extensions().get::<Peer>().copied();
    let address = address(&headers, peer, &site.entrance);
    let fields = FormFields::from_request(request, &site).await?;
    let next = NextPage::parse(fields.get("next").unwrap_or_default());
    let now = site.clock.now();
    let refuse = |status: StatusCode, why: &str| {
        let reader = Reader::of_headers(&headers);
        let mut shown = page(&login_page(&site, &headers, &reader, &next, Some(why.to_owned())));
        *shown.status_mut() = status;
        shown
    };
    if let Some(wait) = site.tries.wait(address, now) {
        return Ok(come_again(wait, refuse));
    }
    // Copied tokens bring the end of their line with them.
    let token = SecretHash::of(fields.get("token").unwrap_or_default().trim());
    let Some(visitor) = site.store.visitor_with_token(&token, now).await? else {
        site.tries.count(address, now);
        tracing::warn!("a token from {address} lets nobody in");
        return Ok(refuse(
            StatusCode::UNAUTHORIZED,
            "This token is not known, or was revoked or has expired.",
        ));
    };
    begin(&site, &headers, &visitor, &next).await
}

fn come_again(wait: SignedDuration, refuse: impl Fn(StatusCode, &str) -> Response) -> Response {
    let seconds = wait.as_secs().max(1);
    let why = format!("Too many tokens that are none came from there. Try again in {seconds} s.");
    let mut shown = refuse(StatusCode::TOO_MANY_REQUESTS, &why);
    shown
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    shown
}

/// A session of its own for every time: what the browser showed before is over.
async fn begin(
    site: &Site,
    headers: &HeaderMap,
    visitor: &Visitor,
    next: &NextPage,
) -> Result<Response, Fault> {
    let written = SessionCookie::of(headers, &site.entrance);
    if let ShownSession::Value(old) = written.shown(headers) {
        site.store.end_session(&SecretHash::of(old)).await?;
    }
    let no_cookie = || {
        let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "internal_error");
        Fault::new(status, code, "the system gives no random bytes")
    };
    let value = SecretValue::new_cookie().map_err(|_| no_cookie())?;
    let cookie = written.set(value.reveal()).ok_or_else(no_cookie)?;
    let hash = value.hash();
    let begun = site.store.begin_session(&hash, visitor, site.clock.now());
    audited(site, visitor, ActionVerb::SignIn, begun).await?;
    tracing::info!("{} has signed in ({})", visitor.name, visitor.role.as_str());
    let leave = (StatusCode::SEE_OTHER, [(header::LOCATION, next.as_str())]);
    let mut response = leave.into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

fn login_page(
    site: &Site,
    headers: &HeaderMap,
    reader: &Reader,
    next: &NextPage,
    refused: Option<String>,
) -> LoginPage {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default();
    let mut frame = Frame::new("Sign in", "/login", site.clock.now(), reader);
    frame.has_places = !site.entrance.asks_for_token() || reader.visitor.is_some();
    LoginPage {
        frame,
        next: next.as_str().to_owned(),
        refused,
        better: site.entrance.better_for_browsers(host),
        host: host.to_owned(),
        is_locked: site.entrance.asks_for_token(),
    }
}
