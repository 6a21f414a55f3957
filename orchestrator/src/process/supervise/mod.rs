//! What runs in the other processes: the fork server, forked once from the
//! orchestrator's binary, and the supervisors that it forks. Single-threaded, no
//! async, no logging. Entered from `main` before anything else.

pub(crate) mod cgroup;
mod control_socket;
mod fork_server;
mod lease_watch;
mod starter;
mod supervisor;

pub(super) use fork_server::ARGUMENT;
pub use fork_server::early_entry;
