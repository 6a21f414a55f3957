//! Which tasks are meant: what `run` and `plan` select by.

use clap::{Args, ValueEnum};
use jiff::civil::Date;

#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Which tasks: daily, weekly, monthly, interval, on_release, cron, or default (the batch of each group)
    #[arg(long, value_name = "KIND")]
    pub(crate) schedule: Option<String>,
    /// Only this group; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,
    /// Only this collector, a name or a command; may be repeated
    #[arg(long = "collector", value_name = "COLLECTOR")]
    pub(crate) collectors: Vec<String>,
    /// For weekly: monday or mon, ... [default: the day of --date]
    #[arg(long, value_name = "DAY")]
    pub(crate) day_of_week: Option<String>,
    /// For monthly: 1 to 31 [default: the day of --date]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) day_of_month: Option<i64>,
    /// For interval: 1 to 180
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) interval_minutes: Option<i64>,
    /// For cron: only the tasks with this expression
    #[arg(long, value_name = "EXPR")]
    pub(crate) cron: Option<String>,
    /// The day it is for [default: today, in each group's time zone]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) date: Option<Date>,
    /// Whether there is a new release for on_release tasks
    #[arg(long, value_enum, default_value_t, value_name = "ANSWER")]
    pub(crate) release: ReleaseArg,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReleaseArg {
    /// Find out
    #[default]
    Auto,
    /// There is one
    New,
    /// There is none
    None,
}
