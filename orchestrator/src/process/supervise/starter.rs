//! From the message that starts an attempt to its running main process: strings, limits,
//! cgroup, and once more if the file is busy. Used by the supervisor; it must never know
//! of a second attempt.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit};

use crate::process::protocol::{Stage, Start};
use crate::process::supervise::cgroup::{Cgroup, Cgroups};
use crate::process::sys::{Execution, Rlimit, Spawner};

/// A program may be open for writing for a moment because of a fork elsewhere
/// (ETXTBSY, golang issue 22315): tried again after 1, 2, .. 64 ms.
const BUSY_RETRIES: u32 = 7;

/// Starts main processes, one after the other.
pub(crate) struct Starter {
    spawner: Spawner,
    /// Looked for when first needed; the inner `None`: there is no place for them.
    cgroups: Option<Option<Cgroups>>,
}

impl Starter {
    pub(crate) fn new() -> Self {
        Self {
            spawner: Spawner::new(),
            cgroups: None,
        }
    }

    /// A cgroup for an attempt with a limit of memory, where there can be one.
    fn cgroup(&mut self, start: &Start) -> Option<Cgroup> {
        let memory = start.memory?;
        let cgroups = self.cgroups.get_or_insert_with(Cgroups::find);
        cgroups.as_mut()?.make(memory).ok()
    }

    /// Starts it: its pid, and its cgroup if it has one.
    ///
    /// # Errors
    /// The stage that failed and its errno.
    pub(crate) fn start(
        &mut self,
        start: &Start,
        strings: &[u8],
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<(i32, Option<Cgroup>), (Stage, i32)> {
        let mut cgroup = self.cgroup(start);
        let strings: Vec<&CStr> = strings
            .split_inclusive(|byte| *byte == 0)
            .filter_map(|text| CStr::from_bytes_with_nul(text).ok())
            .collect();
        let malformed = (Stage::Prepare, Errno::EPROTO as i32);
        let (program, rest) = strings.split_first().ok_or(malformed)?;
        let (arguments, rest) = rest.split_at_checked(start.arguments).ok_or(malformed)?;
        let (environment, rest) = rest.split_at_checked(start.environment).ok_or(malformed)?;
        let limits =
            |in_cgroup| resource_limits(start, in_cgroup).map_err(|error| (Stage::Limits, error as i32));
        let with_cgroup = limits(true)?;
        let without = limits(false)?;
        let mut busy = 0;
        loop {
            let execution = Execution {
                program,
                arguments,
                environment,
                directory: start.directory.then(|| rest.first().copied()).flatten(),
                stdout,
                stderr,
                cgroup: cgroup.as_ref().map(Cgroup::entrance),
                limits: if cgroup.is_some() { &with_cgroup } else { &without },
            };
            match self.spawner.spawn(&execution) {
                Err((Stage::Execute, errno)) if errno == Errno::ETXTBSY as i32 && busy < BUSY_RETRIES => {
                    std::thread::sleep(Duration::from_millis(1 << busy));
                    busy += 1;
                }
                Err((Stage::Cgroup, _)) if cgroup.is_some() => cgroup = None,
                result => return result.map(|pid| (pid, cgroup)),
            }
        }
    }
}

/// Never above the ceiling that we have ourselves: raising it is not ours to do.
fn resource_limits(start: &Start, in_cgroup: bool) -> nix::Result<Vec<Rlimit>> {
    // A cgroup limits what is really used, and of the whole tree.
    let address_space = start.memory.filter(|_| !in_cgroup);
    let cpu_seconds = start.cpu_time.map(|time| time.as_secs());
    let wanted = [
        (Resource::RLIMIT_AS, address_space, 0),
        // One more second between SIGXCPU and SIGKILL.
        (Resource::RLIMIT_CPU, cpu_seconds, 1),
        (Resource::RLIMIT_NOFILE, start.open_files, 0),
    ];
    let mut limits = Vec::new();
    for (resource, limit, slack) in wanted {
        if let Some(limit) = limit {
            let (_, ceiling) = getrlimit(resource)?;
            let hard = limit.saturating_add(slack).min(ceiling);
            limits.push(Rlimit {
                resource,
                soft: limit.min(hard),
                hard,
            });
        }
    }
    Ok(limits)
}
