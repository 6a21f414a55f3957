//! What is remembered, and that it is true: on SQLite and on a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail where it stands"
)]

#[macro_use]
mod both;
mod arrears;
mod beat_notices;
mod beat_operation;
mod beats;
mod cluster;
mod conformance;
mod faults;
mod figures;
mod kill_slots;
mod left_behind;
mod logs;
mod outage;
mod plans;
mod proxy;
#[path = "../cli/receiver.rs"]
mod receiver;
mod record_crash;
mod record_figures;
mod record_migration;
mod record_model;
mod records;
mod recovery;
mod releases;
mod rights;
mod schema;
mod service_manager;
mod slots;
mod statistics;
mod story;
#[expect(dead_code, reason = "made for the tests of the command line")]
#[path = "../cli/support.rs"]
mod support;
mod tidy;
mod tls;
mod transitions;
mod verbs;
