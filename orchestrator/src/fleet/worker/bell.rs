//! Who is told that there is something for a worker, or that a run has ended: by the database at once,
//! and by the clock if that was not heard.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::database::ChannelListener;
use crate::store::FleetQueue;

/// Behind what is heard.
const POLL: Duration = Duration::from_secs(1);

/// Hears what the queue says; a lost connection is made again.
pub(crate) struct Bell {
    queue: FleetQueue,
    listener: Option<ChannelListener>,
    last: Instant,
    /// Whether it rings for ends as well: a hundred idle workers are not to look for each.
    with_ends: bool,
}

impl Bell {
    /// For a worker.
    pub(crate) fn new(queue: FleetQueue) -> Self {
        Self {
            queue,
            listener: None,
            last: Instant::now(),
            with_ends: false,
        }
    }

    /// For whoever waits for the end of a run.
    pub(crate) fn with_ends(queue: FleetQueue) -> Self {
        Self {
            with_ends: true,
            ..Self::new(queue)
        }
    }

    /// Waits until it is time to look. May be dropped and asked again.
    pub(crate) async fn ring(&mut self) {
        let poll = self.last + POLL;
        tokio::select! {
            () = sleep_until(poll) => {}
            () = hear(&self.queue, &mut self.listener, self.with_ends) => {}
        }
        self.last = Instant::now();
    }
}

async fn hear(queue: &FleetQueue, listener: &mut Option<ChannelListener>, with_ends: bool) {
    loop {
        let Some(open) = listener else {
            match queue.listen().await {
                Ok(new) => *listener = Some(new),
                Err(error) => {
                    tracing::debug!("the queue cannot be listened to: {error}");
                    sleep(POLL).await;
                }
            }
            continue;
        };
        match open.next().await {
            Ok(said) if with_ends || FleetQueue::concerns_workers(&said) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!("the queue is not heard any more: {error}");
                *listener = None;
            }
        }
    }
}
