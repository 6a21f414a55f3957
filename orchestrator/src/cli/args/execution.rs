//! What every verb that executes collectors takes: `run`, `run-all`, `run-one`, `retry`
//! and `release check --run`.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::args::format::Format;
use crate::cli::args::limit::positive_duration;
use crate::cli::args::typed::typed_path_parser;
use crate::model::Overlap;

#[derive(Debug, Args)]
pub(crate) struct ExecutionArgs {
    /// Time limit of each collector, instead of the schedule's (30m, 1h 30m)
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(crate) timeout: Option<Duration>,
    /// What happens to a group that still runs: skip, queue or allow [default: its `overlap:`]
    #[arg(long, value_name = "MODE", value_parser = overlap_parser())]
    pub(crate) overlap: Option<Overlap>,
    /// Write a JUnit XML report; of a range of dates with a suite for each
    #[arg(long, value_name = "FILE", value_parser = typed_path_parser())]
    pub(crate) junit: Option<PathBuf>,
    /// Write the summary as JSON
    #[arg(long, value_name = "FILE", value_parser = typed_path_parser())]
    pub(crate) summary_file: Option<PathBuf>,
    /// Tell whom the settings name how it ends [default: unless standard error is a terminal]
    #[arg(long, overrides_with = "no_notify")]
    pub(crate) notify: bool,
    /// Tell nobody how it ends
    #[arg(long, overrides_with = "notify")]
    pub(crate) no_notify: bool,
    /// Form of what is printed: text, or run events as JSON Lines
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

impl ExecutionArgs {
    /// Whether nobody is to be told: who sits at a terminal sees how it ends.
    pub(crate) fn is_quiet(&self) -> bool {
        match (self.notify, self.no_notify) {
            (true, _) => false,
            (_, true) => true,
            _ => std::io::stderr().is_terminal(),
        }
    }
}

fn overlap_parser() -> impl TypedValueParser<Value = Overlap> {
    PossibleValuesParser::new(Overlap::WORDS).try_map(|word| Overlap::parse(&word).ok_or("no such mode"))
}
