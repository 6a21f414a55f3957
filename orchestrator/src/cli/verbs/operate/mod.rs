//! Verbs for whoever operates runs and schedules.

pub(crate) mod cancel;
pub(crate) mod notices;
pub(crate) mod pause;
pub(crate) mod release;
pub(crate) mod state;
pub(crate) mod token;
