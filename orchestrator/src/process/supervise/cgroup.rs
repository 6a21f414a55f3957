//! A cgroup per attempt (cgroups(7), version 2), for attempts with a limit of
//! memory, where this user may make one: root, or a service with `Delegate=memory`
//! and a subgroup of its own. It limits the tree as a whole, says whether memory was
//! the cause of death, and kills even what could leave every tree. The supervisor
//! works without it just as well. It must never move a process that is not ours,
//! nor remove a cgroup that could be somebody's.
//!
//! Everything is files in a directory; the tests use a plain one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

/// The beginning of the names of our cgroups; the supervisor's pid and a number follow.
const PREFIX: &str = "orchestrate-";

/// Where attempts may have cgroups of their own.
#[derive(Debug)]
pub(crate) struct Cgroups {
    parent: PathBuf,
    made: u32,
}

impl Cgroups {
    /// The place for this process's attempts: beside its own cgroup, or within it.
    /// `None` if the memory controller cannot be had there.
    pub(crate) fn find() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        Self::within(&mount_point(&mounts)?, own_path(&own)?)
    }

    /// As `find`, with cgroup2 mounted at `mount` and this process in `own`.
    fn within(mount: &Path, own: &str) -> Option<Self> {
        let own = mount.join(own.trim_start_matches('/'));
        // Above the mount point is no cgroup.
        let beside = own.parent().filter(|parent| parent.starts_with(mount));
        [beside, Some(&own)]
            .into_iter()
            .flatten()
            .find(|parent| has_memory(parent))
            .map(Self::below)
    }

    fn below(parent: &Path) -> Self {
        remove_abandoned(parent);
        Self {
            parent: parent.to_owned(),
            made: 0,
        }
    }

    /// A cgroup whose processes may together use so many bytes.
    ///
    /// # Errors
    /// Whatever mkdir(2) and writing to its files say.
    pub(crate) fn make(&mut self, memory: u64) -> io::Result<Cgroup> {
        let cgroup = self.make_unlimited()?;
        let write = |file: &str, text: &str| fs::write(cgroup.directory.join(file), text);
        write("memory.max", &memory.to_string())?;
        // Half a tree is of no use to anybody.
        write("memory.oom.group", "1")?;
        // Missing where there is no swap.
        let _ = write("memory.swap.max", "0");
        Ok(cgroup)
    }

    fn make_unlimited(&mut self) -> io::Result<Cgroup> {
        self.made += 1;
        let name = format!("{PREFIX}{}-{}", std::process::id(), self.made);
        let directory = self.parent.join(name);
        fs::create_dir(&directory)?;
        let entrance = OpenOptions::new()
            .write(true)
            .create(cfg!(test))
            .truncate(false)
            .open(directory.join("cgroup.procs"));
        match entrance {
            Ok(entrance) => Ok(Cgroup { directory, entrance }),
            Err(error) => {
                let _ = fs::remove_dir(&directory);
                Err(error)
            }
        }
    }
}

/// The cgroup of one attempt; removed in the end.
#[derive(Debug)]
pub(crate) struct Cgroup {
    directory: PathBuf,
    entrance: File,
}

impl Cgroup {
    /// `cgroup.procs`: whoever writes "0" is in.
    pub(crate) fn entrance(&self) -> BorrowedFd<'_> {
        self.entrance.as_fd()
    }

    /// SIGKILL to all that are in, at once (`cgroup.kill`, Linux 5.14).
    pub(crate) fn kill(&self) {
        // Without that file the walk over the tree is what there is.
        let _ = fs::write(self.directory.join("cgroup.kill"), "1");
    }

    /// Whether the kernel killed one of them because the limit was reached.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        let events = fs::read_to_string(self.directory.join("memory.events")).unwrap_or_default();
        events
            .lines()
            .filter_map(|line| line.split_once(' '))
            .any(|(name, count)| name == "oom_kill" && count.trim() != "0")
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Fails while somebody is in. Then it is removed by a later supervisor.
        let _ = fs::remove_dir(&self.directory);
    }
}

/// Where cgroup2 is mounted (proc_pid_mountinfo(5)).
pub(crate) fn mount_point(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, filesystem) = line.split_once(" - ")?;
        let path = mount.split(' ').nth(4)?;
        filesystem.starts_with("cgroup2 ").then(|| PathBuf::from(path))
    })
}

/// A process's cgroup in version 2's hierarchy, from its `cgroup` file.
pub(crate) fn own_path(own: &str) -> Option<&str> {
    own.lines().find_map(|line| line.strip_prefix("0::"))
}

/// Whether children of this cgroup have a limit of memory; asks for it if need be.
/// The kernel refuses that (EBUSY) where it would need processes moved.
fn has_memory(parent: &Path) -> bool {
    let lists = |file: &str| {
        let list = fs::read_to_string(parent.join(file)).unwrap_or_default();
        list.split_whitespace().any(|controller| controller == "memory")
    };
    let control = "cgroup.subtree_control";
    lists("cgroup.controllers")
        && (lists(control) || fs::write(parent.join(control), "+memory").is_ok())
        && nix::unistd::access(parent, nix::unistd::AccessFlags::W_OK).is_ok()
}

/// Removes the empty cgroups of supervisors that are no more.
fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split_once('-')?.0.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // Fails if somebody is in.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
