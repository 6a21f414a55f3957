//! Verbs that execute collectors.

pub(crate) mod beat;
pub(crate) mod desk;
pub(crate) mod introduction;
pub(crate) mod last_good;
pub(crate) mod manual_run;
mod port;
mod queued;
mod range;
pub(crate) mod retry;
// The verb that the group is named after.
#[expect(clippy::module_inception, reason = "a verb's file has the verb's name")]
pub(crate) mod run;
pub(crate) mod schedule_text;
pub(crate) mod serve;
mod session;
mod told;
pub(crate) mod unsettled;
pub(crate) mod worker;
