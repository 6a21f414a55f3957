//! Which tasks are meant: what `run` and `plan` select by.

use clap::{Args, ValueEnum};
use jiff::civil::Date;

#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Which tasks: daily, weekly, monthly, interval, on_release, cron, or default (the batch of one group)
    #[arg(long, value_name = "KIND")]
    pub(crate) schedule: Option<String>,
    /// Only this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// For weekly: monday or mon, ...
    #[arg(long, value_name = "DAY")]
    pub(crate) day_of_week: Option<String>,
    /// For monthly: 1 to 31
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
