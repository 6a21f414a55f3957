//! What is wrong with a file: codes, diagnostics, and how people read them.

pub(crate) mod codes;
pub(crate) mod diagnostic;
pub(crate) mod gather;
pub(crate) mod render;
pub(crate) mod secret_spans;
pub(crate) mod suggest;
