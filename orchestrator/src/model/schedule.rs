//! The timetable as `config` validated it: groups, tasks and when each is due.
//! Everything here is resolved (defaults merged, units parsed); nothing is optional
//! that has a default. Made only by `config`; read by everybody.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::model::ids::{CommandName, GroupName, TaskName};
use crate::model::release::ReleaseSource;
use crate::model::run::category::Category;
use crate::model::selection::cron::CronExpression;
use crate::model::selection::fleet_terms::FleetTerms;
use crate::model::weekday;
use crate::model::words::words;

/// A whole schedule file.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Groups in file order, which is the order of execution.
    pub groups: Vec<Group>,
    /// The fixed list for `run-all`, if the file has one.
    pub workflow: Option<Workflow>,
    /// Where releases are looked for, for on_release tasks.
    pub release: ReleaseSource,
}

impl Schedule {
    /// The group of this name.
    pub fn group(&self, name: &GroupName) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == *name)
    }

    /// Every task, disabled ones included, in the order of the file; the fixed list last.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        let fixed = self.workflow.iter().flat_map(|workflow| &workflow.tasks);
        self.group_tasks().chain(fixed)
    }

    /// The tasks of the groups, disabled ones included, in the order of the file.
    pub fn group_tasks(&self) -> impl Iterator<Item = &Task> {
        self.groups.iter().flat_map(|group| &group.tasks)
    }

    /// The enabled tasks that wait for releases, in the order of the file.
    pub fn release_tasks(&self) -> impl Iterator<Item = &Task> {
        self.group_tasks()
            .filter(|task| task.enabled && task.cadence == Cadence::OnRelease)
    }
}

/// Tasks that share a time of day.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The key under `groups:`.
    pub name: GroupName,
    /// When the group's batch runs, in `timezone`, to the minute; only a group that has none
    /// goes without.
    pub default_time: Option<Time>,
    /// UTC unless the file says otherwise.
    pub timezone: TimeZone,
    /// Whether a failure ends this group's part of a run.
    pub stop_on_failure: bool,
    /// What happens to slots that passed while no scheduler ran.
    pub catch_up: CatchUp,
    /// What happens when a slot comes while the previous run still goes on.
    pub overlap: Overlap,
    /// The start of a batch is delayed by a stable fraction of this.
    pub jitter: Duration,
    /// What it says of the workers of its runs.
    pub fleet: FleetTerms,
    /// Tasks in file order, disabled ones included.
    pub tasks: Vec<Task>,
}

/// One line of the timetable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The group it stands in; `workflow` for the fixed list.
    pub group: GroupName,
    /// Its own in the group.
    pub name: TaskName,
    /// The collector.
    pub command: CommandName,
    /// Its arguments, passed as they are, never through a shell.
    pub args: Vec<String>,
    /// When it is due.
    #[serde(rename = "schedule")]
    pub cadence: Cadence,
    /// `false` keeps the entry without running it.
    pub enabled: bool,
    /// How it is run.
    pub policy: Policy,
}

/// When a task is due.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// Every day, in the group's batch.
    Daily,
    /// Once a week, in the group's batch.
    Weekly(#[serde(with = "weekday")] Weekday),
    /// Once a month, in the group's batch; a day that the month lacks means its last day.
    Monthly(MonthDay),
    /// Every so many minutes, outside the group's batch.
    Interval(Minutes),
    /// In the group's batch, when there is a new release.
    OnRelease,
    /// Whenever the expression matches in the group's zone, outside the group's batch.
    Cron(CronExpression),
}

impl Cadence {
    /// The word for it under `schedule:`.
    pub fn keyword(&self) -> &'static str {
        self.kind().as_str()
    }

    /// Whether it is due in its group's batch.
    pub fn is_in_batch(&self) -> bool {
        self.kind().is_in_batch()
    }

    /// The cadence without its day, minutes or expression.
    pub fn kind(&self) -> CadenceKind {
        match self {
            Self::Daily => CadenceKind::Daily,
            Self::Weekly(_) => CadenceKind::Weekly,
            Self::Monthly(_) => CadenceKind::Monthly,
            Self::Interval(_) => CadenceKind::Interval,
            Self::OnRelease => CadenceKind::OnRelease,
            Self::Cron(_) => CadenceKind::Cron,
        }
    }
}

words! {
    /// The words under `schedule:`; all but two need a day, minutes or an expression beside them.
    pub enum CadenceKind {
        Daily = "daily",
        Weekly = "weekly",
        Monthly = "monthly",
        Interval = "interval",
        OnRelease = "on_release",
        Cron = "cron",
    }
}

impl CadenceKind {
    /// Whether tasks of this kind are due in their group's batch.
    pub fn is_in_batch(self) -> bool {
        !matches!(self, Self::Interval | Self::Cron)
    }
}

/// A day of the month as written: 1 to 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct MonthDay(i8);

impl MonthDay {
    /// What may be written.
    pub const RANGE: RangeInclusive<i64> = 1..=31;

