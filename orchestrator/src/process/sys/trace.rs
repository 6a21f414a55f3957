//! Children that have asked to be traced by their parent (ptrace(2),
//! `PTRACE_TRACEME`), as licence daemons do to keep debuggers away. The kernel then
//! stops them at each signal until we say how it goes on. We are no debugger: we let
//! go of them at their first stop, with the signal that stopped them.

use std::ptr;

/// Lets a child go on that has stopped for us with this wait status.
///
/// Detached instead of continued: who is not traced obeys SIGSTOP and SIGCONT again.
pub(super) fn detach(pid: i32, status: libc::c_int) {
    let signal = match libc::WSTOPSIG(status) {
        libc::SIGTRAP if has_just_executed(pid) => 0,
        signal => signal,
    };
    let nothing = ptr::null_mut::<libc::c_void>();
    // SAFETY: touches no memory of ours. ESRCH if it has been killed meanwhile, which
    // the next wait tells.
    unsafe { libc::ptrace(libc::PTRACE_DETACH, pid, nothing, signal) };
}

/// Whether its SIGTRAP is the kernel's for a traced execve(2). Nobody would have sent
/// that one if it were not traced, and it would be deadly.
///
/// That signal looks as if sent with kill(2) by the process itself.
fn has_just_executed(pid: i32) -> bool {
    // SAFETY: all zeros is a valid siginfo_t (integers and pointers only).
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let nothing = ptr::null_mut::<libc::c_void>();
    // SAFETY: the kernel writes to a live local of the right type.
    let known = unsafe { libc::ptrace(libc::PTRACE_GETSIGINFO, pid, nothing, &raw mut info) };
    known == 0 && info.si_code == libc::SI_USER && last_call(pid).is_none_or(is_execution)
}

/// The system call that it is in, or comes from (proc_pid_syscall(5)).
fn last_call(pid: i32) -> Option<libc::c_long> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/syscall")).ok()?;
    text.split_ascii_whitespace().next()?.parse().ok()
}

fn is_execution(call: libc::c_long) -> bool {
    call == libc::SYS_execve || call == libc::SYS_execveat
}
