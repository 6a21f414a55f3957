//! Where slots are run: in this process (`local`), or by workers through a queue (`queue`). Called by `slots`; it decides nothing.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

use crate::execution::Executed;
use crate::model::{EntryKey, Order, RunId};
use crate::scheduler::planning::decision::SlotStart;
use crate::scheduler::planning::situation::ClaimedSlots;
use crate::store::PassedSlot;

/// Runs slots beside the loop.
pub(crate) trait Dispatcher {
    /// Claims the slot and, if that is granted, executes its plan. Returns at once. `older`
    /// slots of the entry, which are passed over, are settled no later than this one.
    fn start(&mut self, start: SlotStart, older: Vec<PassedSlot>);

    /// Gives an order to every run that was started and has not ended.
    fn order_all(&self, order: Order);

    /// What has not claimed its slot yet does not begin any more.
    fn stop_starting(&self);

    /// How many slots were started and have not ended.
    fn count(&self) -> usize;

    /// The slots that were started, have not ended, and are claimed in the database.
    fn claimed(&self) -> ClaimedSlots;

    /// The next one that ends; waits for ever while there is none. Safe to drop.
    fn next_end(&mut self) -> Pin<Box<dyn Future<Output = EndedStart> + '_>>;
}

/// A started slot that is over.
#[derive(Debug)]
pub(crate) struct EndedStart {
    pub(crate) key: EntryKey,
    pub(crate) slot: Timestamp,
    pub(crate) end: StartEnd,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum StartEnd {
    Ran(Box<Executed>),
    /// Its run waits for a worker.
    Queued(RunId),
    /// Somebody else has the slot: this run, or nobody if it was passed over.
    Taken(Option<RunId>),
    /// A run that must not overlap goes on in another process.
    Busy(RunId),
    /// Such a run was waited for and has ended.
    Waited,
    /// Nothing is to begin any more, and the slot is still free.
    Stopped,
    /// It could not be run, for this reason.
    Failed(String),
}
