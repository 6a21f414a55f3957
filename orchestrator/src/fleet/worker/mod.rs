//! One worker process: the shell of [`crate::fleet::protocol`], which decides. Everything that
//! happens comes to one loop ([`worker`]) as [`news`], becomes an input, and what follows is
//! carried out ([`effects`]).

pub(crate) mod bell;
mod claimed_run;
mod desk;
mod effects;
mod executables;
mod journal_feed;
mod log_sender;
mod logs_to_send;
mod news;
mod presence;
mod requests;
mod shell;
// The type that the folder is about.
#[expect(
    clippy::module_inception,
    reason = "the folder's own concept has the folder's name"
)]
pub(crate) mod worker;

pub use worker::{WorkerError, WorkerSetup, WorkerStopped, work};
