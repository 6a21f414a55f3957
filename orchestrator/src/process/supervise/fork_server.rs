//! The fork server (the term of Python's multiprocessing and of AFL): executed
//! once, small ever after, so that forking a supervisor costs the same whatever
//! the orchestrator has grown to. It adopts what a killed supervisor leaves behind
//! and kills it. It must never touch a supervisor that it was not told to kill.

use std::collections::HashMap;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::unistd::Pid;

use crate::process::protocol::{Report, ToServer};
use crate::process::supervise::control_socket::ControlSocket;
use crate::process::supervise::supervisor::{drain, signal_fd, supervise, whole_millis};
use crate::process::sys;
use crate::process::sys::Waited;
use crate::process::tree::observe::look_at;
use crate::process::tree::sweep::{self, Killed};
use crate::process::watchdog::{Sight, TICK, Watchdog, WatchdogOrder};

/// The first argument that makes this binary a fork server. The second one is the
/// soft RLIMIT_NOFILE that collectors shall have.
pub(in crate::process) const ARGUMENT: &str = "__forkserver";

/// How long orphans may take to die before their supervisor is given up as well.
const ORPHAN_WAIT: Duration = Duration::from_secs(10);

/// While orphans are killed, they are looked for again at least this often.
const SWEEP_AGAIN: Duration = Duration::from_millis(50);

/// Runs the fork server if that is what this process was started for. To be the
/// first thing in `main`: nothing may have started a thread yet.
pub fn early_entry() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let open_files = arguments.next().and_then(|text| text.to_str()?.parse().ok());
    Some(match run(open_files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Its end says enough where nobody reads this.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    })
}

fn run(open_files: Option<u64>) -> io::Result<()> {
    sys::close_from_3()?;
    SigSet::all().thread_block()?;
    sys::default_signals();
    prctl::set_child_subreaper(true)?;
    // Should we be stopped when the orchestrator dies (or only its thread that has
    // started us: it does no harm).
    prctl::set_pdeathsig(Signal::SIGCONT)?;
    prctl::set_name(c"orch-forkserver")?;
    sweep::check_kernel()?;
    let socket = take_stdin()?;
    let mut server = Server {
        requests: ControlSocket::new(socket),
        deaths: signal_fd()?,
        open_files,
        supervisors: HashMap::new(),
        ended: Vec::new(),
        epoch: Instant::now(),
        watchdogs: HashMap::new(),
    };
    match server.serve()? {
        Role::Server => Ok(()),
        Role::Supervisor(control) => {
            let Server {
                requests,
                deaths,
                supervisors,
                ended,
                open_files,
                ..
            } = server;
            // Another process's business from here on.
            drop((requests, deaths, supervisors, ended));
            become_supervisor(open_files)?;
            supervise(control)
        }
    }
}

/// Who we are when `serve` returns.
enum Role {
    Server,
    Supervisor(OwnedFd),
}

struct Server {
    requests: ControlSocket,
    deaths: SignalFd,
    open_files: Option<u64>,
    /// By pid: the orchestrator's name for it, and its end of the control socket,
    /// held so that the orchestrator sees the end of the socket only when
    /// everything that the supervisor could leave behind is gone too.
    supervisors: HashMap<i32, (u64, OwnedFd)>,
    /// Supervisors that have ended, until no orphan is left.
    ended: Vec<(Instant, OwnedFd)>,
    epoch: Instant,
    /// By pid, once the orchestrator is dead: until then it watches.
    watchdogs: HashMap<i32, Watchdog>,
}

