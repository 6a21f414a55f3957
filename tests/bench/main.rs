//! What the attempt engine costs beyond the least that C needs for the same work,
//! both measured in turns in one run: `cargo bench --bench attempts`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measurement may fail where it stands"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use orchestrator::model::{Limits, Outcome, Stream};
use orchestrator::process::{AttemptSpec, ForkServer, LineFramer, OutputSink};

const ROUNDS: usize = 7;
const PROGRAMS: u32 = 1000;
const BYTES: u64 = 800_000_000;

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let build = |name: &str, source: &str, flags: &[&str]| {
        let source = format!("{}/../tests/bench/{source}.c", env!("CARGO_MANIFEST_DIR"));
        let program = directory.path().join(name);
        let built = Command::new("cc")
            .args(["-O2", "-o"])
            .arg(&program)
            .arg(source)
            .args(flags)
            .status();
        assert!(built.unwrap().success());
        program
    };
    // One program that does what its name says.
    let noop = build("noop", "collectors", &["-static"]);
    let producer = build("lines", "collectors", &["-static"]);
    let floor_spawn = build("floor_spawn", "floor_spawn", &[]);
    let floor_lines = build("floor_lines", "floor_lines", &[]);
    let log = directory.path().join("log");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();

    let mut spawn = [const { Vec::new() }; 3];
    let mut lines = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        let programs = || runtime.block_on(programs(&noop, &log));
        spawn[0].push(cost(|| {
            floor(
                Command::new(&floor_spawn)
                    .arg(PROGRAMS.to_string())
                    .arg(&noop)
                    .arg(&log),
            )
        }));
        spawn[1].push(cost(programs));
        let mut large = vec![0_u8; 100 << 20];
        large.chunks_mut(4096).for_each(|page| page[0] = 1);
        spawn[2].push(cost(programs));
        drop(std::hint::black_box(large));
        lines[0].push(cost(|| {
            floor(
                Command::new(&floor_lines)
                    .arg(&producer)
                    .arg(BYTES.to_string())
                    .stdout(null()),
            )
        }));
        lines[1].push(cost(|| runtime.block_on(tagged_lines(&producer))));
    }
    println!("{PROGRAMS} programs that do nothing, median of {ROUNDS} rounds");
    table(
        &spawn,
        &[
            "C posix_spawn loop",
            "launch and run",
            "the same with 100 MB resident",
        ],
    );
    println!("{BYTES} bytes in lines of 80, tagged, median of {ROUNDS} rounds");
    table(&lines, &["C copy-and-tag loop", "run, framer and tag"]);
}

fn null() -> Stdio {
    Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap())
}

/// What one round took. The CPU time is that of all processes together: on a busy
/// machine it says more than the wall time.
struct Cost {
    wall: Duration,
    cpu: Duration,
}

fn cost(round: impl FnOnce() -> Duration) -> Cost {
    let before = cpu();
    let wall = round();
    Cost {
        wall,
        cpu: cpu().saturating_sub(before),
    }
}

fn cpu() -> Duration {
    let of = |who| {
        let usage = getrusage(who).unwrap();
        [usage.user_time(), usage.system_time()]
    };
    [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN]
        .into_iter()
        .flat_map(of)
        .map(|time| Duration::from_micros(u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap()))
        .sum()
}

fn table(rows: &[Vec<Cost>], names: &[&str]) {
    let median = |row: &[Cost], of: fn(&Cost) -> Duration| {
        let mut times: Vec<_> = row.iter().map(of).collect();
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    let (wall_floor, cpu_floor) = (
        median(&rows[0], |cost| cost.wall),
        median(&rows[0], |cost| cost.cpu),
    );
    for (row, name) in rows.iter().zip(names) {
        let (wall, cpu) = (median(row, |cost| cost.wall), median(row, |cost| cost.cpu));
        println!(
            "  {name:<30} wall {wall:>7.1} ms {:>5.2}x   CPU {cpu:>7.1} ms {:>5.2}x",
            wall / wall_floor,
            cpu / cpu_floor
        );
    }
}

/// Runs a C program that prints its own wall time.
fn floor(command: &mut Command) -> Duration {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Duration::from_nanos(String::from_utf8(text).unwrap().trim().parse().unwrap())
}

fn spec(program: &Path, args: &[String]) -> AttemptSpec {
    AttemptSpec {
        program: PathBuf::from(program),
        args: args.iter().map(Into::into).collect(),
        env: std::env::vars_os().collect(),
        working_directory: None,
        timeout: Some(Duration::from_secs(3600)),
        idle_timeout: None,
        grace: Duration::from_secs(10),
        drain: AttemptSpec::DRAIN,
        kill_wait: AttemptSpec::KILL_WAIT,
        lease: None,
        limits: Limits::default(),
    }
}

/// Drops everything.
struct Nothing;

impl OutputSink for Nothing {
    async fn chunk(&mut self, _: Stream, _: &[u8]) {}
    async fn quiet(&mut self) {}
}

async fn programs(program: &Path, log: &Path) -> Duration {
    let server = ForkServer::with_executable(env!("CARGO_BIN_EXE_orchestrate"));
    let mut log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .unwrap();
    let spec = spec(program, &[]);
    let start = Instant::now();
    for _ in 0..PROGRAMS {
        let attempt = server.launch(&spec).await.unwrap();
        writeln!(log, "{:?} started {:?}", start.elapsed(), attempt.pid()).unwrap();
        let end = attempt.run(&mut Nothing).await;
        assert_eq!(end.outcome, Outcome::Succeeded);
        writeln!(log, "{:?} exited {:?}", start.elapsed(), end.usage).unwrap();
    }
    let wall = start.elapsed();
    server.shutdown().await;
    wall
}

/// Writes tag, time and line, one write per chunk.
struct Tagging {
    framer: LineFramer,
    result: Vec<u8>,
    to: std::fs::File,
    bytes: u64,
}

impl OutputSink for Tagging {
    async fn chunk(&mut self, _: Stream, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        // The same work as the floor's, not a real clock: which time it is does not matter.
        let seconds = Instant::now().elapsed().as_secs();
        let tag = format!(
            "[group/command] {:02}:{:02}:{:02} ",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
        self.result.clear();
        let Self { framer, result, .. } = self;
        framer.push(bytes, &mut |line| {
            result.extend_from_slice(tag.as_bytes());
            result.extend_from_slice(line.text);
            result.push(b'\n');
        });
        self.to.write_all(&self.result).unwrap();
    }

    async fn quiet(&mut self) {}
}

async fn tagged_lines(producer: &Path) -> Duration {
    let server = ForkServer::with_executable(env!("CARGO_BIN_EXE_orchestrate"));
    let to = std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap();
    let mut sink = Tagging {
        framer: LineFramer::new(),
        result: Vec::new(),
        to,
        bytes: 0,
    };
    let start = Instant::now();
    let attempt = server
        .launch(&spec(producer, &[BYTES.to_string()]))
        .await
        .unwrap();
    let end = attempt.run(&mut sink).await;
    let wall = start.elapsed();
    assert_eq!((end.outcome, sink.bytes), (Outcome::Succeeded, BYTES));
    server.shutdown().await;
    wall
}
