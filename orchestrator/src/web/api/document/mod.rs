//! What a path of the API is, as data: what it takes, what it answers, who may ask. Pure.

pub(crate) mod describe;
pub(crate) mod path;
pub(crate) mod shape;
