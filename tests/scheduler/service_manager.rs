//! What a service manager is told (sd_notify(3)), on a real datagram socket of either kind.

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::fast::{EVERY_MINUTE, Fast, signal, stop};
use crate::support::{PATIENCE, wait_until};

/// How long the watchdog waits, in microseconds.
const WATCHDOG: u64 = 3_000_000;

/// A service manager that listens all the time: the queue of a socket is short.
struct Manager {
    heard: Receiver<Vec<String>>,
}

impl Manager {
    fn new(socket: UnixDatagram) -> Self {
        let (sender, heard) = channel();
        std::thread::spawn(move || {
            let mut message = [0; 4096];
            while let Ok(length) = socket.recv(&mut message) {
                let text = std::str::from_utf8(&message[..length]).unwrap();
                if sender.send(text.lines().map(str::to_owned).collect()).is_err() {
                    return;
                }
            }
        });
        Self { heard }
    }

    /// The next message, as lines.
    fn next(&self) -> Vec<String> {
        self.heard.recv_timeout(PATIENCE).unwrap()
    }

    /// The next message that holds this line; what comes before it is of no interest.
    fn next_with(&self, line: &str) -> Vec<String> {
        loop {
            let message = self.next();
            if message.iter().any(|said| said == line) {
                return message;
            }
        }
    }
}

fn start(fast: &Fast, address: &str) -> crate::support::Running {
    let watchdog = WATCHDOG.to_string();
    let variables = [("NOTIFY_SOCKET", address), ("WATCHDOG_USEC", &watchdog)];
    fast.start_with(&["beat"], &variables)
}

#[test]
fn from_ready_by_reloads_to_the_end_on_a_socket_with_a_path() {
    let schedule = EVERY_MINUTE.replace(
        "note, schedule: interval, minutes: 1",
        "fake, schedule: interval, minutes: 1, args: [touch, started, fifo-read, go]",
    );
    let fast = Fast::new(&schedule, None);
    mkfifo(&fast.place.path("go"), Mode::S_IRWXU).unwrap();
    let path = fast.place.path("notify");
    let manager = Manager::new(UnixDatagram::bind(&path).unwrap());
    let beat = start(&fast, path.to_str().unwrap());
    assert_eq!(manager.next(), ["READY=1", "STATUS=starting"]);
    manager.next_with("STATUS=leading");

    // The watchdog hears of it more often than it wants to.
    manager.next_with("WATCHDOG=1");
    for _ in 0..3 {
        let begin = Instant::now();
        manager.next_with("WATCHDOG=1");
        assert!(
            begin.elapsed() < Duration::from_micros(WATCHDOG),
            "{:?}",
            begin.elapsed()
        );
    }

    signal(&beat, Signal::SIGHUP);
    let reloading = manager.next_with("RELOADING=1");
    let at = reloading[1].strip_prefix("MONOTONIC_USEC=").unwrap();
    assert!(at.parse::<u64>().unwrap() > 0);
    assert_eq!(manager.next(), ["READY=1", "STATUS=leading"]);
    // A file that cannot be used ends the reload as well, and shows.
    fast.place.schedule("groups: {g: {}}");
    manager.next_with("RELOADING=1");
    manager.next_with("STATUS=leading; the schedule file cannot be used as it is now");
    fast.place.schedule(&schedule);
    manager.next_with("STATUS=leading");

    // It ends, and is alive while runs finish.
    wait_until("the collector to run", || fast.place.path("started").exists());
    signal(&beat, Signal::SIGTERM);
    manager.next_with("STOPPING=1");
    manager.next_with("WATCHDOG=1");
    manager.next_with("WATCHDOG=1");
    fs::write(fast.place.path("go"), ".").unwrap();
    fast.ends(beat, 0);
}

#[test]
fn an_abstract_socket_is_heard_as_well_and_collectors_hear_of_none() {
    let fast = Fast::new(EVERY_MINUTE, None);
    fast.place.script(
        "note",
        "#!/bin/sh\nenv > environment\necho \"$ORCHESTRATE_SLOT\" >> ran\n",
    );
    let name = format!("orchestrate-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let manager = Manager::new(UnixDatagram::bind_addr(&address).unwrap());
    let beat = start(&fast, &format!("@{name}"));
    manager.next_with("READY=1");
    manager.next_with("STATUS=leading");
    wait_until("a slot", || !fast.ran().is_empty());
    let environment = fs::read_to_string(fast.place.path("environment")).unwrap();
    for variable in ["NOTIFY_SOCKET", "WATCHDOG_USEC"] {
        assert!(!environment.contains(variable), "{environment}");
    }
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    manager.next_with("STOPPING=1");
    fast.place.wait_until_gone();
}

/// The unit of `scripts/` means what it should to systemd itself, where there is one.
#[test]
fn systemd_understands_the_unit() {
    if let Some(said) = what_systemd_says("orchestrate.service") {
        assert_eq!(said, "");
    }
}

/// What it says of a unit below `scripts/`, if there is a systemd that can be asked; nothing if the
/// unit is well.
pub(crate) fn what_systemd_says(unit: &str) -> Option<String> {
    let root = tempfile::tempdir().unwrap();
    let place = |name: &str| root.path().join(name);
    for folder in ["etc/systemd/system", "usr/local/bin", "bin", "srv/orchestrate"] {
        fs::create_dir_all(place(folder)).unwrap();
    }
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../scripts")
        .join(unit);
    let unit = file.file_name().unwrap();
    fs::copy(&file, place("etc/systemd/system").join(unit)).unwrap();
    fs::copy("/bin/true", place("usr/local/bin/orchestrate")).unwrap();
    fs::copy("/bin/true", place("bin/kill")).unwrap();
    // What it wants to come after, and the user it runs as.
    for other in [
        "network-online.target",
        "multi-user.target",
        "basic.target",
        "sysinit.target",
        "shutdown.target",
    ] {
        fs::write(place("etc/systemd/system").join(other), "[Unit]\nDescription=x\n").unwrap();
    }
    let verify = std::process::Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--root"])
        .arg(root.path())
        .arg(unit)
        .env("SYSTEMD_LOG_LEVEL", "warning")
        .output();
    // A machine without systemd cannot say.
    let output = verify.ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() || !said.is_empty(), "{output:?}");
    Some(said)
}
