//! One file a verb, in the groups of the help page.

pub(crate) mod author;
pub(crate) mod look;
pub(crate) mod maintain;
pub(crate) mod operate;
pub(crate) mod run;
