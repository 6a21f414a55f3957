//! Completions of the shell: the script that `completions` prints asks this program itself, so that
//! it knows groups, names, runs and collections. It only looks, for a bounded time, and an answer
//! that it does not have is none: nothing is written while somebody types.

pub(crate) mod answer;
pub(crate) mod candidates;
pub(crate) mod named;
pub(crate) mod script;
pub(crate) mod values;
