//! Carries events and output from the engine to whoever listens.
//!
//! Two ways: *firsthand* listeners see an event before `publish` returns (the
//! journal: what it has not written has not happened); *queues* are bounded and
//! drained elsewhere (the reporter's thread, the store's recorder). A full queue
//! holds its publisher back, and in the end the collector: memory stays bounded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::events::Output;
use crate::events::event::RunEvent;
use crate::events::progress::TaskProgress;

/// How many messages may wait in a queue. A message of output holds up to 64 KiB.
const QUEUE: usize = 32;

/// What travels in a queue.
#[derive(Debug, Clone)]
pub enum Message {
    /// Something happened.
    Event(Arc<RunEvent>),
    /// A collector wrote something.
    Output(Arc<Output>),
    /// A collector says how far it is.
    Progress(Arc<TaskProgress>),
}

/// Somebody who is told. Called in the order in which things happened.
pub trait Listener: Send {
    /// Something happened.
    fn event(&mut self, event: &RunEvent);

    /// A collector wrote something. Most do not care.
    fn output(&mut self, _output: &Output) {}

    /// A collector says how far it is. Most do not care.
    fn progress(&mut self, _progress: &TaskProgress) {}

    /// There is nothing more to tell for the moment: show what is held back.
    fn settle(&mut self) {}
}

/// The publisher's side. Cheap to clone; the queues end when the last clone is gone.
#[derive(Clone)]
pub struct Bus {
    firsthand: Arc<Mutex<Vec<Box<dyn Listener>>>>,
    queues: Vec<Queue>,
    published: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Queue {
    sender: mpsc::Sender<Message>,
    with_output: bool,
}

impl Bus {
    /// A bus with these firsthand listeners and no queue.
    pub fn new(firsthand: Vec<Box<dyn Listener>>) -> Self {
        Self {
            firsthand: Arc::new(Mutex::new(firsthand)),
            queues: Vec::new(),
            published: Arc::default(),
        }
    }

    /// A new queue of everything, or of events only.
    pub fn subscribe(&mut self, with_output: bool) -> mpsc::Receiver<Message> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.queues.push(Queue { sender, with_output });
        receiver
    }

    /// Tells everybody; returns when the firsthand listeners have seen it and the
    /// queues have taken it. A queue whose reader is gone is passed over.
    pub async fn publish(&self, event: RunEvent) {
        let event = Arc::new(event);
        {
            let mut firsthand = self.firsthand.lock().unwrap_or_else(PoisonError::into_inner);
            firsthand.iter_mut().for_each(|listener| listener.event(&event));
        }
        for queue in &self.queues {
            // An error means that the reader is gone, and so is its interest.
            let _ = queue.sender.send(Message::Event(Arc::clone(&event))).await;
        }
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    /// How many events were published.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    /// Whether any queue wants output.
    pub fn wants_output(&self) -> bool {
        self.queues.iter().any(|queue| queue.with_output)
    }

    /// Hands output to the queues that want it.
    pub async fn output(&self, output: Output) {
        let output = Arc::new(output);
        for queue in self.queues.iter().filter(|queue| queue.with_output) {
            let _ = queue.sender.send(Message::Output(Arc::clone(&output))).await;
        }
    }

    /// Hands progress to the queues that want output.
    pub async fn progress(&self, progress: TaskProgress) {
        let progress = Arc::new(progress);
        for queue in self.queues.iter().filter(|queue| queue.with_output) {
            let _ = queue.sender.send(Message::Progress(Arc::clone(&progress))).await;
        }
    }
}

/// Tells `listeners` what comes through `queue`, until it ends. Blocks: give it a thread.
pub fn report(mut queue: mpsc::Receiver<Message>, listeners: &mut [Box<dyn Listener>]) {
    while let Some(first) = queue.blocking_recv() {
        let mut next = Some(first);
        while let Some(message) = next {
            for listener in listeners.iter_mut() {
                match &message {
                    Message::Event(event) => listener.event(event),
                    Message::Output(output) => listener.output(output),
                    Message::Progress(progress) => listener.progress(progress),
                }
            }
            next = queue.try_recv().ok();
        }
        listeners.iter_mut().for_each(|listener| listener.settle());
    }
}
