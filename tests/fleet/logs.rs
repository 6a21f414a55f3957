//! What collectors wrote, seen from another machine than their worker's: while they run, after they
//! ended, and after the worker is gone.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::{Running, wait_until};
use crate::workers::{Fleet, signal};

/// Says where it is on both streams, waits for its gate, and fails. What it writes is hostile.
const TALKER: &str = r#"#!/bin/sh
printf 'one %s \033[2J\n' "$TOKEN"
echo warned >&2
echo "start $1 $ORCHESTRATE_ATTEMPT $$" >> "$LEDGER"
while [ -e "$GATES/$1" ]; do sleep 0.02; done
echo two
printf 'three without an end'
exit 3
"#;

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: talker, name: a, schedule: daily, args: [a]}
      - {command: "true", name: silent, schedule: daily}
"#;

fn fleet(settings: &str, machines: usize) -> Fleet {
    let mut fleet = Fleet::new(SCHEDULE, &format!("secrets: [TOKEN]\n{settings}"), machines);
    fleet.variables.push(("TOKEN", "hush-hush"));
    fleet.script("talker", TALKER);
    fleet.script("true", "#!/bin/sh\n");
    fleet
}

/// What a process has written so far, in a file.
struct Told {
    file: std::path::PathBuf,
    process: Running,
}

impl Told {
    fn start(fleet: &Fleet, args: &[&str]) -> Self {
        let place = fleet.place(0);
        let file = place.path(format!("told-{}", fastrand::u64(..)));
        let out = fs::File::create(&file).unwrap();
        let mut command = fleet.command(0, args);
        command.stdout(out.try_clone().unwrap()).stderr(out);
        let process = Running::start(&mut command, &place.marker);
        Self { file, process }
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.file).unwrap()
    }

    fn wait_for(&self, words: &str) {
        wait_until(words, || self.text().contains(words));
    }

    fn end(self) -> (Option<i32>, String) {
        let code = self.process.wait_with_output().status.code();
        (code, fs::read_to_string(&self.file).unwrap())
    }
}

#[test]
fn a_log_is_followed_from_another_machine_and_is_there_when_its_worker_is_gone() {
    let fleet = fleet("", 2);
    fleet.close_gate("a");
    let worker = fleet.start(1, &["worker", "--name", "w"]);
    let run = fleet.queue("g");
    fleet.wait_for("start a 1");
    let begun = Instant::now();
    let follower = Told::start(&fleet, &["logs", "-f", &run]);
    follower.wait_for("[g/a] one *** ");
    follower.wait_for("[g/a] warned");
    let late = begun.elapsed();
    assert!(late < Duration::from_secs(10), "{late:?}");
    assert!(!follower.text().contains("two"));
    fleet.open_gate("a");
    let (code, text) = follower.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.ends_with("[g/a] two\n[g/a] three without an end\n"),
        "{text}"
    );
    assert!(!text.contains("hush-hush") && !text.contains('\u{1b}'), "{text}");
    fleet.wait_for_end(&run);
    fleet.end(1, worker);
    fs::remove_dir_all(fleet.place(1).state()).unwrap();

    let whole = fleet.run(0, &["logs", &run]);
    whole.exits(0).says_not("hush-hush");
    assert_eq!(whole.stdout, text);
    assert_eq!(whole.stderr, "", "nothing is missing");
    let tail = fleet.run(0, &["logs", "a", "--tail", "1", "--raw"]);
    assert_eq!(tail.exits(0).stdout, "three without an end");
    let errors = fleet.run(0, &["logs", &run, "a", "--stream", "stderr", "--format", "json"]);
    assert_eq!(errors.exits(0).json_lines()[0]["text"], "warned");
    let page = fleet.run(0, &["logs", &run, "a", "--offset", "1", "--limit", "1"]);
    page.exits(0).says("[g/a] warned").says("the next page: --offset");
    // The last lines of a failure are in its record.
    fleet
        .run(0, &["show", &run])
        .exits(0)
        .says("three without an end");
    let again = Told::start(&fleet, &["logs", "-f", &run, "--tail", "1"]);
    assert_eq!(again.end(), (Some(0), "[g/a] three without an end\n".to_owned()));
    let kept = "select count(*), count(*) filter (where position('hush' in encode(data, 'escape')) > 0) from log_chunks";
    assert_eq!(
        fleet.psql(kept),
        "1|0",
        "an attempt that wrote nothing has no row"
    );
}

