//! Secrets: the collector is given them, and nobody reads them in what is kept or told.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::receiver::{next, server, well};
use crate::support::{Place, Seen};

/// What json.dumps, XML and URLs spell otherwise than it is.
const SECRET: &str = "pa\"ss\\w0rd-X";

/// Of it, what stands in every spelling.
const TRACE: &str = "w0rd";

/// Says its secret in every way that a collector has, and in the spellings of two languages.
const LEAKS: &str = r#"#!/usr/bin/env python3
import html, json, os, sys, urllib.parse
pw = os.environ["PW"]
events = open(os.environ["ORCHESTRATE_EVENTS"], "a")
def emit(**event): print(json.dumps(event), file=events, flush=True)
emit(type="progress", current=1, message="x" * 493 + pw)
emit(type="record", collection="c", key="k-" + pw, data={pw: [pw], "inner": json.dumps({"pw": pw})})
emit(type="note", message="note " + pw)
emit(type="warning", message="warning " + pw)
emit(type="state", data={"token": pw})
emit(type="failure", category="auth", message="login with " + pw)
print("not json", json.dumps(pw), file=events, flush=True)
for spelled in [pw, repr(pw), repr(pw.encode()), json.dumps({"pw": pw}), json.dumps(json.dumps(pw)),
                "".join("\\u%04x" % ord(c) for c in pw), html.escape(pw),
                "".join("&#x%X;" % ord(c) for c in pw), urllib.parse.quote(pw)]:
    print(spelled, flush=True)
    print("x" * 70000 + spelled, file=sys.stderr, flush=True)
sys.exit(int(sys.argv[1]))
"#;

fn place(tasks: &str, secrets: &str) -> Place {
    let place = Place::new(&format!(
        "groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n{tasks}"
    ));
    fs::write(place.path("config/orchestrator.yaml"), secrets).unwrap();
    place
}

