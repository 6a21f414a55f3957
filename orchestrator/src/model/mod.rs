//! The pure core: what a schedule is, what is due, how a run proceeds, how a
//! task ended. No I/O, no clock but the one in `clock`, no async, and nothing of ours is imported.

pub(crate) mod channel;
pub(crate) mod clock;
#[cfg(test)]
pub(crate) mod fixtures;
pub(crate) mod ids;
pub(crate) mod nearest;
pub(crate) mod notice;
pub(crate) mod owner;
pub(crate) mod release;
pub(crate) mod retention;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod schema_name;
pub(crate) mod selection;
pub(crate) mod state_mode;
pub(crate) mod stream;
pub(crate) mod timetable;
pub(crate) mod weekday;
pub(crate) mod words;

pub use channel::{Address, DeadMan, NoticeChannel, Pulse, Secret};
pub use clock::{Clock, LapseClock, ManualClock, SystemClock};
pub use ids::{CommandName, GroupName, RunId, TaskName};
pub(crate) use nearest::nearest;
pub use notice::{EndKind, Judged, NoticeKind, Streak, judge, judge_late, judge_unknown, unusually_long};
pub use owner::Owner;
pub use release::{Handled, PatternError, Probe, ReleaseSource, ReleaseTag, Releases, TagPattern, Version};
pub use retention::Retention;
pub use run::category::Category;
pub use run::decide::{Event, ReportedFailure, RunAction, RunState, RunTask};
pub use run::exit::{Exit, signal_name};
pub use run::lease_deadline::LeaseDeadline;
pub use run::limit::{ResourceLimit, TimeLimit};
pub use run::order::{CancelCause, Order};
pub use run::outcome::{Because, Outcome, OutcomeKind, SpawnError};
pub use run::skip_cause::SkipCause;
pub use run::suspicion::{Brought, suspicion};
pub use run::task_status::TaskStatus;
pub use run::telling_line::telling_line;
pub use schedule::{
    Cadence, CadenceKind, CatchUp, CatchUpMode, DEFAULT_GRACE, Expect, Group, Limits, Minutes, MonthDay,
    Overlap, Policy, Retry, Schedule, Task, WORKFLOW_GROUP, Workflow, WorkspaceScope,
};
pub use schema_name::SchemaName;
pub(crate) use selection::arguments::escape as escape_argument;
pub use selection::content_hash::ContentHash;
pub use selection::criteria::{Day, Details, Query, Selection, SelectionError};
pub use selection::cron::{CronError, CronExpression};
pub use selection::date_range::{DateRange, DateRangeError};
pub use selection::fleet_terms::{FleetTerms, LossPolicy, WorkerLabel};
pub use selection::overlap::{HoldKey, OverlapRule};
pub use selection::plan::{
    Plan, PlannedTask, Release, WORKFLOW_SELECTION, awaits_release, plan, plan_slot, plan_workflow,
};
pub use selection::select::{SelectError, select, workflow};
pub(crate) use selection::task_names::{Titled, name_tasks};
pub(crate) use state_mode::StateMode;
pub use stream::Stream;
pub use timetable::calendar::falls_on;
pub use timetable::changes::{ChangeKind, TimetableChange, changes};
pub use timetable::release_checks::{release_checks, scheduler_timetable};
pub use timetable::slots::{Entry, EntryKey, timetable};
pub use timetable::upcoming::{UpcomingSlot, Window, upcoming_slots};
pub use weekday::{WEEKDAYS, parse_weekday, weekday_name};
