//! Collector: what C++ source trees include, and so which Boost libraries they use.
//!
//! The way through: [`walk`] visits a tree with all cores and picks the [`files`]
//! that are C or C++ -> [`scan`] reads one file as a preprocessor would see it
//! -> [`count`] adds its includes up, asking [`library`] where a Boost header
//! belongs -> [`records`] and [`summary`].

mod arguments;
mod buffer;
mod count;
mod files;
mod library;
mod records;
mod scan;
mod summary;
mod walk;

use std::process::ExitCode;

use collector_kit::{Delivery, Recorded, Reporter, Stop, Workspace, slot_date, start};

use crate::arguments::Arguments;
use crate::library::Libraries;

/// The name of this collector, and so of its default workspace.
const COMMAND: &str = "run_boost_usage_tracker";

fn main() -> ExitCode {
    start(|arguments: Arguments, stop: &Stop| {
        let roots = arguments.roots()?;
        let rules = arguments.rules()?;
        let date = slot_date()?;
        // Only for its lock: two scans at once would only be slow.
        let _workspace = Workspace::from_environment(COMMAND)?;
        let reporter = Reporter::from_environment()?;
        let recorded = Recorded::from_environment(stop);
        let known = Libraries::load(&recorded)?;
        match known.recorded {
            0 => reporter.note(&summary::known(&known)),
            _ => reporter.line(&summary::known(&known)),
        }
        let mut trees = Vec::new();
        for root in roots {
            let count = walk::tree(&root, &rules, &known, &reporter, stop)?;
            for line in summary::tree(&root, &count) {
                reporter.line(&line);
            }
            for warning in summary::warnings(&root, &count) {
                reporter.warning(&warning);
            }
            trees.push((root, count));
        }
        let mut delivery = Delivery::new(&reporter);
        records::deliver(&trees, &date, &known, &recorded, &mut delivery)?;
        reporter.line(&summary::delivered(&delivery));
        delivery.finish()
    })
}
