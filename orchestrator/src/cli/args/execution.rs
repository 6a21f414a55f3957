//! What every verb that executes collectors takes: `run`, `run-all`, `run-one`, `retry`
//! and `release check --run`.

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
    /// Write a JUnit XML report
    #[arg(long, value_name = "FILE", value_parser = typed_path_parser())]
    pub(crate) junit: Option<PathBuf>,
    /// Write the summary as JSON
    #[arg(long, value_name = "FILE", value_parser = typed_path_parser())]
    pub(crate) summary_file: Option<PathBuf>,
    /// Form of what is printed: text, or run events as JSON Lines
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

fn overlap_parser() -> impl TypedValueParser<Value = Overlap> {
    PossibleValuesParser::new(Overlap::WORDS).try_map(|word| Overlap::parse(&word).ok_or("no such mode"))
}
