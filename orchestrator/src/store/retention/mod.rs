//! Forgetting the past: what is asked for, and what the settings want.

pub(crate) mod prune;
pub(crate) mod tidy;
