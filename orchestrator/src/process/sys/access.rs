//! What this process may do with a path, without trying it.

use std::path::Path;

use nix::unistd::{AccessFlags, access};

/// Whether something could be made in the nearest directory at or above `path` that is there.
/// `false` on a read-only mount, too.
pub(crate) fn may_be_made(path: &Path) -> bool {
    let mut ancestors = path
        .ancestors()
        .map(|ancestor| match ancestor.as_os_str().is_empty() {
            true => Path::new("."),
            false => ancestor,
        });
    let there = ancestors.find(|ancestor| ancestor.symlink_metadata().is_ok());
    there.is_some_and(|there| there.is_dir() && access(there, AccessFlags::W_OK | AccessFlags::X_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_a_file_cannot_be_made() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(may_be_made(&dir.path().join("a/b")));
        assert!(!may_be_made(&dir.path().join("file/b")));
    }
}
