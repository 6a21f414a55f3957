//! Verbs that trace (ptrace(2)), ask for it, or stop those above them.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, pause, setsid};

fn ptrace(request: libc::c_uint, pid: Pid) -> io::Result<()> {
    let nothing = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: none of the requests below touches memory of ours.
    match unsafe { libc::ptrace(request, pid.as_raw(), nothing, nothing) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Asks to be traced by the parent.
pub(crate) fn trace_me() -> io::Result<()> {
    ptrace(libc::PTRACE_TRACEME, Pid::from_raw(0))
}

/// A thread asks for it and ends, never having stopped.
pub(crate) fn trace_a_thread() -> io::Result<()> {
    std::thread::spawn(trace_me)
        .join()
        .map_err(|_| io::Error::other("the thread panicked"))?
}

/// Becomes another fake collector, with the rest of the verbs.
pub(crate) fn execute(words: &mut dyn Iterator<Item = String>) -> io::Error {
    Command::new("/proc/self/exe").args(words).exec()
}

/// A child in a session of its own traces `pid` and never waits for it again.
/// A `lasting` stop is one from which it never lets it go on.
pub(crate) fn have_traced(pid: Pid, lasting: bool) -> io::Result<()> {
    let (ready, go) = io::pipe()?;
    // SAFETY: this program has a single thread.
    if let ForkResult::Parent { .. } = unsafe { fork() }? {
        drop(go);
        io::copy(&mut &ready, &mut io::sink())?;
        return Ok(());
    }
    setsid()?;
    attach(pid, lasting)?;
    drop((ready, go));
    loop {
        pause();
    }
}

/// Becomes its tracer.
pub(crate) fn attach(pid: Pid, lasting: bool) -> io::Result<()> {
    ptrace(libc::PTRACE_ATTACH, pid)?;
    waitpid(pid, Some(WaitPidFlag::__WALL))?;
    if !lasting {
        ptrace(libc::PTRACE_CONT, pid)?;
    }
    Ok(())
}

/// Becomes its tracer, and passes on each signal at which it stops, for ever.
pub(crate) fn attach_and_forward(pid: Pid) -> io::Result<()> {
    attach(pid, false)?;
    super::write(1, b"attached\n")?;
    loop {
        waitpid(pid, Some(WaitPidFlag::__WALL))?;
        // The supervisor has no signal that is not blocked: it stops for nothing but exits.
        ptrace(libc::PTRACE_CONT, pid)?;
    }
}

/// 1 is the supervisor, 2 the fork server, 3 the orchestrator.
pub(crate) fn ancestor(generation: u32) -> io::Result<Pid> {
    let mut pid = getpid();
    for _ in 0..generation {
        pid = if pid == getpid() {
            getppid()
        } else {
            let parent = crate::report::status_of(&pid.to_string(), "PPid:")?;
            Pid::from_raw(parent.parse().map_err(io::Error::other)?)
        };
    }
    Ok(pid)
}

/// Sends a signal to some of those above, in this order, as fast as it can.
pub(crate) fn shoot(generations: &str, signal: Signal) -> io::Result<()> {
    let generations = generations.chars().filter_map(|digit| digit.to_digit(10));
    let targets: Vec<Pid> = generations.map(ancestor).collect::<io::Result<_>>()?;
    for target in targets {
        kill(target, signal)?;
    }
    Ok(())
}
