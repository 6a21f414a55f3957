//! Starting a collector: clone(2) that shares memory until execve(2), as
//! posix_spawn(3) does it, with what posix_spawn cannot do in between.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::process::protocol::Stage;

/// Bytes of stack for the child's few calls before execve(2).
const STACK: usize = 64 << 10;

/// What to run and in which surroundings.
#[derive(Debug)]
pub(crate) struct Execution<'a> {
    /// The path, which is also the program's own name (`argv[0]`).
    pub program: &'a CStr,
    /// What follows the name.
    pub arguments: &'a [&'a CStr],
    /// The whole environment.
    pub environment: &'a [&'a CStr],
    /// Where to run; `None` for where we are.
    pub directory: Option<&'a CStr>,
    /// Becomes descriptor 1. It must be 3 or higher.
    pub stdout: BorrowedFd<'a>,
    /// Becomes descriptor 2. It must be 3 or higher.
    pub stderr: BorrowedFd<'a>,
    /// `cgroup.procs` of the cgroup to enter, if there is one.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// Set in this order.
    pub limits: &'a [Rlimit],
}

/// One resource limit (setrlimit(2)).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rlimit {
    /// Which.
    pub resource: nix::sys::resource::Resource,
    /// What the process may raise itself to is `hard`.
    pub soft: u64,
    /// The ceiling.
    pub hard: u64,
}

/// Starts processes one after the other.
#[derive(Debug)]
pub(crate) struct Spawner {
    stack: Box<[u8]>,
}

/// What parent and child share while the child has not yet executed.
struct Plan {
    parent: libc::pid_t,
    program: *const c_char,
    arguments: *const *const c_char,
    environment: *const *const c_char,
    directory: *const c_char,
    stdout: RawFd,
    stderr: RawFd,
    /// -1 for none.
    cgroup: RawFd,
    limits: *const Rlimit,
    limit_count: usize,
    no_signals: libc::sigset_t,
    /// Written by the child: 0, or 1 + the index of the failed stage.
    failed: AtomicI32,
    errno: AtomicI32,
}

const STAGES: [Stage; 5] = [
    Stage::Prepare,
    Stage::Cgroup,
    Stage::Limits,
    Stage::Directory,
    Stage::Execute,
];

impl Spawner {
    /// Ready for the first one.
    pub(crate) fn new() -> Self {
        Self {
            stack: vec![0; STACK].into_boxed_slice(),
        }
    }

    /// Starts a process in its own session, with stdin as ours, nothing open
    /// beyond 0 to 2, no signal blocked, and killed by the kernel should we die.
    /// Returns its pid once it has executed.
    ///
    /// The caller must have a single thread and only default signal actions.
    ///
    /// # Errors
    /// The stage that failed and its errno.
    pub(crate) fn spawn(&mut self, execution: &Execution<'_>) -> Result<i32, (Stage, i32)> {
        let arguments = pointers([execution.program].iter().chain(execution.arguments));
        let environment = pointers(execution.environment.iter());
        // SAFETY: all zeros is a valid sigset_t, and the empty one on Linux.
        let no_signals = unsafe { std::mem::zeroed() };
        let plan = Plan {
            parent: nix::unistd::getpid().as_raw(),
            program: execution.program.as_ptr(),
            arguments: arguments.as_ptr(),
            environment: environment.as_ptr(),
            directory: execution.directory.map_or(ptr::null(), CStr::as_ptr),
            stdout: execution.stdout.as_raw_fd(),
            stderr: execution.stderr.as_raw_fd(),
            cgroup: execution.cgroup.map_or(-1, |cgroup| cgroup.as_raw_fd()),
            limits: execution.limits.as_ptr(),
            limit_count: execution.limits.len(),
            no_signals,
            failed: AtomicI32::new(0),
            errno: AtomicI32::new(0),
        };
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        // SAFETY: the top of the stack is aligned as the ABI wants it and the stack
        // outlives the child's use of it, because CLONE_VFORK suspends us until the
        // child has executed or exited. For the same reason `plan` and everything it
        // points to stays alive and unchanged. `child` only makes system calls.
        let pid = unsafe {
            let top = self.stack.as_mut_ptr().add(self.stack.len());
            let top = top.sub(top.addr() % 16);
            libc::clone(child, top.cast(), flags, (&raw const plan).cast_mut().cast())
        };
        if pid < 0 {
            return Err((Stage::Fork, nix::errno::Errno::last_raw()));
        }
        let failed = plan.failed.load(Ordering::Relaxed);
        let stage = usize::try_from(failed - 1)
            .ok()
            .and_then(|index| STAGES.get(index));
        match stage {
            None => Ok(pid),
            Some(stage) => {
                // SAFETY: `pid` is our own unreaped child, which has exited; a null
                // status is allowed.
                unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
                Err((*stage, plan.errno.load(Ordering::Relaxed)))
            }
        }
    }
}

fn pointers<'a>(strings: impl Iterator<Item = &'a &'a CStr>) -> Vec<*const c_char> {
    strings.map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}

/// Runs in the child, on its own stack but in the parent's memory: no allocation,
/// no lock, no panic, nothing but system calls.
extern "C" fn child(plan: *mut c_void) -> c_int {
    // SAFETY: `spawn` passes a pointer to a `Plan` that it keeps alive; the only
    // fields written through it are atomics.
    let plan = unsafe { &*plan.cast::<Plan>() };
    // SAFETY: plain system calls on descriptors and pointers that `spawn` keeps
    // alive. `_exit` never returns, so no destructor of the parent's runs here.
    unsafe {
        let stage = prepare_and_execute(plan);
        plan.errno.store(*libc::__errno_location(), Ordering::Relaxed);
        plan.failed.store(stage, Ordering::Relaxed);
        libc::_exit(127)
    }
}

/// Returns 1 + the index of the stage that failed; on success never.
unsafe fn prepare_and_execute(plan: &Plan) -> c_int {
    // SAFETY: see `child`.
    unsafe {
        if libc::setsid() < 0
            || libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) < 0
            || libc::dup2(plan.stdout, 1) < 0
            || libc::dup2(plan.stderr, 2) < 0
            || libc::sigprocmask(libc::SIG_SETMASK, &raw const plan.no_signals, ptr::null_mut()) < 0
        {
            return 1;
        }
        // All of ours are close-on-exec anyway: a second lock on that door, and one
        // that Linux before 5.11 does not have (EINVAL).
        libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        // The parent may have died before PR_SET_PDEATHSIG: nobody would kill us then.
        if libc::getppid() != plan.parent {
            libc::_exit(127);
        }
        if plan.cgroup >= 0 && libc::write(plan.cgroup, c"0".as_ptr().cast(), 1) < 0 {
            return 2;
        }
        for index in 0..plan.limit_count {
            let limit = &*plan.limits.add(index);
            let value = libc::rlimit {
                rlim_cur: limit.soft,
                rlim_max: limit.hard,
            };
            if libc::setrlimit(limit.resource as libc::__rlimit_resource_t, &raw const value) < 0 {
                return 3;
            }
        }
        if !plan.directory.is_null() && libc::chdir(plan.directory) < 0 {
            return 4;
        }
        libc::execve(plan.program, plan.arguments, plan.environment);
        5
    }
}
