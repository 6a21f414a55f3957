//! The router as a whole, without a socket: which paths there are, what may be done with
//! them, and that their documents are those of the verbs.

mod actions;
mod api;
mod live;
mod logs;
mod matrices;
mod night;
mod noting_desk;
mod pages;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, Request, StatusCode, header};
use jiff::Timestamp;
use jiff::civil::Weekday;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use crate::events::SchedulerStatus;
use crate::model::fixtures::{group, interval, schedule, weekly};
use crate::model::{ManualClock, timetable, upcoming_slots};
use crate::queries::next::{SlotFacts, next_slots, window};
use crate::report::Metrics;
use crate::store::Store;
use crate::web::access::entrance::Entrance;
use crate::web::access::entrance::tests::local;
use crate::web::access::sign_in_tries::SignInTries;
use crate::web::actions::Acting;
use crate::web::live::feed::LiveFeed;
use crate::web::live::hub::LiveHub;
use crate::web::route_policy::{DATA, PAGE};
use crate::web::routes::routes;
use crate::web::site::{LOG_SEARCHES, Site};

mod sign_in;
mod who;

/// What a browser says of a request that a page of ours makes.
const FROM_OUR_PAGE: (HeaderName, &str) = (HeaderName::from_static("sec-fetch-site"), "same-origin");

const PATHS: [&str; 6] = [
    "/",
    "/healthz",
    "/metrics",
    "/api/v1/schedule",
    "/api/v1/next",
    "/api/v1/runs",
];

/// A site with an empty database.
struct Fixture {
    router: Router,
    store: Store,
    standing: watch::Sender<SchedulerStatus>,
    clock: Arc<ManualClock>,
    dir: TempDir,
    feed: LiveFeed,
    ending: watch::Sender<bool>,
    desk: Arc<noting_desk::NotingDesk>,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// Of the body as it was sent.
    size: usize,
    text: String,
}

fn now() -> Timestamp {
    "2026-11-25T00:00:00Z".parse().unwrap()
}

impl Fixture {
    async fn new() -> Self {
        Self::with(local()).await
    }

