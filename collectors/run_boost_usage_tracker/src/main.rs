//! Collector: what C++ source trees include, and so which Boost libraries they use.
//!
//! The way through: [`walk`] visits a tree with all cores and picks the [`files`]
//! that are C or C++ -> [`scan`] reads one file as a preprocessor would see it
//! -> [`count`] adds its includes up, asking [`library`] where a Boost header
//! belongs -> [`records`] and [`summary`].

mod arguments;
mod count;
mod files;
mod library;
mod records;
mod scan;
mod summary;
mod walk;

use std::process::ExitCode;

use collector_kit::{Reporter, Stop, Workspace, start};

use crate::arguments::Arguments;

/// The name of this collector, and so of its default workspace.
const COMMAND: &str = "run_boost_usage_tracker";

fn main() -> ExitCode {
    start(|arguments: Arguments, stop: &Stop| {
        let roots = arguments.roots()?;
        let rules = arguments.rules()?;
        let workspace = Workspace::from_environment(COMMAND)?;
        let reporter = Reporter::from_environment();
        let mut trees = Vec::new();
        for root in roots {
            let count = walk::tree(&root, &rules, &reporter, stop)?;
            for line in summary::tree(&root, &count) {
                reporter.line(&line);
            }
            for warning in summary::warnings(&root, &count) {
                reporter.warning(&warning);
            }
            trees.push((root, count));
        }
        let written = records::write(&trees, &workspace)?;
        reporter.line(&summary::written(&written, &workspace.path("records")));
        Ok(())
    })
}
