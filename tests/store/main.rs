//! What is remembered, and that it is true: on SQLite and on a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail where it stands"
)]

#[macro_use]
mod both;
mod audit;
mod before_house;
mod changes;
#[path = "../support/cluster.rs"]
mod cluster;
mod conformance;
mod django;
#[path = "../support/django.rs"]
mod django_installed;
mod faults;
mod figures;
mod lineage;
mod logs;
mod looking;
mod outage;
mod overview;
mod plans;
mod pooler;
mod proxy;
mod ranges;
mod readable;
mod record_crash;
mod record_figures;
mod record_migration;
mod record_model;
mod records;
mod recovery;
mod relocation;
mod retention;
#[path = "../support/run_events.rs"]
mod run_events;
mod run_words;
#[path = "../support/runtime.rs"]
mod runtime;
mod schema;
mod slots;
mod slow;
mod states;
mod statistics;
mod status;
mod status_figures;
mod status_screen;
#[expect(dead_code, reason = "made for the tests of the command line")]
#[path = "../cli/support.rs"]
mod support;
mod tls;
mod tokens;
mod transitions;
mod twins;
mod unusable;
mod verbs;
