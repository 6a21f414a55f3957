//! What may be done with a path: which methods it takes, and what a browser may do with
//! its answers. Decided where the route is, one by one; nothing is allowed by default.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use crate::store::Role;
use crate::web::access::identify::{Caller, unauthorized};
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

/// Who may use a method of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admits {
    /// Whoever reaches us: no token is asked for.
    Anyone,
    /// Who may look: whom `identify` lets in.
    Looking,
    /// Whose token is an operator's.
    Acting,
}

/// A path with one of its methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownRoute {
    pub(crate) path: &'static str,
    pub(crate) method: Method,
    pub(crate) admits: Admits,
}

/// Paths, with what may be done with each of them. There is no other way to make one, so none is
/// without somebody whom it admits.
#[derive(Default)]
pub(crate) struct Routes {
    pub(crate) router: Router<Arc<Site>>,
    pub(crate) known: Vec<KnownRoute>,
}

impl Routes {
    /// These and those.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.known.extend(other.known);
        Self {
            router: self.router.merge(other.router),
            known: self.known,
        }
    }
}

/// A path that can be read and nothing else, with its policy.
pub(crate) fn readable<H, T>(path: &'static str, policy: RoutePolicy, handler: H) -> Routes
where
    H: Handler<T, Arc<Site>>,
    T: 'static,
{
    let known = vec![(Method::GET, Admits::Looking)];
    routes(path, policy, get(handler), known)
}

/// The same for whoever reaches us.
pub(crate) fn open<H, T>(path: &'static str, policy: RoutePolicy, handler: H) -> Routes
where
    H: Handler<T, Arc<Site>>,
    T: 'static,
{
    let known = vec![(Method::GET, Admits::Anyone)];
    routes(path, policy, get(handler), known)
}

/// A form for whoever reaches us, and what is done with it.
pub(crate) fn open_form<S, ST, D, DT>(path: &'static str, show: S, done: D) -> Routes
where
    S: Handler<ST, Arc<Site>>,
    D: Handler<DT, Arc<Site>>,
    ST: 'static,
    DT: 'static,
{
    let known = vec![(Method::GET, Admits::Anyone), (Method::POST, Admits::Anyone)];
    routes(path, DATA, get(show).post(done), known)
}

/// Something that a form of another page does, for whoever reaches us.
pub(crate) fn open_post<H, T>(path: &'static str, handler: H) -> Routes
where
    H: Handler<T, Arc<Site>>,
    T: 'static,
{
    let known = vec![(Method::POST, Admits::Anyone)];
    routes(path, DATA, post(handler), known)
}

/// A page that asks, for who may look, whether something is to be done, and what does it, for who
/// may act.
pub(crate) fn confirmed<S, ST, D, DT>(path: &'static str, show: S, done: D) -> Routes
where
    S: Handler<ST, Arc<Site>>,
    D: Handler<DT, Arc<Site>>,
    ST: 'static,
    DT: 'static,
{
    let known = vec![(Method::GET, Admits::Looking), (Method::POST, Admits::Acting)];
    let acting = post(done).layer(from_fn(require_operator));
    routes(path, DATA, get(show).merge(acting), known)
}

/// Lets in whose token is an operator's.
async fn require_operator(request: Request, next: Next) -> Response {
    let visitor = request.extensions().get::<Caller>().and_then(Caller::visitor);
    match visitor {
        None => unauthorized("only an operator may act, and nobody is known here").into_response(),
        Some(visitor) if visitor.role == Role::Operator => next.run(request).await,
        Some(visitor) => {
            let message = format!(
                "the token {} may look, and only an operator may act",
                visitor.name
            );
            Fault::new(StatusCode::FORBIDDEN, "forbidden", message)
                .hint("orchestrate token create --name NAME --role operator makes one that may")
                .into_response()
        }
    }
}

fn routes(
    path: &'static str,
    policy: RoutePolicy,
    methods: MethodRouter<Arc<Site>>,
    known: Vec<(Method, Admits)>,
) -> Routes {
    let with_policy = move |mut response: Response| {
        let policy = HeaderValue::from_static(policy.content);
        response
            .headers_mut()
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(policy);
        std::future::ready(response)
    };
    let allowed = allowed(&known);
    let methods = methods.fallback(move || std::future::ready(refuse_method(allowed)));
    Routes {
        router: Router::new().route(path, methods.layer(map_response(with_policy))),
        known: known
            .into_iter()
            .map(|(method, admits)| KnownRoute { path, method, admits })
            .collect(),
    }
}

/// For the header Allow (RFC 9110, 10.2.1).
fn allowed(known: &[(Method, Admits)]) -> &'static str {
    let has = |wanted: Method| known.iter().any(|(method, _)| *method == wanted);
    match (has(Method::GET), has(Method::POST)) {
        (true, true) => "GET, HEAD, POST",
        (false, true) => "POST",
        _ => READ_ONLY,
    }
}

const READ_ONLY: &str = "GET, HEAD";

/// What no path is for: it is not there, and could only have been read.
pub(crate) async fn refuse_path(method: Method) -> Response {
    if matches!(method, Method::GET | Method::HEAD) {
        return Fault::not_found("there is nothing here")
            .hint("/ leads to what there is")
            .into_response();
    }
    refuse_method(READ_ONLY)
}

fn refuse_method(allowed: &'static str) -> Response {
    let (status, code) = (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    let message = match allowed {
        READ_ONLY => "this can only be read",
        _ => "this cannot be done here",
    };
    let fault = Fault::new(status, code, message);
    ([(header::ALLOW, allowed)], fault).into_response()
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
