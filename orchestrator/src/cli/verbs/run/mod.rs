//! Verbs that execute collectors.

pub(crate) mod beat;
pub(crate) mod retry;
pub(crate) mod run;
