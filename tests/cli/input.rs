//! Files that are not what they should be: FIFOs that nobody writes, links to devices, files of
//! any size; and `.env` files as others write them. Nothing hangs, nothing eats the memory, and
//! what only looks never fails for `.env`.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::Place;

const DAILY: &str = "groups: {g: {default_time: '04:10', tasks: [{command: tells, schedule: daily}]}}";

/// More than the five seconds for whoever writes a pipe, on a busy machine.
const PROMPT: Duration = Duration::from_secs(60);

fn place() -> Place {
    let place = Place::new(DAILY);
    place.script("tells", "#!/bin/sh\nenv -0 > told\n");
    place
}

/// What the collector found in its environment.
fn told(place: &Place, name: &str) -> Option<String> {
    let all = fs::read_to_string(place.path("told")).unwrap();
    let found = all
        .split('\0')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.map(str::to_owned)
}

#[test]
fn env_files_that_everybody_else_reads_cost_no_night() {
    let place = place();
    let text = "\u{feff}# comment\r\nSPACED = some value # comment\r\nexport EXPORTED=1\r\n\
        KEY=\"-----BEGIN\nabc==\n-----END\"\nno variable hunter2\nBROKEN=\"hunter2\nURL=db://${EXPORTED}@host\n\
        LITERAL='${EXPORTED}'\nESCAPED=\"a\\tb\\\"\"\nEMPTY=\nHASH=a#b\n";
    fs::write(place.path(".env"), text).unwrap();
    let run = place.run(&["run", "--schedule", "daily"]);
    run.exits(0)
        .says(".env:2:1")
        .says("W008-dotenv-style")
        .says(".env:7:1")
        .says(".env:8:8")
        .says("W007-dotenv-line")
        .says_not("hunter2");
    for (name, value) in [
        ("SPACED", "some value"),
        ("EXPORTED", "1"),
        ("KEY", "-----BEGIN\nabc==\n-----END"),
        ("URL", "db://1@host"),
        ("LITERAL", "${EXPORTED}"),
        ("ESCAPED", "a\tb\""),
        ("EMPTY", ""),
        ("HASH", "a#b"),
    ] {
        assert_eq!(told(&place, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(told(&place, "BROKEN"), None);
    let check = place.run(&["check", "--format", "json"]).exits(0).json();
    let codes: Vec<&str> = check
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "W008-dotenv-style",
            "W008-dotenv-style",
            "W007-dotenv-line",
            "W007-dotenv-line"
        ]
    );
}

/// Verbs that only look.
const LOOKING: [&[&str]; 7] = [
    &["plan", "--schedule", "daily"],
    &["next"],
    &["check"],
    &["health"],
    &["history"],
    &["show", "last"],
    &["why", "tells"],
];

#[test]
fn an_env_file_that_is_none_costs_nobody_but_itself() {
    let place = place();
    place.run(&["run", "--schedule", "daily"]).exits(0);
    let env = place.path(".env");
    type Make<'a> = &'a dyn Fn();
    let makes: [(Make<'_>, &str); 5] = [
        (&|| symlink("/dev/zero", &env).unwrap(), "it is larger than 1 MiB"),
        (
            &|| fs::write(&env, "A=1\n".repeat(1 << 19)).unwrap(),
            "it is larger than 1 MiB",
        ),
        (
            &|| fs::write(&env, b"\xff\xfeA\0=\x001\0").unwrap(),
            "it is UTF-16 text",
        ),
        (
            &|| fs::write(&env, "nonsense hunter2\n\0\n").unwrap(),
            "the line is left out",
        ),
        // As `python3 -m venv .env` makes it.
        (&|| fs::create_dir(&env).unwrap(), ""),
    ];
    for (make, words) in makes {
        make();
        for args in LOOKING {
            let seen = place.run(args);
            seen.exits(0).says(words).says_not("hunter2");
        }
        place.run(&["run", "--schedule", "daily"]).exits(0).says(words);
        let _ = fs::remove_file(&env).or_else(|_| fs::remove_dir(&env));
    }
    mkfifo(&env, Mode::S_IRWXU).unwrap();
    let since = Instant::now();
    place
        .run(&["health"])
        .exits(0)
        .says("nobody wrote all of it within 5 s");
    assert!(since.elapsed() < PROMPT);
}

#[test]
fn no_file_that_is_named_is_waited_for_for_ever_nor_read_without_end() {
    let place = place();
    mkfifo(&place.path("fifo"), Mode::S_IRWXU).unwrap();
    symlink("/dev/zero", place.path("zero")).unwrap();
    for flag in ["--schedule-file", "--config"] {
        for (file, words) in [("fifo", "nobody wrote all of it"), ("zero", "larger than 1 MiB")] {
            let since = Instant::now();
            place
                .run(&["plan", "--schedule", "daily", flag, file])
                .exits(2)
                .says(words);
            assert!(since.elapsed() < PROMPT);
        }
    }
    // A pipe that somebody writes is as good as a file.
    let mut command = std::process::Command::new("sh");
    command
        .args([
            "-c",
            "cat config/boost_collector_schedule.yaml > fifo & \"$@\"; code=$?; wait; exit $code",
            "sh",
        ])
        .args([
            crate::support::ORCHESTRATE,
            "plan",
            "--schedule",
            "daily",
            "--schedule-file",
            "fifo",
        ])
        .current_dir(place.dir.path());
    place.see(place.start(&mut command)).exits(0).says("tells");
}

#[test]
fn what_lies_in_the_state_directory_is_a_regular_file_or_not_ours() {
    let place = place();
    place.run(&["run", "--schedule", "daily"]).exits(0);
    let run = place.last()["run"].as_str().unwrap().to_owned();
    let dir = place.state().join("runs").join(&run);
    for name in ["journal.jsonl", "1-tells.log", "plan.json"] {
        fs::remove_file(dir.join(name)).unwrap();
        mkfifo(&dir.join(name), Mode::S_IRWXU).unwrap();
    }
    for folder in ["private", "unrecorded", "undelivered"] {
        fs::create_dir_all(place.state().join(folder)).unwrap();
        mkfifo(&place.state().join(folder).join("fifo"), Mode::S_IRWXU).unwrap();
    }
    mkfifo(&place.state().join("unrecorded").join(&run), Mode::S_IRWXU).unwrap();
    let stamp = place.state().join("tidied");
    let _ = fs::remove_file(&stamp);
    symlink("/dev/zero", &stamp).unwrap();
    let since = Instant::now();
    place.run(&["logs", "last"]).says("is a FIFO and no regular file");
    place
        .run(&["logs", "last", "-f"])
        .says("is a FIFO and no regular file");
    place
        .run(&["db", "import-journal"])
        .says("is a FIFO and no regular file");
    place.run(&["retry", "last"]);
    place.run(&["cancel", "last"]);
    place.run(&["health"]);
    place.run(&["run", "--schedule", "daily"]).exits(0);
    assert!(since.elapsed() < PROMPT);
}

#[test]
fn an_events_file_with_a_hole_of_a_terabyte_costs_its_own_delivery() {
    let place = place();
    place.script("tells", "#!/bin/sh\ntruncate -s 1T \"$ORCHESTRATE_EVENTS\"\n");
    let since = Instant::now();
    place
        .run(&["run", "--schedule", "daily"])
        .exits(1)
        .says("it is larger than 4 GiB");
    assert!(since.elapsed() < PROMPT);
}

#[test]
fn a_state_directory_that_is_a_file_is_said_to_be_one() {
    let place = Place::new("groups: {g: {default_time: '04:10', tasks: [{command: fake, schedule: daily}]}}");
    fs::write(place.path("file"), "").unwrap();
    let fifo = place.path("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    for name in ["file", "fifo"] {
        for verb in [
            &["run", "--schedule", "daily"][..],
            &["history"],
            &["check"],
            &["beat"],
        ] {
            place
                .run(&[verb, &["--state-dir", name]].concat())
                .exits(3)
                .says("it is no directory, but a file")
                .says_not("belongs to");
        }
    }
}
