//! What schedulers leave in the state directory: a sign that their loop turns, and the schedule
//! as it was when it could last be used.

pub(crate) mod heartbeat_file;
pub(crate) mod last_good;
