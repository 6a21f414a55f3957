//! Edge cases 38 and 39 at any moment: `kill -9` of the orchestrator or of a
//! supervisor anywhere in a whole run of the real binary. Each loop has a process of
//! its own, which adopts whatever is orphaned, so that a zombie cannot hide.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::place::{PATIENCE, Place, Running, outcomes};
use crate::support::{is_part, run_part};

/// Each collector ends by the ladder, with a tree that must be hunted down.
const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [spawn-session, daemonize, subreaper, hang], timeout: 40ms, grace: 30ms}
      - {command: fake, schedule: daily, args: [ignore, TERM, spawn-stubborn, daemonize, hang], timeout: 40ms, grace: 30ms}
      - {command: fake, schedule: daily, args: [append, ledger, last]}
"#;

const KILLS: u32 = 50;

#[test]
fn edge_38_orchestrator_killed_at_any_moment() {
    run_part(&[], "kills::orchestrators");
}

#[test]
fn edge_39_supervisor_killed_at_any_moment() {
    run_part(&[], "kills::supervisors");
}

/// A moment within a run, whose length is measured first.
struct Moments {
    random: fastrand::Rng,
    run: Duration,
}

impl Moments {
    fn new(place: &Place) -> Self {
        nix::sys::prctl::set_child_subreaper(true).unwrap();
        let seed = std::env::var("ORCHESTRATE_TEST_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| fastrand::u64(..));
        println!("ORCHESTRATE_TEST_SEED={seed}");
        let start = Instant::now();
        place.see(run(place));
        Self {
            random: fastrand::Rng::with_seed(seed),
            run: start.elapsed(),
        }
    }

    /// Waits for it. This is no waiting for a condition: the moment is the test's input.
    fn wait(&mut self) {
        std::thread::sleep(self.run.mul_f64(self.random.f64()));
    }
}

fn run(place: &Place) -> Running {
    place.start(&mut place.command(&["run", "--schedule", "daily"]))
}

fn pid_of(child: &Running) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

/// Reaps all that has become ours until nothing is left; returns their names.
fn adopted() -> Vec<String> {
    let mut names = Vec::new();
    let start = Instant::now();
    loop {
        for pid in crate::support::processes() {
            let ours = crate::support::stat(pid).is_some_and(|(state, parent)| {
                state == 'Z' && u32::try_from(parent) == Ok(std::process::id())
            });
            if ours {
                names.push(std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap());
                waitpid(Pid::from_raw(pid), None).unwrap();
            }
        }
        // Children of any thread: the kernel gives orphans to the main one, which is not
        // the one that runs the test.
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) => return names,
            Ok(WaitStatus::StillAlive) => std::thread::yield_now(),
            other => names.push(format!("{other:?}")),
        }
        assert!(start.elapsed() < PATIENCE, "still there");
    }
}

#[test]
#[ignore = "a part of another test"]
fn orchestrators() {
    if !is_part() {
        return;
    }
    let place = Place::new(SCHEDULE);
    let mut moments = Moments::new(&place);
    let mut untouched = 0;
    for _ in 0..KILLS {
        let mut orchestrator = run(&place);
        moments.wait();
        kill(pid_of(&orchestrator), Signal::SIGKILL).unwrap();
        if orchestrator.wait().unwrap().code().is_some() {
            untouched += 1;
        }
        place.wait_until_gone();
        // Its fork server is all that it leaves to init, and that has ended.
        let adopted = adopted();
        assert!(adopted.len() <= 1, "{adopted:?}");
    }
    println!("{KILLS} kills, {untouched} of them too late");
    place.run(&["run", "--schedule", "daily"]).exits(1);
}

/// The supervisor of this run, once there is one.
fn supervisor(place: &Place, orchestrator: &mut Running) -> Option<i32> {
    loop {
        let found = place
            .survivors()
            .iter()
            .find_map(|process| process.strip_suffix(" orch-supervisor")?.parse().ok());
        if found.is_some() || orchestrator.try_wait().unwrap().is_some() {
            return found;
        }
    }
}

#[test]
#[ignore = "a part of another test"]
fn supervisors() {
    if !is_part() {
        return;
    }
    let place = Place::new(SCHEDULE);
    let mut moments = Moments::new(&place);
    let (mut untouched, mut lost, mut alive) = (0, 0, 1);
    for _ in 0..KILLS {
        let mut orchestrator = run(&place);
        moments.wait();
        match supervisor(&place, &mut orchestrator) {
            Some(pid) if kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok() => {}
            _ => untouched += 1,
        }
        // Proves that nothing is left, too.
        let seen = place.see(orchestrator);
        seen.exits(1);
        assert_eq!(adopted(), Vec::<String>::new());
        let outcomes = outcomes(&place.last());
        let expected = ["timed_out", "timed_out", "succeeded"];
        assert_eq!(outcomes.len(), expected.len());
        let mut different = 0;
        for ((_, outcome), expected) in outcomes.iter().zip(expected) {
            if outcome != expected {
                assert_eq!(outcome, "lost", "{outcomes:?}");
                different += 1;
            }
        }
        assert!(different <= 1, "{outcomes:?}");
        lost += different;
        // What was lost is not started again.
        alive += usize::from(outcomes[2].1 == "succeeded");
        let ledger = std::fs::read_to_string(place.path("ledger")).unwrap();
        let ran = ledger.lines().count();
        assert!(
            ran == alive || (outcomes[2].1 == "lost" && ran == alive + 1),
            "{outcomes:?}"
        );
        alive = ran;
    }
    println!("{KILLS} kills, {untouched} of them too late, {lost} attempts lost");
}
