//! A crowd that connects and never goes: no slot is late for it, health is answered, and it
//! costs next to no memory. Eleven hundred connections against 256 descriptors.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use crate::fast::{EVERY_MINUTE, Fast, stop};
use crate::operation::port;
use crate::runtime::runtime;
use crate::support::{MARKER, ORCHESTRATE, Running, wait_until};

const CONNECTIONS: usize = 1100;

/// A minute of the timetable is three seconds.
const RATE: u32 = 20;

/// What each of them does once it is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing.
    Open,
    /// A head, a byte a second.
    Slow,
    /// A head of 270 KB that has no end.
    Large,
    /// One request, then nothing.
    KeepAlive,
    /// Requests without end, and no answer is read.
    Unread,
}

const MODES: [Mode; 5] = [Mode::Open, Mode::Slow, Mode::Large, Mode::KeepAlive, Mode::Unread];

async fn connect(port: u16, from: [u8; 4]) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::from(from), 0))?;
    let connecting = socket.connect(SocketAddr::from(([127, 0, 0, 1], port)));
    timeout(Duration::from_secs(3), connecting).await?
}

/// Returns when the other end has closed the connection.
async fn misbehave(mut stream: TcpStream, mode: Mode) -> std::io::Result<()> {
    let head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n";
    match mode {
        Mode::Open => {}
        Mode::Slow => {
            stream.write_all(head.as_bytes()).await?;
            let mut ticks = interval(Duration::from_secs(1));
            loop {
                ticks.tick().await;
                stream.write_all(b"X").await?;
            }
        }
        Mode::Large => {
            stream.write_all(head.as_bytes()).await?;
            let line = format!("X-a: {}\r\n", "a".repeat(3000));
            for _ in 0..90 {
                stream.write_all(line.as_bytes()).await?;
            }
        }
        Mode::KeepAlive => stream.write_all(format!("{head}\r\n").as_bytes()).await?,
        Mode::Unread => loop {
            stream.write_all(format!("{head}\r\n").as_bytes()).await?;
        },
    }
    let mut answer = [0; 4096];
    while stream.read(&mut answer).await? > 0 {}
    Ok(())
}

