//! Does what was planned: claims slots, starts runs, follows them to their end.

pub(crate) mod drain;
pub(crate) mod due;
pub(crate) mod start;
pub(crate) mod upkeep;