    async fn with(entrance: Entrance) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(None, dir.path()).await.unwrap();
        let timetable = schedule([
            group("early", "UTC", "04:10", &[("usage", weekly(Weekday::Monday))]),
            group("often", "UTC", "06:00", &[("poll", interval(180))]),
        ]);
        let (standing, receiver) = watch::channel(SchedulerStatus {
            leading: true,
            ..SchedulerStatus::at_start(timetable, now())
        });
        let clock = Arc::new(ManualClock::new(now()));
        let feed = LiveFeed::default();
        let (ending, end) = watch::channel(false);
        let desk = Arc::<noting_desk::NotingDesk>::default();
        *desk.store.lock().unwrap() = Some(store.clone());
        let shared = Box::new(noting_desk::SharedDesk(Arc::clone(&desk)));
        let site = Site {
            acting: Acting::new(shared).unwrap(),
            store: store.clone(),
            standing: receiver,
            metrics: Metrics::default(),
            clock: Arc::clone(&clock) as _,
            entrance,
            state_dir: dir.path().to_owned(),
            read_schedule: Box::new(pages::schedule_file),
            log_searches: Semaphore::new(LOG_SEARCHES),
            live: LiveHub::new(feed.clone(), 1024, end),
            tries: SignInTries::default(),
        };
        Self {
            router: routes(site),
            store,
            standing,
            clock,
            dir,
            feed,
            ending,
            desk,
        }
    }

    /// As a page of ours asks.
    async fn ask(&self, method: &str, path: &str, hosts: &[&str]) -> Answer {
        let hosts = hosts.iter().map(|host| (header::HOST, *host));
        self.ask_with(method, path, hosts.chain([FROM_OUR_PAGE])).await
    }

    async fn ask_with<'h>(
        &self,
        method: &str,
        path: &str,
        headers: impl IntoIterator<Item = (HeaderName, &'h str)>,
    ) -> Answer {
        self.send_body(method, path, headers, Body::empty()).await
    }

    async fn send_body<'h>(
        &self,
        method: &str,
        path: &str,
        headers: impl IntoIterator<Item = (HeaderName, &'h str)>,
        body: Body,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Answer {
            status,
            headers,
            size: body.len(),
            text,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &["localhost:8080"]).await
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

#[tokio::test]
async fn every_path_can_be_read_and_nothing_else() {
    let site = Fixture::new().await;
    for path in PATHS {
        assert_eq!(site.get(path).await.status, StatusCode::OK, "{path}");
        let head = site.ask("HEAD", path, &["localhost"]).await;
        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""), "{path}");
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let refused = site.ask(method, path, &["localhost"]).await;
            assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(refused.headers[header::ALLOW], "GET, HEAD", "{method} {path}");
        }
    }
    assert_eq!(site.get("/nothing").await.status, StatusCode::NOT_FOUND);
    let written = site.ask("POST", "/nothing", &["localhost"]).await;
    assert_eq!(written.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn every_answer_and_every_refusal_is_hardened() {
    let site = Fixture::new().await;
    let mut answers = vec![
        site.get("/nothing").await,
        site.get("/api/v1/runs?colour=red").await,
        site.get("/api/v1/runs/nothing").await,
        site.ask("POST", "/", &["localhost"]).await,
        site.ask("GET", "/", &["evil.example"]).await,
        site.ask("GET", "/", &[]).await,
        site.ask("GET", "/", &["localhost", "evil.example"]).await,
    ];
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [404, 400, 404, 405, 421, 421, 400]);
    for path in PATHS {
        answers.push(site.get(path).await);
    }
    for answer in answers {
        let is_page = answer.headers[header::CONTENT_TYPE] == "text/html; charset=utf-8";
        let policy = if is_page { PAGE.content } else { DATA.content };
        // Kept by who asked and asked about each time, or not at all.
        let kept = match answer.headers.contains_key(header::ETAG) {
            true => "private, no-cache",
            false => "no-store",
        };
        for (name, value) in [
            ("cache-control", kept),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", policy),
        ] {
            let values: Vec<_> = answer.headers.get_all(name).iter().collect();
            assert_eq!(values, [value], "{name} of {}", answer.text);
        }
        // No other origin may read.
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
}

#[tokio::test]
async fn next_is_the_document_of_the_verb() {
    let site = Fixture::new().await;
    assert!(site.store.pause("early", now()).await.unwrap());
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    let timetable = timetable(&schedule);
    for (query, hours, count) in [
        ("", None, None),
        ("?hours=24", Some(24), Some(1000)),
        ("?count=2", None, Some(2)),
        ("?count=100000", None, Some(1000)),
    ] {
        let slots = upcoming_slots(&timetable, now(), window(now(), hours, count));
        let remembered = SlotFacts::ask(&site.store, &slots).await.unwrap();
        let expected = json!(next_slots(&slots, &remembered));
        assert_eq!(
            site.get(&format!("/api/v1/next{query}")).await.json()["items"],
            expected,
            "{query}"
        );
    }
    let first = site.get("/api/v1/next").await.json()["items"].take();
    assert_eq!(
        first[0],
        json!({"kind": "interval", "minutes": 180, "next": "2026-11-25T03:00:00Z", "tasks": [
            {"group": "often", "name": "poll", "command": "poll", "args": [], "schedule": "interval", "last": null}
        ]})
    );
    assert_eq!(first[1]["paused_since"], "2026-11-25T00:00:00Z");
}

#[tokio::test]
async fn runs_that_are_not_there_are_said_so() {
    let site = Fixture::new().await;
    let none = json!({"items": [], "next": null});
    assert_eq!(site.get("/api/v1/runs").await.json(), none);
    for name in ["last", "2026"] {
        let answer = site.get(&format!("/api/v1/runs/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        let message = match name {
            "last" => "there is no run yet",
            _ => "no run has \"2026\" in its id",
        };
        assert_eq!(
            answer.json(),
            json!({"error": {"code": "not_found", "message": message, "hint": null}})
        );
    }
}

/// Whoever refuses it: a handler, an extractor, the guard, the router.
#[tokio::test]
async fn every_refusal_has_the_same_shape() {
    let site = Fixture::new().await;
    let local = ["localhost"];
    for (method, path, hosts, status, code) in [
        ("GET", "/nothing", &local[..], 404, "not_found"),
        ("GET", "/api/nothing", &local, 404, "not_found"),
        ("GET", "/api/v1/runs/nothing", &local, 404, "not_found"),
        ("GET", "/api/v1/runs/%ff", &local, 400, "bad_request"),
        ("GET", "/api/v1/runs?colour=red", &local, 400, "bad_request"),
        ("GET", "/api/v1/runs?last=many", &local, 400, "bad_request"),
        ("GET", "/api/v1/runs?last=1&last=2", &local, 400, "bad_request"),
        ("GET", "/api/v1/runs?since=yesterday", &local, 400, "bad_request"),
        ("GET", "/api/v1/next?hours=-1", &local, 400, "bad_request"),
        ("GET", "/api/v1/runs?outcome=nosuch", &local, 400, "unknown_value"),
        (
            "GET",
            "/api/v1/runs?outcome=pending",
            &local,
            400,
            "unknown_value",
        ),
        ("GET", "/api/v1/runs?group=nosuch", &local, 400, "unknown_value"),
        ("GET", "/api/v1/runs?command=usgae", &local, 400, "unknown_value"),
        (
            "GET",
            "/api/v1/runs?command=poll&group=early",
            &local,
            400,
            "unknown_value",
        ),
        ("POST", "/api/v1/runs", &local, 405, "method_not_allowed"),
        ("GET", "/", &["evil.example"], 421, "wrong_host"),
        ("GET", "http://evil.example/", &local, 421, "wrong_host"),
        (
            "GET",
            "http://localhost:8080@evil.example/",
            &local,
            421,
            "wrong_host",
        ),
        (
            "GET",
            "http://localhost:8080/",
            &["evil.example"],
            421,
            "wrong_host",
        ),
        ("GET", "/", &["localhost", "localhost"], 400, "bad_request"),
    ] {
        let answer = site.ask(method, path, hosts).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json", "{path}");
        let told = answer.json();
        let error = told["error"].as_object().unwrap();
        let keys: Vec<_> = error.keys().map(String::as_str).collect();
        assert_eq!(keys, ["code", "hint", "message"], "{path}");
        assert_eq!(error["code"], code, "{path}: {}", answer.text);
        assert!(!error["message"].as_str().unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_value_that_nobody_knows_is_answered_with_those_that_are_known() {
    let site = Fixture::new().await;
    let hint = async |query: &str| {
        let told = site.get(&format!("/api/v1/runs?{query}")).await.json();
        told["error"]["hint"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(
        hint("outcome=nosuch").await,
        "known: running, succeeded, failed, timed_out, cancelled, not_started, skipped, lost, suspect"
    );
    assert_eq!(hint("group=nosuch").await, "known: early, often");
    assert_eq!(hint("command=usgae").await, "did you mean usage?");
    for known in [
        "outcome=suspect",
        "outcome=timed_out",
        "group=early",
        "command=usage",
        "last=5",
    ] {
        assert_eq!(
            site.get(&format!("/api/v1/runs?{known}")).await.json()["items"],
            json!([]),
            "{known}"
        );
    }
}

#[tokio::test]
async fn a_scheduler_that_is_not_well_says_why() {
    let site = Fixture::new().await;
    let well = site.get("/healthz").await;
    assert_eq!((well.status, &well.json()["ok"]), (StatusCode::OK, &json!(true)));
    site.standing.send_modify(|standing| {
        standing.schedule_error = Some("line 3".to_owned());
        standing.next_at = Some("2026-11-24T23:50:00Z".parse().unwrap());
    });
    let ill = site.get("/healthz").await;
    assert_eq!(ill.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        ill.json()["problems"],
        json!([
            "the schedule file cannot be used: line 3",
            "something was due 600 s ago and has not begun"
        ])
    );
    let metrics = site.get("/metrics").await;
    assert_eq!(
        metrics.headers[header::CONTENT_TYPE],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert!(
        metrics.text.contains("orchestrate_schedule_file_ok 0\n"),
        "{}",
        metrics.text
    );
}
