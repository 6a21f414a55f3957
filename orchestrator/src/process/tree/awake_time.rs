//! Waits that count only the time in which this process ran.

use std::time::Duration;

use crate::process::watchdog::TICK;

/// Waits for something, but not for longer than this. Only time in which we ran counts:
/// after a suspend, or frozen together with those that are waited for, there is as much
/// left as before.
pub(crate) async fn while_we_run<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut left = limit;
    while !left.is_zero() {
        if let Ok(result) = tokio::time::timeout(TICK.min(left), future.as_mut()).await {
            return Some(result);
        }
        left = left.saturating_sub(TICK);
    }
    None
}
