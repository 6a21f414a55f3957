//! `orchestrate` runs external collectors from a YAML timetable and keeps a true
//! record of what ran, what did not, and why.
//!
//! The ten-minute tour, along the way of a run:
//!
//! - [`cli`]: the words of the command line become a verb.
//! - [`config`]: the YAML file becomes a [`model::Schedule`], or every problem at once.
//! - [`model`]: the pure core. `select` and `plan` say what is due; `decide` says how
//!   a run proceeds; `Outcome` says how a task ended.
//! - [`engine`]: the one loop that turns events into decisions and actions into work.
//! - [`execution`]: a run from its directory to its last row, whoever asked for it.
//! - [`process`]: one attempt of one collector, its whole process tree included.
//! - [`records`]: what collectors bring, and what is kept of it.
//! - [`release`]: whether there is a new release, for the tasks that wait for one.
//! - [`report`]: events and output reach console, JSON, logs and summary.
//! - [`notify`]: who is told of it.
//! - [`database`]: the one way to SQLite or PostgreSQL, and which of its errors pass.
//! - [`store`]: what is remembered.
//! - [`scheduler`]: the scheduler, which starts the slots of the timetable.
//! - [`web`]: what the scheduler answers over HTTP.
//!
//! Who may import whom is a test (`tests/architecture`).

pub mod cli;
pub mod config;
pub mod database;
pub mod engine;
pub mod events;
pub mod execution;
pub mod model;
pub mod notify;
pub mod process;
pub(crate) mod queries;
pub mod records;
pub mod release;
pub mod report;
pub mod rundir;
pub mod scheduler;
pub mod store;
pub mod text;
pub mod web;
