//! Several machines on one PostgreSQL: workers take runs from the queue and execute them as
//! every other run is executed, each for as long as it can renew its lease. The verb `worker`
//! starts one; who gives runs to the queue is elsewhere (`execution`, `scheduler`).
//!
//! [`protocol`] says what a worker may do with a run, and until when; it is pure. [`worker`] is the
//! shell around it: one process, its clock, its database and its engine.

pub(crate) mod admission;
pub mod protocol;
pub(crate) mod worker;

pub(crate) use admission::FleetAdmission;
pub(crate) use worker::bell::Bell;
pub use worker::{WorkerError, WorkerSetup, WorkerStopped, work};
