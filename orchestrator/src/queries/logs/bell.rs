//! Who is told that something of a log was kept: by the database at once, and by the clock if that
//! was not heard.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::database::ChannelListener;
use crate::model::RunId;
use crate::store::Store;

/// Behind what is heard.
const POLL: Duration = Duration::from_secs(1);

/// Hears of the logs of all runs; a lost connection is made again.
pub(crate) struct LogBell {
    store: Store,
    listener: Option<ChannelListener>,
}

impl LogBell {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            listener: None,
        }
    }

    /// Waits until it is time to look: at this run, or at all of them. At first that is as soon as
    /// it hears, so that nothing is missed. May be dropped and asked again.
    pub(crate) async fn ring(&mut self) -> Option<RunId> {
        let until = Instant::now() + POLL;
        match &mut self.listener {
            Some(listener) => match timeout_at(until, listener.next()).await {
                Ok(Ok(run)) => return Some(RunId::new(run)),
                Ok(Err(error)) => {
                    tracing::debug!("logs are not heard any more: {error}");
                    self.listener = None;
                    sleep_until(until).await;
                }
                Err(_) => {}
            },
            None => match self.store.listen_to_logs().await {
                Ok(listener) => self.listener = Some(listener),
                Err(error) => {
                    tracing::debug!("logs cannot be listened to: {error}");
                    sleep_until(until).await;
                }
            },
        }
        None
    }

    /// The same for one run.
    pub(crate) async fn ring_for(&mut self, run: &RunId) {
        let until = Instant::now() + POLL;
        while self.ring().await.is_some_and(|rung| rung != *run) && Instant::now() < until {}
    }
}
