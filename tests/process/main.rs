//! The attempt engine against real processes. Each test is named after an edge
//! case of the engine's design; the fake collector misbehaves for it.

mod exit;
mod hygiene;
mod ladder;
mod orchestrator_process;
mod output;
mod spawn;
mod support;
mod survival;
mod tree;