    /// `None` outside [`Self::RANGE`].
    pub fn new(day: i64) -> Option<Self> {
        i8::try_from(day)
            .ok()
            .filter(|_| Self::RANGE.contains(&day))
            .map(Self)
    }

    /// The number, 1 to 31.
    pub fn get(self) -> i8 {
        self.0
    }
}

impl TryFrom<i64> for MonthDay {
    type Error = String;

    fn try_from(day: i64) -> Result<Self, String> {
        Self::new(day).ok_or_else(|| format!("{day} is no day of a month"))
    }
}

/// The minutes of an interval task: 1 to 180.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Minutes(u8);

impl Minutes {
    /// What may be written.
    pub const RANGE: RangeInclusive<i64> = 1..=180;

    /// `None` outside [`Self::RANGE`].
    pub fn new(minutes: i64) -> Option<Self> {
        u8::try_from(minutes)
            .ok()
            .filter(|_| Self::RANGE.contains(&minutes))
            .map(Self)
    }

    /// The number, 1 to 180.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<i64> for Minutes {
    type Error = String;

    fn try_from(minutes: i64) -> Result<Self, String> {
        Self::new(minutes).ok_or_else(|| format!("{minutes} minutes are no interval"))
    }
}

/// How one task is run: defaults, the group's and the task's own keys merged,
/// the nearest winning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// SIGTERM after this; `None` for no limit.
    pub timeout: Option<Duration>,
    /// SIGTERM after this long without a byte of output; `None` for no limit.
    pub idle_timeout: Option<Duration>,
    /// From SIGTERM to SIGKILL.
    pub grace: Duration,
    /// What follows a failed attempt.
    pub retry: Retry,
    /// Added to the collector's environment; the nearest level wins per name.
    pub env: BTreeMap<String, String>,
    /// Where it runs; relative to the working directory of `orchestrate`, which is the default.
    pub working_directory: Option<PathBuf>,
    /// With whom it shares the directory that it keeps from run to run.
    pub workspace: WorkspaceScope,
    /// What it may use.
    pub limits: Limits,
    /// What it should bring.
    pub expect: Expect,
}

/// From SIGTERM to SIGKILL where the schedule says nothing.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);

impl Default for Policy {
    fn default() -> Self {
        Self {
            timeout: None,
            idle_timeout: None,
            grace: DEFAULT_GRACE,
            retry: Retry::default(),
            env: BTreeMap::new(),
            working_directory: None,
            workspace: WorkspaceScope::default(),
            limits: Limits::default(),
            expect: Expect::default(),
        }
    }
}

words! {
    /// Whose the directory is that a collector keeps from run to run.
    #[derive(Default)]
    pub enum WorkspaceScope {
        /// All tasks of the command have it, in whichever group.
        #[default]
        Command = "command",
        /// The task has it alone.
        Task = "task",
    }
}

/// Further attempts after a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retry {
    /// How many attempts may follow the first one.
    pub limit: u32,
    /// The pause before the second attempt; doubled before each further one.
    pub delay: Duration,
    /// Only failures of these categories are tried again.
    pub on: Vec<Category>,
}

impl Retry {
    /// The pause before the second attempt, where the schedule says nothing.
    pub const DELAY: Duration = Duration::from_secs(30);
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            limit: 0,
            delay: Self::DELAY,
            on: Category::RETRYABLE.to_vec(),
        }
    }
}

/// Resource limits of one attempt; `None` for no limit of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Address space per process, in bytes.
    pub memory: Option<u64>,
    /// CPU time per process.
    pub cpu_time: Option<Duration>,
    /// Open files per process.
    pub open_files: Option<u64>,
    /// Bytes of output kept in the log; the rest is read, counted and dropped.
    pub output: Option<u64>,
}

/// What a successful attempt should bring; otherwise it is suspect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expect {
    /// Records, at least.
    pub min_records: Option<u64>,
    /// The newest record may be this old.
    pub max_age: Option<Duration>,
}

/// What happens to slots that passed while no scheduler ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatchUp {
    /// Which of them run late.
    pub mode: CatchUpMode,
    /// Older slots are missed in any case; `None` for no limit.
    pub max_age: Option<Duration>,
}

words! {
    /// Which missed slots run late.
    #[derive(Default)]
    pub enum CatchUpMode {
        None = "none",
        /// The newest one.
        #[default]
        Last = "last",
        /// Every one, in order.
        All = "all",
    }
}

words! {
    /// What happens when a slot comes while the previous run still goes on.
    #[derive(Default)]
    pub enum Overlap {
        /// The slot is skipped, with a row that says so.
        #[default]
        Skip = "skip",
        /// It runs afterwards.
        Queue = "queue",
        /// Both run.
        Allow = "allow",
    }
}

/// The fixed list of `run-all`, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    /// When a scheduler runs it by itself, in UTC; `None` for never.
    pub default_time: Option<Time>,
    /// Tasks whose group is `workflow` and whose cadence is daily.
    pub tasks: Vec<Task>,
}

/// The group name that tasks of the fixed list carry.
pub const WORKFLOW_GROUP: &str = "workflow";
