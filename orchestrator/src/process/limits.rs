//! Limits of our own processes: open files, core dumps.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises our soft limit of open files to the hard one: an attempt takes four
/// descriptors. Returns what it was, for [`ForkServer::with_open_files`], because
/// collectors shall not inherit it: programs that use select(2) break with
/// descriptors above 1023. To be called once, at start-up.
///
/// # Errors
/// Those of getrlimit(2) and setrlimit(2); nothing is changed then.
///
/// [`ForkServer::with_open_files`]: super::ForkServer::with_open_files
pub fn raise_open_files() -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(soft)
}

/// How many files we may have open.
///
/// # Errors
/// Those of getrlimit(2).
pub(crate) fn open_files() -> io::Result<u64> {
    Ok(getrlimit(Resource::RLIMIT_NOFILE)?.0)
}

/// For a process of ours that holds a password.
///
/// # Errors
/// As setrlimit(2).
pub(crate) fn forbid_core_dumps() -> io::Result<()> {
    Ok(setrlimit(Resource::RLIMIT_CORE, 0, 0)?)
}
