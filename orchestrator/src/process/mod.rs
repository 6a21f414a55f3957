//! One attempt: a collector, its whole process tree, its output and its end.
//!
//! ```text
//! orchestrate --- pool of control sockets ---> supervisor (1 thread) ---> collector and its tree
//!      \--- "fork one more", "kill that one" ---> fork server --forks--^
//! ```
//! `run`, `beat` and whoever else executes collectors use [`ForkServer::launch`] and
//! [`Attempt::run`] and see neither. Nothing else may start a collector.
//!
//! Linux only (5.10 or newer): subreapers, pidfds, signalfd, close_range and the
//! `children` files of /proc have no counterpart elsewhere.

pub(crate) mod attempt;
pub(crate) mod control;
pub(crate) mod environment;
pub(crate) mod explain;
pub(crate) mod idle_supervisors;
pub(crate) mod ladder;
pub(crate) mod launch_error;
pub(crate) mod launcher;
pub(crate) mod limits;
pub(crate) mod output;
pub(crate) mod pool;
pub(crate) mod protocol;
pub(crate) mod resolve;
pub(crate) mod spec;
pub(crate) mod supervise;
pub(crate) mod sys;
pub(crate) mod tree;
pub(crate) mod verdict;
mod watchdog;

pub use crate::model::Stream;
pub use attempt::{Attempt, AttemptEnd, Usage};
pub use control::controller::Controller;
pub use control::stop::stop_until_continued;
pub use environment::{Environment, Place};
pub use launch_error::LaunchError;
pub use launcher::{Helper, Launcher};
pub use limits::raise_open_files;
pub(crate) use limits::{forbid_core_dumps, open_files};
pub use output::framer::{LINE_LIMIT, Line, LineEnd, LineFramer};
pub use output::sink::OutputSink;
pub use pool::ForkServer;
#[doc(hidden)]
pub use protocol::take_hostile_bytes;
pub use protocol::{Isolation, Leftover};
pub use resolve::{Collectors, NotFound, Resolved, find_program};
pub use spec::AttemptSpec;
pub use supervise::early_entry;
pub use sys::Readable;
pub use sys::boot_clock::time_since_boot;
