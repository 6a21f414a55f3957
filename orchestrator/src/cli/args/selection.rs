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
    /// The first day of a range: a run for each of its days, in order, of what did not run on it
    #[arg(
        long,
        value_name = "YYYY-MM-DD",
        requires = "to",
        conflicts_with_all = ["date", "day_of_week", "day_of_month"]
    )]
    pub(crate) from: Option<Date>,
    /// The last day of the range, the 366th at most
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    pub(crate) to: Option<Date>,
    /// With a range: what ran as well; the ledger of slots is not touched
    #[arg(long, requires = "from")]
    pub(crate) again: bool,
    /// Whether there is a new release for on_release tasks [default: auto; none with a range]
    #[arg(long, value_enum, value_name = "ANSWER")]
    pub(crate) release: Option<ReleaseArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReleaseArg {
    /// Find out
    Auto,
    /// There is one
    New,
    /// There is none
    None,
}
