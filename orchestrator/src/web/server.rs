//! The listener and its routes.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Json};
use axum::routing::get;
use tokio::sync::watch;

use crate::events::Standing;
use crate::model::Clock;
use crate::report::Metrics;
use crate::store::Store;
use crate::web::{api, gauges, guard};

/// What the answers are made of.
pub struct Site {
    /// What is remembered.
    pub store: Store,
    /// How the scheduler stands.
    pub standing: watch::Receiver<Standing>,
    /// What was counted.
    pub metrics: Metrics,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// A scheduler that has not looked at its timetable for so long after something was due
/// is stuck.
const STUCK: Duration = Duration::from_secs(120);

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(45);

/// How long requests that go on may take once the process is to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// A port that is taken, and not yet served.
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// Takes the port, before anything is started.
///
/// # Errors
/// It is taken by somebody else, or not ours to take.
pub fn listen(address: SocketAddr) -> std::io::Result<Listening> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok(Listening { listener, address })
}

impl Listening {
    /// Where it listens; the port too, if any was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `end` becomes true, and a moment longer for requests that go on then.
    ///
    /// # Errors
    /// The system fails.
    pub async fn serve(self, site: Site, end: watch::Receiver<bool>) -> std::io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let router = routes(site, self.address);
        let serving = axum::serve(listener, router).with_graceful_shutdown(ended(end.clone()));
        let farewell = async {
            ended(end).await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            served = serving => served,
            () = farewell => Ok(()),
        }
    }
}

async fn ended(mut end: watch::Receiver<bool>) {
    // Whoever dropped the other end has ended as well.
    let _ = end.wait_for(|end| *end).await;
}

fn routes(site: Site, address: SocketAddr) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics))
        .route("/api/schedule", get(api::schedule))
        .route("/api/next", get(api::next))
        .route("/api/runs", get(api::runs))
        .route("/api/runs/{run}", get(api::run))
        .fallback(async || (StatusCode::NOT_FOUND, "there is nothing here; see /\n"))
        .layer(axum::middleware::from_fn(within))
        .layer(from_fn_with_state(address, guard::guard))
        .with_state(Arc::new(site))
}

/// No request waits for ever for a database.
async fn within(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (StatusCode::GATEWAY_TIMEOUT, "no answer in time\n").into_response(),
    }
}

async fn home() -> &'static str {
    "orchestrate\n\n/healthz\n/metrics\n/api/schedule\n/api/next?hours=24\n/api/runs?last=20\n/api/runs/{run}\n"
}

/// 200 when the scheduler is well, 503 with the reasons when it is not. It asks no
/// database: a probe must not end a process whose collectors run on while one is away.
async fn healthz(State(site): State<Arc<Site>>) -> impl IntoResponse {
    let standing = site.standing.borrow().clone();
    let mut problems = Vec::new();
    if let Some(error) = &standing.schedule_error {
        problems.push(format!("the schedule file cannot be used: {error}"));
    }
    if let Some(error) = &standing.database_error {
        problems.push(format!("the database cannot be used: {error}"));
    }
    let late = standing
        .next_at
        .and_then(|next| Duration::try_from(site.clock.now().duration_since(next)).ok())
        .filter(|late| standing.leading && *late > STUCK);
    if let Some(late) = late {
        problems.push(format!(
            "something was due {} s ago and has not begun",
            late.as_secs()
        ));
    }
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::json!({
        "ok": problems.is_empty(),
        "leading": standing.leading,
        "ticked_at": standing.ticked_at,
        "next_at": standing.next_at,
        "problems": problems,
        // Somebody else's outage is no reason to restart this process.
        "release_error": standing.release_error,
    });
    (status, Json(body))
}

async fn metrics(State(site): State<Arc<Site>>) -> impl IntoResponse {
    let mut text = site.metrics.render();
    text.push_str(&gauges::gauges(&site.standing.borrow()));
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
}
