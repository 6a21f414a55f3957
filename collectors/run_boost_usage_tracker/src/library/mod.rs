//! Which Boost library a header belongs to: as the library tracker recorded it,
//! else by the rules built in.

mod recorded;
mod rules;

pub(crate) use recorded::Libraries;
pub(crate) use rules::UNKNOWN;
