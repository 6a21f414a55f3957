//! What is around every page: its head, its navigation, its foot. And how a template becomes an
//! answer.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

use crate::store::Visitor;
use crate::web::access::identify::Caller;
use crate::web::assets::{ICON, SCRIPT, STYLE};
use crate::web::fault::Fault;
use crate::web::route_policy::PAGE;

/// The pages that the navigation leads to: path and name.
const PLACES: [(&str, &str); 7] = [
    ("/", "Home"),
    ("/timeline", "Timeline"),
    ("/runs", "Runs"),
    ("/schedule", "Schedule"),
    ("/records", "Records"),
    ("/workers", "Workers"),
    ("/audit", "Audit"),
];

/// The frame of a page.
pub(crate) struct Frame {
    /// Of the browser's tab.
    pub(crate) title: String,
    /// The path of the place in the navigation to which the page belongs.
    pub(crate) place: &'static str,
    pub(crate) reader: Reader,
    /// Whether there is a way to other pages: not for whoever has not come in.
    pub(crate) has_places: bool,
    /// When the page was made, in RFC 3339, and its time of day.
    pub(crate) made_at: String,
    pub(crate) clock: String,
    /// Asks to be loaded again after so many seconds, where nothing else keeps it fresh.
    pub(crate) refresh: Option<u32>,
    /// What it watches while it is open, and what it was when it was made.
    pub(crate) live: Option<LiveMark>,
    pub(crate) style: &'static str,
    pub(crate) script: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) version: &'static str,
    pub(crate) places: &'static [(&'static str, &'static str)],
}

/// By which a page stays the newest.
pub(crate) struct LiveMark {
    /// The query of its stream.
    pub(crate) query: String,
    /// Of what it shows.
    pub(crate) revision: String,
}

impl Frame {
    pub(crate) fn new(
        title: impl Into<String>,
        place: &'static str,
        now: Timestamp,
        reader: &Reader,
    ) -> Self {
        Self {
            title: title.into(),
            place,
            reader: reader.clone(),
            has_places: true,
            made_at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            clock: now.strftime("%H:%M:%S UTC").to_string(),
            refresh: None,
            live: None,
            style: &STYLE.path,
            script: &SCRIPT.path,
            icon: &ICON.path,
            version: env!("CARGO_PKG_VERSION"),
            places: &PLACES,
        }
    }

    /// Whether the page belongs to this place of the navigation.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.place == path
    }
}

/// Who reads a page, and how he likes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reader {
    /// `light` or `dark`, where somebody chose.
    pub(crate) theme: Option<&'static str>,
    /// Whom a token lets in.
    pub(crate) visitor: Option<Visitor>,
    /// Whether the browser has signed in, and so can sign out.
    pub(crate) signed_in: bool,
}

impl Reader {
    /// Who sends these headers, where nothing more is known of him.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Self {
        Self {
            theme: theme_of(headers),
            ..Self::default()
        }
    }

    /// The same, and who he is.
    pub(crate) fn of_caller(headers: &HeaderMap, caller: Option<&Caller>) -> Self {
        Self {
            visitor: caller.and_then(Caller::visitor).cloned(),
            signed_in: matches!(caller, Some(Caller::SignedIn(_))),
            ..Self::of_headers(headers)
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of_caller(&parts.headers, parts.extensions.get::<Caller>()))
    }
}

/// The theme that a browser remembers, if it is one.
fn theme_of(headers: &HeaderMap) -> Option<&'static str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|cookie| match cookie.trim() {
            "theme=light" => Some("light"),
            "theme=dark" => Some("dark"),
            _ => None,
        })
}

/// The answer that shows a page.
pub(crate) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => {
            let policy = HeaderValue::from_static(PAGE.content);
            ([(header::CONTENT_SECURITY_POLICY, policy)], Html(text)).into_response()
        }
        Err(error) => {
            tracing::error!("a page cannot be made: {error}");
            let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "internal_error");
            Fault::new(status, code, "this page cannot be made").into_response()
        }
    }
}
