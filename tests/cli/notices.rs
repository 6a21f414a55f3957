//! Who is told what: a real HTTP server, a real mail server of two dozen lines, a
//! real command.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::pty::open_terminal;
use crate::receiver::{http, next, server, well};
use crate::support::{PATIENCE, Place};

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: job, schedule: daily}
"#;

/// Fails while the file `broken` exists.
const JOB: &str = "#!/bin/sh\n! [ -e broken ]\n";

fn place(settings: &str) -> Place {
    let place = Place::new(SCHEDULE);
    place.script("job", JOB);
    std::fs::write(place.path("config/orchestrator.yaml"), settings).unwrap();
    place
}

fn broken(place: &Place, yes: bool) {
    let path = place.path("broken");
    if yes {
        std::fs::write(path, "").unwrap();
    } else {
        std::fs::remove_file(path).unwrap();
    }
}

fn run(place: &Place) -> i32 {
    place.run(&["run", "--schedule", "daily"]).code.unwrap()
}

fn broken_server(stream: &mut BufReader<TcpStream>) -> String {
    http(stream, "500 Internal Server Error")
}

/// The part of RFC 5321 that a client needs; returns what it was told.
fn smtp(stream: &mut BufReader<TcpStream>) -> String {
    let mut said = String::new();
    let mut in_data = false;
    stream.get_mut().write_all(b"220 test\r\n").unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap() == 0 {
            return said;
        }
        said.push_str(&line);
        let answer: &[u8] = match (in_data, line.trim_end()) {
            (true, ".") => {
                in_data = false;
                b"250 kept\r\n"
            }
            (true, _) => continue,
            (false, "DATA") => {
                in_data = true;
                b"354 go on\r\n"
            }
            (false, "QUIT") => b"221 bye\r\n",
            (false, _) => b"250 test\r\n",
        };
        stream.get_mut().write_all(answer).unwrap();
    }
}

