//! Side work of the scheduler, beside its loop: release checks, notices, what the
//! database could not take.

pub(crate) mod notices;
pub(crate) mod release_checks;
pub(crate) mod undelivered;
