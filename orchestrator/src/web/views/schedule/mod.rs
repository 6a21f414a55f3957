//! What the page of the schedule shows.

pub(crate) mod entries;
pub(crate) mod hide;
pub(crate) mod source;