#[test]
fn of_a_killed_worker_what_it_had_sent_is_there_and_what_is_missing_is_said() {
    let fleet = fleet("lease: 2s\n", 2);
    fleet.close_gate("a");
    let mut worker = fleet.start(1, &["worker", "--name", "first"]);
    let run = fleet.queue("g");
    wait_until("a piece of the log", || {
        fleet.psql("select count(*) from log_chunks") == "1"
    });
    worker.kill().unwrap();
    worker.wait().unwrap();
    fleet.place(1).wait_until_gone();
    // Nobody knows yet that it is lost: nothing is missing of what goes on.
    let seen = fleet.run(0, &["logs", &run, "a"]);
    seen.exits(0)
        .says("[g/a] warned")
        .says_not("did not reach the database");
    fleet.open_gate("a");
    let second = fleet.start(0, &["worker", "--name", "second"]);
    fleet.wait_for_end(&run);
    fleet
        .run(0, &["logs", &run, "a", "--attempt", "1"])
        .exits(0)
        .says("[g/a] warned")
        .says_not("two")
        .says("g/a: the end of its log did not reach the database; its worker has runs/");
    // The second attempt is on this machine.
    fleet.run(0, &["logs", &run, "a"]).exits(0).says("[g/a] two");
    let all = Told::start(&fleet, &["logs", "-f", &run]);
    let (code, text) = all.end();
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("[g/a] warned").count(), 2, "{text}");
    assert!(text.contains("did not reach the database"), "{text}");
    fleet.end(0, second);
}

#[test]
fn of_a_flood_the_newest_part_is_there_and_it_is_said_how_much_is_not() {
    let fleet = fleet("", 2);
    fleet.script("talker", "#!/bin/sh\nseq 1 200000\n");
    // Nobody reads what it would show.
    let worker = fleet.start(1, &["-q", "worker"]);
    let run = fleet.queue("g");
    fleet.wait_for_end(&run);
    let size = fs::metadata(fleet.place(1).state().join(format!("runs/{run}/1-talker.log")))
        .unwrap()
        .len();
    fleet.end(1, worker);
    let seen = fleet.run(0, &["logs", &run, "a", "--raw"]);
    seen.exits(0)
        .says("bytes of its log before this are not in the database");
    let lines: Vec<u32> = seen.stdout.lines().map(|line| line.parse().unwrap()).collect();
    assert!(lines.len() > 10_000 && *lines.last().unwrap() == 200_000);
    assert!(lines.windows(2).all(|pair| pair[0] + 1 == pair[1]), "no hole");
    let kept: u64 = fleet.psql("select sum(length) from log_chunks").parse().unwrap();
    assert!(kept <= (1 << 20) + (256 << 10) && kept < size, "{kept} of {size}");
    let page = fleet.run(
        0,
        &[
            "logs", &run, "a", "--offset", "0", "--limit", "100", "--format", "json",
        ],
    );
    let end = page.exits(0).json_lines().pop().unwrap();
    assert_eq!(
        end["offset"].as_u64().unwrap(),
        size - kept,
        "places are those of the file"
    );
    assert_eq!(end["size"].as_u64().unwrap(), size);
}

#[test]
fn who_waits_sees_what_is_written_and_the_first_signal_cancels() {
    let fleet = fleet("", 2);
    fleet.close_gate("a");
    let worker = fleet.start(1, &["worker"]);
    let args = ["run", "--schedule", "daily", "--queue", "--wait"];
    let waiting = Told::start(&fleet, &args);
    waiting.wait_for("[g/a] one *** ");
    fleet.open_gate("a");
    let (code, text) = waiting.end();
    assert_eq!(code, Some(1), "{text}");
    let told = text.find("[g/a] three without an end\n").unwrap();
    assert!(
        told < text.find("1 succeeded, 1 failed, 0 skipped").unwrap(),
        "{text}"
    );
    let quiet = Told::start(&fleet, &[&args[..], &["--quiet"]].concat());
    let (code, text) = quiet.end();
    assert_eq!(code, Some(1));
    assert!(!text.contains("[g/a]"), "{text}");

    fleet.close_gate("a");
    let waiting = Told::start(&fleet, &args);
    waiting.wait_for("[g/a] warned");
    let begun = Instant::now();
    signal(&waiting.process, Signal::SIGINT);
    let (code, text) = waiting.end();
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("the runs are cancelled") && text.contains("0 succeeded, 1 failed, 1 skipped"),
        "{text}"
    );
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    fleet.end(1, worker);
}
