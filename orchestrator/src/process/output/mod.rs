//! What a collector writes, cut into lines, and whoever takes it.

pub(crate) mod framer;
pub(crate) mod sink;
