//! Who may look and who may act, and what was done by hand, as the database keeps it.

pub(crate) mod action;
pub(crate) mod audit;
pub(crate) mod role;
pub(crate) mod secret_value;
pub(crate) mod sessions;
pub(crate) mod tokens;
