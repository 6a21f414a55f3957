//! Failures that tell what this process or machine lacks, and nothing about the file.

use std::io;

/// Whether a file could not be looked at for lack of descriptors, memory, locks or a working
/// disk: open(2), flock(2). Then it may be anything.
pub(crate) fn is_lack_of_means(error: &io::Error) -> bool {
    use libc::{EINTR, EIO, EMFILE, ENFILE, ENOLCK, ENOMEM};
    let errno = error.raw_os_error();
    errno.is_some_and(|errno| [EINTR, EIO, EMFILE, ENFILE, ENOLCK, ENOMEM].contains(&errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_or_another_users_is_known() {
        let failed = io::Error::from_raw_os_error;
        assert!(is_lack_of_means(&failed(libc::EMFILE)));
        assert!(is_lack_of_means(&failed(libc::ENOMEM)));
        assert!(!is_lack_of_means(&failed(libc::ENOENT)));
        assert!(!is_lack_of_means(&failed(libc::EACCES)));
    }
}
