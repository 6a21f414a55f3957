//! Edge cases that need the whole of `orchestrate run`: its log, its console, its
//! environment, its memory.

use std::io::{BufReader, Read};
use std::process::{Command, Stdio};

use nix::sys::stat::Mode;

use crate::place::{FAKE, ORCHESTRATE, Place, Running, wait_until};
use crate::support::{allowed, full};

/// One group with these tasks.
fn place(tasks: &[&str]) -> Place {
    let tasks: String = tasks.iter().map(|task| format!("      - {{{task}}}\n")).collect();
    Place::new(&format!(
        "groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n{tasks}"
    ))
}

const RUN: [&str; 3] = ["run", "--schedule", "daily"];
const QUIET: [&str; 4] = ["run", "--schedule", "daily", "-q"];
const PEAK: &str = "command: fake, schedule: daily, args: [peak-of-orchestrate]";

/// What the last collector said of the orchestrator's memory, in bytes.
fn peak(place: &Place) -> u64 {
    let record = place.last();
    let log = record["tasks"].as_array().unwrap().last().unwrap()["log"]
        .as_str()
        .unwrap();
    let text = std::fs::read_to_string(place.state().join(log)).unwrap();
    let peak = text.trim_end().strip_suffix(" kB").unwrap();
    1024 * peak.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
}

const MIB: u64 = 1 << 20;

