//! The dead man's watch: somebody is asked for a URL as long as all is well, and
//! raises the alarm when that stops.

use crate::model::DeadMan;
use crate::notify::http;

/// Asks for it once. A failure is said in the log: the watch notices by itself.
pub async fn pulse(dead_man: &DeadMan) -> Result<(), String> {
    let url = dead_man.url.clone();
    let asked = tokio::task::spawn_blocking(move || http::get(&url)).await;
    asked
        .unwrap_or_else(|error| Err(error.to_string()))
        .inspect_err(|error| tracing::warn!("the dead man's watch was not reached: {error}"))
}
