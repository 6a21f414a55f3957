//! What the collectors written in Rust share. A collector is an ordinary
//! executable: arguments in, lines out, an exit code back. This crate holds the
//! few habits that make one pleasant to run every night, and nothing about any
//! particular source of data:
//!
//! * [`start`]: the frame around a collector's `main`: arguments, signals, exit code;
//! * [`Failure`]: an error that knows its exit code and what to do about it;
//! * [`Workspace`]: the collector's own directory, locked, with whole files only;
//! * [`Record`] and [`Delivery`]: what a collector brings, handed to the orchestrator;
//! * [`Recorded`]: what this and other collectors brought before;
//! * [`Reporter`]: short lines for people, progress and warnings for the orchestrator;
//! * [`slot_date`]: the day that a run stands for;
//! * [`Stop`]: SIGTERM, SIGINT and SIGHUP as a question that long work asks;
//! * [`printable`]: hostile text made safe for a line of output.
//!
//! It must never know the orchestrator: environment variables are all they share.

mod delivery;
mod failure;
mod frame;
mod record;
mod recorded;
mod reporter;
mod slot;
mod stop;
mod text;
mod workspace;

pub use delivery::Delivery;
pub use failure::{Category, Failure, Interrupted, exit_code};
pub use frame::start;
pub use record::{Record, fnv1a};
pub use recorded::Recorded;
pub use reporter::Reporter;
pub use slot::slot_date;
pub use stop::Stop;
pub use text::{bounded, grouped, plural, printable};
pub use workspace::Workspace;
