//! The log of an attempt: a page of it, the file itself, and what names it.

pub(crate) mod asked;
pub(crate) mod go;
pub(crate) mod lines;
pub(crate) mod page;
pub(crate) mod raw;
