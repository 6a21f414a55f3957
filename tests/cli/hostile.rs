//! Collectors that misbehave, in one batch: each costs itself and nobody else.

use std::fs;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::{Place, outcomes, wait_until};

/// The batch of which the original survives none of the first four.
#[test]
fn one_bad_collector_never_touches_the_next() {
    let place = Place::new(
        r#"
groups:
  hostile:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [hang], timeout: 1s}
      - {command: fake, schedule: daily, args: [_exit, "3"]}
      - {command: fake, schedule: daily, args: [crash]}
      - {command: fake, schedule: daily, args: [raise, KILL]}
      - {command: fake, schedule: daily, args: [flood, "1000000000", lines]}
      - {command: fake, schedule: daily, args: [spawn-bg, spawn-session, out, parent-done]}
      - {command: memory, schedule: daily}
"#,
    );
    // The high-water mark of the orchestrator, after everything: it is the parent of
    // the fork server, which is an ancestor of every collector.
    place.script(
        "memory",
        "#!/usr/bin/env python3
import os
pid = os.getpid()
while True:
    status = dict(line.split(':', 1) for line in open(f'/proc/{pid}/status'))
    if os.readlink(f'/proc/{pid}/exe').endswith('/orchestrate') and status['Name'].strip() == 'orchestrate':
        break
    pid = int(status['PPid'])
print('peak', status['VmHWM'].split()[0])
",
    );
    let seen = place.run(&["run", "--schedule", "daily", "-q"]);
    seen.exits(1);
    assert_eq!(
        seen.last_line(),
        "Summary: 3 succeeded, 4 failed, 0 skipped.",
        "{seen:#?}"
    );

    let summary = place.last();
    let outcomes: Vec<String> = outcomes(&summary)
        .into_iter()
        .map(|(_, outcome)| outcome)
        .collect();
    assert_eq!(
        outcomes,
        [
            "timed_out",
            "failed",
            "failed",
            "failed",
            "succeeded",
            "succeeded",
            "succeeded"
        ]
    );
    let reason = |task: usize| summary["tasks"][task]["reason"].as_str().unwrap().to_owned();
    assert_eq!(reason(0), "timed out after 1s, then killed by SIGTERM");
    assert_eq!(reason(1), "exited with code 3");
    assert!(reason(2).starts_with("killed by SIGSEGV"), "{}", reason(2));
    assert_eq!(reason(3), "killed by SIGKILL, not by orchestrate");
    for cause in [reason(0), reason(1), reason(2), reason(3)] {
        seen.says(&cause);
    }
    assert_eq!(summary["tasks"][4]["stdout_bytes"], 1_000_000_000_u64);
    assert_eq!(summary["tasks"][4]["truncated"], true);
    assert_eq!(summary["tasks"][5]["leaked"], true);

    let peak = place.run(&["logs", "last", "memory", "--raw"]).stdout;
    let peak_kib: u64 = peak.trim().strip_prefix("peak ").unwrap().parse().unwrap();
    assert!(peak_kib < 64 << 10, "peak memory of orchestrate: {peak_kib} KiB");
}

#[test]
fn edge_55_output_is_logged_to_the_byte_and_cannot_forge_lines() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: bytes, schedule: daily}
"#,
    );
    // Not UTF-8, NUL, CRLF, an escape sequence, a forged tag, no newline at the end.
    let written = b"\xff\xfe\x00\r\n\x1b[2J[g/other] forged\r[g/other] again\nlast";
    let hex: String = written.iter().map(|byte| format!("\\{byte:03o}")).collect();
    place.script("bytes", &format!("#!/bin/sh\nprintf '{hex}'\n"));
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(0);
    assert!(!seen.stderr.contains('\u{1b}'), "{seen:#?}");
    for line in seen
        .stderr
        .lines()
        .filter(|line| line.contains("forged") || line.contains("again"))
    {
        assert!(line.starts_with("[g/bytes] "), "{line:?}");
    }
    let mut raw = place.command(&["logs", "last", "--raw"]);
    assert_eq!(raw.output().unwrap().stdout, written);
}

#[test]
fn edge_53_a_reader_that_goes_away_does_not_end_the_run() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [repeat, "10000", line]}
      - {command: fake, schedule: daily, args: [append, ledger, second]}
"#,
    );
    for args in [
        &["run", "--schedule", "daily"][..],
        &["run", "--schedule", "daily", "--format", "json"],
    ] {
        let mut child = place.start(&mut place.command(args));
        // Both ends that anybody could read are closed at once.
        drop((child.stdout.take(), child.stderr.take()));
        assert!(child.wait().unwrap().success());
        assert!(place.survivors().is_empty());
    }
    assert_eq!(
        fs::read_to_string(place.path("ledger")).unwrap(),
        "second\nsecond\n"
    );
}

