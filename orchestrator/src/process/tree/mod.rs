//! A collector's process tree: who belongs to it, and how none of it is left.

pub(crate) mod awake_time;
pub(crate) mod guard;
pub(crate) mod observe;
pub(crate) mod orphans;
pub(crate) mod peers;
pub(crate) mod sweep;
