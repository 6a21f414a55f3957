//! Old runs are forgotten: by themselves (`tidy`) or when somebody says so (`prune`), in
//! the same way (`forget`).

pub(crate) mod apply_policy;
pub(crate) mod forget;
pub(crate) mod prune;