#[test]
fn a_missing_collector_is_one_failed_task_with_a_hint() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fakee, schedule: daily}
      - {command: plain, schedule: daily}
      - {command: fake, schedule: daily, args: [out, ran]}
"#,
    );
    fs::write(place.path("collectors/plain"), "#!/bin/sh\n").unwrap();
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1)
        .says("did you mean fake?")
        .says("chmod +x")
        .says("[g/fake] ran");
    assert_eq!(seen.last_line(), "Summary: 1 succeeded, 2 failed, 0 skipped.");
    let summary = place.last();
    assert_eq!(summary["tasks"][0]["outcome"], "not_started");
    assert_eq!(summary["tasks"][0]["exit_code"], serde_json::Value::Null);
}

#[test]
fn secrets_reach_no_sink() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: leaks, schedule: daily}
"#,
    );
    fs::write(place.path("config/orchestrator.yaml"), "secrets: [TOKEN]\n").unwrap();
    let secret = "s3cr+t-t0ken";
    place.script(
        "leaks",
        "#!/usr/bin/env python3
import base64, os, sys, urllib.parse
token = os.environ['TOKEN']
print('plain', token)
print('url', urllib.parse.quote(token, safe=''))
print('basic', base64.b64encode(b'user:' + token.encode()).decode())
sys.stdout.write('cut ' + token[:5]); sys.stdout.flush()
# Half a line is held back for a while: it is on its way when the log has it.
open('go').read()
sys.stdout.write(token[5:] + chr(10)); sys.stdout.flush()
sys.exit('failed with ' + token)
",
    );
    let mut command = place.command(&[
        "run",
        "--schedule",
        "daily",
        "--format",
        "json",
        "--junit",
        "junit.xml",
        "--summary-file",
        "summary.json",
    ]);
    command
        .env("TOKEN", secret)
        .env("GITHUB_STEP_SUMMARY", place.path("step.md"));
    mkfifo(&place.path("go"), Mode::S_IRWXU).unwrap();
    let child = place.start(&mut command);
    wait_until("half a line in the log", || {
        let runs = fs::read_dir(place.state().join("runs")).into_iter().flatten();
        runs.flatten().any(|run| {
            fs::read(run.path().join("1-leaks.log"))
                .is_ok_and(|log| log.windows(3).any(|word| word == b"cut"))
        })
    });
    fs::write(place.path("go"), "").unwrap();
    let seen = place.see(child);
    seen.exits(1)
        .says("plain ***")
        .says("failed with ***")
        .says("url ***");
    let basic = "czNjcit0LXQwa2V";
    seen.says_not(secret)
        .says_not("s3cr%2Bt")
        .says_not(basic)
        .says_not("s3cr");
    let written = ["junit.xml", "summary.json", "step.md"].map(|name| place.path(name));
    assert!(written.iter().all(|file| file.exists()), "{written:?}");
    // Journal, plan, log and database are among what is in the state directory.
    let mut files = vec![place.state()];
    files.extend(written);
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let bytes = fs::read(&path).unwrap();
            for form in [secret, "s3cr%2Bt", basic] {
                let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
                assert!(!found, "{form} in {}", path.display());
            }
        }
    }
}

/// Collectors choose the names of their processes, and the schedule those of collectors.
#[test]
fn secrets_reach_no_record_by_names_either() {
    let secret = "s3cr+t-t0ken";
    let place = Place::new(&format!(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {{command: leaves, schedule: daily}}
      - {{command: fake, schedule: daily, working_directory: /nonexistent/{secret}}}
"#
    ));
    fs::write(place.path("config/orchestrator.yaml"), "secrets: [TOKEN]\n").unwrap();
    place.script(
        "leaves",
        "#!/bin/sh\ncp \"$(command -v sleep)\" \"./$TOKEN\"\n\"./$TOKEN\" 1000 > /dev/null 2>&1 &\n",
    );
    let mut command = place.command(&["run", "--schedule", "daily", "--summary-file", "summary.json"]);
    command.env("TOKEN", secret);
    let seen = place.see(place.start(&mut command));
    seen.exits(1).says_not(secret);
    fs::remove_file(place.path(secret)).unwrap();
    let summary = place.last();
    let leftovers = &summary["tasks"][0]["leftovers"];
    assert!(
        leftovers[0].as_str().unwrap().starts_with("*** (pid "),
        "{leftovers}"
    );
    let reason = summary["tasks"][1]["reason"].as_str().unwrap();
    assert!(reason.contains("/nonexistent/***"), "{reason}");
    let written = fs::read_to_string(place.path("summary.json")).unwrap();
    assert!(!written.contains(secret), "{written}");
    let run = place.state().join("runs").join(summary["run"].as_str().unwrap());
    let journal = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    assert!(!journal.contains(secret), "{journal}");
}
