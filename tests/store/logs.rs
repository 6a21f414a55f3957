//! Logs of any size: by page, and from the end.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Place;

/// A run whose only log can be replaced by another.
fn ran(args: &str) -> Place {
    let place = Place::new(&format!(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {{command: fake, schedule: daily, args: [{args}]}}
      - {{command: fake, schedule: daily, args: [err, other]}}
"#
    ));
    place.run(&["run", "--schedule", "daily", "-q"]);
    place
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn pages_follow_each_other_to_the_end() {
    let place = ran("out, one, out, two, out, three, out, \"\\x1b[31mfour\"");
    let base = ["logs", "last", "fake", "--task", "1"];
    let page = |more: &[&str]| place.run(&[&base, more].concat());
    let whole = page(&[]);
    assert_eq!(
        whole.exits(0).stdout,
        "[g/fake] one\n[g/fake] two\n[g/fake] three\n[g/fake] four\n"
    );
    // One line a page: each says where the next begins.
    let (mut offset, mut pages, mut read) = ("0".to_owned(), 0, String::new());
    loop {
        let seen = page(&["--offset", &offset, "--limit", "10"]);
        read.push_str(&seen.exits(0).stdout);
        pages += 1;
        match seen.stderr.trim().rsplit_once("--offset ") {
            Some((_, next)) => offset = next.to_owned(),
            None => break,
        }
    }
    let last = page(&["--offset", &offset, "--limit", "10"]);
    last.exits(0).says("this is the end");
    assert_eq!((pages, read), (4, whole.stdout.clone()));
    // For programs the answer is a line of JSON, the last one.
    let limits = ["--limit", "1KiB", "--stream", "stderr", "--format", "json"];
    assert_eq!(lines(&page(&limits).exits(0).stdout).len(), 1);
    let other = place.run(&[&["logs", "last", "--task", "2"], &limits[..]].concat());
    let json = lines(&other.exits(0).stdout);
    assert_eq!(json.len(), 2, "{json:?}");
    assert_eq!(
        (&json[0]["stream"], &json[0]["text"], &json[0]["command"]),
        (&"stderr".into(), &"other".into(), &"fake".into())
    );
    assert_eq!(
        (&json[1]["more"], &json[1]["next_offset"]),
        (&false.into(), &json[1]["size"])
    );
    // An offset within a line is the next line's; one past the end is the end.
    let middle = page(&["--offset", "5", "--limit", "10"]);
    assert_eq!(middle.exits(0).stdout, "[g/fake] two\n");
    assert_eq!(page(&["--offset", "999999"]).exits(0).stdout, "");
    let raw = page(&["--raw", "--limit", "10MiB"]);
    assert_eq!(raw.exits(0).stdout, "one\ntwo\nthree\n\x1b[31mfour\n");
    // All of them as JSON Lines.
    let all = place.run(&["logs", "last", "--format", "json"]);
    assert_eq!(lines(&all.exits(0).stdout).len(), 5);
}

#[test]
fn a_page_is_of_one_log() {
    let place = ran("out, one");
    place
        .run(&["logs", "last", "--offset", "0"])
        .exits(2)
        .says("there are several")
        .says("fake (--task 1), fake#2 (--task 2)");
    place
        .run(&["logs", "last", "--task", "3"])
        .exits(2)
        .says("no collector at place 3");
    for wrong in [
        &["--limit", "0"][..],
        &["--limit", "65MiB"],
        &["--offset", "0", "-f"],
        &["--offset", "0", "--tail", "1"],
    ] {
        place
            .run(&[&["logs", "last", "--task", "1"], wrong].concat())
            .exits(2);
    }
}

#[test]
fn the_log_of_an_earlier_attempt_can_be_read() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: again, schedule: daily, retry: {limit: 1, delay: 1ms}}
"#,
    );
    place.script("again", "#!/bin/sh\necho attempt $ORCHESTRATE_ATTEMPT\nexit 75\n");
    place.run(&["run", "--schedule", "daily", "-q"]).exits(1);
    let log = |more: &[&str]| place.run(&[&["logs", "last"], more].concat()).stdout;
    assert_eq!(log(&[]), "[g/again] attempt 2\n");
    assert_eq!(log(&["--attempt", "1"]), "[g/again] attempt 1\n");
    assert_eq!(log(&["--attempt", "7"]), "");
    // What held the tree together is in the record of each attempt.
    let attempts = &place.last()["tasks"][0]["attempt_list"];
    for attempt in attempts.as_array().unwrap() {
        let isolation = attempt["isolation"].as_str().unwrap();
        assert!(["tree", "cgroup"].contains(&isolation), "{attempt}");
    }
    place.run(&["show", "last"]).exits(0).says("Isolation: ");
    let run = place
        .state()
        .join("runs")
        .join(place.last()["run"].as_str().unwrap());
    let journal = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    assert_eq!(journal.matches("\"isolation\":").count(), 2, "{journal}");
}

/// A gigabyte, most of it a hole in the file: whoever read it all would read it all.
#[test]
fn the_end_of_a_gigabyte_is_there_at_once_and_in_little_memory() {
    let place = ran("out, one");
    let run = place.last()["run"].as_str().unwrap().to_owned();
    let path = place.state().join("runs").join(run).join("1-fake.log");
    let mut file = fs::File::create(&path).unwrap();
    let record = |text: &str| format!("2026-11-25T04:10:00.5Z stdout F {text}\n");
    file.write_all(record("first").as_bytes()).unwrap();
    file.seek(SeekFrom::Start(1 << 30)).unwrap();
    file.write_all(b"\n").unwrap();
    for number in 0..100_000 {
        file.write_all(record(&format!("line {number}")).as_bytes())
            .unwrap();
    }
    drop(file);
    let size = fs::metadata(&path).unwrap().len();
    let base = ["logs", "last", "--task", "1"];
    let offset = (size - 10).to_string();
    let middle = ((1_u64 << 30) + 1).to_string();
    for (more, expected) in [
        (&["--tail", "2"][..], "[g/fake] line 99998\n[g/fake] line 99999\n"),
        (&["--limit", "1"], "[g/fake] first\n"),
        (&["--offset", &middle, "--limit", "1"], "[g/fake] line 0\n"),
        (&["--offset", &offset], ""),
    ] {
        let begin = Instant::now();
        // 64 MiB of memory of its own (RLIMIT_DATA).
        let mut command = Command::new("prlimit");
        command.arg("--data=67108864").arg(crate::support::ORCHESTRATE);
        let plain = place.command(&[&base, more].concat());
        command
            .args(plain.get_args())
            .current_dir(place.dir.path())
            .env_clear();
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let seen = place.see(place.start(&mut command));
        assert_eq!(seen.exits(0).stdout, expected, "{more:?}");
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "{more:?}: {:?}",
            begin.elapsed()
        );
    }
}
