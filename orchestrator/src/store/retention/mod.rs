//! Old runs are forgotten: by themselves (`tidy`) or when somebody says so (`prune`), in
//! the same way (`forget`).

pub(crate) mod forget;
pub(crate) mod prune;
pub(crate) mod tidy;
