//! What the first page shows.

pub(crate) mod attention;
pub(crate) mod coming;
pub(crate) mod groups;
pub(crate) mod health;
pub(crate) mod often;
pub(crate) mod running;
pub(crate) mod tally;
