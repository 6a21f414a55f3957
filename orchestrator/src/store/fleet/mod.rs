//! Runs that wait for a worker, who has them until when, and the workers: what several
//! machines agree on. It decides nothing about a run (`fleet` does); it only lets no two have
//! the same one.

pub(crate) mod cancel;
pub(crate) mod claim;
pub(crate) mod enqueue;
pub(crate) mod fence;
pub(crate) mod fit;
pub(crate) mod lease;
pub(crate) mod log_chunks;
pub(crate) mod looking;
pub(crate) mod messages;
pub(crate) mod queue;
pub(crate) mod show;
pub(crate) mod takeover;
pub(crate) mod wait_reason;
pub(crate) mod waiting;
pub(crate) mod workers;
