//! The attempt engine against real processes. Each test is named after an edge case
//! (README.md has the table); the fake collector misbehaves for it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail where it stands"
)]

mod coverage;
mod end_to_end;
mod exit;
mod hygiene;
mod kills;
mod ladder;
mod orchestrator_process;
mod output;
// The scratch installation of the command line's tests.
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../cli/support.rs"]
mod place;
mod spawn;
mod starvation;
mod stopped;
mod support;
mod survival;
mod traced;
mod tree;
