//! Single values: words, numbers, names, times, durations, sizes; each refused with what
//! to write instead.

pub(crate) mod duration;
pub(crate) mod fields;
pub(crate) mod keyed;
pub(crate) mod names;
pub(crate) mod scalar;
pub(crate) mod size;
pub(crate) mod time;
pub(crate) mod zone_hint;
