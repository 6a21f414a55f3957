//! The scheduler as a process of its own: what it runs, what it says, how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail where it stands"
)]

mod acting;
#[expect(dead_code, reason = "shared with the tests of the store")]
#[path = "../support/cluster.rs"]
mod cluster;
mod crowd;
mod deployment;
mod displaced;
mod fast;
mod kill;
mod left_behind;
mod liveness;
mod notices;
mod operation;
mod overlap;
#[path = "../support/pty.rs"]
mod pty;
#[path = "../cli/receiver.rs"]
mod receiver;
mod release_checks;
mod rights;
#[expect(dead_code, reason = "shared with the tests of the store")]
#[path = "../support/run_events.rs"]
mod run_events;
#[path = "../support/runtime.rs"]
mod runtime;
mod service_manager;
mod streams;
#[expect(dead_code, reason = "made for the tests of the command line")]
#[path = "../cli/support.rs"]
mod support;
mod terminal;
mod tokens;
mod undelivered;
mod whole_process;
