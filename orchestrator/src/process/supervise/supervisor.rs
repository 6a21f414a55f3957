//! A supervisor: one process that runs attempts, one after the other, and knows
//! of every descendant of each. It starts the collector, walks the ladder, kills
//! what is left, reports, and is then ready for the next attempt. It must never
//! outlive an attempt that it could not clean up, nor the orchestrator.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use crate::process::ladder::{Action, Input, Ladder, Moment};
use crate::process::protocol::{Isolation, Over, Report, Stage, Start, ToSupervisor};
use crate::process::supervise::cgroup::{Cgroup, Cgroups};
use crate::process::supervise::control_socket::ControlSocket;
use crate::process::sys;
use crate::process::sys::{Execution, Pidfd, Rlimit, Spawner, Waited};
use crate::process::tree::sweep::{self, Killed};

/// While killing, the tree is looked at again at least this often, and at once
/// while it still moves. Deaths wake us up in time; this is for the ones that a
/// walk of a moving tree could miss.
const SWEEP_AGAIN: Duration = Duration::from_millis(50);

/// A program may be open for writing for a moment because of a fork elsewhere
/// (ETXTBSY, golang issue 22315): tried again after 1, 2, .. 64 ms.
const BUSY_RETRIES: u32 = 7;

/// Runs attempts until the orchestrator closes its end, or one cannot be cleaned up.
pub(crate) fn supervise(control: OwnedFd) -> io::Result<()> {
    let mut supervisor = Supervisor {
        control: ControlSocket::new(control),
        deaths: signal_fd()?,
        spawner: Spawner::new(),
        cgroups: None,
        epoch: Instant::now(),
    };
    let pid = nix::unistd::getpid().as_raw();
    supervisor.control.send(&Report::Ready { pid })?;
    while let Some((message, strings)) = supervisor.control.receive()? {
        // Anything else was meant for an attempt that is over.
        if let ToSupervisor::Start(start) = message
            && !supervisor.attempt(&start, &strings)?
        {
            break;
        }
    }
    Ok(())
}

/// SIGCHLD as something to poll; it must be blocked.
pub(crate) fn signal_fd() -> io::Result<SignalFd> {
    let deaths = SigSet::from(Signal::SIGCHLD);
    Ok(SignalFd::with_flags(
        &deaths,
        SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK,
    )?)
}

/// Forgets the signals so far; what they told is found by waiting.
pub(crate) fn drain(signals: &SignalFd) {
    while let Ok(Some(_)) = signals.read_signal() {}
}

struct Supervisor {
    control: ControlSocket,
    deaths: SignalFd,
    spawner: Spawner,
    /// Looked for when first needed; the inner `None`: there is no place for them.
    cgroups: Option<Option<Cgroups>>,
    epoch: Instant,
}

/// What is known about the running attempt.
struct Progress {
    main: i32,
    /// Tells its end even while another process traces it and keeps its exit from us.
    end: Option<Pidfd>,
    started: Moment,
    over: Over,
    killed: Killed,
    cgroup: Option<Cgroup>,
}

/// What has ended a wait; nothing of it if time has.
struct Woken {
    by_death: bool,
    /// The main process has ended, perhaps not yet for us to reap.
    by_main: bool,
    by_word: bool,
}

impl Progress {
    /// SIGKILL to the whole tree; `false` if it was still moving.
    fn kill(&mut self) -> bool {
        // The walk first: it learns the names.
        let settled = sweep::kill_descendants(|_| false, &mut self.killed);
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill();
        }
        settled
    }
}

