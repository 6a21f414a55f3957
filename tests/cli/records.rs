//! What collectors bring, from the events file to the export.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Place, outcomes};

pub(crate) fn place(tasks: &str) -> Place {
    Place::new(&format!(
        "groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n{tasks}"
    ))
}

/// A task in which a shell says this.
fn says(place: &Place, name: &str, script: &str) {
    place.script(name, &format!("#!/bin/sh\n{script}\n"));
}

pub(crate) fn export(place: &Place, collection: &str) -> Vec<Value> {
    let seen = place.run(&["records", "export", collection]);
    seen.exits(0).json_lines()
}

#[test]
fn what_one_task_brings_the_next_one_reads_whatever_its_environment_is() {
    let place = place(
        "      - {command: bring, schedule: daily}\n      - {command: read, schedule: daily, working_directory: elsewhere}\n",
    );
    says(
        &place,
        "bring",
        r#"printf '{"type":"record","collection":"c","key":"k","data":{"n":1}}\n' >>"$ORCHESTRATE_EVENTS""#,
    );
    says(
        &place,
        "read",
        "env | grep -i DATABASE; stat -c %a \"$ORCHESTRATE_CONFIG\"; \"$ORCHESTRATE\" records export c --format jsonl",
    );
    fs::create_dir(place.path("elsewhere")).unwrap();
    // What lies where the collector works is not for the orchestrator.
    fs::write(place.path("elsewhere/.env"), "DATABASE_URL=sqlite:wrong.db\n").unwrap();
    let database = format!("sqlite:{}", place.path("own.db").display());
    let mut command = place.command(&["run", "--schedule", "daily"]);
    command
        .env("DATABASE_URL", &database)
        .current_dir(place.dir.path());
    place.see(place.start(&mut command)).exits(0);
    let mut logs = place.command(&["logs", "last", "read"]);
    let seen = place.see(place.start(logs.env("DATABASE_URL", &database)));
    seen.says("600")
        .says(r#""key":"k","data":{"n":1}"#)
        .says_not("DATABASE");
    assert_eq!(fs::read_dir(place.state().join("private")).unwrap().count(), 0);
    assert!(!place.path("elsewhere/wrong.db").exists());
}

#[test]
fn a_failure_brings_nothing_and_says_where_it_is() {
    let place = place("      - {command: c, schedule: daily}\n");
    says(
        &place,
        "c",
        r#"printf '{"type":"record","collection":"c","key":"k","data":{}}\n{"type":"state","data":1}\n' >>"$ORCHESTRATE_EVENTS"; exit 3"#,
    );
    place
        .run(&["run", "--schedule", "daily"])
        .exits(1)
        .says("1 record and a state were not taken, because it failed; they are in runs/");
    place
        .run(&["records", "export", "c"])
        .exits(2)
        .says("there is no collection \"c\"")
        .says("no collector has delivered records yet");
    let run = place.last()["run"].as_str().unwrap().to_owned();
    let kept = place.state().join("runs").join(run).join("1-c.events.jsonl");
    assert_eq!(fs::read_to_string(kept).unwrap().lines().count(), 2);
}

#[test]
fn an_unknown_collection_is_a_usage_error_that_names_the_known_ones() {
    let place = place("      - {command: c, schedule: daily}\n");
    says(
        &place,
        "c",
        r#"printf '{"type":"record","collection":"%s","key":"k","data":{}}\n' library usage >>"$ORCHESTRATE_EVENTS""#,
    );
    place.run(&["run", "--schedule", "daily"]).exits(0);
    for verb in ["show", "export", "prune"] {
        let mut args = vec!["records", verb, "libary"];
        args.extend(
            (verb == "prune")
                .then_some(["--unseen-for", "1d"])
                .into_iter()
                .flatten(),
        );
        let seen = place.run(&args);
        seen.exits(2)
            .says("error: there is no collection \"libary\" (did you mean \"library\"?)")
            .says("hint: the collections are: library, usage");
        assert_eq!(seen.stdout, "");
    }
    place
        .run(&["records", "show", "library", "other"])
        .exits(2)
        .says("\"library\" has no record \"other\"");
}

#[test]
fn bad_lines_are_warnings_and_too_many_are_a_failure() {
    let place = place("      - {command: few, schedule: daily}\n      - {command: many, schedule: daily}\n");
    let record = r#"{"type":"record","collection":"c","key":"k","data":{}}"#;
    says(
        &place,
        "few",
        &format!(
            r#"{{ printf '%s\n' '{record}' 'nonsense' '{{"type":7}}'
            printf '{{"type":"note","message":"\377"}}\n'
            printf '{{"type":"record","collection":"c","key":"'; head -c 1048000 /dev/zero | tr '\0' k; printf '","data":{{}}}}\n'
            printf '%s\n' '{{"type":"warning","message":"\u001b]0;evil\u0007<script>"}}'
            printf '%s' '{record}'; }} >>"$ORCHESTRATE_EVENTS""#
        ),
    );
    says(
        &place,
        "many",
        &format!(r#"{{ printf '%s\n' '{record}'; yes | head -n 101; }} >>"$ORCHESTRATE_EVENTS""#),
    );
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1)
        .says("events file, line 2: not a JSON object")
        .says("events file, line 3: `type` must be a text, not a number")
        .says("events file, line 4: not UTF-8 at byte 27")
        .says("events file, line 5: `key` has 1048000 bytes, and 1024 is the limit")
        .says("\\u{1b}]0;evil\\u{7}<script>")
        .says("101 bad lines, and 100 are the limit; the first is line 2: not a JSON object; nothing of it was taken")
        .says_not("\u{1b}]0;evil");
    let summary = place.last();
    let records: Vec<_> = (0..2).map(|task| &summary["tasks"][task]["records"]).collect();
    assert_eq!(
        records,
        [&json!({"new": 1, "changed": 0, "unchanged": 0}), &Value::Null]
    );
    assert_eq!(
        (
            &summary["tasks"][1]["exit_code"],
            &summary["tasks"][1]["category"]
        ),
        (&json!(0), &json!("validation"))
    );
}

