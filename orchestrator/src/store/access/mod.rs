//! Who may look and who may act, as the database keeps it.

pub(crate) mod role;
pub(crate) mod secret_value;
pub(crate) mod sessions;
pub(crate) mod tokens;