fn deliveries(place: &Place) -> Vec<(String, String, u64)> {
    let list = place.run(&["notices", "list", "--format", "json"]).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                text(&one["kind"]),
                text(&one["state"]),
                one["in_a_row"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_webhook_is_told_of_changes_and_not_of_every_repeat() {
    let (address, told) = server(well);
    let place = place(&format!(
        "notify: [{{webhook: \"http://{address}/hook\", digest: false}}]\n"
    ));
    assert_eq!(run(&place), 0);
    broken(&place, true);
    for _ in 0..5 {
        assert_eq!(run(&place), 1);
    }
    broken(&place, false);
    assert_eq!(run(&place), 0);
    assert_eq!(run(&place), 0);
    let seen: Vec<_> = (0..4).map(|_| next(&told)).collect();
    assert!(
        seen.iter().all(|(first, _)| first == "POST /hook HTTP/1.1"),
        "{seen:?}"
    );
    let facts: Vec<_> = seen
        .iter()
        .map(|(_, body)| (body["kind"].as_str().unwrap(), body["in_a_row"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        facts,
        [("failure", 1), ("failure", 2), ("failure", 4), ("recovery", 5)]
    );
    let text = seen[2].1["text"].as_str().unwrap();
    assert!(
        text.starts_with("g/job failed 4 times in a row: exited with code 1 (run 2"),
        "{text}"
    );
    assert!(told.try_recv().is_err(), "told more than there was to tell");
    assert!(
        deliveries(&place)
            .iter()
            .all(|(_, state, _)| state == "delivered")
    );
    assert_eq!(deliveries(&place).len(), 4);
}

#[test]
fn a_channel_hears_what_it_wants_to_hear() {
    let (address, told) = server(well);
    let settings = format!(
        "notify:\n  - {{webhook: \"http://{address}/slack\", format: slack, after: 2, on: [failure]}}\n"
    );
    let place = place(&settings);
    broken(&place, true);
    assert_eq!(run(&place), 1);
    assert_eq!(deliveries(&place), []);
    assert_eq!(run(&place), 1);
    broken(&place, false);
    assert_eq!(run(&place), 0);
    let (_, message) = next(&told);
    let text = message["text"].as_str().unwrap();
    assert!(
        text.starts_with(":red_circle: g/job failed 2 times in a row"),
        "{text}"
    );
    assert!(told.try_recv().is_err());
}

#[test]
fn what_cannot_be_delivered_waits_and_says_why_but_not_where() {
    let (address, told) = server(broken_server);
    let place = place(&format!(
        "notify: [{{webhook: \"http://{address}/s3cret\", name: ops}}]\n"
    ));
    broken(&place, true);
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1)
        .says("ops was not told of")
        .says("500")
        .says_not("s3cret");
    next(&told);
    assert_eq!(
        deliveries(&place),
        [("failure".to_owned(), "pending".to_owned(), 1)]
    );
    place
        .run(&["notices", "list"])
        .exits(0)
        .says("not delivered: the server answered 500")
        .says_not("s3cret");
    // Nobody there at all.
    let place = self::place("notify: [{webhook: \"http://127.0.0.1:1/s3cret\"}]\n");
    broken(&place, true);
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1)
        .says("was not told")
        .says_not("s3cret")
        .says_not("127.0.0.1");
    place.run(&["notices", "test"]).exits(3).says_not("s3cret");
}

#[test]
fn a_mail_is_sent() {
    let (address, told) = server(smtp);
    let settings = format!(
        "notify:\n  - mail: [ops@example.org]\n    from: orchestrate@example.org\n    server: smtp://{address}\n"
    );
    let place = place(&settings);
    broken(&place, true);
    assert_eq!(run(&place), 1);
    let said = told.recv_timeout(PATIENCE).unwrap();
    for part in [
        "RCPT TO:<ops@example.org>",
        "Subject: [orchestrate] failure: g/job on ",
        "Auto-Submitted: auto-generated\r\n",
        "MIME-Version: 1.0\r\n",
        "Date: ",
        "@example.org>\r\n",
        "g/job failed: exited with code 1",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    let id = said.lines().find(|line| line.starts_with("Message-ID: <"));
    assert!(id.is_some_and(|id| id.ends_with("@example.org>")), "{said}");
}

#[test]
fn a_command_is_told_by_its_environment() {
    let place = place("notify: [{command: [tell, \"--now\"]}]\n");
    place.script("tell", "#!/bin/sh\necho \"$1 $ORCHESTRATE_NOTICE\" >> told\n");
    broken(&place, true);
    assert_eq!(run(&place), 1);
    let told = std::fs::read_to_string(place.path("told")).unwrap();
    let notice: Value = serde_json::from_str(told.strip_prefix("--now ").unwrap()).unwrap();
    assert_eq!(notice["kind"], "digest");
    let only = &notice["notices"][0];
    assert_eq!(
        (only["kind"].as_str(), only["command"].as_str()),
        (Some("failure"), Some("job"))
    );
}

#[test]
fn a_lost_run_is_told_of_too() {
    let (address, told) = server(well);
    let place = place(&format!(
        "notify: [{{webhook: \"http://{address}/\", digest: false}}]\n"
    ));
    place.script("job", "#!/bin/sh\necho begun\nexec sleep 1000\n");
    let mut child = place.start(&mut place.command(&["run", "--schedule", "daily"]));
    let mut line = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    while !line.contains("begun") {
        line.clear();
        assert_ne!(
            errors.read_line(&mut line).unwrap(),
            0,
            "it ended before it began"
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
    place.wait_until_gone();
    place.run(&["notices", "deliver"]).exits(0);
    let (_, body) = next(&told);
    assert_eq!(body["kind"], "failure");
    assert!(
        body["reason"].as_str().unwrap().contains("lost")
            || body["reason"].as_str().unwrap().contains("killed"),
        "{body}"
    );
}

#[test]
fn a_dead_mans_watch_hears_of_success_only() {
    let (address, told) = server(well);
    let place = place(&format!("dead_man: {{url: \"http://{address}/alive\"}}\n"));
    broken(&place, true);
    assert_eq!(run(&place), 1);
    assert!(told.try_recv().is_err());
    broken(&place, false);
    assert_eq!(run(&place), 0);
    assert_eq!(next(&told).0, "GET /alive HTTP/1.1");
}

#[test]
fn wrong_settings_are_said_and_secrets_are_not() {
    let place = place(
        "notify:\n  - {webhook: \"ftp://s3cret\"}\n  - {mail: [a@b.c], command: [x]}\n  - {mail: [a@b.c], from: a@b.c, server: \"smtp://u:s3cret@h\"}\n  - {on: [failures], command: [x]}\ndead_man: {}\n",
    );
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(2)
        .says("`webhook` is no URL")
        .says("a channel has one way to tell")
        .says("`server` is no URL of a mail server")
        .says("did you mean `failure`?")
        .says("`dead_man` needs one of");
    assert!(!place.state().exists());
}

/// Three tasks, of which the first fails, the second cannot start, and the third is well.
const NIGHT: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: job, schedule: daily}
      - {command: missing, schedule: daily}
      - {command: well, schedule: daily}
"#;

#[test]
fn a_run_is_one_message_that_one_can_act_on() {
    let (address, told) = server(well);
    let settings = format!(
        "base_url: https://o.example.org/x/\nsecrets: [TOKEN]\nnotify:\n  - {{name: all, webhook: \"http://{address}/all\"}}\n  - {{name: some, webhook: \"http://{address}/some\", tasks: [g/missing], digest: false}}\n  - {{name: none, webhook: \"http://{address}/none\", groups: [h]}}\n"
    );
    let place = place(&settings);
    place.schedule(NIGHT);
    place.script(
        "job",
        "#!/bin/sh\necho \"with $TOKEN\"\nprintf '\\033[2J<b>last</b>\\n' >&2\nexit 75\n",
    );
    place.script("well", "#!/bin/sh\n");
    // It is there, and cannot be executed.
    std::fs::write(place.path("collectors/missing"), "#!/bin/sh\n").unwrap();
    let mut command = place.command(&["run", "--schedule", "daily"]);
    place
        .see(place.start(command.env("TOKEN", "s3cret-w0rd")))
        .exits(1);
    let mut seen = [next(&told), next(&told)];
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    let [(all, digest), (some, single)] = seen;
    assert_eq!(
        (all.as_str(), some.as_str()),
        ("POST /all HTTP/1.1", "POST /some HTTP/1.1")
    );
    let run = place.last()["run"].as_str().unwrap().to_owned();
    assert_eq!(digest["kind"], "digest");
    assert_eq!(digest["run"], run.as_str());
    assert_eq!(digest["link"], format!("https://o.example.org/x/runs/{run}"));
    assert!(
        digest["text"]
            .as_str()
            .unwrap()
            .starts_with(&format!("2 failures in run {run} on "))
    );
    let notices = digest["notices"].as_array().unwrap();
    let names: Vec<&str> = notices
        .iter()
        .map(|notice| notice["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["job", "missing"]);
    assert_eq!(
        notices[0]["next"],
        format!("orchestrate logs {run} job --group g")
    );
    let tail = notices[0]["tail"].as_array().unwrap();
    assert_eq!(tail.len(), 2, "{tail:?}");
    assert!(tail.iter().any(|line| line == "with ***"), "{tail:?}");
    assert_eq!(notices[1]["hint"], notices[1]["next"], "{digest}");
    assert!(
        notices[1]["next"].as_str().unwrap().starts_with("chmod +x "),
        "{digest}"
    );
    let text = digest.to_string();
    assert!(!text.contains("s3cret") && !text.contains("\\u001b"), "{text}");
    assert_eq!(
        (&single["kind"], &single["name"]),
        (&"failure".into(), &"missing".into())
    );
    assert!(told.try_recv().is_err(), "nobody else is told");
    assert_eq!(deliveries(&place).len(), 3);
}

#[test]
fn nobody_is_told_of_a_run_that_is_not_to_be_told_of() {
    let (address, told) = server(well);
    let place = place(&format!(
        "notify: [{{webhook: \"http://{address}/\", digest: false}}]\n"
    ));
    broken(&place, true);
    let run = |how: &str| place.run(&["run", "--schedule", "daily", how]).code.unwrap();
    assert_eq!(run("--no-notify"), 1);
    place.run(&["notices", "deliver"]).exits(0);
    assert_eq!(deliveries(&place), []);
    // It does not count in a row either.
    assert_eq!(run("--notify"), 1);
    assert_eq!(next(&told).1["in_a_row"], 1);
    broken(&place, false);
    assert_eq!(run("--no-notify"), 0);
    broken(&place, true);
    assert_eq!(run("--notify"), 1);
    assert_eq!(next(&told).1["in_a_row"], 2);
    broken(&place, false);
    assert_eq!(run("--notify"), 0);
    assert_eq!(next(&told).1["kind"], "recovery");
    assert!(told.try_recv().is_err());
}

/// On a terminal nobody is told unless that is asked for.
#[test]
fn a_run_on_a_terminal_is_told_only_when_asked() {
    let (address, told) = server(well);
    let place = place(&format!(
        "notify: [{{webhook: \"http://{address}/\", digest: false}}]\n"
    ));
    broken(&place, true);
    let on_terminal = |args: &[&str]| {
        let mut command = place.command(args);
        // The other end stays open meanwhile.
        let (_screen, terminal) = open_terminal();
        command.stderr(terminal);
        command.stdout(std::process::Stdio::null());
        command.status().unwrap()
    };
    on_terminal(&["run", "--schedule", "daily"]);
    assert_eq!(deliveries(&place), []);
    on_terminal(&["run", "--schedule", "daily", "--notify"]);
    assert_eq!(next(&told).1["kind"], "failure");
}

#[test]
fn a_task_that_takes_far_longer_than_usual_is_told_of_while_it_runs() {
    let (address, told) = server(well);
    let place = place(&format!(
        "notify: [{{webhook: \"http://{address}/\", on: [long], long_after: 1s, digest: false}}]\n"
    ));
    assert_eq!(run(&place), 0);
    // It ends when it was told of, and not before.
    place.script("job", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.05; done\n");
    let child = place.start(&mut place.command(&["run", "--schedule", "daily"]));
    let (_, notice) = next(&told);
    assert_eq!(notice["kind"], "long");
    let reason = notice["reason"].as_str().unwrap();
    assert!(reason.starts_with("it has run for 1"), "{reason}");
    assert!(
        notice["hint"]
            .as_str()
            .unwrap()
            .starts_with("orchestrate cancel "),
        "{notice}"
    );
    std::fs::write(place.path("go"), "").unwrap();
    place.see(child).exits(0);
    assert!(told.try_recv().is_err(), "once");
}

#[test]
fn that_nobody_can_tell_of_a_release_is_told() {
    let (address, told) = server(well);
    let place = place(&format!(
        "notify: [{{webhook: \"http://{address}/\", on: [release_unknown], digest: false}}]\n"
    ));
    place.schedule(
        "release: {repository: ./nowhere}\ngroups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n      - {command: job, schedule: on_release}\n",
    );
    for _ in 0..3 {
        place.run(&["run", "--schedule", "on_release"]);
    }
    let seen = [next(&told).1, next(&told).1];
    assert_eq!(
        seen.each_ref()
            .map(|notice| (notice["kind"].clone(), notice["in_a_row"].clone())),
        [1, 2].map(|times| ("release_unknown".into(), times.into()))
    );
    assert_eq!(seen[0]["next"], "orchestrate release check");
    assert!(told.try_recv().is_err());
}

/// At once, and not when somebody should have been told.
#[test]
fn what_is_not_set_and_who_cannot_start_is_said_by_check_and_health() {
    let place = place("secrets: [TOKEN]\nnotify: [{webhook_env: HOOK_URL}]\n");
    place.schedule(NIGHT);
    place.script("well", "#!/no/such/interpreter\n");
    std::fs::write(place.path("collectors/job"), "#!/bin/sh\n").unwrap();
    place
        .run(&["check"])
        .exits(2)
        .says("HOOK_URL")
        .says("W308-secret-not-set")
        .says("missing")
        .says("/no/such/interpreter");
    let health = place.run(&["health", "--format", "json"]).json();
    let warnings = health["warnings"].to_string();
    for said in ["HOOK_URL", "TOKEN", "missing", "/no/such/interpreter"] {
        assert!(warnings.contains(said), "no {said} in {warnings}");
    }
}
