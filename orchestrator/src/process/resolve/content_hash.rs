//! What lies in a file, by its content.

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::input::read_regular;
use crate::model::ContentHash;

/// A larger executable is not looked into.
const LARGEST: u64 = 64 << 20;

/// Reads it, links followed.
///
/// # Errors
/// It is no file, too large, or cannot be read.
pub(crate) fn content_hash(path: &Path) -> io::Result<ContentHash> {
    Ok(ContentHash::new(&Sha256::digest(read_regular(path, LARGEST)?)))
}