#[test]
fn edge_09_nul_is_refused_at_load() {
    let place = place(&[r#"command: fake, schedule: daily, args: [out, "a\0b"]"#]);
    place.run(&RUN).exits(2).says("NUL");
    assert!(!place.state().exists());
    place.run(&["check", "--schedule-only"]).exits(2).says("NUL");
}

#[test]
fn edge_44_a_gibibyte_without_a_newline_through_a_run() {
    let flood = "command: fake, schedule: daily, args: [flood, '1073741824', nonl]";
    let place = place(&[flood, PEAK]);
    place.run(&QUIET).exits(0);
    let task = &place.last()["tasks"][0];
    assert_eq!(task["stdout_bytes"], 1_073_741_824_u64);
    assert_eq!(task["truncated"], true);
    let peak = peak(&place);
    println!("peak memory of orchestrate: {} MiB", peak / MIB);
    assert!(peak < 64 * MIB, "{peak}");
}

/// Half a gigabyte; two gibibytes if asked for (ORCHESTRATE_TEST_FULL).
#[test]
fn edge_45_the_log_is_what_was_written_to_the_byte() {
    let bytes: u64 = if full() { 2 << 30 } else { 500_000_000 };
    let place = place(&[
        &format!(
            "command: fake, schedule: daily, args: [flood, '{bytes}', mixed], limits: {{output: 8 GiB}}"
        ),
        PEAK,
    ]);
    place.run(&QUIET).exits(0);
    let last = place.last();
    let task = &last["tasks"][0];
    assert_eq!(
        (&task["stdout_bytes"], &task["truncated"]),
        (&bytes.into(), &false.into())
    );
    let peak = peak(&place);
    println!("peak memory of orchestrate: {} MiB", peak / MIB);
    assert!(peak < 64 * MIB, "{peak}");
    // Byte by byte against the collector itself, which says better where than a checksum.
    let run = last["run"].as_str().unwrap();
    let mut logged = place.command(&["logs", run, "fake", "--raw"]);
    let mut written = Command::new(FAKE);
    written.args(["flood", &bytes.to_string(), "mixed"]);
    let mut outputs = [&mut logged, &mut written].map(|command| {
        let mut child = Running::start(command.stdout(Stdio::piped()), &place.marker);
        let output = BufReader::with_capacity(1 << 20, child.stdout.take().unwrap());
        (child, output)
    });
    let mut seen = 0;
    let mut buffers = [vec![0; 1 << 20], vec![0; 1 << 20]];
    while seen < bytes {
        let count = usize::try_from((bytes - seen).min(MIB)).unwrap();
        for ((_, output), buffer) in outputs.iter_mut().zip(&mut buffers) {
            output.read_exact(&mut buffer[..count]).unwrap();
        }
        assert!(
            buffers[0][..count] == buffers[1][..count],
            "differs within {seen} + {count}"
        );
        seen += count as u64;
    }
    for (child, output) in &mut outputs {
        // The other collector of that name has written its peak behind it.
        std::io::copy(output, &mut std::io::sink()).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn edge_48_49_progress_bars_and_characters_cut_in_two() {
    let place = place(&[
        "command: fake, schedule: daily, args: [bytes, '3130250d3230250d0a']",
        "command: euros, schedule: daily",
    ]);
    // A read ends after 64 KiB at the latest, and no line of 67 bytes ends there.
    place.script(
        "euros",
        "#!/usr/bin/env python3\nimport os\nline = '€' * 22 + '\\n'\ntext = (line * 20000).encode()\n\
         while text:\n    text = text[os.write(1, text[:100001]):]\n",
    );
    let seen = place.run(&RUN);
    // What stands after the last return is what a screen would show.
    seen.exits(0).says("[g/fake] 20%").says_not("10%");
    let line = format!("[g/euros] {}", "€".repeat(22));
    assert_eq!(
        seen.stderr.lines().filter(|shown| **shown == line).count(),
        20_000
    );
    assert!(!seen.stderr.contains('\u{fffd}'));
    let raw = place.run(&["logs", "last", "--raw"]).stdout;
    assert_eq!(
        raw,
        format!("10%\r20%\r\n{}", format!("{}\n", "€".repeat(22)).repeat(20_000))
    );
}

/// Only the logs lie on the disk that is full: the run goes on without them.
#[test]
fn edge_52_a_full_disk_does_not_end_the_run() {
    let wrapper = ["unshare", "--mount"];
    if !allowed(&wrapper) {
        return;
    }
    let place = place(&[
        "command: fake, schedule: daily, args: [flood, '10000000', lines]",
        "command: fake, schedule: daily, args: [append, ledger, second]",
    ]);
    let runs = place.state().join("runs");
    std::fs::create_dir_all(&runs).unwrap();
    // Gone with the process, whatever happens to us.
    let script = "mount -t tmpfs -o size=1m none \"$0\" && exec \"$@\"";
    let mut command = place.command(&[]);
    command = {
        let mut wrapped = Command::new(wrapper[0]);
        wrapped
            .args(&wrapper[1..])
            .args(["sh", "-c", script])
            .arg(&runs)
            .arg(ORCHESTRATE)
            .args(RUN)
            .current_dir(place.dir.path())
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        wrapped
    };
    let seen = place.see(place.start(&mut command));
    seen.says("No space left on device");
    let tasks = &place.last()["tasks"];
    for task in 0..2 {
        assert_eq!(tasks[task]["outcome"], "succeeded", "{seen:#?}");
    }
    assert_eq!(tasks[0]["stdout_bytes"], 10_000_000);
    assert_eq!(tasks[0]["truncated"], true);
    assert_eq!(std::fs::read_to_string(place.path("ledger")).unwrap(), "second\n");
}

/// Whoever reads our console sleeps; a collector that fills it is ended in time.
#[test]
fn edge_54_a_slow_console_does_not_stop_the_clock() {
    let place = place(&[
        "command: fake, schedule: daily, args: [flood, '100000000000', lines], timeout: 300ms",
        "command: fake, schedule: daily, args: [append, ledger, second]",
    ]);
    let (console, wake) = (place.path("console"), place.path("wake"));
    for fifo in [&console, &wake] {
        nix::unistd::mkfifo(fifo, Mode::S_IRWXU).unwrap();
    }
    // Open from the start, and asleep until woken.
    let mut reader = Command::new("sh");
    let reader = reader
        .args(["-c", "exec < \"$0\"; read -r word < \"$1\"; exec cat"])
        .args([&console, &wake])
        .stdout(Stdio::null());
    let mut reader = Running::start(reader, &place.marker);
    let mut command = place.command(&RUN);
    command
        .stderr(std::fs::OpenOptions::new().write(true).open(&console).unwrap())
        .stdout(Stdio::piped());
    let mut orchestrate = Running::start(&mut command, &place.marker);
    // It holds the writing end, whose last closing is what the reader's end waits for.
    drop(command);
    let runs = |name: &str| place.survivors().iter().any(|process| process.ends_with(name));
    wait_until("the collector runs", || runs(" fake"));
    wait_until("it is ended while the console sleeps", || !runs(" fake"));
    assert!(
        orchestrate.try_wait().unwrap().is_none(),
        "the console is waited for"
    );
    std::fs::write(&wake, "now\n").unwrap();
    assert_eq!(orchestrate.wait().unwrap().code(), Some(1));
    assert!(reader.wait().unwrap().success());
    let tasks = &place.last()["tasks"];
    assert_eq!(
        tasks[0]["reason"],
        "timed out after 300ms, then killed by SIGTERM"
    );
    assert_eq!(tasks[1]["outcome"], "succeeded");
}

#[test]
fn edge_60_what_is_ours_or_stripped_is_not_inherited() {
    let place = place(&["command: fake, schedule: daily, args: [dump-env]"]);
    std::fs::write(
        place.path("config/orchestrator.yaml"),
        "strip_env: [PRIVATE_KEY]\n",
    )
    .unwrap();
    let mut command = place.command(&RUN);
    command
        .env("DATABASE_URL", "sqlite:.orchestrate/orchestrate.db")
        .env("ORCHESTRATE_LOG", "info")
        .env("PRIVATE_KEY", "not for them")
        .env("PUBLIC", "for them");
    place.see(place.start(&mut command)).exits(0);
    let raw = place.run(&["logs", "last", "--raw"]);
    let names: Vec<&str> = raw
        .stdout
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    for absent in ["DATABASE_URL", "ORCHESTRATE_LOG", "PRIVATE_KEY"] {
        assert!(!names.contains(&absent), "{names:?}");
    }
    for present in ["PUBLIC", "PATH", "ORCHESTRATE_RUN_ID"] {
        assert!(names.contains(&present), "{names:?}");
    }
}