/// A line of one gigabyte and ten million lines, in less memory than either takes.
#[test]
fn hostile_files_are_read_in_bounded_memory() {
    let place =
        place("      - {command: long, schedule: daily}\n      - {command: lines, schedule: daily}\n");
    says(
        &place,
        "long",
        r#"truncate -s 1G "$ORCHESTRATE_EVENTS"; printf '\n{"type":"record","collection":"c","key":"k","data":{}}\n' >>"$ORCHESTRATE_EVENTS""#,
    );
    says(
        &place,
        "lines",
        r#"yes | head -n 10000000 >>"$ORCHESTRATE_EVENTS""#,
    );
    let program = place.command(&["run", "--schedule", "daily"]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -v 900000; exec \"$0\" run --schedule daily"])
        .arg(program.get_program())
        .current_dir(place.dir.path())
        .env_clear()
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let seen = place.see(place.start(&mut limited));
    seen.exits(1)
        .says("line 1: 1073741824 bytes long, and 1048576 is the limit")
        .says("10000000 bad lines");
    assert_eq!(outcomes(&place.last())[0].1, "succeeded");
    assert_eq!(export(&place, "c").len(), 1);
}

#[test]
fn a_file_that_is_no_file_any_more_is_a_clear_end() {
    let place = place(
        "      - {command: fifo, schedule: daily}\n      - {command: link, schedule: daily}\n      - {command: gone, schedule: daily}\n",
    );
    says(
        &place,
        "fifo",
        r#"rm "$ORCHESTRATE_EVENTS"; mkfifo "$ORCHESTRATE_EVENTS""#,
    );
    says(&place, "link", r#"ln -sf /etc/passwd "$ORCHESTRATE_EVENTS""#);
    says(&place, "gone", r#"rm "$ORCHESTRATE_EVENTS""#);
    place
        .run(&["run", "--schedule", "daily"])
        .exits(1)
        .says("it is a FIFO and no regular file");
    let ends: Vec<_> = outcomes(&place.last()).into_iter().map(|(_, end)| end).collect();
    assert_eq!(ends, ["failed"; 3]);
}

#[test]
fn state_comes_back_and_too_much_of_it_is_refused() {
    let place = place("      - {command: c, schedule: daily}\n");
    says(
        &place,
        "c",
        r#"printf '[%s]\n' "$ORCHESTRATE_STATE"; printf '{"type":"state","data":{"at":%d}}\n' 7 >>"$ORCHESTRATE_EVENTS"
        [ "$1" = large ] || exit 0
        { printf '{"type":"state","data":"'; head -c 65536 /dev/zero | tr '\0' x; printf '"}\n'; } >>"$ORCHESTRATE_EVENTS""#,
    );
    place.run(&["run-one", "c", "--group", "g"]).exits(0).says("[]");
    place
        .run(&["run-one", "c", "--group", "g"])
        .exits(0)
        .says("[{\"at\":7}]");
    place
        .run(&["run-one", "c", "--group", "g", "--", "large"])
        .exits(1)
        .says("the state that it leaves has 65538 bytes, and 65536 is the limit");
    place
        .run(&["run-one", "c", "--group", "g"])
        .exits(0)
        .says("[{\"at\":7}]");
}

#[test]
fn twins_have_states_of_their_own() {
    let place = place(
        "      - {command: c, schedule: daily}\n      - {command: c, name: second, schedule: daily, args: [x]}\n",
    );
    says(
        &place,
        "c",
        r#"seen=${ORCHESTRATE_STATE:-0}; echo "seen $seen"
        printf '{"type":"state","data":%d}\n' $((seen + 1)) >>"$ORCHESTRATE_EVENTS""#,
    );
    let run = || place.run(&["run", "--schedule", "daily"]);
    run().exits(0).says("[g/c] seen 0").says("[g/second] seen 0");
    place
        .run(&["run-one", "second"])
        .exits(0)
        .says("[g/second] seen 1");
    run().exits(0).says("[g/c] seen 1").says("[g/second] seen 2");
}

#[test]
fn a_success_that_brings_too_little_is_yellow_everywhere() {
    let place = place(
        "      - {command: c, schedule: daily, expect: {min_records: 2}}\n      - {command: d, schedule: daily}\n",
    );
    says(
        &place,
        "c",
        r#"printf '{"type":"record","collection":"c","key":"k","data":{}}\n' >>"$ORCHESTRATE_EVENTS""#,
    );
    says(
        &place,
        "d",
        r#"printf '{"type":"failure","message":"half of it"}\n' >>"$ORCHESTRATE_EVENTS""#,
    );
    let why = "it brought 1 record, and 2 are expected at least";
    place
        .run(&["run", "--schedule", "daily", "--junit", "junit.xml"])
        .exits(0)
        .says("suspect")
        .says(why)
        .says("it exited with code 0 and told of a failure: half of it")
        .says("Summary: 2 succeeded, 0 failed, 0 skipped. 2 suspect.");
    assert!(fs::read_to_string(place.path("junit.xml")).unwrap().contains(why));
    let summary = place.last();
    assert_eq!(
        (
            &summary["suspect"],
            &summary["tasks"][0]["suspect"],
            &summary["success"]
        ),
        (&json!(2), &json!(why), &json!(true))
    );
    place.run(&["history"]).exits(0).says("suspect");
    let run = summary["run"].as_str().unwrap();
    place.run(&["history", "--outcome", "suspect"]).exits(0).says(run);
    place
        .run(&["why", "c"])
        .exits(0)
        .says("succeeded, but is suspect")
        .says(why);
}

/// The collector takes longer than it may bring nothing new.
#[test]
fn a_success_that_brings_nothing_new_for_too_long_is_yellow() {
    let place = place("      - {command: c, schedule: daily, expect: {max_age: 1s}}\n");
    says(
        &place,
        "c",
        r#"sleep 1.1; printf '{"type":"record","collection":"c","key":"k","data":{}}\n' >>"$ORCHESTRATE_EVENTS""#,
    );
    let run = || {
        let seen = place.run(&["run", "--schedule", "daily", "--format", "json"]);
        let started: Value = seen
            .exits(0)
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .find(|event| event["event"] == "task_started")
            .unwrap();
        (
            started["usual_ms"].as_u64(),
            place.last()["tasks"][0]["suspect"].clone(),
        )
    };
    assert_eq!(run(), (None, Value::Null));
    let (usual, suspect) = run();
    let suspect = suspect.as_str().unwrap();
    assert!(suspect.starts_with("it last brought something new "), "{suspect}");
    // Where it tells of no progress, earlier runs say how long it takes.
    assert!(usual.is_some_and(|usual| usual >= 1100), "{usual:?}");
}

#[test]
fn retries_know_what_the_collector_knows() {
    let place = place(
        "      - {command: limited, schedule: daily, retry: {limit: 3, delay: 0s}}
      - {command: locked, schedule: daily, retry: {limit: 3, delay: 0s, on: [auth, failed]}}
      - {command: later, schedule: daily, retry: {limit: 3, delay: 0s}}\n",
    );
    says(
        &place,
        "limited",
        r#"[ "$ORCHESTRATE_ATTEMPT" = 2 ] && exit 0
        printf '{"type":"failure","category":"rate_limit","retry_after":0.3,"message":"slow down"}\n' >>"$ORCHESTRATE_EVENTS"; exit 1"#,
    );
    says(
        &place,
        "locked",
        r#"printf '{"type":"failure","category":"auth"}\n' >>"$ORCHESTRATE_EVENTS"; exit 1"#,
    );
    says(
        &place,
        "later",
        r#"printf '{"type":"failure","category":"rate_limit","retry_after":"7h"}\n' >>"$ORCHESTRATE_EVENTS"; exit 1"#,
    );
    place
        .run(&["check"])
        .says("a failure of kind `auth` is never tried again");
    place.run(&["run", "--schedule", "daily"]).exits(1);
    let summary = place.last();
    let tries: Vec<_> = (0..3)
        .map(|task| {
            (
                summary["tasks"][task]["outcome"].clone(),
                summary["tasks"][task]["attempts"].clone(),
            )
        })
        .collect();
    assert_eq!(
        tries,
        [
            (json!("succeeded"), json!(2)),
            (json!("failed"), json!(1)),
            (json!("failed"), json!(1))
        ]
    );
    assert!(
        summary["tasks"][0]["duration_ms"].as_u64().unwrap() >= 300,
        "{summary}"
    );
    let first = &summary["tasks"][0]["attempt_list"][0]["reason"];
    assert_eq!(first, "exited with code 1: slow down");
}

#[test]
fn secrets_do_not_reach_the_database() {
    let place = place("      - {command: c, schedule: daily, env: {TOKEN: hush-hush-hush}}\n");
    fs::write(place.path("config/orchestrator.yaml"), "secrets: [TOKEN]\n").unwrap();
    says(
        &place,
        "c",
        r#"printf '{"type":"%s","collection":"c","key":"k","data":{"t":"%s"},"message":"%s","current":1}\n' \
            record "$TOKEN" "" warning "" "$TOKEN" state "$TOKEN" "" progress "" "$TOKEN" >>"$ORCHESTRATE_EVENTS""#,
    );
    let seen = place.run(&["run", "--schedule", "daily", "--format", "json"]);
    seen.exits(0).says("***").says_not("hush-hush-hush");
    assert_eq!(export(&place, "c")[0]["data"], json!({"t": "***"}));
    for entry in fs::read_dir(
        place
            .state()
            .join("runs")
            .join(place.last()["run"].as_str().unwrap()),
    )
    .unwrap()
    {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        assert!(!text.contains("hush-hush-hush"), "{}", path.display());
    }
}
