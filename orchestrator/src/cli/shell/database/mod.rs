//! Whose database it is, and how verbs that only look come to ours. Those that write come by
//! `cli::shell::store`.

pub(crate) mod address;
pub(crate) mod choice;
pub(crate) mod hint;
pub(crate) mod look;
pub(crate) mod queue;
pub(crate) mod refusal;
