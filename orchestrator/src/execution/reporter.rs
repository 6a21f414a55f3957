//! Who is told of a run while it goes on, and the thread that tells them: a terminal or a file that
//! is slow holds up only that.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};

use tokio::sync::mpsc::Receiver;

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
    thread: JoinHandle<()>,
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
        let thread = Builder::new().name("reporter".to_owned()).spawn(move || {
            // None comes where the run did not begin.
            if let Ok(told) = subscription.recv() {
                report(told, &mut listeners);
            }
        })?;
        Ok(Some(Self {
            told,
            with_output,
            thread,
        }))
    }

    /// From here on it tells of what is published. Its thread ends with the last publisher.
    pub(crate) fn listen_to(self, bus: &mut Bus) -> JoinHandle<()> {
        // It is gone only if it panicked, which whoever joins it is told.
        let _ = self.told.send(bus.subscribe(self.with_output));
        self.thread
    }
}
