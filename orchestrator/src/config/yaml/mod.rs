//! From the text of a YAML file to a tree of nodes that know where they stand. Refuses
//! what is hostile; knows no key of ours.

pub(crate) mod guard;
pub(crate) mod json_escapes;
pub(crate) mod locate;
pub(crate) mod node;
pub(crate) mod reader;
pub(crate) mod reading;
pub(crate) mod seed;
pub(crate) mod source;
