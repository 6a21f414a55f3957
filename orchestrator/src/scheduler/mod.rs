//! The scheduler: starts the slots of the timetable, each once, and keeps a row of every
//! one that did not run. Called by `beat` and `serve`.
//!
//! `event_loop` waits for what happens. `planning` (pure) says what becomes of it: which
//! slots are due, what each means for its tasks, what waits in the overlap queue. `dispatch`
//! carries that out: it claims slots and executes their plans here, or gives them to a
//! queue; what somebody asks for by hand is executed beside them. `background` drives the work beside the loop, `host` is the machine around it,
//! and `leadership` sees to it that one scheduler leads and others stand by.
//!
//! It must never decide what a run does, and never start anything whose slot it has not
//! claimed in the database.

pub(crate) mod background;
pub(crate) mod dispatch;
pub(crate) mod drain;
pub(crate) mod event_loop;
pub(crate) mod host;
pub(crate) mod leadership;
pub(crate) mod planning;
pub(crate) mod reload;
// The type that the folder is about.
#[expect(
    clippy::module_inception,
    reason = "the folder's own concept has the folder's name"
)]
pub(crate) mod scheduler;
pub(crate) mod settings;
pub(crate) mod status;
#[cfg(test)]
pub(crate) mod tests;

pub use dispatch::by_hand::{NotBegun, RunsByHand};
pub use dispatch::queue::QueueDispatch;
pub use event_loop::{Stopped, run};
pub use scheduler::Scheduler;
pub use settings::{MakeAudience, SchedulerError, SchedulerSettings, StaleSchedule};
