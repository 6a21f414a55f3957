//! Words that several verbs share.

pub(crate) mod beat;
pub(crate) mod check;
pub(crate) mod execution;
pub(crate) mod global;
pub(crate) mod notices;
pub(crate) mod operate;
pub(crate) mod past;
pub(crate) mod records;
pub(crate) mod release;
pub(crate) mod selection;
