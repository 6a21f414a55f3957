//! Files that somebody else may have put there, read within limits of time and size: a FIFO
//! that nobody writes and a link to a device cost a message and neither the night nor the
//! memory. Called by whoever reads a file that is not certainly its own.

pub(crate) mod below;
pub(crate) mod lines;
pub(crate) mod named;
pub(crate) mod regular;

pub(crate) use below::open_below;
pub(crate) use lines::read_line;
pub(crate) use named::read_named;
pub(crate) use regular::{check_regular, open_own, open_regular, read_regular};
