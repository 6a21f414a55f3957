//! Several machines on one PostgreSQL: workers take runs from the queue and execute them as
//! every other run is executed, each for as long as it can renew its lease. The verb `worker`
//! starts one; who gives runs to the queue is elsewhere (`execution`, `scheduler`).

pub(crate) mod worker;

pub(crate) use worker::bell::Bell;
pub use worker::{WorkerError, WorkerSetup, WorkerStopped, work};
