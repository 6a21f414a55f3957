//! Who is told of a run while it goes on, and the thread that tells them: a terminal or a file that
//! is slow holds up only that, and of a run by hand the run: whoever started it is to see all of it.
//! What a service says waits for nobody (`report/service_stderr.rs`).

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;

use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

use crate::events::{Bus, Listener, Message, report};

/// Who is told while it goes on, besides the journal and the database.
#[derive(Default)]
pub struct Audience {
    /// In a thread of their own, which is started only if there are any.
    pub listeners: Vec<Box<dyn Listener>>,
    /// Whether they want to hear what collectors write.
    pub with_output: bool,
}

/// The thread, before it has anything to tell.
pub(crate) struct Reporter {
    told: Sender<Receiver<Message>>,
    with_output: bool,
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
            ended,
        }))
    }

    /// From here on it tells of what is published. It says when all is told, after the last publisher
    /// is gone; an error means that it panicked.
    pub(crate) fn listen_to(self, bus: &mut Bus) -> oneshot::Receiver<()> {
        // It is gone only if it panicked, which whoever waits for its end is told.
        let _ = self.told.send(bus.subscribe(self.with_output));
        self.ended
    }
}
