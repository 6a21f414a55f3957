//! Verbs that leave processes behind.

use std::io;
use std::time::Duration;

use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, pause, setsid};

/// How a background child differs from a simple sleeper that holds the pipes.
#[derive(PartialEq, Eq, Clone, Copy)]
pub(crate) enum Trait {
    /// Has left the session and the group.
    OwnSession,
    /// Ignores SIGTERM.
    IgnoresTerm,
    /// Writes all the time.
    Chatty,
}

/// The new child's pid, or `None` in the child.
fn split() -> io::Result<Option<Pid>> {
    // SAFETY: this program has a single thread.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

fn sleep_forever() -> ! {
    loop {
        pause();
    }
}

fn vanish() -> ! {
    // SAFETY: ends the process without any further Rust code.
    unsafe { libc::_exit(0) }
}

/// Leaves one child behind and goes on.
pub(crate) fn background(traits: &[Trait]) -> io::Result<()> {
    let (ready, go) = io::pipe()?;
    if split()?.is_some() {
        // Until the child is what it shall be.
        drop(go);
        io::copy(&mut &ready, &mut io::sink())?;
        return Ok(());
    }
    if traits.contains(&Trait::OwnSession) {
        setsid()?;
    }
    if traits.contains(&Trait::IgnoresTerm) {
        // SAFETY: no code is installed.
        unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }?;
    }
    drop((ready, go));
    if traits.contains(&Trait::Chatty) {
        loop {
            super::write(1, b"still here\n")?;
        }
    }
    sleep_forever()
}

/// A proper daemon: own session, orphaned, nothing of ours open.
pub(crate) fn daemon() -> io::Result<()> {
    if let Some(child) = split()? {
        waitpid(child, None)?;
        return Ok(());
    }
    setsid()?;
    if split()?.is_some() {
        vanish();
    }
    for fd in 0..64 {
        super::close(fd);
    }
    sleep_forever()
}

/// A child that forks a successor and dies, again and again, each in a session of its own.
pub(crate) fn hydra() -> io::Result<()> {
    if split()?.is_some() {
        return Ok(());
    }
    loop {
        // Fails for a session leader, which is the first one only.
        let _ = setsid();
        if split()?.is_some() {
            vanish();
        }
    }
}

/// A child that adopts orphans itself, and such an orphan.
pub(crate) fn subreaper() -> io::Result<()> {
    let (ready, go) = io::pipe()?;
    if split()?.is_some() {
        drop(go);
        io::copy(&mut &ready, &mut io::sink())?;
        return Ok(());
    }
    nix::sys::prctl::set_child_subreaper(true)?;
    daemon()?;
    drop((ready, go));
    sleep_forever()
}

/// So many processes, children and grandchildren, some in sessions of their own,
/// some orphaned, some stubborn.
pub(crate) fn tree(size: usize) -> io::Result<()> {
    for index in 0..size {
        match index % 4 {
            0 => background(&[])?,
            1 => background(&[Trait::OwnSession, Trait::IgnoresTerm])?,
            2 => daemon()?,
            _ => subreaper()?,
        }
    }
    Ok(())
}

/// A child that computes for so long and is waited for.
pub(crate) fn waited_child(time: Duration) -> io::Result<()> {
    match split()? {
        Some(child) => {
            waitpid(child, None)?;
            Ok(())
        }
        None => {
            super::burn(time);
            vanish()
        }
    }
}
