//! Tells whom it concerns of a task that takes far longer than usual, while it still runs. It
//! listens to the events of a run and holds nobody up.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::events::{Message, RunEvent, TaskRef};
use crate::model::RunId;
use crate::notify::Notifier;
use crate::store::{Store, StoreError};

/// What cannot be delivered within this is delivered by whoever comes next.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longer than anything runs, and short enough for a clock.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The attempt that runs, and who is to be told of it when; the soonest first.
struct Watched {
    task: TaskRef,
    begun: Instant,
    usual: Duration,
    limits: Vec<(Duration, String)>,
}

/// Watches until the events end.
pub(crate) async fn watch_length(
    notifier: Notifier,
    store: Store,
    run: RunId,
    mut events: mpsc::Receiver<Message>,
) {
    let mut watched: Option<Watched> = None;
    let mut telling = JoinSet::new();
    loop {
        let next = watched.as_ref().and_then(Watched::next);
        tokio::select! {
            message = events.recv() => match message {
                Some(Message::Event(event)) => match &*event {
                    RunEvent::TaskStarted { task, usual_ms, .. } => {
                        watched = usual_ms.map(|usual| Watched::new(&notifier, task, Duration::from_millis(usual)));
                    }
                    RunEvent::TaskRetry { .. } | RunEvent::TaskFinished { .. } => watched = None,
                    RunEvent::RunStarted { .. } | RunEvent::TaskSkipped { .. } | RunEvent::RunFinished(_) => {}
                },
                Some(Message::Output(_) | Message::Progress(_)) => {}
                None => break,
            },
            () = until(next), if next.is_some() => if let Some(watched) = &mut watched {
                let (after, channel) = watched.limits.remove(0);
                let (notifier, store, run) = (notifier.clone(), store.clone(), run.clone());
                let (task, usual) = (watched.task.clone(), watched.usual);
                telling.spawn(async move {
                    let told = tell(&notifier, &store, &run, &task, (&channel, after, usual)).await;
                    if let Err(error) = told {
                        tracing::warn!("nobody is told that a task is unusually long: {error}");
                    }
                });
            },
        }
    }
    // Each ends by its patience, or when all telling is broken off.
    while telling.join_next().await.is_some() {}
}

async fn tell(
    notifier: &Notifier,
    store: &Store,
    run: &RunId,
    task: &TaskRef,
    about: (&str, Duration, Duration),
) -> Result<(), StoreError> {
    notifier.raise_long(store, run, task, about).await?;
    // What stood in the way is in the log, and tried again by whoever comes next.
    notifier.deliver(store, PATIENCE).await.map(drop)
}

impl Watched {
    fn new(notifier: &Notifier, task: &TaskRef, usual: Duration) -> Self {
        Self {
            limits: notifier.length_limits(task, usual),
            task: task.clone(),
            begun: Instant::now(),
            usual,
        }
    }

    fn next(&self) -> Option<Instant> {
        let (after, _) = self.limits.first()?;
        Some(self.begun + (*after).min(FOR_EVER))
    }
}

async fn until(moment: Option<Instant>) {
    if let Some(moment) = moment {
        sleep_until(moment).await;
    }
}
