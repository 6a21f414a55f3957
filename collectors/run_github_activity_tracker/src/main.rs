//! Collector: what happened in git repositories. Commits, authors, changed
//! lines and files per day, per tag and per author, from any repository that
//! `git` can read, by path or URL; after the first run only what is new is read.
//!
//! The way through: [`source`] (what was named) -> [`repository`] (where its
//! objects are; URLs get a [`mirror`]) -> [`collect`] (what is new since the
//! [`state`]) -> [`git`] streams a log that [`history`] parses and [`tally`]
//! adds up, [`tags`] does the same per tag -> [`records`] and [`summary`].
//! What only GitHub knows (issues, pull requests, releases) comes from [`api`].

mod api;
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

use collector_kit::{Category, Delivery, Failure, Recorded, Reporter, Stop, Workspace, start};

use crate::api::Client;
use crate::arguments::Arguments;

/// The name of this collector, and so of its default workspace.
const COMMAND: &str = "run_github_activity_tracker";

fn main() -> ExitCode {
    start(|arguments: Arguments, stop: &Stop| {
        let workspace = Workspace::from_environment(COMMAND)?;
        let reporter = Reporter::from_environment()?;
        let recorded = Recorded::from_environment(stop);
        let on_github = arguments.on_github();
        // A token that nobody needs may be as it is.
        let client = match on_github.as_slice() {
            [] => None,
            _ => Client::from_environment(stop)?,
        };
        if client.is_none() && arguments.asks_github() {
            let message = "--github is given, but GITHUB_TOKEN is not set";
            return Err(Failure::new(Category::Configuration, message)
                .hint("set it to a token that may read issues, pull requests and contents")
                .into());
        }
        let mut delivery = Delivery::new(&reporter);
        let sources = arguments.sources();
        if !sources.is_empty() {
            let states = collect::all(&sources, &arguments.options(), &workspace, &reporter, stop)?;
            records::deliver(&states, &recorded, &mut delivery)?;
            reporter.line(&summary::delivered(&delivery));
        }
        match client {
            Some(client) => api::all(
                &on_github,
                arguments.options().full,
                &client,
                &workspace,
                &recorded,
                &reporter,
                &mut delivery,
            )?,
            None if !on_github.is_empty() => {
                reporter.note("issues, pull requests and releases are not read: GITHUB_TOKEN is not set");
            }
            None => {}
        }
        delivery.finish()
    })
}
