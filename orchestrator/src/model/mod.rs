//! The pure core: what a schedule is, what is due, how a run proceeds, how a
//! task ended. No I/O, no clock, no async, and nothing of ours is imported.

mod ids;
mod outcome;
mod run;
mod schedule;

pub use ids::{CommandName, GroupName, RunId};
pub use outcome::{Because, CancelCause, Category, Exit, Outcome, SpawnError, TimeLimit, signal_name};
pub use run::{Action, Event, RunState, RunTask, Told};
pub use schedule::{
    Cadence, CatchUp, CatchUpMode, DEFAULT_GRACE, Expect, Group, Limits, Minutes, MonthDay, Overlap, Policy,
    Retry, Schedule, Task, WORKFLOW_GROUP, Workflow,
};
