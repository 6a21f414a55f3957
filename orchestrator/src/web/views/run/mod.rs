//! What the page of a run shows.

pub(crate) mod cause;
pub(crate) mod facts;
pub(crate) mod rows;
