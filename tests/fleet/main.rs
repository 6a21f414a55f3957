//! Several machines: what the queue of a database promises, on SQLite and on a real
//! PostgreSQL, and workers as processes of their own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail where it stands"
)]

#[macro_use]
#[path = "../store/both.rs"]
mod both;
mod chaos;
#[expect(dead_code, reason = "made for the tests of the store")]
#[path = "../support/cluster.rs"]
mod cluster;
mod logs;
mod pgmq;
mod promises;
#[path = "../store/proxy.rs"]
mod proxy;
mod queue;
#[path = "../cli/receiver.rs"]
mod receiver;
mod replay;
mod rounds;
#[expect(dead_code, reason = "made for the tests of the store")]
#[path = "../support/run_events.rs"]
mod run_events;
#[path = "../support/runtime.rs"]
mod runtime;
#[expect(dead_code, reason = "made for the tests of the command line")]
#[path = "../cli/support.rs"]
mod support;
mod terms;
mod unread;
mod waiting;
mod workers;
