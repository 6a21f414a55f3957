//! The pure core: what a schedule is, what is due, how a run proceeds, how a
//! task ended. No I/O, no clock but the one in `clock`, no async, and nothing of ours is imported.

mod calendar;
mod changes;
mod clock;
mod firings;
#[cfg(test)]
pub(crate) mod fixtures;
mod ids;
mod nearest;
mod notice;
mod outcome;
mod owner;
mod plan;
mod polls;
mod release;
mod run;
mod schedule;
mod select;
mod selection;
mod slots;
mod stream;
mod suspicion;

pub use calendar::{WEEKDAYS, falls_on, parse_weekday, weekday_name};
pub use changes::{Change, ChangeKind, changes};
pub use clock::{Clock, LapseClock, ManualClock, SystemClock};
pub use firings::{Firing, Window, firings};
pub use ids::{CommandName, GroupName, RunId};
pub use nearest::nearest;
pub use notice::{
    Address, Channel, DeadMan, Ended, Judged, NoticeKind, Pulse, Secret, Streak, judge, judge_late,
};
pub use outcome::{
    Because, CancelCause, Category, Exit, Outcome, ResourceLimit, SpawnError, TimeLimit, signal_name,
};
pub use owner::Owner;
pub use plan::{Plan, Planned, Release, WORKFLOW_SELECTION, awaits_release, plan, plan_slot, plan_workflow};
pub use polls::{beat_table, polls};
pub use release::{
    Handled, PatternError, Probe, ReleaseSource, ReleaseTag, Releases, TagPattern, Version, waiting,
};
pub use run::{Action, Event, RunState, RunTask, Told};
pub use schedule::{
    Cadence, CatchUp, CatchUpMode, DEFAULT_GRACE, Expect, Group, Limits, Minutes, MonthDay, Overlap, Policy,
    Retry, Schedule, Task, WORKFLOW_GROUP, Workflow,
};
pub use select::{SelectError, select, workflow};
pub use selection::{Day, Details, Query, Selection, SelectionError};
pub use slots::{Entry, EntryKey, timetable};
pub use stream::Stream;
pub use suspicion::{Brought, suspicion};
