//! Who is told of a run while it goes on, and the thread that tells them: a terminal or a file that
//! is slow holds up only that.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::events::{Bus, Listener, Message, report};

/// The patience of services.
pub(crate) const SERVICE_PATIENCE: Duration = Duration::from_secs(2);

/// Who is told while it goes on, besides the journal and the database.
#[derive(Default)]
pub struct Audience {
    /// In a thread of their own, which is started only if there are any.
    pub listeners: Vec<Box<dyn Listener>>,
    /// Whether they want to hear what collectors write.
    pub with_output: bool,
    /// How long a run that is over waits for them: of a service, whose terminal or pipe may be
    /// read by nobody. `None` where whoever started it is to see all of it.
    pub patience: Option<Duration>,
}

/// The thread, before it has anything to tell.
pub(crate) struct Reporter {
    told: Sender<Receiver<Message>>,
    with_output: bool,
    patience: Option<Duration>,
    ended: oneshot::Receiver<()>,
}

/// The thread while it tells. It ends with the last publisher, when all is told.
pub(crate) struct Reporting {
    patience: Option<Duration>,
    ended: oneshot::Receiver<()>,
}

impl Reporter {
    /// Starts it, if there is anybody to tell.
    ///
    /// # Errors
    /// No thread can be started (pthread_create(3), EAGAIN).
    pub(crate) fn start(audience: Audience) -> io::Result<Option<Self>> {
        let Audience {
            mut listeners,
            with_output,
            patience,
        } = audience;
        if listeners.is_empty() {
            return Ok(None);
        }
        let (told, subscription) = channel();
        let (end, ended) = oneshot::channel();
        Builder::new().name("reporter".to_owned()).spawn(move || {
            // None comes where the run did not begin.
            if let Ok(told) = subscription.recv() {
                report(told, &mut listeners);
            }
            // Nobody may want to know any more.
            let _ = end.send(());
        })?;
        Ok(Some(Self {
            told,
            with_output,
            patience,
            ended,
        }))
    }

    /// From here on it tells of what is published.
    pub(crate) fn listen_to(self, bus: &mut Bus) -> Reporting {
        // It is gone only if it panicked, which whoever waits for its end is told.
        let _ = self.told.send(bus.subscribe(self.with_output));
        Reporting {
            patience: self.patience,
            ended: self.ended,
        }
    }
}

impl Reporting {
    /// Waits until all is told. What a terminal or a pipe does not take in time is left to the
    /// thread, which ends with the process.
    ///
    /// # Errors
    /// It panicked.
    pub(crate) async fn ended(self) -> Result<(), oneshot::error::RecvError> {
        let Some(patience) = self.patience else {
            return self.ended.await;
        };
        match timeout(patience, self.ended).await {
            Ok(ended) => ended,
            Err(_) => {
                tracing::warn!(
                    "where the output of this run goes does not take it; the run ends all the same"
                );
                Ok(())
            }
        }
    }
}
