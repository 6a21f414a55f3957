//! `orchestrate` as its users run it: real binary, real collectors, real files.

#![allow(clippy::unwrap_used, clippy::panic)] // A test may.

mod checking;
mod contract;
mod diagnostics;
mod django;
mod hostile;
mod network;
mod notices;
mod receiver;
mod records;
mod releases;
mod running;
mod selecting;
mod signals;
mod support;
mod terminal;
mod whose;