fn see(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Seen {
    let mut command = place.command(args);
    command.envs(variables.iter().copied());
    place.see(place.start(&mut command))
}

/// Where bytes of this kind are, in all that is kept, the database included.
fn found_in(place: &Place, secret: &str, mut paths: Vec<PathBuf>) -> Vec<String> {
    paths.push(place.state());
    let (mut found, mut looked) = (Vec::new(), 0);
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        looked += 1;
        let bytes = fs::read(&path).unwrap();
        if bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    assert!(looked > 5, "{looked}");
    found
}

#[test]
fn no_spelling_of_a_secret_is_kept_or_told() {
    let (address, told) = server(well);
    let place = place(
        "      - {command: leaks, schedule: daily, args: [\"0\"]}
      - {command: leaks, schedule: daily, args: [\"77\"]}\n",
        &format!(
            "secrets: [PW]\nnotify:\n  - {{name: hook, webhook: \"http://{address}/\", on: [failure, suspect]}}\n"
        ),
    );
    place.script("leaks", LEAKS);
    let files = ["junit.xml", "summary.json"];
    let args = [
        "run",
        "--schedule",
        "daily",
        "--format",
        "json",
        "--junit",
        files[0],
        "--summary-file",
        files[1],
    ];
    let seen = see(&place, &args, &[("PW", SECRET)]);
    seen.exits(1).says("login with ***").says_not(TRACE);
    // One message for the run, with both of its failures.
    let (_, notices) = next(&told);
    let text = notices.to_string();
    assert!(text.contains("login with ***") && !text.contains(TRACE), "{text}");
    for verb in [
        &["show", "last"][..],
        &["show", "last", "--format", "json"],
        &["logs", "last", "--task", "1"],
        &["logs", "last", "--task", "2", "--raw"],
        &["history", "--format", "json"],
        &["why", "leaks"],
        &["records", "export", "c"],
        &["notices", "list", "--format", "json"],
    ] {
        // Also without the variable: what is kept has no secret to be masked.
        place.run(verb).exits(0).says_not(TRACE);
    }
    assert_eq!(
        found_in(&place, TRACE, files.map(|file| place.path(file)).to_vec()),
        Vec::<String>::new()
    );

    let record = &place.run(&["records", "export", "c"]).stdout;
    let record: Value = serde_json::from_str(record.trim()).unwrap();
    assert_eq!(record["key"], "k-***");
    assert_eq!(
        record["data"],
        json!({"***": ["***"], "inner": "{\"pw\": \"***\"}"})
    );
    let summary = place.last();
    let warnings = summary["tasks"][0]["warnings"].to_string();
    assert!(warnings.contains("its next run is given"), "{warnings}");
    assert_eq!(
        summary["tasks"][1]["reason"],
        "exited with code 77 (auth): login with ***"
    );
    let log = place
        .run(&["logs", "last", "--task", "1", "--raw", "--stream", "stdout"])
        .stdout;
    let spelled = [
        "***",
        "'***'",
        "b'***'",
        "{\"pw\": \"***\"}",
        "\"\\\"***\\\"\"",
        "***",
        "***",
        "***",
        "***",
    ];
    assert_eq!(log.lines().collect::<Vec<_>>(), spelled);
}

#[test]
fn arguments_are_recorded_without_secrets_and_given_with_them() {
    let tasks = format!(
        "      - {{command: fake, schedule: daily, args: [args, --token=hush-hush, \"{{secret:X}}\", \"{{secret:TOKEN}}\"],
         env: {{URL: \"https://me:hush-hush@host\"}}, working_directory: dir-hush-hush}}
      - {{command: fake, name: second, schedule: daily, args: [args, {SECRET:?}]}}\n",
    );
    let place = place(&tasks, "secrets: [TOKEN, PW, UNSET]\n");
    fs::create_dir(place.path("dir-hush-hush")).unwrap();
    // Quoted, since a .env file is read as a shell reads it.
    fs::write(place.path(".env"), "TOKEN='hush-hush'\n").unwrap();
    let variables = [("PW", SECRET)];
    let stored = json!(["args", "--token={secret:TOKEN}", "{secret::X}", "{secret::TOKEN}"]);

    let planned = see(
        &place,
        &["plan", "--schedule", "daily", "--format", "json"],
        &variables,
    );
    assert_eq!(planned.json()["tasks"][0]["args"], stored);
    for verb in [
        &["next", "--format", "json"][..],
        &["plan", "--diff", "config/boost_collector_schedule.yaml"],
    ] {
        see(&place, verb, &variables).exits(0).says_not("hush-hush");
    }

    let args = [
        "run",
        "--schedule",
        "daily",
        "--format",
        "json",
        "--summary-file",
        "summary.json",
    ];
    let seen = see(&place, &args, &variables);
    seen.exits(0).says_not("hush-hush").says_not(TRACE);
    let given = place.run(&["logs", "last", "--task", "1", "--raw"]).stdout;
    assert_eq!(given, "--token=***\n{secret:X}\n{secret:TOKEN}\n");
    assert_eq!(place.last()["tasks"][0]["args"], stored);
    assert_eq!(place.last()["tasks"][1]["args"], json!(["args", "{secret:PW}"]));
    for secret in ["hush-hush", TRACE] {
        assert_eq!(
            found_in(&place, secret, vec![place.path("summary.json")]),
            Vec::<String>::new()
        );
    }

    let warned = see(&place, &["check", "--format", "json"], &variables);
    let warned = warned.exits(0).json();
    let of: Vec<&Value> = warned
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| &problem["message"])
        .collect();
    assert_eq!(of.len(), 3, "{warned}");
    for (message, begins) in of.iter().zip([
        "g/fake has the value of TOKEN in its arguments",
        "g/second has the value of PW in its arguments",
        "the variable UNSET, which `secrets:` names, is not set",
    ]) {
        assert!(message.as_str().unwrap().starts_with(begins), "{warned}");
    }
}

#[test]
fn a_secret_is_today_s_and_without_one_nothing_starts() {
    let place = place("", "secrets: [TOKEN]\n");
    place.schedule("groups: {}\nworkflow: {commands: [fake]}\n");
    let run = |args: &[&str], token: &str| see(&place, args, &[("TOKEN", token)]);
    let logged = || place.run(&["logs", "last", "--raw"]).stdout;

    run(&["run-one", "fake", "--", "args", "<first-value>"], "first-value").exits(0);
    assert_eq!(
        place.last()["tasks"][0]["args"],
        json!(["args", "<{secret:TOKEN}>"])
    );
    run(&["retry", "last"], "second-value").exits(0);
    assert_eq!(
        (logged(), &place.last()["tasks"][0]["args"]),
        ("<***>\n".to_owned(), &json!(["args", "<{secret:TOKEN}>"]))
    );
    place.script("second", "#!/bin/sh\n[ \"$1\" = \"<third-value>\" ]\n");
    run(&["run-one", "second", "--", "<third-value>"], "third-value").exits(0);
    run(&["retry", "last"], "third-value").exits(0);
    run(&["retry", "last"], "fourth-value").exits(1);

    let missing = place.run(&["retry", "last"]);
    missing.exits(1).says("secret TOKEN is not set here");
    let task = &place.last()["tasks"][0];
    assert_eq!(
        (&task["outcome"], &task["reason"]),
        (&json!("not_started"), &json!("secret TOKEN is not set here"))
    );
    // A variable that is no secret in the settings is none that a plan may ask for.
    fs::write(place.path("config/orchestrator.yaml"), "secrets: []\n").unwrap();
    run(&["retry", "last"], "third-value")
        .exits(1)
        .says("secret TOKEN is not set here");
}

#[test]
fn a_task_s_own_value_of_a_secret_is_its_own() {
    let place = place(
        "      - {command: own, schedule: daily, args: [mine-mine, other-one], env: {TOKEN: mine-mine}}\n",
        "secrets: [TOKEN]\nstrip_env: [TOKEN]\n",
    );
    place.script(
        "own",
        "#!/bin/sh\necho \"$TOKEN $1 $2\"\n[ \"$TOKEN $1 $2\" = \"mine-mine mine-mine other-one\" ]\n",
    );
    see(&place, &["run", "--schedule", "daily"], &[("TOKEN", "other-one")])
        .exits(0)
        .says("*** *** ***");
    let args = &place.last()["tasks"][0]["args"];
    assert_eq!(*args, json!(["{secret:TOKEN}", "{secret:TOKEN@outside}"]));
    for secret in ["mine-mine", "other-one"] {
        assert_eq!(found_in(&place, secret, Vec::new()), Vec::<String>::new());
    }
    see(&place, &["retry", "last"], &[("TOKEN", "other-one")]).exits(0);
}

#[test]
fn what_was_recorded_in_clear_is_tried_again_and_recorded_without() {
    let place = place(
        "      - {command: fake, schedule: daily, args: [args, hush-hush]}\n",
        "{}\n",
    );
    place.run(&["run", "--schedule", "daily"]).exits(0);
    assert_eq!(place.last()["tasks"][0]["args"], json!(["args", "hush-hush"]));
    fs::write(place.path("config/orchestrator.yaml"), "secrets: [TOKEN]\n").unwrap();
    see(&place, &["retry", "last"], &[("TOKEN", "hush-hush")])
        .exits(0)
        .says_not("hush-hush");
    assert_eq!(
        place.last()["tasks"][0]["args"],
        json!(["args", "{secret:TOKEN}"])
    );
}

#[test]
fn check_tells_of_secrets_that_are_none() {
    let place = place(
        "      - {command: fake, schedule: daily, args: [\"pa%22ss%5Cw0rd-X\"]}\n",
        "secrets: [PW, PIN]\n",
    );
    let variables = [("PW", SECRET), ("PIN", "123")];
    see(&place, &["check"], &variables)
        .exits(0)
        .says("warning[W305-secret-too-short]: the value of PIN has fewer than 4 bytes")
        .says("warning[W304-secret-in-arguments]: g/fake has an encoded secret")
        .says_not(TRACE);
    fs::write(place.path("config/orchestrator.yaml"), "secrets: [\"A}\"]\n").unwrap();
    place
        .run(&["check"])
        .exits(2)
        .says("cannot be the name of a secret");
}

/// As base64(1) and MIME write it: in lines of 76, which end in either way.
const WRAPS: &str = r#"#!/usr/bin/env python3
import base64, json, os
pw = os.environ["PW"]
events = open(os.environ["ORCHESTRATE_EVENTS"], "a")
for before in range(50, 62):
    for end in ["\n", "\r\n"]:
        text = base64.encodebytes(("x" * before + pw + "y" * 60).encode()).decode().replace("\n", end)
        print(text, flush=True)
        print(json.dumps({"text": text}), flush=True)
        key = str(before) + repr(end)
        print(json.dumps({"type": "record", "collection": "c", "key": key, "data": text}), file=events)
        print(json.dumps({"type": "note", "message": text}), file=events, flush=True)
"#;

#[test]
fn base64_in_lines_is_kept_and_told_nowhere() {
    let place = place("      - {command: wraps, schedule: daily}\n", "secrets: [PW]\n");
    place.script("wraps", WRAPS);
    let secret = "tr0ub4dor-and-3-horses";
    let seen = see(
        &place,
        &["run", "--schedule", "daily", "--format", "json"],
        &[("PW", secret)],
    );
    seen.exits(0).says("***");
    // Four characters of the middle, in each of the places that they can have.
    for part in ["ub4dor-and-", "b4dor-and-3", "4dor-and-3-"] {
        let encoded = base64_of(part);
        let middle = &encoded[4..12];
        for half in [&middle[..6], &middle[2..]] {
            seen.says_not(half);
            assert_eq!(found_in(&place, half, Vec::new()), Vec::<String>::new(), "{half}");
        }
    }
}

fn base64_of(text: &str) -> String {
    let script = "import base64, sys; print(base64.b64encode(sys.argv[1].encode()).decode(), end='')";
    let output = std::process::Command::new("python3")
        .args(["-c", script, text])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_secret_that_is_too_long_to_be_masked_is_refused() {
    let place = place(
        "      - {command: fake, schedule: daily, args: [out, x]}\n",
        "secrets: [LONG]\n",
    );
    let run = ["run", "--schedule", "daily"];
    let long = "a".repeat(70_000);
    see(&place, &run, &[("LONG", &long)])
        .exits(2)
        .says("the secret LONG has 70000 bytes; those of at most 65536 can be masked")
        .says_not("aaaa");
    assert!(!place.state().join("runs").exists());
    see(&place, &run, &[("LONG", &long[..60_000])]).exits(0);
}

/// A secret of one letter, and output of nothing else: signals are heard all the same.
#[test]
fn whoever_floods_with_a_periodic_secret_can_be_ended() {
    let place = place(
        "      - {command: flood, schedule: daily, grace: 1s}\n",
        "secrets: [LONG]\n",
    );
    place.script(
        "flood",
        "#!/usr/bin/env python3\nimport sys\nopen('started', 'w').close()\nwhile True: sys.stdout.write('a' * 65536)\n",
    );
    let long = "a".repeat(60_000);
    let mut command = place.command(&["run", "--schedule", "daily", "-q"]);
    let child = place.start(command.env("LONG", &long));
    crate::support::wait_until("the collector to start", || place.path("started").exists());
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    place.see(child).exits(143);
}