/// Whoever is thrown out comes again after a second.
async fn crowd(port: u16, mode: Mode, opened: Arc<AtomicUsize>) {
    let mut tasks = JoinSet::new();
    for number in 0..CONNECTIONS {
        let opened = Arc::clone(&opened);
        let from = [127, 0, 0, 2 + u8::try_from(number % 20).unwrap()];
        tasks.spawn(async move {
            loop {
                if let Ok(stream) = connect(port, from).await {
                    opened.fetch_add(1, Ordering::Relaxed);
                    // However it ends: that it does is what the other end wants.
                    let _ = misbehave(stream, mode).await;
                }
                sleep(Duration::from_secs(1)).await;
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// How long an answer took from an address that the crowd has not.
async fn health(port: u16) -> std::io::Result<Duration> {
    let since = Instant::now();
    let mut stream = connect(port, [127, 0, 0, 200]).await?;
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    // Well or not: on this clock a busy machine is soon called late. A refusal is no JSON.
    if !answer.contains("content-type: application/json") {
        return Err(std::io::Error::other(answer));
    }
    Ok(since.elapsed())
}

fn resident_kib(child: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}

/// The scheduler with 256 descriptors.
fn start_serve(fast: &Fast) -> Running {
    let said = fs::File::create(fast.place.path("said")).unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 256; exec \"$@\"", "sh", ORCHESTRATE])
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(fast.place.dir.path())
        .env("ORCHESTRATE_TIME_LAPSE", &fast.lapse)
        .env(MARKER, &fast.place.marker)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said);
    Running::start(&mut command, &fast.place.marker)
}

/// How many slots there are, and how late any from the one numbered `since` on began, in the
/// time of this world. A run that a busy machine drew out may overlap the next slot; no slot is
/// missed.
fn lateness(fast: &Fast, since: usize) -> (usize, Duration) {
    let mut rows = fast.rows(
        "select coalesce('' || (r.started_at - s.slot), l.cause)
         from slots s join ledger l on l.entry = s.entry and l.slot = s.slot
         left join runs r on r.id = s.run_id order by s.slot",
    );
    // The newest one may have been claimed a moment ago, and its run is not recorded yet.
    if rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    let late = rows[since..].iter().map(|late| match late.parse::<u64>() {
        Ok(late) => late,
        Err(_) if late.contains("overlap: skip") => 0,
        Err(_) => panic!("a slot did not run: {rows:?}"),
    });
    let worst = late.max().unwrap_or_default() / u64::from(RATE);
    (rows.len(), Duration::from_micros(worst))
}

fn stands_a_crowd(mode: Mode, length: Duration) {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let wanted = (CONNECTIONS as u64 * 2).min(hard);
    assert!(
        wanted > CONNECTIONS as u64 + 100,
        "this test needs many descriptors"
    );
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(wanted), hard).unwrap();

    let [fast, quiet] = [(); 2].map(|()| Fast::at_rate(RATE, EVERY_MINUTE, None));
    let (serve, alone) = (start_serve(&fast), start_serve(&quiet));
    let port = port(&fast);
    wait_until("some slots", || fast.ran().len() > 3 && quiet.ran().len() > 3);
    let (slots, others) = (lateness(&fast, 0).0, lateness(&quiet, 0).0);
    let memory = resident_kib(&serve);
    let opened = Arc::new(AtomicUsize::new(0));
    let (mut most_memory, mut slowest) = (memory, Duration::ZERO);
    let (end, ended) = oneshot::channel::<()>();
    let crowded = {
        let opened = Arc::clone(&opened);
        // On a thread of its own: whoever asks for health is not to wait for its turn among the crowd.
        std::thread::spawn(move || {
            runtime().block_on(async {
                tokio::select! {
                    () = crowd(port, mode, opened) => {}
                    _ = ended => {}
                }
            });
        })
    };
    runtime().block_on(async {
        let since = Instant::now();
        let mut ticks = interval(Duration::from_millis(100));
        while since.elapsed() < length || opened.load(Ordering::Relaxed) < CONNECTIONS {
            ticks.tick().await;
            // The kernel may have no room in the queue of those who come: then one comes again.
            let asked = Instant::now();
            let answered = async {
                while health(port).await.is_err() {
                    sleep(Duration::from_millis(50)).await;
                }
            };
            let answered = timeout(Duration::from_secs(10), answered).await;
            answered.expect("health is not answered");
            slowest = slowest.max(asked.elapsed());
            most_memory = most_memory.max(resident_kib(&serve));
        }
    });
    drop(end);
    crowded.join().unwrap();
    let ran = fast.ran().len();
    wait_until("a slot after the crowd", || fast.ran().len() > ran + 1);
    for (child, of) in [(serve, &fast), (alone, &quiet)] {
        assert_eq!(stop(child), Some(0), "{}", of.said());
        of.place.wait_until_gone();
    }
    let (all, worst) = lateness(&fast, slots);
    let (_, by_itself) = lateness(&quiet, others);
    let grown = most_memory - memory;
    println!(
        "{mode:?}: {} connections, {} slots, late by {worst:?} at most (one without a crowd: {by_itself:?}), \
         health within {slowest:?}, {grown} KiB more",
        opened.load(Ordering::Relaxed),
        all - slots
    );
    // What the machine is late by itself, at the same time, is not the crowd's.
    assert!(
        worst < by_itself + Duration::from_secs(1),
        "{worst:?}, without a crowd {by_itself:?}"
    );
    assert!(grown <= 8 << 10, "{grown} KiB");
    assert!(!fast.said().contains("Too many open files"), "{}", fast.said());
}

#[test]
fn a_crowd_that_connects_delays_no_slot() {
    for mode in MODES {
        stands_a_crowd(mode, Duration::from_secs(4));
    }
}

#[test]
#[ignore = "five minutes, for whoever changes how connections are treated"]
fn a_crowd_that_stays_delays_no_slot_either() {
    for mode in MODES {
        stands_a_crowd(mode, Duration::from_secs(60));
    }
}