impl Server {
    fn serve(&mut self) -> io::Result<Role> {
        let mut connected = true;
        while connected || !self.supervisors.is_empty() || !self.ended.is_empty() {
            if !connected {
                self.watch();
            }
            let settled = self.reap_and_sweep();
            let timeout = match (self.ended.is_empty(), settled) {
                (true, _) if connected => PollTimeout::NONE,
                (true, _) => whole_millis(TICK),
                (false, true) => whole_millis(SWEEP_AGAIN),
                (false, false) => PollTimeout::ZERO,
            };
            if !connected && self.supervisors.is_empty() && self.ended.is_empty() {
                break;
            }
            let mut sources = [
                PollFd::new(self.deaths.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.requests.as_fd(), PollFlags::POLLIN),
            ];
            let listened = if connected { 2 } else { 1 };
            match poll(&mut sources[..listened], timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            let ready = |source: &PollFd<'_>| source.any().unwrap_or(false);
            let (died, asked) = (ready(&sources[0]), ready(&sources[1]));
            if died {
                drain(&self.deaths);
            }
            if asked {
                connected = self.requests.fill()?;
                while let Some((request, _)) = self.requests.next()? {
                    if let Some(control) = self.answer(&request)? {
                        return Ok(Role::Supervisor(control));
                    }
                }
            }
        }
        Ok(Role::Server)
    }

    /// `Some` in the new supervisor.
    fn answer(&mut self, request: &ToServer) -> io::Result<Option<OwnedFd>> {
        match *request {
            ToServer::Fork { supervisor } => {
                let Some(control) = self.requests.descriptor() else {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "no control socket"));
                };
                match sys::fork() {
                    Ok(None) => return Ok(Some(control)),
                    Ok(Some(pid)) => {
                        self.supervisors.insert(pid, (supervisor, control));
                    }
                    Err(error) => {
                        let errno = error.raw_os_error().unwrap_or(0);
                        // If it is gone as well, there is nobody to be told.
                        let _ = ControlSocket::new(control).send(&Report::NotForked { errno });
                    }
                }
            }
            ToServer::Kill { supervisor } => {
                let known = self.supervisors.iter().find(|(_, (name, _))| *name == supervisor);
                if let Some(pid) = known.map(|(pid, _)| *pid) {
                    self.condemn(pid);
                }
            }
        }
        Ok(None)
    }

    /// It and all below it are killed from now on, whether or not we get to reap it: a
    /// descendant that traces it could keep it from us.
    fn condemn(&mut self, pid: i32) {
        if let Some((_, control)) = self.supervisors.remove(&pid) {
            // Ours and not yet reaped: the pid is still its own.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            self.ended.push((Instant::now(), control));
        }
    }

    /// Without an orchestrator each supervisor comes to its end by itself, unless it is
    /// stopped: nobody but us is there to see that.
    fn watch(&mut self) {
        let now = self.epoch.elapsed();
        let supervisors: Vec<i32> = self.supervisors.keys().copied().collect();
        for pid in supervisors {
            let sight = match look_at(pid, true) {
                // It cannot be asked. One that a tracer has stopped is as good as stopped.
                Sight::Asleep if sweep::state(pid) == Some('t') => Sight::Stopped,
                Sight::Asleep => Sight::Busy,
                sight => sight,
            };
            let watchdog = self.watchdogs.entry(pid).or_insert_with(|| Watchdog::new(now));
            match watchdog.look(now, sight, false) {
                Some(WatchdogOrder::Continue(_)) => drop(kill(Pid::from_raw(pid), Signal::SIGCONT)),
                Some(WatchdogOrder::Kill(_)) => self.condemn(pid),
                Some(WatchdogOrder::Ping) | None => {}
            }
        }
    }

    /// Reaps who has ended and kills the orphans of supervisors that did not end by
    /// themselves. `false` if it has to be called again soon.
    fn reap_and_sweep(&mut self) -> bool {
        let mut alone = false;
        loop {
            match sys::wait_any() {
                Waited::Reaped { pid, .. } => {
                    if let Some((_, control)) = self.supervisors.remove(&pid) {
                        self.ended.push((Instant::now(), control));
                    }
                }
                Waited::AllAlive => break,
                Waited::NoChildren => {
                    alone = true;
                    break;
                }
            }
        }
        if self.ended.is_empty() {
            return true;
        }
        let spared = |pid: i32| self.supervisors.contains_key(&pid);
        let settled = alone || sweep::kill_descendants(spared, &mut Killed::default());
        let all_gone = alone || sweep::living_descendants(spared).is_empty();
        let done = |since: &Instant| all_gone || since.elapsed() >= ORPHAN_WAIT;
        for (_, control) in self.ended.extract_if(.., |(since, _)| done(since)) {
            // If the orchestrator is gone as well, there is nobody to be told.
            let _ = ControlSocket::new(control).send(&Report::Swept);
        }
        settled
    }
}

/// Descriptor 0 moved to where nobody expects it; /dev/null takes its place.
fn take_stdin() -> io::Result<OwnedFd> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let null = std::fs::OpenOptions::new().read(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    Ok(socket)
}

fn become_supervisor(open_files: Option<u64>) -> io::Result<()> {
    nix::unistd::setsid()?;
    prctl::set_child_subreaper(true)?;
    // Should we be stopped when the fork server dies: if the orchestrator is dead, too,
    // nobody is left to let us go on.
    prctl::set_pdeathsig(Signal::SIGCONT)?;
    prctl::set_name(c"orch-supervisor")?;
    let null = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
    // The fork server's pipes are its own: their end says that it has ended.
    nix::unistd::dup2_stdout(&null)?;
    nix::unistd::dup2_stderr(&null)?;
    if let Some(soft) = open_files {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, soft.min(hard), hard)?;
    }
    Ok(())
}
