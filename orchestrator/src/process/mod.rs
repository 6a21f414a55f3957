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

mod attempt;
mod controller;
mod environment;
mod explain;
mod framer;
mod ladder;
mod limits;
mod orphans;
mod output;
mod peers;
mod pool;
mod protocol;
mod resolve;
mod spec;
mod supervise;
mod sys;
mod tree;
mod verdict;

pub use crate::model::Stream;
pub use attempt::{Attempt, AttemptEnd, Usage};
pub use controller::Controller;
pub use environment::{Environment, Place};
pub use framer::{LINE_LIMIT, Line, LineEnd, LineFramer};
pub use limits::raise_open_files;
pub use output::OutputSink;
pub use pool::{ForkServer, LaunchError};
#[doc(hidden)]
pub use protocol::take_hostile_bytes;
pub use protocol::{Isolation, Leftover};
pub use resolve::{Collectors, NotFound, Resolved, find_program};
pub use spec::AttemptSpec;
pub use supervise::early_entry;
pub use sys::Readable;
