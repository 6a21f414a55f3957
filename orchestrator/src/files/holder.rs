//! Who holds a lock on a file (flock(2)), where /proc/locks tells: not for a process of another
//! machine or of a container that we cannot see.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;

use crate::files::denied::user_name;

/// A process with a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LockHolder {
    pid: u32,
    name: String,
    /// The user whose rights it has.
    pub(super) user: u32,
    exclusive: bool,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, name, user, .. } = self;
        write!(f, "process {pid} ({name}) of {}", user_name(*user))
    }
}

/// Whoever holds an exclusive lock on a file and certainly is not its owner. A lock of ours is
/// taken by whoever made the file.
pub(crate) fn stranger_with_lock(file: &File) -> Option<LockHolder> {
    let owner = file.metadata().ok()?.uid();
    let exclusive: Vec<LockHolder> = holders(file)
        .into_iter()
        .filter(|holder| holder.exclusive)
        .collect();
    let strange = exclusive.iter().all(|holder| holder.user != owner);
    exclusive.into_iter().find(|_| strange)
}

/// Who has a lock on the file, as far as can be seen.
pub(super) fn holders(file: &File) -> Vec<LockHolder> {
    let read = || -> io::Result<Vec<LockHolder>> {
        let found = file.metadata()?;
        let device = found.dev();
        let key = format!(
            "{:02x}:{:02x}:{}",
            nix::sys::stat::major(device),
            nix::sys::stat::minor(device),
            found.ino()
        );
        let locks = fs::read_to_string("/proc/locks")?;
        let of_file = locks.lines().filter_map(|line| parse(line, &key));
        Ok(of_file
            .filter_map(|(pid, exclusive)| describe(pid, exclusive))
            .collect())
    };
    // Not to know is an answer.
    read().unwrap_or_default()
}

/// A line of proc_locks(5): `1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF`. Who waits for a
/// lock has a `->` in it.
fn parse(line: &str, key: &str) -> Option<(u32, bool)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "FLOCK", _, how, pid, file, ..] = words.as_slice() else {
        return None;
    };
    (*file == key).then_some(())?;
    Some((pid.parse().ok().filter(|pid| *pid > 0)?, *how == "WRITE"))
}

/// The owner of /proc/PID is no answer: it is root for a process that may not be dumped.
fn describe(pid: u32, exclusive: bool) -> Option<LockHolder> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim)
    };
    Some(LockHolder {
        pid,
        name: field("Name:")?.to_owned(),
        user: field("Uid:")?.split_whitespace().nth(1)?.parse().ok()?,
        exclusive,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_told_from_those_who_wait() {
        let line = "7: FLOCK  ADVISORY  WRITE 4711 fd:00:99 0 EOF";
        assert_eq!(parse(line, "fd:00:99"), Some((4711, true)));
        assert_eq!(parse(line, "fd:00:9"), None);
        for other in [
            "7: -> FLOCK  ADVISORY  WRITE 4712 fd:00:99 0 EOF",
            "7: POSIX  ADVISORY  WRITE 4711 fd:00:99 0 EOF",
            "7: FLOCK  ADVISORY  WRITE 0 fd:00:99 0 EOF",
        ] {
            assert_eq!(parse(other, "fd:00:99"), None, "{other}");
        }
    }

    #[test]
    fn we_are_named_for_a_lock_of_ours() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(stranger_with_lock(&file), None);
        file.lock().unwrap();
        let holders = holders(&file);
        if holders.is_empty() {
            println!("not tried: /proc/locks names no lock of this file system");
            return;
        }
        assert_eq!(holders[0].pid, std::process::id());
        assert_eq!(stranger_with_lock(&file), None);
    }
}
