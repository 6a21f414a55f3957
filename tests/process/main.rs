//! The attempt engine against real processes. Each test is named after an edge
//! case of the engine's design; the fake collector misbehaves for it.

mod bench;
mod exit;
mod hygiene;
mod ladder;
mod output;
mod spawn;
mod support;
mod tree;
