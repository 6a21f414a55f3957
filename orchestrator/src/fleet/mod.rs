//! Several machines on one PostgreSQL: what a worker may do with a run that it took from
//! the queue, and until when.
//!
//! [`protocol`] is pure and decides; whoever stands around it carries out what it says.

pub mod protocol;
