//! Collector: what happened in git repositories. Commits, authors, changed
//! lines and files per day, per tag and per author, from any repository that
//! `git` can read, by path or URL; after the first run only what is new is read.
//!
//! The way through: [`source`] (what was named) -> [`repository`] (where its
//! objects are; URLs get a [`mirror`]) -> [`collect`] (what is new since the
//! [`state`]) -> [`git`] streams a log that [`history`] parses and [`tally`]
//! adds up, [`tags`] does the same per tag -> [`records`] and [`summary`].

mod arguments;
mod classify;
mod collect;
mod git;
mod history;
mod mirror;
mod records;
mod repository;
mod source;
mod state;
mod summary;
mod tags;
mod tally;

use std::process::ExitCode;

use collector_kit::{Reporter, Stop, Workspace, start};

use crate::arguments::Arguments;
use crate::source::Source;

/// The name of this collector, and so of its default workspace.
const COMMAND: &str = "run_github_activity_tracker";

fn main() -> ExitCode {
    start(|arguments: Arguments, stop: &Stop| {
        let workspace = Workspace::from_environment(COMMAND)?;
        let reporter = Reporter::from_environment();
        let sources: Vec<Source> = arguments
            .repositories
            .iter()
            .map(|text| Source::parse(text))
            .collect();
        collect::all(&sources, &arguments.options(), &workspace, &reporter, stop)
    })
}
