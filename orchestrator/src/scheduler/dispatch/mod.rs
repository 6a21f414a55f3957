//! What planning decided is carried out: slots are claimed and run, or get their rows.

pub(crate) mod by_hand;
pub(crate) mod carry_out;
pub(crate) mod dispatcher;
pub(crate) mod local;
pub(crate) mod queue;
pub(crate) mod read_situation;
pub(crate) mod slot_run;
pub(crate) mod slots;
