//! A supervisor: one process that runs attempts, one after the other, and knows
//! of every descendant of each. It starts the collector, walks the ladder, kills
//! what is left, reports, and is then ready for the next attempt. It must never
//! outlive an attempt that it could not clean up, nor the orchestrator.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use crate::process::ladder::{Action, Input, Ladder, Moment};
use crate::process::protocol::{Isolation, Over, Report, Start, ToSupervisor};
use crate::process::supervise::cgroup::Cgroup;
use crate::process::supervise::control_socket::ControlSocket;
use crate::process::supervise::lease_watch::LeaseWatch;
use crate::process::supervise::starter::Starter;
use crate::process::sys;
use crate::process::sys::boot_clock::time_since_boot;
use crate::process::sys::{Pidfd, Waited};
use crate::process::tree::sweep::{self, Killed};

/// While killing, the tree is looked at again at least this often, and at once
/// while it still moves. Deaths wake us up in time; this is for the ones that a
/// walk of a moving tree could miss.
const SWEEP_AGAIN: Duration = Duration::from_millis(50);

/// Runs attempts until the orchestrator closes its end, or one cannot be cleaned up.
pub(crate) fn supervise(control: OwnedFd) -> io::Result<()> {
    let mut supervisor = Supervisor {
        control: ControlSocket::new(control),
        server: nix::unistd::getppid(),
        deaths: signal_fd()?,
        starter: Starter::new(),
        epoch: Instant::now(),
    };
    let pid = nix::unistd::getpid().as_raw();
    let this = Pidfd::open(pid)?;
    supervisor
        .control
        .send_with(&Report::Ready { pid }, Some(this.as_fd()))?;
    drop(this);
    while let Some((message, strings)) = supervisor.control.receive()? {
        let is_fit = match message {
            ToSupervisor::Start(start) => supervisor.attempt(&start, &strings)?,
            ToSupervisor::Ping => supervisor.answer_ping().map(|()| true)?,
            // Meant for an attempt that is over.
            _ => true,
        };
        if !is_fit {
            break;
        }
    }
    supervisor.wake_server();
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
    server: Pid,
    deaths: SignalFd,
    starter: Starter,
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
        let spawned = self.starter.start(start, strings, stdout.as_fd(), stderr.as_fd());
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
        let mut lease = LeaseWatch::new(start.lease);
        let mut orchestrator_gone = self.control.send(&Report::Spawned { pid: main }).is_err();
        let mut progress = Progress {
            main,
            end: Pidfd::open(main).ok(),
            started,
            over: Over::default(),
            killed: Killed::default(),
            cgroup,
        };
        if orchestrator_gone {
            self.wake_server();
            step(&mut ladder, self.now(), Input::OrchestratorGone, main);
        }
        loop {
            // Deaths before deadlines: who exits just in time has exited.
            self.reap(&mut ladder, &mut progress);
            step(&mut ladder, self.now(), Input::Tick, main);
            if let Some(input) = lease.due(time_since_boot()?) {
                step(&mut ladder, self.now(), input, main);
            }
            let settled = !ladder.is_killing() || progress.kill();
            if ladder.is_over() {
                break;
            }
            let limits = (settled, lease.longest_wait(time_since_boot()?));
            let woken = self.wait(&ladder, progress.end.as_ref(), limits, orchestrator_gone)?;
            if woken.by_death {
                drain(&self.deaths);
            }
            if woken.by_main {
                self.reap(&mut ladder, &mut progress);
                self.main_ended(&mut ladder, &mut progress);
            }
            if woken.by_word {
                orchestrator_gone = !self.listen(start.attempt, (&mut ladder, &mut lease), main)?;
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
        (settled, longest): (bool, Option<Duration>),
        orchestrator_gone: bool,
    ) -> io::Result<Woken> {
        let next = ladder.wake_at().map(|at| at.saturating_sub(self.now()));
        let mut timeout = [next, longest].into_iter().flatten().min();
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
    fn listen(
        &mut self,
        attempt: u64,
        (ladder, lease): (&mut Ladder, &mut LeaseWatch),
        main: i32,
    ) -> io::Result<bool> {
        let there = self.control.fill()?;
        while let Some((message, _)) = self.control.next()? {
            let (addressee, input) = match message {
                ToSupervisor::Cancel { attempt, cause } => (attempt, Input::Cancel(cause)),
                ToSupervisor::Kill { attempt, cause } => (attempt, Input::Kill(cause)),
                ToSupervisor::Pause { attempt } => (attempt, Input::Pause),
                ToSupervisor::Resume { attempt } => (attempt, Input::Resume),
                ToSupervisor::Extend {
                    attempt: other,
                    lease: later,
                } => {
                    if other == attempt {
                        lease.extend(later);
                    }
                    continue;
                }
                ToSupervisor::Ping => {
                    self.answer_ping()?;
                    continue;
                }
                ToSupervisor::Start(_) => continue,
            };
            if addressee == attempt
                && let Some(input) = lease.request(input)
            {
                step(ladder, self.now(), input, main);
                if input == Input::Pause {
                    self.answer(&Report::Paused)?;
                }
            }
        }
        if !there {
            self.wake_server();
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

    fn answer_ping(&self) -> io::Result<()> {
        self.answer(&Report::Pong)
    }

    fn answer(&self, report: &Report) -> io::Result<()> {
        match self.control.send(report) {
            // Nobody is left to be told, which the next read says.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Should the fork server have been stopped: without an orchestrator nobody else
    /// lets it go on, and it has to end. As long as it is our parent, its pid is its own.
    fn wake_server(&self) {
        if nix::unistd::getppid() == self.server {
            let _ = kill(self.server, Signal::SIGCONT);
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
