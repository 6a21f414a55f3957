//! The scheduler: fires the slots of the timetable, each once, and keeps a row of every
//! one that did not run. Called by `beat` and `serve`.
//!
//! Pure: `tick` (which slots have come, and what becomes of them), `jitter`, `rows` (what
//! a slot means to each task), `lanes` (one run at a time in a lane). Around them: `run`
//! (the loop), `lead` (one scheduler leads, others stand by), `turn` (slots that have come),
//! `firings` and `fire` (claim and execute), `asking` (is there a release?), `alarm` and
//! `watch` (the kernel wakes us, nothing is polled).
//!
//! It must never read the schedule file itself, never decide what a run does, and never
//! start anything whose slot it has not taken in the database.

pub(crate) mod background;
pub(crate) mod dispatch;
pub(crate) mod event_loop;
pub(crate) mod host;
pub(crate) mod leadership;
pub(crate) mod planning;
pub(crate) mod scheduler;
#[cfg(test)]
pub(crate) mod tests;

pub use event_loop::{Stopped, run};
pub use scheduler::{BeatError, Scheduler, Setup};
