//! One worker process.

pub(crate) mod bell;
pub(crate) mod claimed_run;
pub(crate) mod lease_keeper;
pub(crate) mod log_sender;
pub(crate) mod logs_to_send;
pub(crate) mod presence;
// The type that the folder is about.
#[expect(
    clippy::module_inception,
    reason = "the folder's own concept has the folder's name"
)]
pub(crate) mod worker;

pub use worker::{WorkerError, WorkerSetup, WorkerStopped, work};
