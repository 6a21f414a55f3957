//! Which process this is, and whether the one that owned a run is still there. The
//! rule is cautious: a run is given up only if its owner certainly is no more.

use std::fs;
use std::io;
use std::path::Path;

use crate::model::Owner;
use crate::text::proc_stat::fields_after_name;

/// The process that asks.
///
/// # Errors
/// /proc is not mounted or not what proc(5) says.
pub fn this_process() -> io::Result<Owner> {
    let pid = std::process::id();
    Ok(Owner {
        host: line("/proc/sys/kernel/hostname")?,
        boot: line("/proc/sys/kernel/random/boot_id")?,
        pid,
        started: started(pid)?,
    })
}

/// Whether `owner` is a process of this machine that is no more: of an earlier boot,
/// or its process id is free or another one's by now. What cannot be seen is alive.
pub(crate) fn is_gone(owner: &Owner, here: &Owner) -> bool {
    if owner.host != here.host {
        return false;
    }
    if owner.boot != here.boot {
        return true;
    }
    match started(owner.pid) {
        Ok(started) => started != owner.started,
        // With hidepid (proc(5)) the processes of others look like none.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Path::new("/proc/1/stat").exists(),
        Err(_) => false,
    }
}

fn line(path: &str) -> io::Result<String> {
    Ok(fs::read_to_string(path)?.trim().to_owned())
}

/// Field 22 of proc_pid_stat(5): the start of a process in clock ticks since the boot.
fn started(pid: u32) -> io::Result<u64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read(&path)?;
    fields_after_name(&stat)
        .and_then(|mut fields| fields.nth(22 - 3))
        .and_then(|field| field.parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{path} has no start time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certainly_gone_is_gone() {
        let here = this_process().unwrap();
        assert_eq!(here, this_process().unwrap());
        assert!(!is_gone(&here, &here), "we are alive");
        let with = |change: fn(&mut Owner)| {
            let mut owner = here.clone();
            change(&mut owner);
            is_gone(&owner, &here)
        };
        assert!(with(|owner| owner.started += 1), "the pid is another's by now");
        assert!(with(|owner| owner.boot.push('x')), "the machine was restarted");
        assert!(
            with(|owner| owner.pid = 4_194_305),
            "above the largest pid there can be"
        );
        assert!(!with(|owner| owner.host.push('x')), "nobody knows from here");
        assert!(
            !with(|owner| {
                owner.host.push('x');
                owner.boot.push('x');
            }),
            "another machine has another boot"
        );
    }
}
