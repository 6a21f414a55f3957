//! What went wrong, as a page, for whoever asked for one: a browser says so by its `Accept`.
//! Programs keep the JSON. A database that is away has a page of its own, which says what the
//! scheduler knows without it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::web::access::identify::Caller;
use crate::web::access::next_page::NextPage;
use crate::web::fault::{DATABASE_UNAVAILABLE, Fault};
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::site::Site;
use crate::web::views::links;
use crate::web::views::moment::ShownMoment;

/// Makes pages of refusals.
pub(crate) async fn for_people(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let asked_for = request.uri().path_and_query().map(ToString::to_string);
    let is_get = request.method() == Method::GET;
    let wants_page = !request.uri().path().starts_with("/api") && accepts_html(request.headers());
    // Programs ask often, and need none of it.
    let headers = match wants_page {
        true => request.headers().clone(),
        false => HeaderMap::new(),
    };
    let mut response = next.run(request).await;
    let caller = response.extensions_mut().remove::<Caller>();
    let fault = response.extensions_mut().remove::<Fault>();
    match fault {
        // Who only wanted to look is led to where he signs in, and back.
        Some(fault) if wants_page && is_get && fault.status == StatusCode::UNAUTHORIZED => {
            let next = asked_for
                .as_deref()
                .map_or_else(|| NextPage::parse(""), NextPage::parse);
            let login = links::with_query("/login", &[("next", Some(next.as_str()))]);
            kept(
                &response,
                (StatusCode::SEE_OTHER, [(header::LOCATION, login)]).into_response(),
            )
        }
        Some(fault) if wants_page => {
            let reader = Reader::of_caller(&headers, caller.as_ref());
            let mut shown = page(&fault_page(&site, &reader, &fault));
            *shown.status_mut() = fault.status;
            kept(&response, shown)
        }
        _ => response,
    }
}

/// What the refusal says to programs too: which methods there are, when to ask again, which cookie
/// is over.
fn kept(refusal: &Response, mut shown: Response) -> Response {
    for name in [header::ALLOW, header::RETRY_AFTER, header::SET_COOKIE] {
        if let Some(value) = refusal.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut words = accepted.filter_map(|value| value.to_str().ok());
    words.any(|value| value.contains("text/html"))
}

#[derive(Template)]
#[template(path = "fault.html")]
struct FaultPage {
    frame: Frame,
    status: u16,
    heading: &'static str,
    message: String,
    hint: Option<String>,
    /// What is known without the database, where that is away.
    known: Option<Known>,
}

struct Known {
    standing: &'static str,
    next: Option<ShownMoment>,
    since: Option<String>,
}

fn fault_page(site: &Site, reader: &Reader, fault: &Fault) -> FaultPage {
    let now = site.clock.now();
    let away = fault.code == DATABASE_UNAVAILABLE;
    let known = away.then(|| {
        let standing = site.standing.borrow();
        Known {
            standing: standing.words(),
            next: standing.next_at.map(|at| ShownMoment::new(at, now)),
            since: standing.database_error.clone(),
        }
    });
    let heading = match fault.status {
        _ if away => "The database does not answer.",
        StatusCode::NOT_FOUND => "There is nothing here.",
        StatusCode::UNAUTHORIZED => "Nobody may do that without signing in.",
        StatusCode::FORBIDDEN => "That may not be done so.",
        StatusCode::METHOD_NOT_ALLOWED => "It cannot be done like that.",
        StatusCode::MISDIRECTED_REQUEST => "This name is not answered.",
        StatusCode::GATEWAY_TIMEOUT => "It took too long.",
        status if status.is_server_error() => "Something went wrong on our side.",
        _ => "It cannot be asked like that.",
    };
    FaultPage {
        frame: Frame::new(heading, "", now, reader),
        status: fault.status.as_u16(),
        heading,
        message: fault.message.clone(),
        hint: fault.hint.clone(),
        known,
    }
}
