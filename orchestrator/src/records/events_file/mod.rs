//! The events file that a collector writes: its lines, what each says, what all say together,
//! read while it grows and once more when its records are taken.

pub(crate) mod event;
pub(crate) mod examination;
pub(crate) mod feed;
pub(crate) mod follow;
pub(crate) mod given_state;
pub(crate) mod lines;
pub(crate) mod mask;
pub(crate) mod schema;
