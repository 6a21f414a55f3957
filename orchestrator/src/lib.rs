//! `orchestrate` runs external collectors from a YAML timetable and keeps a true
//! record of what ran, what did not, and why.
//!
//! The tour, ground first; `docs/architecture.md` walks through it file by file:
//!
//! - [`model`]: the pure core. `select` and `plan` say what is due; `decide` says how
//!   a run proceeds; `Outcome` says how a task ended.
//! - `text`: words and bytes made safe, masked, measured.
//! - `input`: files of others, read within limits.
//! - `files`: files of our own: their modes, locks with a limit, and who is in the way.
//! - [`config`]: the YAML file becomes a [`model::Schedule`], or every problem at once.
//! - [`process`]: one attempt of one collector, its whole process tree included.
//! - [`database`]: pools, transactions, and which errors pass.
//! - [`events`]: what happens, as values, and how it travels to whoever listens.
//! - [`rundir`]: the state directory: journal, logs, plan, orders.
//! - [`release`]: whether there is a new release, for the tasks that wait for one.
//! - [`report`]: console, JSON, JUnit, Markdown, metrics.
//! - [`store`]: what is remembered of runs, the timetable and notices.
//! - [`records`]: what collectors bring, and what is kept of it.
//! - [`engine`]: the one loop that turns events into decisions and actions into work.
//! - [`notify`]: who is told of it.
//! - `queries`: typed answers for the command line and for HTTP.
//! - [`execution`]: a run from its directory to its last row, whoever asked for it.
//! - [`web`]: what the scheduler answers over HTTP.
//! - [`scheduler`]: keeps the timetable: claims slots, starts runs.
//! - [`cli`]: the words of the command line become a verb.
//!
//! Who may import whom is a test (`tests/architecture`).

pub mod cli;
pub mod config;
pub mod database;
pub mod engine;
pub mod events;
pub mod execution;
pub(crate) mod files;
pub mod fleet;
pub(crate) mod input;
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
