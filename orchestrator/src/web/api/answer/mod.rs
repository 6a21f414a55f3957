//! What answers have in common: the name of their content, and the pages of lists.

pub(crate) mod etag;
pub(crate) mod list;