impl Supervisor {
    /// `false` if this supervisor is not fit for another attempt.
    fn attempt(&mut self, start: &Start, strings: &[u8]) -> io::Result<bool> {
        let (Some(stdout), Some(stderr)) = (self.control.descriptor(), self.control.descriptor()) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "no pipes for the output",
            ));
        };
        let spawned = self.spawn(start, strings, stdout.as_fd(), stderr.as_fd());
        // From here on only the tree holds the pipes: their end means that it let go.
        drop((stdout, stderr));
        let (main, cgroup) = match spawned {
            Ok(spawned) => spawned,
            Err((stage, errno)) => {
                self.control.send(&Report::NotSpawned { stage, errno })?;
                return Ok(true);
            }
        };
        let started = self.now();
        let mut ladder = Ladder::new(start.timings, started);
        let mut orchestrator_gone = self.control.send(&Report::Spawned { pid: main }).is_err();
        let mut progress = Progress {
            main,
            end: Pidfd::open(main).ok(),
            started,
            over: Over {
                exit: None,
                cause: None,
                isolation: Isolation::default(),
                out_of_memory: false,
                wall: Duration::ZERO,
                user_cpu: Duration::ZERO,
                system_cpu: Duration::ZERO,
                max_rss: 0,
                killed: Vec::new(),
                killed_count: 0,
                unkillable: Vec::new(),
            },
            killed: Killed::default(),
            cgroup,
        };
        if orchestrator_gone {
            step(&mut ladder, self.now(), Input::OrchestratorGone, main);
        }
        loop {
            // Deaths before deadlines: who exits just in time has exited.
            self.reap(&mut ladder, &mut progress);
            step(&mut ladder, self.now(), Input::Tick, main);
            let settled = !ladder.is_killing() || progress.kill();
            if ladder.is_over() {
                break;
            }
            let woken = self.wait(&ladder, progress.end.as_ref(), settled, orchestrator_gone)?;
            if woken.by_death {
                drain(&self.deaths);
            }
            if woken.by_main {
                self.reap(&mut ladder, &mut progress);
                self.main_ended(&mut ladder, &mut progress);
            }
            if woken.by_word {
                orchestrator_gone = !self.listen(start.attempt, &mut ladder, main)?;
            }
        }
        let all_gone = ladder.all_gone();
        self.report(&ladder, progress)?;
        Ok(all_gone && !orchestrator_gone)
    }

    fn reap(&self, ladder: &mut Ladder, progress: &mut Progress) {
        loop {
            match sys::wait_any() {
                Waited::Reaped {
                    pid,
                    exit,
                    user_cpu,
                    system_cpu,
                    max_rss,
                } => {
                    let over = &mut progress.over;
                    over.user_cpu += user_cpu;
                    over.system_cpu += system_cpu;
                    over.max_rss = over.max_rss.max(max_rss);
                    if pid == progress.main {
                        over.exit = Some(exit);
                        self.main_ended(ladder, progress);
                    }
                }
                Waited::AllAlive => return,
                Waited::NoChildren => {
                    ladder.step(self.now(), Input::NoneLeft);
                    return;
                }
            }
        }
    }

    /// Once; from then on there is no end to be waited for.
    fn main_ended(&self, ladder: &mut Ladder, progress: &mut Progress) {
        progress.end = None;
        if !ladder.has_main_exited() {
            let now = self.now();
            progress.over.wall = now.saturating_sub(progress.started);
            step(ladder, now, Input::MainExited, progress.main);
        }
    }

    /// Waits for a death, a word, or the ladder's next rung.
    fn wait(
        &self,
        ladder: &Ladder,
        main: Option<&Pidfd>,
        settled: bool,
        orchestrator_gone: bool,
    ) -> io::Result<Woken> {
        let mut timeout = ladder.wake_at().map(|at| at.saturating_sub(self.now()));
        if ladder.is_killing() {
            let again = if settled { SWEEP_AGAIN } else { Duration::ZERO };
            timeout = Some(timeout.map_or(again, |timeout| timeout.min(again)));
        }
        let mut sources = vec![PollFd::new(self.deaths.as_fd(), PollFlags::POLLIN)];
        sources.extend(main.map(|main| PollFd::new(main.as_fd(), PollFlags::POLLIN)));
        // A closed socket is always readable: polling it would never wait.
        if !orchestrator_gone {
            sources.push(PollFd::new(self.control.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut sources, timeout.map_or(PollTimeout::NONE, whole_millis)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = sources.iter().map(|source| source.any().unwrap_or(false));
        Ok(Woken {
            by_death: ready.next().unwrap_or(false),
            by_main: main.is_some() && ready.next().unwrap_or(false),
            by_word: !orchestrator_gone && ready.next().unwrap_or(false),
        })
    }

    /// Takes what the orchestrator says. `false` if it is gone.
    fn listen(&mut self, attempt: u64, ladder: &mut Ladder, main: i32) -> io::Result<bool> {
        let there = self.control.fill()?;
        while let Some((message, _)) = self.control.next()? {
            let (addressee, input) = match message {
                ToSupervisor::Cancel { attempt, cause } => (attempt, Input::Cancel(cause)),
                ToSupervisor::Kill { attempt, cause } => (attempt, Input::Kill(cause)),
                ToSupervisor::Pause { attempt } => (attempt, Input::Pause),
                ToSupervisor::Resume { attempt } => (attempt, Input::Resume),
                ToSupervisor::Start(_) => continue,
            };
            if addressee == attempt {
                step(ladder, self.now(), input, main);
            }
        }
        if !there {
            step(ladder, self.now(), Input::OrchestratorGone, main);
        }
        Ok(there)
    }

    fn report(&self, ladder: &Ladder, progress: Progress) -> io::Result<()> {
        let Progress {
            main,
            started,
            mut over,
            mut killed,
            cgroup,
            ..
        } = progress;
        if let Some(cgroup) = cgroup {
            over.isolation = Isolation::Cgroup;
            over.out_of_memory = cgroup.ran_out_of_memory();
        }
        killed.exempt(main);
        if !ladder.all_gone() {
            over.unkillable = sweep::living_descendants(|_| false);
        }
        if !ladder.has_main_exited() {
            over.wall = self.now().saturating_sub(started);
        }
        over.cause = ladder.cause();
        over.killed = killed.named;
        over.killed_count = killed.count;
        match self.control.send(&Report::Over(over)) {
            // Nobody is left to be told.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// A cgroup for an attempt with a limit of memory, where there can be one.
    fn cgroup(&mut self, start: &Start) -> Option<Cgroup> {
        let memory = start.memory?;
        let cgroups = self.cgroups.get_or_insert_with(Cgroups::find);
        cgroups.as_mut()?.make(memory).ok()
    }

    fn spawn(
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

    fn now(&self) -> Moment {
        self.epoch.elapsed()
    }
}

/// Gives the ladder an event and does what it says about the main process group.
fn step(ladder: &mut Ladder, now: Moment, input: Input, main: i32) {
    let signals: &[Signal] = match ladder.step(now, input) {
        // Without SIGCONT a stopped process would never see its SIGTERM.
        Some(Action::Terminate) => &[Signal::SIGTERM, Signal::SIGCONT],
        Some(Action::Stop) => &[Signal::SIGSTOP],
        Some(Action::Continue) => &[Signal::SIGCONT],
        // The loop sweeps as long as the ladder says so.
        Some(Action::KillTree) | None => return,
    };
    // Once its leader is reaped and nobody is left in it, the group's number may be
    // somebody else's.
    if ladder.has_main_exited() && !sweep::has_group(main) {
        return;
    }
    for signal in signals {
        // EPERM: its members have become another user.
        let _ = killpg(Pid::from_raw(main), *signal);
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

/// Rounded up, so that we never wake before the time.
pub(crate) fn whole_millis(time: Duration) -> PollTimeout {
    let millis = time.as_micros().div_ceil(1000);
    PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_rounds_up() {
        assert_eq!(whole_millis(Duration::from_micros(1)), PollTimeout::from(1_u16));
        assert_eq!(whole_millis(Duration::ZERO), PollTimeout::ZERO);
        assert_eq!(whole_millis(Duration::MAX), PollTimeout::MAX);
    }
}
