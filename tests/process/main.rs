//! The attempt engine against real processes. Each test is named after an edge
//! case of the engine's design; the fake collector misbehaves for it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail where it stands"
)]

mod exit;
mod hygiene;
mod ladder;
mod orchestrator_process;
mod output;
mod spawn;
mod support;
mod survival;
mod tree;
