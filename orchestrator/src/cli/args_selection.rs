//! What can be said about which tasks are meant, and when: the words of `plan` and
//! `next`, and those by which `run` selects.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::args_global::Format;

/// What `run` and `plan` select by.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectionArgs {
    /// Which tasks: daily, weekly, monthly, interval, on_release, or default (the batch of one group)
    #[arg(long, value_name = "KIND")]
    pub(super) schedule: Option<String>,
    /// Only this group
    #[arg(long, value_name = "GROUP")]
    pub(super) group: Option<String>,
    /// For weekly: monday or mon, ...
    #[arg(long, value_name = "DAY")]
    pub(super) day_of_week: Option<String>,
    /// For monthly: 1 to 31
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) day_of_month: Option<i64>,
    /// For interval: 1 to 180
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) interval_minutes: Option<i64>,
    /// The day it is for [default: today, in each group's time zone]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) date: Option<Date>,
    /// Whether there is a new release for on_release tasks
    #[arg(long, value_enum, default_value_t, value_name = "ANSWER")]
    pub(super) release: ReleaseArg,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ReleaseArg {
    /// Find out
    #[default]
    Auto,
    /// There is one
    New,
    /// There is none
    None,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// Instead: what would change if this file were the schedule
    #[arg(long, value_name = "FILE", conflicts_with = "schedule")]
    pub(super) diff: Option<PathBuf>,
    /// Form of the plan
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct NextArgs {
    /// Every firing within so many hours
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=87_600))]
    pub(super) hours: Option<u32>,
    /// At most so many firings
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) count: Option<u32>,
    /// Form of the list
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}
